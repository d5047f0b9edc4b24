//! Sheets: CSV with commas, semicolons, tabs or bars, read row by row.

use super::cells::{Row, at_letter};
use super::header;
use super::letters::Letters;
use super::lines::{self, Broken, LARGEST_ROW, Lines};
use super::table::Table;
use super::{AS_CSV, LONGEST_NAME, Stop, WIDEST};
use crate::domain::problem::Problem;
use csv::ByteRecord;
use std::io::Read;

/// Bytes of the file that are read at once.
const BUFFER: usize = 64 * 1024;

/// Bytes of rows that are held until the header is found.
const MOST_HELD: usize = 1024 * 1024;

/// Largest cell. A description has some kilobytes; more is a quote that was never closed.
pub(super) const LARGEST_CELL: usize = 1024 * 1024;

/// Reads a sheet. An error ends the reading; what spoils only a row is noted.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Stop> {
    let letters = Letters::new(head.starts_with(lines::MARK));
    let (lines, watch) = Lines::new(head, source);
    let delimiter = lines.delimiter;
    table.format = format!("CSV ({})", separator(delimiter).1);
    let mut sheet =
        Sheet { table, letters, header: None, first: Vec::new(), records: Vec::new(), held: 0, delimiter };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER)
        .from_reader(lines);
    let mut record = ByteRecord::new();
    // The row that was read last, and the line breaks within cells so far.
    let (mut row, mut breaks) = (0, 0);
    loop {
        watch.renew();
        match reader.read_byte_record(&mut record) {
            Ok(true) if !lines::is_end(&record) => {}
            Ok(_) => break,
            Err(error) => {
                let broken = watch.broken().unwrap_or_else(|| Broken::Unreadable(error.to_string()));
                sheet.settle()?;
                return Err(broken_off(sheet.table, row + 1, &broken).into());
            }
        }
        // Every row ends a line; the lines that end within cells are no rows.
        let inside = record.as_slice().split(|byte| *byte == b'\n').count() - 1;
        breaks += u64::try_from(inside).unwrap_or(u64::MAX);
        let before = reader.position().line().saturating_sub(1 + breaks);
        if lines::has_swallowed_end(&record) {
            sheet.settle()?;
            return Err(sheet.unclosed(before + 1, &record).into());
        }
        row = before;
        sheet.row(row, &record)?;
    }
    sheet.settle()?;
    let letters = sheet.letters;
    letters.finish(table);
    Ok(())
}

/// A character that separates cells, and what it is called.
fn separator(delimiter: u8) -> (char, &'static str) {
    match delimiter {
        b';' => (';', "semicolon"),
        b'\t' => ('\t', "tab"),
        b'|' => ('|', "bar"),
        _ => (',', "comma"),
    }
}

/// The first row of a sheet.
pub(super) struct Header {
    /// In which row it stands.
    row: u64,
    /// Columns that have a name, and all before them.
    pub(super) named: usize,
    /// Columns behind them whose name is empty: a sheet whose rows end in a comma has one.
    unnamed: usize,
    /// Whether it was told that one of these holds something.
    is_told: bool,
}

impl Header {
    /// Takes the header, each name without the white space around it.
    pub(super) fn take(
        table: &mut Table<'_>,
        row: u64,
        mut names: Vec<String>,
    ) -> Result<Self, Box<Problem>> {
        let all = names.len();
        let end = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        names.truncate(end);
        let longest = names.iter().map(String::len).max().unwrap_or(0);
        if names.len() > WIDEST || longest > LONGEST_NAME {
            let message = format!(
                "the header has more than {WIDEST} columns, or a name of more than {LONGEST_NAME} bytes"
            );
            let problem = table.at(row, None, message);
            return Err(problem.hint("the first row names the columns, in few words").into());
        }
        table.header(row, names)?;
        Ok(Self { row, named: end, unnamed: all - end, is_told: false })
    }

    /// Notes a cell under an empty name: whether the row is sound but for it.
    pub(super) fn is_unnamed(&mut self, table: &mut Table<'_>, at: usize) -> bool {
        if at >= self.named + self.unnamed {
            return false;
        }
        if !self.is_told {
            self.is_told = true;
            table.spoil_header(table.nameless(self.row, at, self.row));
        }
        true
    }
}

/// What is known of a sheet so far.
struct Sheet<'s, 'a> {
    table: &'s mut Table<'a>,
    letters: Letters,
    header: Option<Header>,
    /// The first rows, until the header is found among them.
    first: Vec<Row>,
    /// The bytes of these rows.
    records: Vec<ByteRecord>,
    /// Number of these bytes.
    held: usize,
    delimiter: u8,
}

impl Sheet<'_, '_> {
    fn row(&mut self, row: u64, record: &ByteRecord) -> Result<(), Stop> {
        if self.header.is_none() {
            self.held += record.as_slice().len();
            let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            self.first.push(Row { number: row, cells });
            self.records.push(record.clone());
            let is_found = header::is_found(&self.first, &self.table.options.columns);
            let is_enough = self.first.len() == header::LOOKED_AT || self.held > MOST_HELD;
            return if is_found || is_enough { self.settle() } else { Ok(()) };
        }
        if record.iter().all(<[u8]>::is_empty) {
            return Ok(());
        }
        match self.cells(row, record) {
            Ok(row) => self.table.row(row),
            Err(problem) => {
                if let Some(problem) = problem {
                    self.table.spoilt(row, *problem);
                }
                Ok(())
            }
        }
    }

