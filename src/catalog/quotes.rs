//! Quotes of a text sheet that close before their cell ends.
//!
//! The CSV reader takes what follows such a quote for a part of the cell, without a word. In a sheet whose program
//! writes `\"` for a quote, that puts cells together that are none.

use std::collections::VecDeque;

/// A cell with text behind its closing quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flaw {
    /// As a spreadsheet shows it.
    pub(super) row: u64,
    /// 0 for the first.
    pub(super) column: usize,
    /// Whether a backslash stands before the quote.
    pub(super) is_escaped: bool,
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
}

impl Quotes {
    /// Begins a sheet.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, row: 1, column: 0 }
    }

    /// Follows further bytes, whose lines end in line feeds, and adds the cells that are wrong.
    pub(super) fn follow(&mut self, bytes: &[u8], flaws: &mut VecDeque<Flaw>) {
        for byte in bytes.iter().copied() {
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
                    flaws.push_back(Flaw { row: self.row, column: self.column, is_escaped });
                    State::Plain
                }
                (State::Start | State::Plain, _) => State::Plain,
            };
        }
    }
}

#[cfg(test)]
mod tests;
