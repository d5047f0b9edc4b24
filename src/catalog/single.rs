//! Explains why a sheet's header has only one column: an unrecognised delimiter, or quotes around each line.

use super::cells::Row;
use super::header;
use super::table::Table;
use crate::domain::item::Delimiter;
use crate::domain::problem::Problem;

/// Characters that some programs write between cells and that shotlist cannot read as delimiters.
const OTHERS: [char; 6] = ['~', '^', '¦', '§', '\u{1}', '\u{1f}'];

/// Builds the error about a header with a single column, if a wrong delimiter or quotes around the lines are the cause.
/// Returns `None` for any other header.
///
/// `used` is the delimiter in use, `seen` the one that was detected at the start of the sheet, and `below` the row
/// below the header.
pub(super) fn cause(
    table: &Table<'_>,
    used: Delimiter,
    seen: Delimiter,
    header: &Row,
    below: Option<&Row>,
) -> Option<Problem> {
    let mut names = header.cells.iter().map(|cell| header::name(cell)).filter(|name| !name.is_empty());
    let only = names.next()?;
    if names.next().is_some() {
        return None;
    }
    let at = header.number;
    let is_given = table.options.delimiter.is_some();
    if is_given && used != seen && only.contains(char::from(seen.0)) {
        let (used, seen) = (used.name(), seen.name());
        let message =
            format!("the header has one column: a {seen} separates the cells of the sheet, not a {used}");
        return Some(table.at(at, None, message).hint(format!(
            "write `delimiter: {seen}` under `items:`; for `init` and `catalog`, `--delimiter {seen}`"
        )));
    }
    let is_list = |delimiter: &Delimiter| {
        let cells = only.split(char::from(delimiter.0)).map(str::to_owned).collect();
        header::names_fields(&Row { number: at, cells })
    };
    let listed = Delimiter::ALL.into_iter().map(|(_, delimiter)| delimiter).find(is_list);
    let is_whole = |delimiter: &Delimiter| {
        below.is_none_or(|below| below.cells.len() == 1 && below.cells[0].contains(char::from(delimiter.0)))
    };
    if listed.is_some_and(|listed| !is_given && is_whole(&listed)) {
        let problem = table.at(at, None, "the header has one column: each line of the sheet is in quotes");
        return Some(problem.label(format!("read as `{only}`")).hint(
            "in a text editor, remove the first and the last quote of each line, and make each `\"\"` one quote; or \
             export the sheet as XLSX",
        ));
    }
    let count =
        |row: &Row, mark: char| row.cells.iter().map(|cell| cell.matches(mark).count()).sum::<usize>();
    let parts = |mark: &char| {
        count(header, *mark) > 0 && below.is_some_and(|below| count(below, *mark) == count(header, *mark))
    };
    let mark = OTHERS.into_iter().find(parts)?;
    let shown = mark.escape_debug();
    let message = format!("the header has one column: `{shown}` separates the cells, which is not supported");
    Some(table.at(at, None, message).hint(format!(
        "export the sheet with a comma, a semicolon, a tab or a bar between the cells, or as XLSX, or replace each \
         `{shown}` in a text editor"
    )))
}
