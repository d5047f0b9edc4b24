//! A product file becomes items.

mod lines;
#[cfg(test)]
mod tests;

use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem};
use csv::ByteRecord;
use lines::{Broken, LARGEST_ROW, Lines};
use std::collections::HashMap;
use std::io::Read;

/// Headers that may name the id, the first that is there wins; upper and lower case are the same.
const ID_COLUMNS: [&str; 3] = ["id", "sku", "handle"];

/// How the usual programs write a sheet that can be read.
const AS_CSV: &str = "save it in Excel with File, Save As, `CSV UTF-8 (Comma delimited)`, in LibreOffice as Text CSV with \
                      the character set Unicode (UTF-8)";

/// So many characters of a wrong cell are repeated in its message.
const ECHOED: usize = 40;

/// Largest cell. A description has some kilobytes; more is a quote that was never closed.
const LARGEST_CELL: usize = 1024 * 1024;

/// Reads a sheet with commas, semicolons or tabs, row by row: the memory it takes is that of its items.
///
/// Problems carry rows as a spreadsheet shows them, and one example each, so that those of one cause can be joined.
/// With an error among them, the items are not all there.
pub fn read(file: &str, source: impl Read) -> (Vec<Item>, Vec<Problem>) {
    let mut sheet = Sheet {
        file,
        items: Vec::new(),
        problems: Vec::new(),
        rows: HashMap::new(),
        row: 0,
        breaks: 0,
        delimiter: b',',
    };
    if let Err(problem) = sheet.read(source) {
        sheet.problems.push(*problem);
    }
    (sheet.items, sheet.problems)
}

/// What is known of a sheet so far.
struct Sheet<'a> {
    file: &'a str,
    items: Vec<Item>,
    problems: Vec<Problem>,
    /// The row of each id.
    rows: HashMap<String, u64>,
    /// The row that was read last.
    row: u64,
    /// Line breaks within cells so far.
    breaks: u64,
    /// What separates the cells.
    delimiter: u8,
}

/// The first row of a sheet.
struct Header {
    names: Vec<String>,
    /// Which of them is the id.
    id: usize,
}

