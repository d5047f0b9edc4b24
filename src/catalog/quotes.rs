//! Finds quotes in a text sheet that close before their cell ends.
//!
//! The CSV reader silently treats the text after such a quote as part of the cell. If a program writes `\"` for a
//! quote, cells that do not belong together are then joined. Programs that separate cells by tabs mostly write no
//! quotes around them. In their sheets a cell such as `"Oak" chair` is therefore kept unchanged.

use std::collections::VecDeque;

/// A cell with text after its closing quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The row number as a spreadsheet shows it.
    pub(super) row: u64,
    /// The index of the column; 0 for the first.
    pub(super) column: usize,
    /// True if there is a backslash before the quote.
    pub(super) is_escaped: bool,
    /// The original bytes of the cell, if the quotes are part of the text; `None` if the cell is an error.
    pub(super) bare: Option<Vec<u8>>,
}

/// A position of the scanner within a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The place before the first byte.
    Start,
    /// A place outside of quotes.
    Plain,
    /// A place inside of quotes. The flag is true if the last byte was a backslash.
    Quoted(bool),
    /// The place after a quote that may close the cell or be the first of two. The flag is true if a backslash is
    /// before the quote.
    Quote(bool),
    /// A place after white space that follows the closing quote. The flag is true if a backslash is before that quote.
    Closed(bool),
}

/// A scanner that follows the bytes of a sheet to find cells with text after their closing quote.
#[derive(Debug)]
pub(super) struct Quotes {
    delimiter: u8,
    state: State,
    row: u64,
    column: usize,
    /// The bytes so far of a cell that began with a quote, in a sheet with tabs; otherwise `None`.
    cell: Option<Vec<u8>>,
    /// The flaw (text after a closing quote) of the current cell, until the end of the cell is reached.
    open: Option<Flaw>,
}

impl Quotes {
    /// Returns a scanner at the start of a sheet.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, row: 1, column: 0, cell: None, open: None }
    }

    /// Scans further bytes, in which lines end with line feeds, and adds the cells with text after a closing quote to
    /// `flaws`.
    pub(super) fn follow(&mut self, bytes: &[u8], flaws: &mut VecDeque<Flaw>) {
        for byte in bytes.iter().copied() {
            self.keep(byte, flaws);
            self.state = match (self.state, byte) {
                (State::Quoted(is_escaped), b'"') => State::Quote(is_escaped),
                (State::Quoted(_), byte) => State::Quoted(byte == b'\\'),
                (State::Start | State::Quote(_), b'"') => State::Quoted(false),
                (_, b'\n') => {
                    self.row += 1;
                    self.column = 0;
                    State::Start
                }
                (_, byte) if byte == self.delimiter => {
                    self.column += 1;
                    State::Start
                }
                (State::Quote(is_escaped) | State::Closed(is_escaped), b' ' | b'\t') => {
                    State::Closed(is_escaped)
                }
                (State::Quote(is_escaped) | State::Closed(is_escaped), _) => {
                    let flaw = Flaw { row: self.row, column: self.column, is_escaped, bare: None };
                    match self.cell {
                        Some(_) if !is_escaped => self.open = Some(flaw),
                        _ => flaws.push_back(flaw),
                    }
                    State::Plain
                }
                (State::Start | State::Plain, _) => State::Plain,
            };
        }
    }

    /// Keeps a byte of a cell that begins with a quote, in a sheet whose cells are separated by tabs. At the end of the
    /// cell, any flaw of the cell is added to `flaws`.
    fn keep(&mut self, byte: u8, flaws: &mut VecDeque<Flaw>) {
        if self.delimiter != b'\t' {
            return;
        }
        if matches!(byte, b'\t' | b'\n') {
            let cell = self.cell.take();
            if let Some(flaw) = self.open.take() {
                // A cell that also ends with a quote may be quoted as a whole, so its quotes are not part of the text.
                flaws.push_back(Flaw { bare: cell.filter(|cell| !cell.ends_with(b"\"")), ..flaw });
            }
        } else if self.state == State::Start && byte == b'"' {
            self.cell = Some(vec![byte]);
        } else if let Some(cell) = &mut self.cell {
            cell.push(byte);
        }
    }
}

#[cfg(test)]
mod tests;