    /// Finds the header among the first rows, and takes those below it.
    fn settle(&mut self) -> Result<(), Stop> {
        if self.header.is_some() {
            return Ok(());
        }
        let (rows, records) = (std::mem::take(&mut self.first), std::mem::take(&mut self.records));
        let Some(at) = header::position(&rows, &self.table.options.columns) else { return Ok(()) };
        if let Some(note) = header::skipped(self.table, &rows, at) {
            self.table.problems.add(note);
        }
        self.take_header(rows[at].number, &records[at])?;
        rows.iter().zip(&records).skip(at + 1).try_for_each(|(row, record)| self.row(row.number, record))
    }

    fn take_header(&mut self, row: u64, record: &ByteRecord) -> Result<(), Box<Problem>> {
        let mut names = Vec::with_capacity(record.len());
        for (at, cell) in record.iter().enumerate() {
            let Ok(name) = self.letters.read(row, &at_letter(at), cell) else {
                let message = "a letter in the header is not saved as UTF-8";
                return Err(self.table.at(row, Some(&at_letter(at)), message).hint(AS_CSV).into());
            };
            names.push(header::name(&name).to_owned());
        }
        self.header = Some(Header::take(self.table, row, names)?);
        Ok(())
    }

    /// The row as text, or what spoils it; nothing of what the header is told for.
    fn cells(&mut self, row: u64, record: &ByteRecord) -> Result<Row, Option<Box<Problem>>> {
        let header = self.header.as_mut().ok_or(None)?;
        let named = header.named;
        // Spreadsheets leave empty cells behind where something was deleted.
        let surplus = (named..record.len()).find(|at| !record[*at].is_empty());
        if surplus.is_some_and(|at| header.is_unnamed(self.table, at)) {
            return Err(None);
        }
        if surplus.is_some() || record.len() < named {
            return Err(Some(self.ragged(row, record.len(), named).into()));
        }
        let mut cells = Vec::with_capacity(named);
        for (name, cell) in self.table.headers.iter().zip(record) {
            let wrong = |message: &str| self.table.at(row, Some(name), message);
            if cell.len() > LARGEST_CELL {
                let problem = wrong("the cell is larger than 1 MiB").label(format!("{} bytes", cell.len()));
                return Err(Some(problem.hint("a quote before it may never be closed").into()));
            }
            cells.push(self.letters.read(row, name, cell).map_err(|shown| {
                let problem = wrong("a letter in this cell is not saved as UTF-8").hint(AS_CSV);
                Some(problem.label(format!("read as `{shown}`")).into())
            })?);
        }
        Ok(Row { number: row, cells })
    }

    /// The row has other cells than the header.
    fn ragged(&self, row: u64, cells: usize, columns: usize) -> Problem {
        let plural = if cells == 1 { "" } else { "s" };
        let message = format!("the row has {cells} cell{plural}, the header {columns}");
        let (separator, called) = separator(self.delimiter);
        let hint = if cells > columns {
            format!(
                "a {called} has probably split a text: in a text editor, quote that text, `\"Red mug{separator} the \
                 large one\"`; in a spreadsheet, join its two cells again and delete the one left over"
            )
        } else {
            format!(
                "fill in the cells that are missing; in a text editor, an empty cell is one more {called}"
            )
        };
        self.table.at(row, None, message).hint(hint)
    }

    /// The last cell of the row runs on to the end of the sheet.
    fn unclosed(&self, row: u64, record: &ByteRecord) -> Problem {
        let column = record.len().checked_sub(1).and_then(|last| self.table.headers.get(last));
        let problem =
            self.table.at(row, column.map(String::as_str), "a quote is opened in this row and never closed");
        problem.hint(
            "open the sheet in a text editor (a spreadsheet takes all rows below for one cell) and add the \
             closing `\"`; a quote within a cell is written `\"\"`",
        )
    }
}

/// The reading came to an end before the file did; `row` is the one that was to be read.
pub(super) fn broken_off(table: &Table<'_>, row: u64, broken: &Broken) -> Problem {
    match broken {
        Broken::Utf16 => {
            table.whole("the sheet is saved as “Unicode” (UTF-16); shotlist reads UTF-8").hint(AS_CSV)
        }
        Broken::Nul(offset) => {
            table.whole(format!("the sheet is not text: a NUL is at byte offset {offset}")).hint(AS_CSV)
        }
        Broken::TooLong => {
            too_long(table, row, "row", "a quote in it may never be closed; a cell may have 1 MiB")
        }
        Broken::Unreadable(why) => table
            .at(row, None, format!("the sheet cannot be read: {why}"))
            .hint("copy it to another place, and name it there"),
    }
}

/// What is called `what` goes on beyond [`LARGEST_ROW`].
pub(super) fn too_long(table: &Table<'_>, row: u64, what: &str, hint: &str) -> Problem {
    let megabytes = LARGEST_ROW / 1024 / 1024;
    table.at(row, None, format!("the {what} goes on for more than {megabytes} MiB")).hint(hint)
}