impl Sheet<'_> {
    /// Reads all there is. An error ends the reading; what spoils only a row is noted.
    fn read(&mut self, source: impl Read) -> Result<(), Box<Problem>> {
        let (lines, watch) = Lines::new(source).map_err(|broken| self.broken(&broken))?;
        self.delimiter = lines.delimiter();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(lines);
        let mut record = ByteRecord::new();
        let mut header = None;
        loop {
            watch.renew();
            match reader.read_byte_record(&mut record) {
                Ok(true) if !lines::is_end(&record) => {}
                Ok(_) => break,
                Err(error) => {
                    let broken = watch.broken().unwrap_or_else(|| Broken::Unreadable(error.to_string()));
                    return Err(self.broken(&broken));
                }
            }
            // Every row ends a line; the lines that end within cells are no rows.
            let breaks = record.as_slice().split(|byte| *byte == b'\n').count() - 1;
            self.breaks += u64::try_from(breaks).unwrap_or(u64::MAX);
            let before = reader.position().line().saturating_sub(1 + self.breaks);
            if lines::has_swallowed_end(&record) {
                self.row = before + 1;
                return Err(self.unclosed(header.as_ref(), &record));
            }
            self.row = before;
            match &header {
                None => header = Some(self.header(&record)?),
                Some(_) if record.iter().all(<[u8]>::is_empty) => {}
                Some(header) => self.item(header, &record),
            }
        }
        let (what, hint) = match header {
            None => (
                "the sheet is empty",
                "the first row names the columns, such as id,title,image; each further row is a product",
            ),
            Some(_) if self.items.is_empty() && self.problems.is_empty() => {
                ("the sheet has a header and no rows", "add a row below it for each product")
            }
            Some(_) => return Ok(()),
        };
        Err(Box::new(Problem::error(Place::File(self.file.to_owned()), what).hint(hint)))
    }

    fn header(&mut self, record: &ByteRecord) -> Result<Header, Box<Problem>> {
        let mut names: Vec<String> = Vec::with_capacity(record.len());
        for (at, cell) in record.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(cell) else {
                let problem = self.at(Some(&at_letter(at)), "a letter in the header is not saved as UTF-8");
                return Err(Box::new(problem.hint(AS_CSV)));
            };
            let name = name.trim();
            if name.is_empty() {
                let problem = self.at(Some(&at_letter(at)), "this column has no name");
                let hint =
                    format!("write a name into cell {}1, such as `notes`, or remove the column", letters(at));
                self.problems.push(problem.hint(hint));
            } else if let Some(first) = names.iter().position(|known| known == name) {
                let message = format!("columns {} and {} have the same name", letters(first), letters(at));
                let problem = self.at(Some(name), message);
                let hint = format!("write another name into cell {}1, or remove the column", letters(at));
                self.problems.push(problem.hint(hint));
            }
            names.push(name.to_owned());
        }
        let id = ID_COLUMNS.iter().find_map(|id| names.iter().position(|name| name.eq_ignore_ascii_case(id)));
        let Some(id) = id else {
            let problem = self.at(None, "no column is called `id`, `sku` or `handle`");
            let problem = problem.hint("rename the column that tells the items apart to `id`");
            return Err(Box::new(problem.note(format!("columns: {}", names.join(", ")))));
        };
        Ok(Header { names, id })
    }

    fn item(&mut self, header: &Header, record: &ByteRecord) {
        let row = self.row;
        // Spreadsheets leave empty cells behind where something was deleted.
        let surplus = record.iter().skip(header.names.len()).any(|cell| !cell.is_empty());
        if surplus || record.len() < header.names.len() {
            let (cells, columns) = (record.len(), header.names.len());
            let plural = if cells == 1 { "" } else { "s" };
            let message = format!("the row has {cells} cell{plural}, the header {columns}");
            let (separator, called) = match self.delimiter {
                b';' => (';', "semicolon"),
                b'\t' => ('\t', "tab"),
                _ => (',', "comma"),
            };
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
            let problem = self.at(None, message).hint(hint);
            return self.spoilt(problem, None, format!("sheet row {row}"));
        }
        let mut columns = Vec::with_capacity(record.len());
        for (name, cell) in header.names.iter().zip(record) {
            if cell.len() > LARGEST_CELL {
                let problem = self.at(Some(name), "the cell is larger than 1 MiB");
                let problem = problem.hint("a quote before it may never be closed");
                let label = format!("{} bytes", cell.len());
                return self.spoilt(problem, Some(label), format!("sheet row {row}"));
            }
            match std::str::from_utf8(cell) {
                Ok(text) => columns.push((name.clone(), text.to_owned())),
                Err(invalid) => {
                    let problem = self.at(Some(name), "a letter in this cell is not saved as UTF-8");
                    let text = String::from_utf8_lossy(cell);
                    let before = String::from_utf8_lossy(&cell[..invalid.valid_up_to()]).chars().count();
                    // The letter stays in sight where the cell is long.
                    let shown: String =
                        text.chars().skip(before.saturating_sub(ECHOED / 2)).take(ECHOED).collect();
                    let label = format!("read as `{shown}`");
                    return self.spoilt(problem.hint(AS_CSV), Some(label), format!("sheet row {row}"));
                }
            }
        }
        let id = columns[header.id].1.trim().to_owned();
        let name = &header.names[header.id];
        if id.is_empty() {
            let problem = self.at(Some(name), "the row has no id");
            let problem =
                problem.hint("fill the cell with an id that no other row has, and do not change it later");
            return self.spoilt(problem, None, format!("sheet row {row}"));
        }
        if let Some(first) = self.rows.get(&id) {
            let (label, example) =
                (format!("`{id}` is also in row {first}"), format!("sheet rows {first} and {row} ({id})"));
            let problem = self.at(Some(name), "two rows have the same id");
            return self.spoilt(
                problem.hint("give one of them another id, or remove the row"),
                Some(label),
                example,
            );
        }
        self.rows.insert(id.clone(), row);
        let origin = Place::Row { file: self.file.to_owned(), row, column: None };
        self.items.push(Item { id, columns, origin });
    }

    /// A new error in the row that was read last.
    fn at(&self, column: Option<&str>, message: impl Into<String>) -> Problem {
        let column = column.map(str::to_owned);
        Problem::error(Place::Row { file: self.file.to_owned(), row: self.row, column }, message)
    }

    /// Notes what spoils a row.
    fn spoilt(&mut self, mut problem: Problem, label: Option<String>, example: String) {
        problem.label = label;
        problem.examples.push(example);
        problem.rows.push(self.row);
        self.problems.push(problem);
    }

    /// The last cell of the row runs on to the end of the sheet.
    fn unclosed(&self, header: Option<&Header>, record: &ByteRecord) -> Box<Problem> {
        let column = header.and_then(|header| header.names.get(record.len().checked_sub(1)?));
        let column = column.map(String::as_str);
        let problem = self.at(column, "a quote is opened in this row and never closed");
        Box::new(problem.hint(
            "open the sheet in a text editor (a spreadsheet takes all rows below for one cell) and add the \
             closing `\"`; a quote within a cell is written `\"\"`",
        ))
    }

    /// The reading came to an end before the sheet did.
    fn broken(&mut self, broken: &Broken) -> Box<Problem> {
        self.row += 1;
        let file = Place::File(self.file.to_owned());
        Box::new(match broken {
            Broken::Utf16 => {
                Problem::error(file, "the sheet is saved as “Unicode” (UTF-16); shotlist reads UTF-8")
                    .hint(AS_CSV)
            }
            Broken::Workbook => Problem::error(file, "this is a workbook, not a CSV file")
                .hint(AS_CSV)
                .note("then write the new file's name under `items:`, such as `{ from: products.csv }`"),
            Broken::Nul(offset) => {
                let message = format!("the sheet is not text: a NUL is at byte offset {offset}");
                Problem::error(file, message).hint(AS_CSV)
            }
            Broken::TooLong => {
                let megabytes = LARGEST_ROW / 1024 / 1024;
                self.at(None, format!("the row goes on for more than {megabytes} MiB"))
                    .hint("a quote in it may never be closed; a cell may have 1 MiB")
            }
            Broken::Unreadable(why) => self
                .at(None, format!("the sheet cannot be read: {why}"))
                .hint("copy it to another place, and name it there"),
        })
    }
}

/// A column as people name it in a message: `3 (C)`.
fn at_letter(at: usize) -> String {
    format!("{} ({})", at + 1, letters(at))
}

/// A column as a spreadsheet heads it: `A`, `Z`, `AA`.
fn letters(at: usize) -> String {
    let last = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}
