//! Adds the records of XML and JSON files to a table. The files have no header: each record names its own values.
//!
//! The names in the first records show which program wrote the file.

use super::{LOOKED_AT, Part, Table};
use crate::catalog::cells::Row;
use crate::catalog::records::{self, Record};
use crate::catalog::{LONGEST_NAME, WIDEST};
use crate::domain::ident::composed;
use crate::domain::problem::Problem;

impl Table<'_> {
    /// Adds a record of a file without a header, such as JSON Lines, to the table; `number` is its row number. Returns
    /// an error if the file has too many names, or one that is too long.
    pub(in crate::catalog) fn record(&mut self, number: u64, record: Record) -> Result<(), Box<Problem>> {
        let Some((values, parts)) = record.finish() else { return Err(self.too_wide(number).into()) };
        let before = self.headers.len();
        let mut cells: Vec<String> = Vec::with_capacity(before);
        for (name, value) in values {
            // Most records have the same names in the same order, so the next name is compared before it is looked up.
            let at = match self.headers.get(cells.len()) {
                Some(next) if *next == name => cells.len(),
                _ => *self.places.entry(composed(&name)).or_insert_with_key(|name| {
                    self.headers.push(name.clone());
                    self.headers.len() - 1
                }),
            };
            if cells.len() <= at {
                cells.resize(at + 1, String::new());
            }
            cells[at] = value;
        }
        if self.headers.len() > WIDEST {
            return Err(self.too_wide(number).into());
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let row = Row { number, cells };
        let place = |(name, value): (String, String)| Some((*self.places.get(&composed(&name))?, value));
        let parts =
            parts.into_iter().map(|(list, values)| (list, values.into_iter().filter_map(place).collect()));
        let parts: Vec<Part> = parts.collect();
        if self.known.is_some() {
            if self.headers.len() > before {
                self.renew_columns();
            }
            self.spread(row, parts);
            return Ok(());
        }
        if self.pending.is_none() && self.waiting.len() + 1 >= LOOKED_AT {
            self.look()?;
        }
        let read = self.wait((row, parts), LOOKED_AT)?;
        for (row, parts) in read {
            self.spread(row, parts);
        }
        Ok(())
    }

    /// Adds a record as one row, or as one row for each element of a list in it, such as `variants`. The dialect (the
    /// description of the program that wrote the file) names that list.
    pub(super) fn spread(&mut self, mut row: Row, parts: Vec<Part>) {
        let Some(known) = &self.known else { return };
        let Some(list) = known.dialect.rows.as_deref() else { return self.gather(row) };
        let parts: Vec<_> = parts.into_iter().filter(|(name, _)| name == list).collect();
        let is_of_part = |name: &String| name.strip_prefix(list).is_some_and(|rest| rest.starts_with('.'));
        let of_parts: Vec<usize> = (0..row.cells.len()).filter(|at| is_of_part(&self.headers[*at])).collect();
        let ids: Vec<usize> = known.columns.ids().filter(|at| !of_parts.contains(at)).collect();
        if !parts.is_empty() {
            for at in &of_parts {
                row.cells[*at].clear();
            }
        }
        // Further rows repeat the ids of the product; their other empty cells take the values of the first row.
        let mut further = Row { number: row.number, cells: vec![String::new(); row.cells.len()] };
        for at in ids.into_iter().filter(|at| *at < row.cells.len()) {
            further.cells[at].clone_from(&row.cells[at]);
        }
        let mut parts = parts.into_iter();
        let first = parts.next();
        let fill = |row: &mut Row, cells: Vec<(usize, String)>| {
            for (at, value) in cells {
                records::join(&mut row.cells[at], &value);
            }
        };
        fill(&mut row, first.map(|(_, cells)| cells).unwrap_or_default());
        self.gather(row);
        for (_, cells) in parts {
            let mut row = further.clone();
            fill(&mut row, cells);
            self.gather(row);
        }
    }

    fn too_wide(&self, number: u64) -> Problem {
        let message = format!(
            "the records have more than {WIDEST} different names, or a name of more than {LONGEST_NAME} bytes"
        );
        self.at(number, None, message).hint("use the same short names in each record")
    }

    /// Determines from the names in the first records which program wrote the file, and starts collecting rows.
    fn look(&mut self) -> Result<(), Box<Problem>> {
        let (dialect, confidence) = self.dialect()?;
        let first = self.waiting.first().map_or(1, |(row, _)| row.number);
        self.await_rows(first, dialect, confidence, false);
        Ok(())
    }

    /// Processes the records that are still kept because the file ended before its columns were chosen. For files
    /// without a header, such as JSON.
    pub(in crate::catalog) fn end_of_records(&mut self) -> Result<(), Box<Problem>> {
        if self.known.is_none() && self.pending.is_none() && !self.waiting.is_empty() {
            self.look()?;
        }
        let read = self.settle(true)?;
        for (row, parts) in read {
            self.spread(row, parts);
        }
        Ok(())
    }
}
