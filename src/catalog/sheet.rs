//! Reads text sheets row by row: CSV with commas, semicolons, tabs or bars.

use super::cells::{Row, at_letter};
use super::encoding::named;
use super::header;
use super::letters::{self, Known, Letters};
use super::lines::{self, Broken, LARGEST_ROW, Lines, RowGuard};
use super::quote_scanner::TextAfterQuote;
use super::single;
use super::table::Table;
use super::{AS_CSV, LONGEST_NAME, Layout, Stop, WIDEST};
use crate::domain::item::Delimiter;
use crate::domain::problem::{Problem, Severity};
use csv::ByteRecord;
use encoding_rs::Encoding;
use std::io::Read;
use std::rc::Rc;

/// Number of bytes that are read in one step.
const BUFFER: usize = 64 * 1024;

/// Limit on the bytes of rows that are kept until the header is found.
const MOST_HELD: usize = 1024 * 1024;

/// Limit on a cell, in bytes. A description has a few kilobytes; a larger cell comes from an unclosed quote.
pub(super) const LARGEST_CELL: usize = 1024 * 1024;

/// Reads a text sheet into the table. An error ends the reading; a problem of a single row is only recorded.
pub(super) fn read(table: &mut Table<'_>, head: Vec<u8>, source: impl Read) -> Result<(), Stop> {
    let named = match &table.options.encoding {
        Some(label) => Some(named(label).map_err(|hint| unknown(table, label, hint))?),
        None => None,
    };
    let before = if head.starts_with(lines::MARK) { lines::MARK.len() } else { 0 };
    let read = Letters::new(head, source, named);
    let (mut letters, known) = read.map_err(|broken| broken_off(table, 1, &broken))?;
    let (start, detected) = lines::start(&mut letters);
    let delimiter = table.options.delimiter.map_or(detected, |Delimiter(delimiter)| delimiter);
    let (lines, guard) = Lines::new(start, letters, delimiter, before);
    table.format = format!("CSV ({})", separator(delimiter).1);
    let (first, records) = (Vec::new(), Vec::new());
    let (watched, shared) = (Rc::clone(&guard), Rc::clone(&known));
    let mut sheet = Sheet {
        table,
        known: shared,
        guard: watched,
        header: None,
        first,
        records,
        held: 0,
        is_at_end: false,
        delimiter,
        detected,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER)
        .from_reader(lines);
    let mut record = ByteRecord::new();
    // The last row that was read, and the number of line breaks within cells so far.
    let (mut row, mut breaks) = (0, 0);
    loop {
        guard.renew();
        match reader.read_byte_record(&mut record) {
            Ok(true) if !lines::is_end(&record) => {}
            Ok(_) => break,
            Err(error) => {
                let broken = known.broken().or_else(|| guard.broken());
                let broken = broken.unwrap_or_else(|| Broken::Unreadable(error.to_string()));
                if !matches!(broken, Broken::Uncertain(_)) {
                    sheet.settle()?;
                }
                return Err(broken_off(sheet.table, row + 1, &broken).into());
            }
        }
        // The row number is the line number without the line breaks within cells.
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
    sheet.is_at_end = true;
    sheet.settle()?;
    table.encoding = known.name();
    let word = known.word.borrow();
    if let Some(word) = word.as_deref().filter(|_| !known.is_given.get()) {
        let message = format!("the sheet is not saved as UTF-8: its characters are read as {}", known.name());
        let mut problem = table.whole(message).label(format!("such as `{word}`"));
        problem.severity = Severity::Note;
        table.problems.add(problem);
    }
    Ok(())
}

/// Builds the error about a sheet that ends after its header.
pub(super) fn no_rows(table: &Table<'_>) -> Problem {
    table.whole("the sheet has a header and no rows").hint("add a row for each product below the header")
}

/// Builds the error about an encoding that does not exist.
fn unknown(table: &Table<'_>, label: &str, hint: String) -> Problem {
    table.whole(format!("there is no encoding `{label}`")).hint(hint)
}

/// Returns a delimiter as a character, and its name in messages.
fn separator(delimiter: u8) -> (char, &'static str) {
    match delimiter {
        b';' => (';', "semicolon"),
        b'\t' => ('\t', "tab"),
        b'|' => ('|', "bar"),
        _ => (',', "comma"),
    }
}

/// The row of a sheet that names the columns.
pub(super) struct Header {
    row: u64,
    /// The number of columns up to the last one with a name.
    pub(super) named: usize,
    /// The number of columns with an empty name after the named ones, such as 1 if each row ends with a comma.
    unnamed: usize,
    /// True if the problem of a filled cell under an empty column name was already recorded.
    is_told: bool,
}

impl Header {
    /// Checks the names of the columns and passes them to the table. Returns an error for too many names, or for one
    /// that is too long. The caller has removed white space around the names.
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
            return Err(problem.hint("write a short name for each column into the first row").into());
        }
        table.header(row, &names)?;
        Ok(Self { row, named: end, unnamed: all - end, is_told: false })
    }

    /// Reports whether a cell is in a column with an empty name, and records that as a problem. Returns false if the
    /// cell is to the right of the header's last cell.
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

