//! Removes the signs by which a cell tells a spreadsheet that it is text: `="00123"` and `'00123`.

use crate::catalog::cells::Row;
use std::collections::BTreeSet;

/// Least number of filled cells in a column that loses the apostrophes at the start of its cells. Each filled cell must
/// begin with one. Fewer cells are enough if a number or a formula follows each apostrophe.
const ENOUGH: usize = 3;

/// The signs in a file by which a cell tells a spreadsheet that it is text, such as `'00123`.
#[derive(Debug, Default)]
pub(super) struct Guards {
    /// The row and content of the first cell that is a formula with only a text, such as `="00123"`.
    pub(super) formula: Option<(u64, String)>,
    /// The columns in which each filled cell begins with an apostrophe that is not part of its text.
    pub(super) covered: BTreeSet<usize>,
}

/// Returns the text in a formula that has only a text, such as `="00123"`; `None` for any other cell.
pub(super) fn opened(cell: &str) -> Option<&str> {
    let text = cell.trim().strip_prefix("=\"")?.strip_suffix('"')?;
    (!text.contains('"')).then_some(text)
}

/// Returns the text after an apostrophe that a spreadsheet hides; `None` if there is no such apostrophe.
pub(super) fn uncovered(cell: &str) -> Option<&str> {
    let text = cell.trim_start().strip_prefix('\'')?;
    (!text.is_empty() && !text.trim_end().ends_with('\'')).then_some(text)
}

impl Guards {
    /// Replaces each formula that has only a text, such as `="00123"`, by that text.
    pub(super) fn open(&mut self, row: &mut Row) {
        for cell in &mut row.cells {
            if let Some(text) = opened(cell).map(str::to_owned) {
                let written = std::mem::replace(cell, text);
                self.formula.get_or_insert((row.number, written));
            }
        }
    }

    /// Records the columns in which every filled cell begins with an apostrophe that a spreadsheet hides.
    pub(super) fn look<'r>(&mut self, rows: &(impl Iterator<Item = &'r Row> + Clone), columns: usize) {
        let is_covered = |at: &usize| {
            let mut filled = rows.clone().map(|row| row.cell(*at)).filter(|cell| !cell.is_empty());
            // A word may really begin with an apostrophe ('t Lampje); a number does not.
            let is_number =
                |text: &str| text.starts_with(|first: char| "=+-@".contains(first) || first.is_ascii_digit());
            let texts: Option<Vec<bool>> = filled.try_fold(Vec::new(), |mut texts, cell| {
                texts.push(is_number(uncovered(cell)?));
                Some(texts)
            });
            texts.is_some_and(|texts| {
                texts.len() >= ENOUGH || (!texts.is_empty() && texts.iter().all(|is_number| *is_number))
            })
        };
        self.covered = (0..columns).filter(is_covered).collect();
    }

    /// Removes the apostrophe at the start of each cell in the columns in which a spreadsheet hides it (`covered`).
    pub(super) fn uncover(&self, row: &mut Row) {
        for at in &self.covered {
            if let Some(cell) = row.cells.get_mut(*at)
                && let Some(text) = uncovered(cell).map(str::to_owned)
            {
                *cell = text;
            }
        }
    }
}

#[cfg(test)]
mod tests;
