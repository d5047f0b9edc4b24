//! Reads the sheets of an XLSX file, with each cell as the user sees it.

mod elements;
mod format;
mod parts;
mod rows;

pub(super) use rows::column;

use super::cells::{Row, at_letter, letters};
use super::header;
use super::lines::Broken;
use super::sheet::{Header, broken_off};
use super::table::Table;
use super::{AS_CSV, Layout, Stop};
use crate::domain::problem::{Problem, Severity, meant_or_all};
use crate::domain::text::count;
use parts::{SheetPart, Workbook};
use rows::{Line, Wrong};
use std::io::{Cursor, Read};

/// Limit on a workbook, in bytes: it is held in memory as a whole, because its files may be in any order.
const LARGEST: u64 = 64 << 20;

/// Limit on the unpacked files of a workbook, in bytes: all texts of its sheets are held in memory together.
const UNPACKED: u64 = 512 << 20;

/// Reads the sheet that the user names, or else the first visible one with a header.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Stop> {
    let mut bytes = head;
    let read = source.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| broken_off(table, 1, &Broken::Unreadable(error.to_string())))?;
    let too_large = |how: String| Err(table.whole(format!("the workbook {how}")).hint(AS_CSV).into());
    if bytes.len() as u64 > LARGEST {
        return too_large(format!("is larger than {} MiB", LARGEST >> 20));
    }
    if !unpacks_within(&bytes, UNPACKED) {
        return too_large(format!("is larger than {} MiB when unpacked", UNPACKED >> 20));
    }
    let mut workbook = Workbook::open(bytes).map_err(|why| unreadable(table, &why))?;
    let part = chosen(table, &mut workbook)?;
    table.format = format!("XLSX, sheet `{}`", part.name);
    let mut rows = workbook.rows(&part).map_err(|why| unreadable(table, &why))?;
    let mut sheet =
        Sheet { table, part: part.path.clone(), header: None, first: Vec::new(), hidden: Vec::new() };
    loop {
        match rows.next() {
            Ok(Some(line)) => {
                if sheet.header.is_none() && !sheet.table.options.all {
                    sheet.table.hide(&rows.hidden);
                }
                sheet.line(line)?;
            }
            Ok(None) => break,
            Err(why) => return Err(unreadable(sheet.table, &why).into()),
        }
    }
    sheet.settle()?;
    let merged = rows.merged().map_err(|why| unreadable(sheet.table, &why))?;
    sheet.tell_merged(&merged);
    sheet.tell_hidden();
    Ok(())
}

/// Reports whether all files of a workbook's archive, unpacked, have together at most `most` bytes.
///
/// The files are unpacked to count their bytes, because the sizes in the archive need not be true. The reader of the
/// workbook reports a file that cannot be unpacked.
fn unpacks_within(bytes: &[u8], most: u64) -> bool {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return true };
    let mut unpacked = 0;
    let mut chunk = vec![0; 64 * 1024];
    for at in 0..archive.len() {
        let Ok(mut part) = archive.by_index(at) else { continue };
        while let Ok(length @ 1..) = part.read(&mut chunk) {
            unpacked += length as u64;
            if unpacked > most {
                return false;
            }
        }
    }
    true
}

/// Chooses the sheet to read: the one that the user names, or else the first visible one with a header. If the user
/// names none, records a note about the other sheets.
fn chosen(table: &mut Table<'_>, workbook: &mut Workbook) -> Result<SheetPart, Box<Problem>> {
    let sheets = workbook.sheets.clone();
    if let Some(wanted) = table.sheet() {
        return sheets.iter().find(|sheet| sheet.name == wanted).cloned().ok_or_else(|| {
            let problem = table.whole(format!("the workbook has no sheet `{wanted}`"));
            let names = sheets.iter().map(|sheet| sheet.name.as_str());
            Box::new(problem.hint(meant_or_all(wanted, names, "its sheets are")))
        });
    }
    let mut first = None;
    for sheet in sheets.iter().filter(|sheet| !sheet.is_hidden || table.options.all) {
        match headed(table, workbook, sheet).map_err(|why| unreadable(table, &why))? {
            Some(true) => {
                tell_others(table, &sheets, sheet);
                return Ok(sheet.clone());
            }
            Some(false) if first.is_none() => first = Some(sheet),
            _ => {}
        }
    }
    let Some(sheet) = first.or_else(|| sheets.iter().find(|sheet| !sheet.is_hidden)) else {
        let problem = table.whole("the workbook has no visible sheet");
        let Some(hidden) = sheets.first() else { return Err(problem.hint(AS_CSV).into()) };
        let hint =
            format!("write `sheet: {}` under `items:`; for `init` and `catalog`, `--sheet`", hidden.name);
        return Err(problem.hint(hint).into());
    };
    tell_others(table, &sheets, sheet);
    Ok(sheet.clone())
}

