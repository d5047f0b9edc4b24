//! Finds the header of a sheet: the row with the names of the columns, which need not be the first row.
//!
//! Some exports begin with blank lines, titles, comments or lines that only programs read. The choice depends only on
//! the rows above the header, the header and a few rows below it. So rows added at the end of a file never change it.

use super::cells::Row;
use super::dialect;
use super::table::Table;
use super::words::{self, Fit};
use crate::domain::ident::composed;
use crate::domain::item::FIELDS;
use crate::domain::problem::{Problem, Severity};
use std::collections::BTreeMap;

/// Number of rows at the start of a sheet that are searched for the header.
pub(super) const LOOKED_AT: usize = 50;

/// Number of rows below the line `TemplateType=…` of Amazon's files that are searched for the header.
const HEADER_OF_TEMPLATE: usize = 2;

/// Number of rows that are searched for the real header below a row that looks like a header but names no field.
const NEAR: usize = 3;

/// The kind of a row at the start of a sheet, up to the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A row without a filled cell.
    Blank,
    /// Excel's line that names the delimiter, such as `sep=;`.
    Separator,
    /// A line that begins with `# `, or with a word in capital letters that only programs read, such as `#INFO`.
    Comment,
    /// The first line of an Amazon product file, `TemplateType=…`.
    Template,
    /// Any other row, such as a title or the header.
    Cells,
}

/// Returns the index of the header row among the first rows. Returns `None` if all these rows are blank, comments, or
/// lines that only programs read.
///
/// `columns` are the columns that the user names, by field.
pub(super) fn position(rows: &[Row], columns: &BTreeMap<String, Vec<String>>) -> Option<usize> {
    let rows = &rows[..rows.len().min(LOOKED_AT)];
    let mut kinds: Vec<Kind> = rows.iter().map(|row| kind(row, columns)).collect();
    if let Some(marked) = marked(rows, &kinds, columns) {
        kinds[marked] = Kind::Cells;
    }
    if let Some(template) = kinds.iter().position(|kind| *kind == Kind::Template) {
        let below = template + 1..rows.len().min(template + 1 + HEADER_OF_TEMPLATE);
        let attributes = below.rev().find(|at| is_attributes(&rows[*at]));
        if attributes.is_some() {
            return attributes;
        }
    }
    let candidates: Vec<usize> = (0..rows.len()).filter(|at| kinds[*at] == Kind::Cells).collect();
    let first = *candidates.first()?;
    let mut widest = 0;
    for (place, at) in candidates.iter().copied().enumerate() {
        let row = &rows[at];
        let filled = filled(row);
        if filled > widest && is_header_like(row) {
            let below = candidates.get(place + 1).map(|below| self::filled(&rows[*below]));
            // A title fills one or two cells; column names fill about as many cells as the rows below them.
            let stands_out =
                at != first && filled >= (2 * widest).max(2) && below.is_some_and(|below| below > widest);
            if names_items(row, columns) {
                return Some(at);
            }
            if stands_out {
                let near = candidates[place + 1..].iter().copied().take(NEAR);
                let names = |below: &usize| {
                    let row = &rows[*below];
                    self::filled(row) > filled && is_header_like(row) && names_fields(row)
                };
                let is_bare = fields(row).is_empty();
                return Some(near.filter(|_| is_bare).find(names).unwrap_or(at));
            }
        }
        widest = widest.max(filled);
    }
    Some(first)
}

/// Returns the index of a header row that begins with `# ` like a comment; `None` if there is none.
///
/// Such a row names fields. The row below it has as many cells and names no field.
fn marked(rows: &[Row], kinds: &[Kind], columns: &BTreeMap<String, Vec<String>>) -> Option<usize> {
    let below = kinds.iter().position(|kind| *kind == Kind::Cells)?;
    let at = kinds[..below].iter().rposition(|kind| *kind != Kind::Blank)?;
    let is_header = kinds[at] == Kind::Comment && rows[at].cells.len() == rows[below].cells.len();
    let names_nothing = fields(&rows[below]).is_empty() && !names_items(&rows[below], columns);
    (is_header && names_fields(&rows[at]) && names_nothing).then_some(at)
}

/// Reports whether the last of these rows is the header, and would remain the header if further rows were read.
pub(super) fn is_found(rows: &[Row], columns: &BTreeMap<String, Vec<String>>) -> bool {
    let is_plain = |row: &Row| kind(row, columns) != Kind::Template;
    rows.last().is_some_and(|last| names_items(last, columns))
        && rows.iter().all(is_plain)
        && position(rows, columns) == Some(rows.len() - 1)
}