/// The state of a text sheet while its rows are read.
struct Sheet<'s, 'a> {
    table: &'s mut Table<'a>,
    known: Rc<Known>,
    guard: Rc<RowGuard>,
    header: Option<Header>,
    /// The first rows, until the header is found among them.
    first: Vec<Row>,
    /// The first rows again, with the original bytes of their cells instead of decoded text.
    records: Vec<ByteRecord>,
    /// The number of bytes in the rows that are kept until the header is found.
    held: usize,
    /// True if the last row of the sheet was read.
    is_at_end: bool,
    delimiter: u8,
    /// The delimiter that was detected at the start of the sheet; the user may have named another.
    detected: u8,
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

    /// Finds the header among the rows read so far, and processes the rows below it.
    fn settle(&mut self) -> Result<(), Stop> {
        if self.header.is_some() {
            return Ok(());
        }
        let (rows, records) = (std::mem::take(&mut self.first), std::mem::take(&mut self.records));
        let Some(at) = header::position(&rows, &self.table.options.columns) else { return Ok(()) };
        if let Some(note) = header::skipped(self.table, &rows, at) {
            self.table.problems.add(note);
            if self.is_at_end && at + 1 == rows.len() {
                // Without rows this may be an empty template, whose columns need not be those of products.
                return Err(no_rows(self.table).into());
            }
        }
        let (used, seen) = (Delimiter(self.delimiter), Delimiter(self.detected));
        if let Some(cause) = single::cause(self.table, used, seen, &rows[at], rows.get(at + 1)) {
            return Err(cause.into());
        }
        self.take_header(rows[at].number, &records[at])?;
        rows.iter().zip(&records).skip(at + 1).try_for_each(|(row, record)| self.row(row.number, record))
    }

    fn take_header(&mut self, row: u64, record: &ByteRecord) -> Result<(), Box<Problem>> {
        let mut names = Vec::with_capacity(record.len());
        if let Some(flaw) = self.guard.flaws(row).first() {
            return Err(self.closed_early(row, &at_letter(flaw.column), flaw).into());
        }
        for (at, cell) in record.iter().enumerate() {
            let name = letters::text(cell);
            let name = name.map_err(|shown| self.misread(row, &at_letter(at), &shown))?;
            names.push(header::name(name).to_owned());
        }
        header::unmark(&mut names);
        self.table.layout = Some(Layout::Sheet { delimiter: self.delimiter, header: row });
        self.header = Some(Header::take(self.table, row, names)?);
        Ok(())
    }

    /// Decodes the cells of a row. The error is the problem of the row, or `None` if a problem of the header was
    /// recorded instead.
    fn cells(&mut self, row: u64, record: &ByteRecord) -> Result<Row, Option<Box<Problem>>> {
        let flaws = self.guard.flaws(row);
        let header = self.header.as_mut().ok_or(None)?;
        let named = header.named;
        if let Some(flaw) = flaws.iter().find(|flaw| flaw.bare.is_none()) {
            let column = self.table.headers.get(flaw.column).cloned();
            let column = column.unwrap_or_else(|| at_letter(flaw.column));
            return Err(Some(self.closed_early(row, &column, flaw).into()));
        }
        // Spreadsheets leave empty cells where a cell was cleared.
        let surplus = (named..record.len()).find(|at| !record[*at].is_empty());
        if surplus.is_some_and(|at| header.is_unnamed(self.table, at)) {
            return Err(None);
        }
        if surplus.is_some() || record.len() < named {
            return Err(Some(self.ragged(row, record.len(), named).into()));
        }
        let mut cells = Vec::with_capacity(named);
        for (at, (name, cell)) in self.table.headers.iter().zip(record).enumerate() {
            let bare = flaws.iter().find(|flaw| flaw.column == at);
            let cell = bare.and_then(|flaw| flaw.bare.as_deref()).unwrap_or(cell);
            if cell.len() > LARGEST_CELL {
                let problem = self.table.at(row, Some(name), "the cell is larger than 1 MiB");
                let problem = problem.label(format!("{} bytes", cell.len()));
                return Err(Some(problem.hint("a quote before this cell may be unclosed").into()));
            }
            let text = letters::text(cell);
            cells.push(text.map_err(|shown| Some(self.misread(row, name, &shown).into()))?.to_owned());
        }
        Ok(Row { number: row, cells })
    }

