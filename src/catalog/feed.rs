//! Feeds: RSS and Atom, whose records hold a product each.

use super::LONGEST_NAME;
use super::lines::{Broken, Metered, Watch};
use super::records::Record;
use super::sheet::{broken_off, too_long};
use super::table::Table;
use crate::domain::problem::Problem;
use crate::domain::text::decode_entities;
use encoding_rs::WINDOWS_1252;
use encoding_rs_io::DecodeReaderBytesBuilder;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufReader, Read};

/// Elements that hold a product: of RSS, and of Atom.
const RECORDS: [&str; 2] = ["item", "entry"];

/// What shop fields are marked with. Their names are our columns.
const PREFIX: &str = "g:";

/// Deepest element within a product.
const DEEPEST: usize = 32;

/// Reads a feed; the row is the position of the product, 1 for the first.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Box<Problem>> {
    "XML feed".clone_into(&mut table.format);
    let is_old = is_windows_1252(&head);
    let (metered, watch) = Metered::new(head, source);
    if is_old {
        table.encoding = "Windows-1252";
        let letters = DecodeReaderBytesBuilder::new().encoding(Some(WINDOWS_1252)).build(metered);
        events(table, BufReader::new(letters), &watch)
    } else {
        events(table, BufReader::new(metered), &watch)
    }
}

/// Whether the first line declares letters of one byte each.
fn is_windows_1252(head: &[u8]) -> bool {
    let declared = head.split(|byte| *byte == b'>').next().unwrap_or_default();
    let declared = String::from_utf8_lossy(declared).to_ascii_lowercase();
    ["iso-8859-1", "windows-1252", "us-ascii"].iter().any(|name| declared.contains(name))
}

fn events(table: &mut Table<'_>, source: BufReader<impl Read>, watch: &Watch) -> Result<(), Box<Problem>> {
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut product: Option<Product> = None;
    let mut row = 0;
    loop {
        buffer.clear();
        let read = reader.read_event_into(&mut buffer).map_err(|error| error.to_string());
        match read.map_err(|why| stopped(table, row + 1, watch, reader.error_position(), &why))? {
            Event::Start(start) if product.is_none() && RECORDS.contains(&start.name().as_ref()) => {
                watch.renew();
                product = Some(Product::default());
            }
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (Event::Start(start) | Event::Empty(start)) = &event else { continue };
                let Some(product) = &mut product else { continue };
                if !product.open(start) {
                    let message = format!(
                        "elements are nested more than {DEEPEST} deep, or their names are longer than {LONGEST_NAME} bytes"
                    );
                    return Err(table.at(row + 1, None, message).hint("this is no product of a feed").into());
                }
                if matches!(event, Event::Empty(_)) {
                    product.close();
                }
            }
            Event::Text(text) => add(&mut product, &text.xml10_content()),
            Event::CData(text) => add(&mut product, &text.xml10_content()),
            Event::GeneralRef(name) => add(&mut product, &decode_entities(&format!("&{};", &*name))),
            Event::End(_) => match product.take() {
                Some(mut open) if !open.path.is_empty() => {
                    open.close();
                    product = Some(open);
                }
                Some(whole) => {
                    row += 1;
                    watch.renew();
                    table.record(row, whole.record)?;
                }
                // What is about the whole feed needs no memory.
                None => watch.renew(),
            },
            Event::Eof if product.is_some() => {
                let problem = table.at(row + 1, None, "the feed ends in the middle of a product");
                return Err(problem.hint("fetch it again, it was cut off").into());
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if row == 0 {
        let problem =
            table.whole("the file has no product: there is no `<item>` (RSS) and no `<entry>` (Atom)");
        return Err(problem.hint("export it as a Google Merchant feed, or as CSV").into());
    }
    table.end_of_records()
}

/// Adds a text to the product that is open, if one is.
fn add(product: &mut Option<Product>, text: &str) {
    if let Some((_, known)) = product.as_mut().and_then(|product| product.path.last_mut()) {
        known.push_str(text);
    }
}

/// The feed was not read to its end.
fn stopped(table: &Table<'_>, row: u64, watch: &Watch, at: u64, why: &str) -> Problem {
    match watch.broken() {
        Some(Broken::TooLong) => too_long(table, row, "product", "an element in it may never be closed"),
        Some(broken) => broken_off(table, row, &broken),
        None => table
            .at(row, None, format!("the feed cannot be read from byte {at} on: {why}"))
            .hint("fetch it again, or let the program that wrote it write it anew"),
    }
}

/// A product while it is read.
#[derive(Default)]
struct Product {
    record: Record,
    /// Names of the elements that are open, each with the text in it so far.
    path: Vec<(String, String)>,
}

impl Product {
    /// An element begins. Answers whether it is neither too deep nor, with those around it, named too long.
    fn open(&mut self, start: &BytesStart<'_>) -> bool {
        let name = start.name();
        let name = name.as_ref();
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        let name = match self.path.last() {
            Some((outer, _)) => format!("{outer}.{name}"),
            None => name.to_owned(),
        };
        if name.len() > LONGEST_NAME || self.path.len() >= DEEPEST {
            return false;
        }
        // Atom writes addresses so.
        let address = start.try_get_attribute("href").ok().flatten();
        let text = address.map_or(String::new(), |address| decode_entities(&address.value));
        self.path.push((name, text));
        true
    }

    /// An element ends. Programs that write HTML into XML often encode it twice.
    fn close(&mut self) {
        if let Some((name, text)) = self.path.pop() {
            self.record.add(&name, decode_entities(text.trim()).trim());
        }
    }
}