/// Returns whether the first rows of a sheet contain a header row; `None` if the sheet is empty.
fn headed(table: &Table<'_>, workbook: &mut Workbook, sheet: &SheetPart) -> Result<Option<bool>, String> {
    let mut rows = workbook.rows(sheet)?;
    let mut first = Vec::new();
    while first.len() < header::LOOKED_AT {
        let Some(line) = rows.next()? else { break };
        first.push(line.row());
        if header::is_found(&first, &table.options.columns) {
            return Ok(Some(true));
        }
    }
    // A header fills several cells, and so does the row below it.
    let filled = |row: &Row| row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    let at = header::position(&first, &table.options.columns);
    let is_headed =
        |at: usize| filled(&first[at]) > 1 && first.get(at + 1).is_some_and(|row| filled(row) > 1);
    Ok((!first.is_empty()).then_some(at.is_some_and(is_headed)))
}

fn tell_others(table: &mut Table<'_>, sheets: &[SheetPart], taken: &SheetPart) {
    let others: Vec<&SheetPart> = sheets.iter().filter(|sheet| sheet.name != taken.name).collect();
    let Some(other) = others.first() else { return };
    let name =
        |sheet: &&SheetPart| format!("`{}`{}", sheet.name, if sheet.is_hidden { " (hidden)" } else { "" });
    let names: Vec<String> = others.iter().map(name).collect();
    let plural = if names.len() == 1 { ("sheet", "is") } else { ("sheets", "are") };
    let message =
        format!("sheet `{}` is read; {} {} {} not", taken.name, plural.0, names.join(", "), plural.1);
    let mut problem = table.whole(message);
    problem.severity = Severity::Note;
    let hint = format!(
        "to read another sheet, write `sheet: {}` under `items:`, or `--sheet` for `init` and `catalog`",
        other.name
    );
    table.problems.add(problem.hint(hint));
}

fn unreadable(table: &Table<'_>, why: &str) -> Problem {
    table
        .whole(format!("this workbook cannot be read: {why}"))
        .hint(AS_CSV)
        .note("then write the new file's name under `items:`, such as `{ from: products.csv }`")
}

impl Line {
    fn row(&self) -> Row {
        Row { number: self.number, cells: self.cells.clone() }
    }
}

/// The state of a workbook's sheet while its rows are read.
struct Sheet<'s, 'a> {
    table: &'s mut Table<'a>,
    /// The path of the sheet's XML in the workbook's archive.
    part: String,
    header: Option<(u64, Header)>,
    /// The first rows, until the header is found among them.
    first: Vec<Line>,
    /// The hidden rows that are left out.
    hidden: Vec<u64>,
}

impl Sheet<'_, '_> {
    fn line(&mut self, line: Line) -> Result<(), Stop> {
        if self.header.is_some() {
            return self.row(line);
        }
        self.first.push(line);
        let rows: Vec<Row> = self.first.iter().map(Line::row).collect();
        let is_found = header::is_found(&rows, &self.table.options.columns);
        if is_found || rows.len() == header::LOOKED_AT { self.settle() } else { Ok(()) }
    }

    /// Finds the header among the rows read so far, and processes the rows below it.
    fn settle(&mut self) -> Result<(), Stop> {
        if self.header.is_some() {
            return Ok(());
        }
        let mut first = std::mem::take(&mut self.first);
        let rows: Vec<Row> = first.iter().map(Line::row).collect();
        let Some(at) = header::position(&rows, &self.table.options.columns) else { return Ok(()) };
        if let Some(note) = header::skipped(self.table, &rows, at) {
            self.table.problems.add(note);
        }
        for line in first.drain(..).skip(at) {
            if self.header.is_some() {
                self.row(line)?;
                continue;
            }
            if let Some((column, wrong)) = line.wrong.first() {
                let problem = self.wrong(line.number, *column, wrong);
                self.table.spoil_header(problem);
            }
            let mut names: Vec<String> =
                line.cells.iter().map(|cell| header::name(cell).to_owned()).collect();
            header::unmark(&mut names);
            let (part, header) = (self.part.clone(), line.number);
            self.table.layout = Some(Layout::Workbook { part, header, names: names.clone() });
            self.header = Some((line.number, Header::take(self.table, line.number, names)?));
        }
        Ok(())
    }