    /// Builds the error about a character that could not be decoded. `shown` is the readable part of the cell.
    fn misread(&self, row: u64, column: &str, shown: &str) -> Problem {
        let Some(encoding) = self.known.encoding.get().map(Encoding::name) else {
            let message = "a character in this cell is not saved as UTF-8";
            let problem = self.table.at(row, Some(column), message).hint(AS_CSV);
            return problem.label(format!("read as `{shown}`"));
        };
        let message = format!("a character in this cell cannot be read as {encoding}");
        let problem = self.table.at(row, Some(column), message).label(format!("read as `{shown}`"));
        problem.hint(match self.table.options.encoding {
            Some(_) => {
                "the sheet is saved in another encoding: write that one, or leave `encoding` out so that \
                        shotlist detects it"
                    .to_owned()
            }
            None => format!(
                "if the sheet is {encoding}, write `encoding: {encoding}` under `items:`; for `init` and \
                 `catalog`, `--encoding {encoding}`"
            ),
        })
    }

    fn closed_early(&self, row: u64, column: &str, flaw: &TextAfterQuote) -> Problem {
        let message = "text follows the closing quote of this cell";
        let problem = self.table.at(row, Some(column), message);
        let problem = problem.hint(
            "in a text editor, write each quote within a quoted cell twice: `\"12\"\" TV stand\"`; or export the \
             sheet as XLSX",
        );
        if flaw.is_escaped {
            problem.note("the program that wrote the sheet put `\\` before a quote, which is not CSV")
        } else {
            problem
        }
    }

    /// Builds the error about a row with more or fewer cells than the header.
    fn ragged(&self, row: u64, cells: usize, columns: usize) -> Problem {
        let plural = if cells == 1 { "" } else { "s" };
        let message = format!("the row has {cells} cell{plural}, but the header has {columns}");
        let (separator, called) = separator(self.delimiter);
        let hint = if cells > columns {
            format!(
                "a {called} has probably split a text: in a text editor, quote that text, `\"Red mug{separator} the \
                 large one\"`; in a spreadsheet, join its two cells again and delete the cell left over"
            )
        } else {
            format!("fill in the missing cells; in a text editor, an empty cell is one more {called}")
        };
        self.table.at(row, None, message).hint(hint)
    }

    /// Builds the error about a quote that is not closed before the end of the sheet.
    fn unclosed(&self, row: u64, record: &ByteRecord) -> Problem {
        let column = record.len().checked_sub(1).and_then(|last| self.table.headers.get(last));
        let problem =
            self.table.at(row, column.map(String::as_str), "a quote is opened in this row and never closed");
        problem.hint(
            "open the sheet in a text editor (a spreadsheet shows all rows below as one cell) and add the \
             closing `\"`; a quote within a cell is written `\"\"`",
        )
    }
}

/// Builds the error about a file that could not be read to its end. `row` is the row at which reading failed.
pub(super) fn broken_off(table: &Table<'_>, row: u64, broken: &Broken) -> Problem {
    match broken {
        Broken::Marked { named, marked } => {
            let message = format!("the sheet is marked as {marked}, but `encoding` says {named}");
            table.whole(message).hint(format!("leave `encoding` out, or write `encoding: {marked}`"))
        }
        Broken::Uncertain(readings) => {
            let problem = table.whole("the characters of the sheet can be read in several encodings");
            let first = readings.first().map_or("UTF-8", |(encoding, _)| encoding);
            let notes = readings.iter().map(|(encoding, words)| format!("{encoding} reads `{words}`"));
            notes.fold(problem, Problem::note).hint(format!(
                "name the encoding that reads the words correctly: write `encoding: {first}` under `items:`; for \
                 `init` and `catalog`, `--encoding {first}`"
            ))
        }
        Broken::Nul(offset) => {
            table.whole(format!("the sheet is not text: a NUL is at byte offset {offset}")).hint(AS_CSV)
        }
        Broken::TooLong => {
            too_long(table, row, "row", "a quote in the row may be unclosed; a cell may have up to 1 MiB")
        }
        Broken::Unreadable(why) => table
            .at(row, None, format!("the sheet cannot be read: {why}"))
            .hint("copy the sheet to another folder, and write the path of the copy"),
    }
}

/// Builds the error about a row, object or product (`what`) that is larger than [`LARGEST_ROW`].
pub(super) fn too_long(table: &Table<'_>, row: u64, what: &str, hint: &str) -> Problem {
    let megabytes = LARGEST_ROW / 1024 / 1024;
    table.at(row, None, format!("the {what} is larger than {megabytes} MiB")).hint(hint)
}
