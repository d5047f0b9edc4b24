//! Adds columns to an XML document. Each column becomes a further element in the element of every product. The products
//! are found by the same rules as when the catalog is read.

use super::text::{Edits, Inserted};
use super::{Columns, Refused};
use crate::catalog::xml::local;
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use std::fmt::Write as _;

/// A product whose end tag has not been reached yet.
struct Open {
    /// The name of the product's element with its namespace prefix.
    name: String,
    /// The position directly after the product's start tag, in bytes of the document's text.
    start: usize,
    /// The number of elements within the product whose end tags have not been reached yet.
    depth: usize,
}

pub(super) fn edits(text: &str, element: &str, columns: &Columns<'_>) -> Result<Edits, Refused> {
    let mut reader = Reader::from_str(text);
    let mut edits = Edits::default();
    let (mut open, mut row): (Option<Open>, u64) = (None, 0);
    loop {
        let before = place(reader.buffer_position())?;
        let event = reader.read_event().map_err(|error| Refused::Unfit(error.to_string()))?;
        let after = place(reader.buffer_position())?;
        match (&event, &mut open) {
            (Event::Start(start) | Event::Empty(start), Some(product)) => {
                let name = start.name();
                if product.depth == 0 && columns.names.contains(&name.as_ref()) {
                    return Err(Refused::Taken(name.as_ref().to_owned()));
                }
                product.depth += usize::from(matches!(event, Event::Start(_)));
            }
            (Event::Start(start), None) if local(start.name().as_ref()) == local(element) => {
                open = Some(Open { name: start.name().as_ref().to_owned(), start: after, depth: 0 });
            }
            (Event::Empty(start), None) if local(start.name().as_ref()) == local(element) => {
                row += 1;
                if let Some(texts) = columns.rows.get(&row) {
                    let name = start.name();
                    let text = format!(">{}</{}>", elements(columns.names, texts, ""), name.as_ref());
                    // The two bytes `/>` at the end of the tag are replaced.
                    edits.inserted.push(Inserted { at: after - 2, instead_of: 2, text });
                    edits.rows += 1;
                }
            }
            (Event::End(_), Some(product)) if product.depth > 0 => product.depth -= 1,
            (Event::End(_), Some(Open { start, .. })) => {
                row += 1;
                if let Some(texts) = columns.rows.get(&row) {
                    let inside = &text[*start..before];
                    let indent = &inside[..inside.len() - inside.trim_start().len()];
                    edits.insert(*start + inside.trim_end().len(), elements(columns.names, texts, indent));
                    edits.rows += 1;
                }
                open = None;
            }
            (Event::Eof, None) => return Ok(edits),
            (Event::Eof, Some(Open { name, .. })) => {
                return Err(Refused::Unfit(format!("its last `{name}` is not closed")));
            }
            _ => {}
        }
    }
}

fn place(position: u64) -> Result<usize, Refused> {
    usize::try_from(position).map_err(|error| Refused::Unfit(error.to_string()))
}

fn elements(names: &[&str], texts: &[String], indent: &str) -> String {
    let mut added = String::new();
    for (name, text) in names.iter().zip(texts) {
        let text: String = text.chars().filter(|letter| is_written(*letter)).collect();
        let _ = write!(added, "{indent}<{name}>{}</{name}>", escape(text.as_str()));
    }
    added
}

/// Reports whether a character may be written into XML. Control characters other than tabs and line breaks may not.
pub(super) fn is_written(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}') || matches!(letter, '\t' | '\n' | '\r')
}