    fn row(&mut self, line: Line) -> Result<(), Stop> {
        let Some((_, header)) = &mut self.header else { return Ok(()) };
        let Line { number, is_hidden, cells, wrong } = line;
        if is_hidden && !self.table.options.all {
            self.hidden.push(number);
            return Ok(());
        }
        if let Some(at) = (header.named..cells.len()).find(|at| !cells[*at].is_empty()) {
            if !header.is_unnamed(self.table, at) {
                let problem =
                    self.table.at(number, Some(&at_letter(at)), "this cell is in a column without a name");
                let problem = problem.hint(
                    "write a heading into the first cell of this column, or delete the content of this cell",
                );
                self.table.spoilt(number, problem);
            }
            return Ok(());
        }
        if wrong.is_empty() {
            return self.table.row(Row { number, cells });
        }
        for (column, wrong) in wrong {
            let problem = self.wrong(number, column, &wrong);
            self.table.spoilt(number, problem);
        }
        Ok(())
    }

    /// Builds the error about a cell that has no usable value, such as a failed formula.
    fn wrong(&self, row: u64, column: usize, wrong: &Wrong) -> Problem {
        let name = self.table.headers.get(column).filter(|name| !name.is_empty());
        let name = name.cloned().unwrap_or_else(|| at_letter(column));
        let cell = format!("{}{row}", letters(column));
        match wrong {
            Wrong::Error(error) => self
                .table
                .at(row, Some(&name), format!("the formula of this cell fails: `{error}`"))
                .hint(format!(
                    "in the spreadsheet, write a value into cell {cell} or clear it; a column that no clip \
                     needs can be deleted"
                )),
            Wrong::Formula => self
                .table
                .at(row, Some(&name), "the formula of this cell was never computed")
                .hint("open the workbook in Excel or LibreOffice, and save it"),
            Wrong::TooLarge => self
                .table
                .at(row, Some(&name), "the cell is larger than 1 MiB")
                .hint("remove everything that is not a product from the sheet"),
        }
    }

    /// Records a warning about rows that are left out because they are hidden.
    fn tell_hidden(&mut self) {
        let Some(first) = self.hidden.first().copied() else { return };
        let are = if self.hidden.len() == 1 { "is" } else { "are" };
        let message = format!("{} {are} left out", count(self.hidden.len(), "hidden row"));
        let mut problem = self.table.at(first, None, message);
        problem.severity = Severity::Warning;
        problem.rows.extend(self.hidden.iter().copied());
        let hint = "to read hidden rows, show them in the spreadsheet, or write `all: true` under `items:` \
             (`--all`)";
        self.table.problems.add(problem.hint(hint));
    }

    /// Records a warning about merged cells, of which only the first has the value.
    fn tell_merged(&mut self, areas: &[String]) {
        let Some((header, _)) = &self.header else { return };
        let header = *header;
        for area in areas {
            let Some((from, to)) = area.split_once(':') else { continue };
            let row = |cell: &str| {
                cell.trim_start_matches(|letter: char| letter.is_alphabetic()).parse::<u64>().ok()
            };
            let (Some(first), Some(last)) = (row(from), row(to)) else { continue };
            if last < header {
                continue;
            }
            let what = if first <= header { "cells of the header" } else { "cells" };
            let message = format!("{what} are merged: only the first of them has a value");
            let mut problem = self.table.at(first.max(header), None, message).label(format!("`{area}`"));
            problem.severity = Severity::Warning;
            problem.rows.push(first.max(header));
            problem.examples.push(area.clone());
            self.table
                .problems
                .add(problem.hint("in the spreadsheet, unmerge these cells and fill each one"));
        }
    }
}

#[cfg(test)]
mod tests;