/// Returns the name of a column without surrounding white space and byte-order marks.
///
/// Some programs write a byte-order mark after a blank line.
pub(super) fn name(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// Removes the comment mark `# ` before the first name of a header.
pub(super) fn unmark(names: &mut [String]) {
    if let Some(first) = names.first_mut()
        && let Some(rest) = first.strip_prefix("# ").map(str::trim).filter(|rest| !rest.is_empty())
    {
        *first = rest.to_owned();
    }
}

/// Returns a note about filled rows above the header, which are not read; `None` if there are none.
pub(super) fn skipped(table: &Table<'_>, rows: &[Row], at: usize) -> Option<Problem> {
    let columns = &table.options.columns;
    let silent = |row: &&Row| matches!(kind(row, columns), Kind::Blank | Kind::Separator);
    let reported: Vec<u64> = rows[..at].iter().filter(|row| !silent(row)).map(|row| row.number).collect();
    let (first, last) = (reported.first()?, reported.last()?);
    let header = rows[at].number;
    let message = if first == last {
        format!("the header is row {header}; row {first} above it is not read")
    } else {
        format!("the header is row {header}; rows {first}–{last} above it are not read")
    };
    let mut problem = table.at(header, None, message);
    problem.severity = Severity::Note;
    Some(problem)
}

/// Reports whether a line of a text sheet has no cells, because the line is a comment or is read only by programs, such
/// as `#INFO`.
pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start_matches('"');
    line.starts_with("# ") || machine_word(line).is_some()
}

/// Returns the word in capital letters after a `#` at the start of a cell, such as `INFO` in `#INFO`; `None` for any
/// other cell. Such a line is meant for programs.
fn machine_word(cell: &str) -> Option<&str> {
    let rest = cell.strip_prefix('#')?;
    let word = rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next()?;
    (word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(word)
}

fn kind(row: &Row, columns: &BTreeMap<String, Vec<String>>) -> Kind {
    let Some(first) = row.cells.iter().map(|cell| name(cell)).find(|cell| !cell.is_empty()) else {
        return Kind::Blank;
    };
    let start = row.cells.first().map_or("", |cell| name(cell));
    let is_separator = start.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    if is_separator && start.len() <= 5 && filled(row) == 1 {
        Kind::Separator
    } else if first.starts_with("TemplateType=") {
        Kind::Template
    } else if is_comment(start) && (start.starts_with("# ") || !names_items(row, columns)) {
        Kind::Comment
    } else {
        Kind::Cells
    }
}

fn filled(row: &Row) -> usize {
    row.cells.iter().filter(|cell| !name(cell).is_empty()).count()
}

/// Reports whether the cells of a row can be names of columns: none is an address, and at most a quarter are numbers.
fn is_header_like(row: &Row) -> bool {
    let names = row.cells.iter().map(|cell| name(cell)).filter(|cell| !cell.is_empty());
    let (mut all, mut numbers) = (0, 0);
    for name in names {
        if name.contains("://") {
            return false;
        }
        all += 1;
        numbers += usize::from(
            name.bytes().any(|byte| byte.is_ascii_digit()) && !name.contains(char::is_alphabetic),
        );
    }
    all > 0 && numbers * 4 <= all
}

/// Reports whether one of the row's cells is the name of a column that identifies items.
fn names_items(row: &Row, columns: &BTreeMap<String, Vec<String>>) -> bool {
    let names: Vec<String> = row.cells.iter().map(|cell| name(cell).to_owned()).collect();
    let is_named = |name: &String| columns.get("id").is_some_and(|columns| columns.contains(&composed(name)));
    names.iter().any(is_named) || dialect::names_items(&names)
}

/// Returns the fields, such as the title, whose usual name is in a cell of the row.
fn fields(row: &Row) -> Vec<&'static str> {
    let is_name = |field: &str, cell: &String| matches!(words::fit(field, name(cell)), Some(Fit::Whole(_)));
    let is_there = |field: &&str| row.cells.iter().any(|cell| is_name(field, cell));
    FIELDS.into_iter().filter(is_there).collect()
}

/// Reports whether the cells of a row name both an id and another field.
pub(super) fn names_fields(row: &Row) -> bool {
    let fields = fields(row);
    let is_id = |field: &&str| ["id", "sku", "handle"].contains(field);
    fields.iter().any(is_id) && !fields.iter().all(is_id)
}

/// Reports whether all cells of a row are names of attributes as Amazon writes them, such as `main_image_url`.
fn is_attributes(row: &Row) -> bool {
    let is_attribute = |cell: &str| {
        let mut letters = cell.bytes();
        letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
            && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
    };
    let mut names = row.cells.iter().map(|cell| name(cell)).filter(|cell| !cell.is_empty());
    filled(row) > 1 && names.all(is_attribute)
}

#[cfg(test)]
mod tests;
