//! Reads XML documents in which each product is an element. The product's values are elements and attributes in that
//! element.

mod product;
mod survey;

use super::lines::{Broken, Metered, RowGuard};
use super::sheet::{broken_off, too_long};
use super::table::Table;
use super::{LONGEST_NAME, Layout};
use crate::domain::problem::{Problem, Severity, meant_or_all};
use crate::domain::text::decode_entities;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use product::{DEEPEST, Product};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufReader, Cursor, Read};
pub(super) use survey::local;
use survey::{Survey, is_known, survey};

/// Number of bytes that are examined to find out which element holds a product.
const LOOKED_AT: u64 = 256 * 1024;

/// Usual namespace prefixes of Google's product fields: `g:id` becomes the column `id`. Documents may declare other
/// prefixes.
const PREFIXES: [&str; 2] = ["g", "c"];

/// The text that is part of the address of Google's namespace for product fields.
const SHOP_FIELDS: &str = "base.google.com";

/// Reads an XML document; a product's row number is its position, 1 for the first.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Box<Problem>> {
    "XML".clone_into(&mut table.format);
    let encoding = encoding(table, &head)?;
    let (metered, guard) = Metered::new(head, source);
    if encoding == UTF_8 {
        return document(table, metered, &guard);
    }
    let (mut metered, mut start) = (metered, Vec::new());
    // An error is reported when the document itself is read.
    let _ = metered.by_ref().take(LOOKED_AT).read_to_end(&mut start);
    let is_utf_8 = match std::str::from_utf8(&start) {
        Ok(text) => !text.is_ascii(),
        Err(error) => error.error_len().is_none() && !start[..error.valid_up_to()].is_ascii(),
    };
    if is_utf_8 && table.options.encoding.is_none() {
        let message = format!("the file declares the encoding {}, but its text is UTF-8", encoding.name());
        let mut problem = table.whole(message);
        problem.severity = Severity::Note;
        let hint = format!(
            "the file is read as UTF-8; to read it as declared, write `encoding: {}` under `items:`",
            encoding.name()
        );
        table.problems.add(problem.hint(hint));
        return document(table, Cursor::new(start).chain(metered), &guard);
    }
    let metered = Cursor::new(start).chain(metered);
    table.encoding = if encoding == WINDOWS_1252 { "Windows-1252" } else { encoding.name() };
    let letters = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(metered);
    document(table, letters, &guard)
}

