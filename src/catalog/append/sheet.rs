//! Adds columns to a text sheet, such as CSV. The text is split into rows by the same rules as when the catalog is
//! read.

use super::text::Edits;
use super::{Columns, Refused};
use std::fmt::Write as _;

/// A row of a text sheet, given by the positions of its start and end in the text.
struct Row {
    number: u64,
    /// The position of the row's first byte in the text; `end` is the position of the row's line end.
    start: usize,
    end: usize,
    /// The number of cells in the row; `filled` is the number of cells up to the last one with content.
    cells: usize,
    filled: usize,
    /// True if the last cell of the row is in quotes.
    is_quoted: bool,
}

/// Returns the insertions that add columns to a text sheet.
///
/// Rows above the header, blank lines, and rows with a filled cell to the right of the last column are not changed. All
/// other rows are first filled up with empty cells to the same length, so that the new cells are in the new columns.
pub(super) fn edits(text: &str, delimiter: u8, header: u64, columns: &Columns<'_>) -> Result<Edits, Refused> {
    let rows = rows(text, delimiter)?;
    let head = rows.iter().find(|row| row.number == header);
    let head = head.ok_or_else(|| Refused::Unfit("its header is no longer in the same row".to_owned()))?;
    if let Some(taken) = taken(&text[head.start..head.end], delimiter, columns.names) {
        return Err(Refused::Taken(taken));
    }
    let is_fit = |row: &&Row| row.filled <= head.cells;
    let below = || rows.iter().filter(|row| row.number >= header);
    let width = below().filter(is_fit).map(|row| row.cells).max().unwrap_or(head.cells);
    let (delimiter, is_quoted) = (char::from(delimiter), head.is_quoted);
    let mut edits = Edits::default();
    for row in below() {
        if !is_fit(&row) {
            edits.untouched.push(row.number);
            continue;
        }
        let mut added: String = std::iter::repeat_n(delimiter, width - row.cells).collect();
        let texts = columns.rows.get(&row.number);
        edits.rows += usize::from(texts.is_some());
        for (at, name) in columns.names.iter().enumerate() {
            added.push(delimiter);
            if row.number == header {
                cell(&mut added, name, delimiter, is_quoted);
            } else {
                let text = texts.and_then(|texts| texts.get(at)).map_or("", String::as_str);
                cell(&mut added, &defused(text), delimiter, is_quoted && row.is_quoted);
            }
        }
        edits.insert(row.end, added);
    }
    Ok(edits)
}

/// Returns a text for a cell of a spreadsheet, changed so that it is not read as a formula.
///
/// A text that looks like a formula gets an apostrophe at its start: `=A1` becomes `'=A1`.
#[must_use]
pub fn defused(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// Appends a cell to `added`, in quotes if the text needs them or if `is_quoted` is true.
fn cell(added: &mut String, text: &str, delimiter: char, is_quoted: bool) {
    let needs = |letter: char| letter == delimiter || matches!(letter, '"' | '\n' | '\r');
    if is_quoted || text.contains(needs) || text.starts_with(' ') || text.ends_with(' ') {
        let _ = write!(added, "\"{}\"", text.replace('"', "\"\""));
    } else {
        added.push_str(text);
    }
}

/// Returns the first of the new column names that the header already has; `None` if all names are new.
fn taken(head: &str, delimiter: u8, names: &[&str]) -> Option<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(head.as_bytes());
    let record = reader.records().next()?.ok()?;
    let is_taken = |name: &&&str| record.iter().any(|known| known.trim() == **name);
    names.iter().find(is_taken).map(|name| (*name).to_owned())
}

/// The position of the scanner within a cell.
#[derive(PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    /// The position after a quote in a quoted cell. The next character shows whether the cell ends or the quote is
    /// doubled.
    Quote,
}

/// Splits a text sheet into its rows. A blank line has a row number but is not returned. A quote that is never closed
/// is an error.
fn rows(text: &str, delimiter: u8) -> Result<Vec<Row>, String> {
    let bytes = text.as_bytes();
    let mut rows = Vec::new();
    let (mut at, mut number, mut start) = (At::Start, 1, 0);
    let (mut cells, mut filled, mut is_quoted) = (1, 0, false);
    let mut next = 0;
    while next < bytes.len() {
        let (place, byte) = (next, bytes[next]);
        next += 1;
        if at == At::Quoted {
            if byte == b'"' {
                at = At::Quote;
            } else {
                filled = cells;
            }
            continue;
        }
        if byte == b'\n' || byte == b'\r' {
            if place > start {
                rows.push(Row { number, start, end: place, cells, filled, is_quoted });
            }
            next += usize::from(byte == b'\r' && bytes.get(next) == Some(&b'\n'));
            (at, number, start) = (At::Start, number + 1, next);
            (cells, filled, is_quoted) = (1, 0, false);
        } else if byte == delimiter {
            cells += 1;
            (at, is_quoted) = (At::Start, false);
        } else if byte == b'"' && at == At::Start {
            (at, is_quoted) = (At::Quoted, true);
        } else if byte == b'"' && at == At::Quote {
            at = At::Quoted;
            filled = cells;
        } else {
            at = At::Plain;
            filled = cells;
        }
    }
    if at == At::Quoted {
        return Err(format!("a quote is opened in row {number} and never closed"));
    }
    if bytes.len() > start {
        rows.push(Row { number, start, end: bytes.len(), cells, filled, is_quoted });
    }
    Ok(rows)
}
