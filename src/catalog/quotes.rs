//! Quotes of a text sheet that close before their cell ends.
//!
//! The CSV reader takes what follows such a quote for a part of the cell, without a word. In a sheet whose program
//! writes `\"` for a quote, that puts cells together that are none. Programs that part cells by tabs mostly write no
//! quotes around them, so there such a cell is kept as it stands: `"Oak" chair`.

use std::collections::VecDeque;

/// A cell with text behind its closing quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// As a spreadsheet shows it.
    pub(super) row: u64,
    /// 0 for the first.
    pub(super) column: usize,
    /// Whether a backslash stands before the quote.
    pub(super) is_escaped: bool,
    /// The cell as it stands, where its quotes are a part of its text.
    pub(super) bare: Option<Vec<u8>>,
}

/// A place in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before its first byte.
    Start,
    /// Outside of quotes.
    Plain,
    /// Inside of quotes; whether a backslash was the last byte.
    Quoted(bool),
    /// Behind a quote that closes the cell, or is the first of two; whether a backslash stands before it.
    Quote(bool),
    /// Behind white space that follows the closing quote.
    Closed(bool),
}

/// Follows the bytes of a sheet.
#[derive(Debug)]
pub(super) struct Quotes {
    delimiter: u8,
    state: State,
    row: u64,
    column: usize,
    /// The cell so far, where it began with a quote in a sheet with tabs; nothing where a line or a cell may end in it.
    cell: Option<Vec<u8>>,
    /// What is wrong with the cell, until its end is seen.
    open: Option<Flaw>,
}

impl Quotes {
    /// Begins a sheet.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, row: 1, column: 0, cell: None, open: None }
    }

    /// Follows further bytes, whose lines end in line feeds, and adds the cells that are wrong.
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

    /// Keeps the bytes of a cell of a sheet with tabs that begins with a quote, and adds what is wrong with it at its end.
    fn keep(&mut self, byte: u8, flaws: &mut VecDeque<Flaw>) {
        if self.delimiter != b'\t' {
            return;
        }
        if matches!(byte, b'\t' | b'\n') {
            let cell = self.cell.take();
            if let Some(flaw) = self.open.take() {
                // A quote at the end, too, may be one of a pair around the cell.
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
