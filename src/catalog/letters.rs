//! Which letters the bytes of a sheet are: UTF-8, or what Windows wrote before.
//!
//! A sheet is never read in two ways: bytes that are not UTF-8 are read as Windows-1252 only where nothing else in the
//! sheet, and no mark at its start, says that it is UTF-8.

use super::AS_CSV;
use super::table::Table;
use crate::domain::problem::{Place, Problem};
use encoding_rs::WINDOWS_1252;

/// So many characters of a wrong cell are repeated in its message.
const ECHOED: usize = 40;

/// So many cells are told of one by one.
const TOLD: usize = 1000;

/// What is known of the letters of a sheet so far.
pub(super) struct Letters {
    /// The sheet is marked as UTF-8.
    is_marked: bool,
    /// A letter beyond ASCII was right in UTF-8.
    is_utf8: bool,
    /// Cells that are not UTF-8: row, column, the text as UTF-8 has it, the text as it was read.
    others: Vec<(u64, String, String, String)>,
}

impl Letters {
    pub(super) fn new(is_marked: bool) -> Self {
        Self { is_marked, is_utf8: is_marked, others: Vec::new() }
    }

    /// The text of a cell; if it is in neither encoding, what can be shown of it.
    pub(super) fn read(&mut self, row: u64, column: &str, cell: &[u8]) -> Result<String, String> {
        let invalid = match std::str::from_utf8(cell) {
            Ok(text) => {
                self.is_utf8 |= !text.is_ascii();
                return Ok(text.to_owned());
            }
            Err(invalid) => invalid,
        };
        let text = String::from_utf8_lossy(cell);
        let before = String::from_utf8_lossy(&cell[..invalid.valid_up_to()]).chars().count();
        // The letter stays in sight where the cell is long.
        let part = |text: &str| text.chars().skip(before.saturating_sub(ECHOED / 2)).take(ECHOED).collect();
        let shown = part(&text);
        let (other, _) = WINDOWS_1252.decode_without_bom_handling(cell);
        // The encoding has five holes, which no program writes.
        if self.is_marked || other.chars().any(|letter| ('\u{80}'..='\u{9f}').contains(&letter)) {
            return Err(shown);
        }
        if self.others.len() < TOLD {
            self.others.push((row, column.to_owned(), shown, part(&other)));
        }
        Ok(other.into_owned())
    }

    /// Tells of cells that are not UTF-8.
    pub(super) fn finish(self, table: &mut Table<'_>) {
        if self.is_utf8 {
            for (row, column, shown, _) in self.others {
                let problem =
                    table.at(row, Some(&column), "a letter in this cell is not saved as UTF-8").hint(AS_CSV);
                let mut problem = problem.label(format!("read as `{shown}`"));
                problem.examples.push(format!("sheet row {row}"));
                problem.rows.push(row);
                // Other cells of such a sheet may be misread, too: it is not the row's own fault.
                table.problems.add(problem);
            }
        } else if let Some((row, column, _, read)) = self.others.into_iter().next() {
            table.encoding = "Windows-1252";
            let place = Place::Row { file: table.file.to_owned(), row, column: Some(column) };
            let message = "the sheet is not saved as UTF-8: its letters are read as Windows-1252";
            let problem = Problem::warning(place, message);
            table.problems.add(problem.label(format!("this is read as `{read}`")).hint(AS_CSV));
        }
    }
}
