//! Workbooks: the sheets of an XLSX file.

use super::AS_CSV;
use super::Stop;
use super::cells::Row;
use super::lines::Broken;
use super::sheet::{Header, LARGEST_CELL, broken_off};
use super::table::Table;
use crate::domain::problem::{Problem, meant_or_all};
use calamine::{DataRef, Reader as _, Xlsx};
use std::io::{Cursor, Read};

/// Largest workbook: its parts stand anywhere in it, so all of it is held.
const LARGEST: u64 = 64 << 20;

/// What the parts of a workbook may come to when they are unpacked: all texts of its sheets are held at once.
const UNPACKED: u64 = 512 << 20;

/// Most columns of a sheet (Excel's specification).
const WIDEST: usize = 16_384;

/// Reads the first sheet, or the one that is named.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Stop> {
    let mut bytes = head;
    let read = source.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| broken_off(table, 1, &Broken::Unreadable(error.to_string())))?;
    let too_large = |how: String| Err(table.whole(format!("the workbook {how}")).hint(AS_CSV).into());
    if bytes.len() as u64 > LARGEST {
        return too_large(format!("is larger than {} MiB", LARGEST >> 20));
    }
    if !unpacks_within(&bytes, UNPACKED) {
        return too_large(format!("comes to more than {} MiB unpacked", UNPACKED >> 20));
    }
    let mut workbook: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| unreadable(table, &error))?;
    let names = workbook.sheet_names();
    let name = sheet(table, &names)?;
    table.format = format!("XLSX, sheet `{name}`");
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| unreadable(table, &error))?;
    let mut sheet = Sheet { table, header: None, row: 0, cells: Vec::new() };
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(sheet.table, &error))? {
        let (row, column) = cell.get_position();
        sheet.cell(u64::from(row) + 1, column as usize, cell.get_value())?;
    }
    sheet.end_of_row()
}

/// Whether all parts together come to at most so many bytes. They are unpacked to be counted: what the file says of
/// their size need not be true. One that cannot be unpacked is for the reader of the workbook to tell.
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

/// The name of the sheet to read.
fn sheet(table: &Table<'_>, names: &[String]) -> Result<String, Box<Problem>> {
    let Some(wanted) = table.sheet() else {
        let none = || table.whole("the workbook has no sheet").hint(AS_CSV);
        return names.first().cloned().ok_or_else(|| none().into());
    };
    if names.iter().any(|name| name == wanted) {
        return Ok(wanted.to_owned());
    }
    let problem = table.whole(format!("the workbook has no sheet `{wanted}`"));
    let hint = meant_or_all(wanted, names.iter().map(String::as_str), "its sheets are");
    Err(problem.hint(hint).into())
}

fn unreadable(table: &Table<'_>, error: &calamine::XlsxError) -> Problem {
    table
        .whole(format!("this is no workbook that can be read: {error}"))
        .hint(AS_CSV)
        .note("then write the new file's name under `items:`, such as `{ from: products.csv }`")
}

/// A sheet while it is read, cell by cell.
struct Sheet<'s, 'a> {
    table: &'s mut Table<'a>,
    header: Option<Header>,
    /// The row that is being gathered; 0 before the first.
    row: u64,
    cells: Vec<String>,
}

impl Sheet<'_, '_> {
    fn cell(&mut self, row: u64, column: usize, value: &DataRef<'_>) -> Result<(), Stop> {
        if row != self.row {
            self.end_of_row()?;
            self.row = row;
        }
        let text = text(value);
        if text.is_empty() {
            return Ok(());
        }
        if column >= WIDEST || text.len() > LARGEST_CELL {
            let message = format!("the row has more than {WIDEST} columns, or a cell larger than 1 MiB");
            let problem = self.table.at(row, None, message);
            return Err(problem.hint("remove what is no product from the sheet").into());
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
        Ok(())
    }

    fn end_of_row(&mut self) -> Result<(), Stop> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(());
        }
        let Some(header) = &mut self.header else {
            let names = cells.iter().map(|name| name.trim().to_owned()).collect();
            self.header = Some(Header::take(self.table, self.row, names)?);
            return Ok(());
        };
        let surplus = (header.named..cells.len()).find(|at| !cells[*at].is_empty());
        if let Some(at) = surplus {
            if !header.is_unnamed(self.table, at) {
                let column = super::cells::at_letter(at);
                let problem =
                    self.table.at(self.row, Some(&column), "this cell stands in a column without a name");
                let problem = problem.hint("write a name into the column's first cell, or empty this cell");
                self.table.spoilt(self.row, problem);
            }
            return Ok(());
        }
        self.table.row(Row { number: self.row, cells })
    }
}

/// A cell as people see it: whole numbers without a point, dates as ISO 8601 has them.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => date(moment),
        DataRef::Error(error) => error.to_string(),
    }
}

fn date(moment: &calamine::ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_is_measured_unpacked() {
        let bytes = include_bytes!("../../tests/fixtures/catalogs/workbook.xlsx");
        let packed = u64::try_from(bytes.len()).unwrap();
        assert!(unpacks_within(bytes, UNPACKED));
        assert!(!unpacks_within(bytes, packed), "its parts are larger than the file");
        assert!(unpacks_within(b"PK\x03\x04 and nothing more", 0));
    }
}
