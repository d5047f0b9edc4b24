//! Finds cells in a text sheet that have text after their closing quote, such as `"Oak" chair`.
//!
//! The CSV reader silently takes such text as part of the cell, but usually the cell has an error. For example, some
//! programs write a quote within a cell as `\"` instead of `""`, and the reader may then join separate cells.
//!
//! In a sheet whose cells are separated by tabs, such a cell is usually correct, because most programs that write these
//! sheets put no quotes around cells. There, the cell `"Oak" chair` is kept unchanged, with its quotes.

use std::collections::VecDeque;

/// A cell with text after its closing quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextAfterQuote {
    /// The row number as a spreadsheet shows it.
    pub(super) row: u64,
    /// The index of the column; 0 for the first.
    pub(super) column: usize,
    /// True if a backslash precedes the closing quote.
    pub(super) is_escaped: bool,
    /// The original bytes of the cell, if its quotes are part of its text, as in `"Oak" chair`. `None` if the text
    /// after the closing quote is an error.
    pub(super) bare: Option<Vec<u8>>,
}

/// The position within a cell that [`QuoteScanner`] has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The position before the first byte of the cell.
    Start,
    /// A position outside of quotes.
    Plain,
    /// A position inside of quotes. The flag is true if the last byte was a backslash.
    Quoted(bool),
    /// The position after a quote that closes the cell or is the first of two. The flag is true if a backslash precedes
    /// the quote.
    Quote(bool),
    /// A position after white space that follows the closing quote. The flag is true if a backslash precedes that
    /// quote.
    Closed(bool),
}

/// A scanner that follows the bytes of a sheet to find cells with text after their closing quote.
#[derive(Debug)]
pub(super) struct QuoteScanner {
    delimiter: u8,
    state: State,
    row: u64,
    column: usize,
    /// The bytes of the current cell so far, if tabs separate the cells and this one begins with a quote; `None` for
    /// any other cell.
    cell: Option<Vec<u8>>,
    /// The current cell, if text follows its closing quote. The cell is reported only at its end, when all of its bytes
    /// are known.
    open: Option<TextAfterQuote>,
}

impl QuoteScanner {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, row: 1, column: 0, cell: None, open: None }
    }

    /// Scans further bytes, in which lines end with line feeds, and adds the cells with text after a closing quote to
    /// `flaws`.
    pub(super) fn follow(&mut self, bytes: &[u8], flaws: &mut VecDeque<TextAfterQuote>) {
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
                    let flaw = TextAfterQuote { row: self.row, column: self.column, is_escaped, bare: None };
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

    /// Collects the bytes of each cell that begins with a quote, if tabs separate the cells of the sheet. At the end of
    /// such a cell, adds the cell to `flaws` if text follows its closing quote.
    fn keep(&mut self, byte: u8, flaws: &mut VecDeque<TextAfterQuote>) {
        if self.delimiter != b'\t' {
            return;
        }
        if matches!(byte, b'\t' | b'\n') {
            let cell = self.cell.take();
            if let Some(flaw) = self.open.take() {
                // A cell that also ends with a quote may be quoted as a whole, so its quotes are not part of the text.
                flaws.push_back(TextAfterQuote { bare: cell.filter(|cell| !cell.ends_with(b"\"")), ..flaw });
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