/// Returns the encoding that the manifest names, or else the one that the document declares, or else UTF-8. Returns an
/// error if the encoding does not exist.
fn encoding(table: &Table<'_>, head: &[u8]) -> Result<&'static Encoding, Box<Problem>> {
    let declaration = head.split(|byte| *byte == b'>').next().unwrap_or_default();
    let declaration = String::from_utf8_lossy(declaration);
    let declared = declaration.strip_prefix("<?xml").and_then(|text| text.split_once("encoding"));
    let declared = declared.and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    let Some(label) = table.options.encoding.as_deref().or(declared) else { return Ok(UTF_8) };
    match Encoding::for_label(label.as_bytes()) {
        // A declaration that can be read byte by byte is not in UTF-16, whatever it declares.
        Some(encoding) if encoding.name().starts_with("UTF-16") => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => {
            let problem = table.whole(format!("there is no encoding `{label}`"));
            Err(problem
                .hint(
                    "write the name of the file's encoding under `items:`, such as `encoding: windows-1250`",
                )
                .into())
        }
    }
}

/// Finds out which element holds a product, and reads all products.
fn document(table: &mut Table<'_>, mut source: impl Read, guard: &RowGuard) -> Result<(), Box<Problem>> {
    let mut start = Vec::new();
    // An error is reported after the start of the document was examined.
    let read = source.by_ref().take(LOOKED_AT).read_to_end(&mut start);
    let seen = survey(&start);
    let element = match &table.options.element {
        Some(element) => Some(element.clone()),
        None => chosen(table, &seen)?,
    };
    let mut products =
        Products { table, guard, seen, element, row: 0, shop: PREFIXES.map(str::to_owned).to_vec() };
    guard.renew();
    if let Err(error) = read {
        return Err(products.stopped(0, &error.to_string()).into());
    }
    products.read(BufReader::with_capacity(64 * 1024, Cursor::new(start).chain(source)))
}

/// Returns the name of the element that holds a product; `None` if the start of the document does not show one. Returns
/// an error if several elements may hold a product.
fn chosen(table: &Table<'_>, seen: &Survey) -> Result<Option<String>, Box<Problem>> {
    let known: Vec<&String> = seen.candidates.iter().filter(|name| is_known(name)).collect();
    match (known.as_slice(), seen.candidates.as_slice()) {
        ([one], _) => Ok(Some((*one).clone())),
        ([], [one]) => Ok(Some(one.clone())),
        ([], []) => Ok(None),
        (_, all) => Err(several(table, all).into()),
    }
}

fn several(table: &Table<'_>, names: &[String]) -> Problem {
    let all = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let first = names.first().map_or("product", String::as_str);
    table.whole(format!("several elements may hold a product: {all}")).hint(element_hint(first))
}

fn element_hint(name: &str) -> String {
    format!("write `element: {name}` under `items:`; for `init` and `catalog`, `--element {name}`")
}

/// The state of an XML document while its products are read.
struct Products<'s, 'a> {
    table: &'s mut Table<'a>,
    guard: &'s RowGuard,
    seen: Survey,
    /// The name of the element that holds a product, once it is known.
    element: Option<String>,
    row: u64,
    /// The namespace prefixes, such as `g`, of Google's product fields in this document.
    shop: Vec<String>,
}

impl Products<'_, '_> {
    fn read(&mut self, source: BufReader<impl Read>) -> Result<(), Box<Problem>> {
        let mut reader = Reader::from_reader(source);
        let mut buffer = Vec::new();
        let mut product: Option<Product> = None;
        loop {
            buffer.clear();
            let read = reader.read_event_into(&mut buffer).map_err(|error| error.to_string());
            match read.map_err(|why| self.stopped(reader.error_position(), &why))? {
                event @ (Event::Start(_) | Event::Empty(_)) => {
                    let (Event::Start(start) | Event::Empty(start)) = &event else { continue };
                    let is_empty = matches!(event, Event::Empty(_));
                    self.note_prefixes(start);
                    match &mut product {
                        Some(product) => {
                            self.open(product, start)?;
                            if is_empty {
                                product.close(&self.seen);
                            }
                        }
                        None if self.begins(start)? => {
                            self.guard.renew();
                            let begun = Product::new(start);
                            if is_empty { self.take(begun)? } else { product = Some(begun) }
                        }
                        None => {}
                    }
                }
                Event::Text(text) => add(&mut product, &text.xml10_content(), false),
                Event::CData(text) => add(&mut product, &text.xml10_content(), true),
                Event::GeneralRef(name) => {
                    let entity = format!("&{};", &*name);
                    let text = decode_entities(&entity);
                    if let Some(product) = product.as_mut().filter(|_| text == entity) {
                        product.note_unknown(&entity);
                    }
                    add(&mut product, &text, false);
                }
                Event::End(_) => match product.take() {
                    Some(mut open) if !open.path.is_empty() => {
                        open.close(&self.seen);
                        product = Some(open);
                    }
                    Some(whole) => self.take(whole)?,
                    // An element outside of products is not kept, so it does not count towards the limit of one.
                    None => self.guard.renew(),
                },
                Event::Eof if product.is_some() => {
                    let problem =
                        self.table.at(self.row + 1, None, "the feed ends in the middle of a product");
                    return Err(problem.hint("download the feed again: the file was cut off").into());
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        self.table.layout = self.element.clone().map(|element| Layout::Elements { element });
        if self.row == 0 { Err(self.none().into()) } else { self.table.end_of_records() }
    }

    /// Records the namespace prefixes that an element of the document declares for Google's product fields.
    fn note_prefixes(&mut self, start: &BytesStart<'_>) {
        for attribute in start.attributes().flatten() {
            if let Some(prefix) = attribute.key.as_ref().strip_prefix("xmlns:")
                && attribute.value.contains(SHOP_FIELDS)
                && !self.shop.iter().any(|known| known == prefix)
            {
                self.shop.push(prefix.to_owned());
            }
        }
    }

    /// Reports whether an element is the start of a product.
    ///
    /// Returns an error if the element usually holds products, but products were so far read from elements of another
    /// name.
    fn begins(&mut self, start: &BytesStart<'_>) -> Result<bool, Box<Problem>> {
        let name = start.name();
        let name = name.as_ref();
        let Some(element) = &self.element else {
            let is_first = is_known(name);
            self.element = is_first.then(|| name.to_owned());
            return Ok(is_first);
        };
        let is_own = local(name) == local(element);
        if !is_own && self.table.options.element.is_none() && !is_known(element) && is_known(name) {
            return Err(several(self.table, &[name.to_owned(), element.clone()]).into());
        }
        Ok(is_own)
    }

    fn open(&self, product: &mut Product, start: &BytesStart<'_>) -> Result<(), Box<Problem>> {
        let name = start.name();
        let name = name.as_ref();
        let (name, is_shop) = match name.split_once(':') {
            Some((prefix, rest)) if self.shop.iter().any(|known| known == prefix) => (rest, true),
            Some((prefix, rest)) if product.prefix.as_deref() == Some(prefix) => (rest, false),
            _ => (name, false),
        };
        if product.open(name, is_shop, start) {
            return Ok(());
        }
        let message = format!(
            "elements are nested more than {DEEPEST} deep, or their names are longer than {LONGEST_NAME} bytes"
        );
        Err(self
            .table
            .at(self.row + 1, None, message)
            .hint("the file does not look like a product feed")
            .into())
    }

    fn take(&mut self, product: Product) -> Result<(), Box<Problem>> {
        self.row += 1;
        self.guard.renew();
        if let Some(name) = product.unread.filter(|_| self.table.encoding != "UTF-8") {
            let encoding = self.table.encoding;
            let message = format!("a character in this element is not saved as {encoding}");
            let problem = self.table.at(self.row, Some(&name), message);
            let hint = "write the encoding of the file under `items:`, such as `encoding: windows-1250`";
            self.table.spoilt(self.row, problem.hint(hint));
        }
        if let Some((name, entity)) = product.unknown {
            let message = format!("`{entity}` is not a known entity");
            let problem = self.table.at(self.row, Some(&name), message);
            self.table.spoilt(self.row, problem.hint("write the text itself instead of the entity"));
        }
        self.table.record(self.row, product.record)
    }

    /// Builds the error about a document without a product.
    fn none(&self) -> Problem {
        let names = self.seen.names.iter().map(String::as_str);
        if let Some(wanted) = &self.table.options.element {
            let problem = self.table.whole(format!("the file has no element `{wanted}`"));
            return problem.hint(meant_or_all(wanted, names, "its elements are"));
        }
        let names: Vec<&str> = names.collect();
        let problem = self.table.whole(
            "the file has no product: there is no `<item>` (RSS), no `<entry>` (Atom), and no repeated element \
             with an id",
        );
        let is_named = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let hint = match self.seen.repeated.first() {
            _ if is_named("Workbook") || is_named("html") => {
                "open the file in a spreadsheet, and save it as XLSX".to_owned()
            }
            Some(name) => element_hint(name),
            None => "write one element for each product, with its values as elements in it".to_owned(),
        };
        problem.hint(hint).note(format!("elements: {}", names.join(", ")))
    }

    /// Builds the error about a document that could not be read to its end.
    fn stopped(&self, at: u64, why: &str) -> Problem {
        let (table, row) = (&self.table, self.row + 1);
        match self.guard.broken() {
            Some(Broken::TooLong) => {
                too_long(table, row, "product", "an element in the product may be unclosed")
            }
            Some(broken) => broken_off(table, row, &broken),
            None => table
                .at(row, None, format!("the feed cannot be read from byte {at} on: {why}"))
                .hint("download the feed again, or export it again from the program that wrote it"),
        }
    }
}

/// Adds a text to the innermost open element of a product, if there is one.
fn add(product: &mut Option<Product>, text: &str, is_cdata: bool) {
    if let Some(element) = product.as_mut().and_then(|product| product.path.last_mut()) {
        element.add(text, is_cdata);
    }
}

#[cfg(test)]
mod tests;
