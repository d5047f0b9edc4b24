//! Chooses the columns of a file by its header and its first rows.

use super::{Known, MOST_HELD, Read, Table, WATCHED};
use crate::catalog::cells::letters;
use crate::catalog::dialect::{Confidence, Dialect};
use crate::catalog::items::ItemSet;
use crate::catalog::mapping::{self, By, Choice, Mapping, Missing, in_yaml, named};
use crate::catalog::products::Products;
use crate::catalog::{NO_SUCH_COLUMN, Pictures, listed};
use crate::domain::item::OnePer;
use crate::domain::problem::{Problem, Severity, meant_or_all};
use crate::domain::text::either;
use std::collections::HashMap;

/// The state of a file while rows are collected to choose its columns. The program that wrote the file (the dialect) is
/// already determined.
pub(super) struct Pending {
    /// The row number of the header, or of the first record.
    row: u64,
    dialect: &'static Dialect,
    confidence: Confidence,
    /// True for a sheet, whose items may be passed to the caller while the sheet is read.
    pub(super) is_sheet: bool,
    /// True if no column can be the id; further rows are then read only for a hint in the error.
    is_lost: bool,
}

impl Table<'_> {
    pub(super) fn await_rows(
        &mut self,
        row: u64,
        dialect: &'static Dialect,
        confidence: Confidence,
        is_sheet: bool,
    ) {
        self.pending = Some(Pending { row, dialect, confidence, is_sheet, is_lost: false });
    }

    /// Gives each column a unique name, which includes the column's letter if the name in the header is empty or
    /// repeated.
    pub(super) fn name_columns(&mut self) {
        let mut firsts: HashMap<String, usize> = HashMap::new();
        for at in 0..self.headers.len() {
            let name = self.headers[at].clone();
            if name.is_empty() || firsts.contains_key(&name) {
                let letters = letters(at);
                let is_free = name.is_empty() && !self.headers.contains(&letters);
                self.headers[at] =
                    if is_free { letters } else { format!("{name} ({letters})").trim().to_owned() };
                self.renamed.push((at, firsts.get(&name).copied().filter(|_| !name.is_empty())));
            }
            firsts.entry(self.headers[at].clone()).or_insert(at);
        }
    }

    /// Keeps a row until the columns are chosen. Chooses the columns after `most` rows or more than `MOST_HELD` bytes,
    /// and then returns all kept rows; returns no rows before that. If no column can be the id, the row is not kept;
    /// only statistics about its cells are kept, for a hint in the error.
    pub(super) fn wait(&mut self, read: Read, most: usize) -> Result<Vec<Read>, Box<Problem>> {
        let row = &read.0;
        if self.pending.as_ref().is_some_and(|pending| pending.is_lost) {
            if self.survey.rows.saturating_mul(self.headers.len()) < WATCHED {
                self.survey.add(row);
            }
            return Ok(Vec::new());
        }
        self.bytes += row.cells.iter().map(String::len).sum::<usize>();
        self.waiting.push(read);
        if self.waiting.len() >= most || self.bytes > MOST_HELD { self.settle(false) } else { Ok(Vec::new()) }
    }

    /// Chooses the columns of the file, and returns the rows that were kept until then. An error ends the reading.
    pub(super) fn settle(&mut self, is_end: bool) -> Result<Vec<Read>, Box<Problem>> {
        let Some(Pending { row, dialect, confidence, is_sheet, .. }) = self.pending.take() else {
            return Ok(Vec::new());
        };
        let mut waiting = std::mem::take(&mut self.waiting);
        if dialect.is_plain() && is_sheet {
            self.guards.look(&waiting.iter().map(|(row, _)| row), self.headers.len());
            for (row, _) in &mut waiting {
                self.guards.uncover(row);
            }
        }
        for (row, _) in &waiting {
            self.survey.add(row);
        }
        let options = self.options;
        let mapping = mapping::choose(dialect, &self.headers, &options.columns, &self.survey);
        let mapping = mapping.map_err(|missing| self.missing(row, &missing))?;
        let mut columns = dialect.columns(&self.headers);
        mapping.apply(&mut columns, dialect.is_plain());
        if columns.ids().next().is_none() {
            if is_end {
                return Err(self.without_id(row, dialect).into());
            }
            self.pending = Some(Pending { row, dialect, confidence, is_sheet, is_lost: true });
            return Ok(Vec::new());
        }
        self.tell_choice(row, dialect, &mapping);
        self.mapping = mapping;
        let products = Products::new(dialect, self.options.one_per != OnePer::Product);
        let made = ItemSet::default();
        let stream = (is_sheet && self.take.is_some() && columns.is_in_order()).then(|| self.streamed());
        self.known = Some(Known { dialect, confidence, columns, products, made, stream });
        Ok(waiting)
    }

    /// Updates the chosen columns after a record has added a column to a file without a header.
    pub(super) fn renew_columns(&mut self) {
        if let Some(known) = &mut self.known {
            known.columns = known.dialect.columns(&self.headers);
            self.mapping.apply(&mut known.columns, known.dialect.is_plain());
        }
    }

    /// Builds the error about a column that the user names and the file does not have.
    fn missing(&self, row: u64, missing: &Missing<'_>) -> Problem {
        let names = either(missing.names.iter().map(|name| format!("`{name}`")));
        let message = format!("`columns` names {names} for `{}`, and {NO_SUCH_COLUMN}", missing.field);
        let wanted = missing.names.first().map_or("", String::as_str);
        let headers = self.headers.iter().map(String::as_str);
        self.at(row, None, message).hint(meant_or_all(wanted, headers, "its columns are"))
    }

    /// Builds the error about a file in which no column can be the id.
    fn without_id(&self, row: u64, dialect: &'static Dialect) -> Problem {
        let names = either(dialect.id_headers().into_iter().map(|name| format!("`{name}`")));
        let problem = self.at(row, None, format!("no column is called {names}"));
        let likely = mapping::ids(&self.headers, &self.survey);
        let names: Vec<&String> = likely.iter().filter_map(|at| self.headers.get(*at)).collect();
        let problem = match names.split_first() {
            Some((first, others)) => {
                let problem = problem.hint(named("id", first));
                others.iter().fold(problem, |problem, other| {
                    problem.note(format!("or `{other}`: `columns: {{ id: {} }}`", in_yaml(other)))
                })
            }
            None => problem.hint("give each row a unique text in one column, and call that column `id`"),
        };
        problem.note(format!("columns: {}", self.headers.join(", ")))
    }

    /// Returns the notes about columns whose name is empty or repeated, hidden columns, and columns in which all texts
    /// begin with an apostrophe.
    fn remarks(&self, row: u64, is_plain: bool) -> Vec<Problem> {
        let mut reported = Vec::new();
        let name = |at: usize| self.headers.get(at).map_or("", String::as_str);
        let quoted = |columns: &[usize]| {
            let names: Vec<String> = columns.iter().map(|at| format!("`{}`", name(*at))).collect();
            names.join(", ")
        };
        if is_plain {
            for (at, first) in &self.renamed {
                if self.survey.column(*at).filled == 0 {
                    continue;
                }
                let (here, called) = (letters(*at), name(*at));
                reported.push(match first {
                    Some(first) => self.remark(
                        row,
                        format!(
                            "columns {} and {here} have the same name: `{}` is the first, and the other is called \
                             `{called}`",
                            letters(*first),
                            name(*first)
                        ),
                    ),
                    None => self.remark(row, format!("column {here} has no name; use `{called}`")),
                });
            }
        }
        let is_filled = |at: &usize| *at < self.headers.len() && self.survey.column(*at).filled > 0;
        let hidden: Vec<usize> = self.survey.hidden.iter().copied().filter(is_filled).collect();
        if !hidden.is_empty() {
            let (columns, are) = if hidden.len() == 1 { ("column", "is") } else { ("columns", "are") };
            let message = format!(
                "{columns} {} {are} hidden in the spreadsheet: texts and pictures come from another column if one fits",
                quoted(&hidden)
            );
            reported.push(self.remark(row, message));
        }
        for at in &self.guards.covered {
            let message = format!(
                "each cell of column `{}` begins with an apostrophe, which a spreadsheet hides: the apostrophe is \
                 removed",
                name(*at)
            );
            reported.push(self.remark(row, message));
        }
        reported
    }

    /// Records the notes and warnings about the choice of columns.
    fn tell_choice(&mut self, row: u64, dialect: &'static Dialect, mapping: &Mapping) {
        let mut reported = self.remarks(row, dialect.is_plain());
        let name = |at: usize| self.headers.get(at).map_or("", String::as_str);
        let quoted = |columns: &[usize]| {
            let names: Vec<String> = columns.iter().map(|at| format!("`{}`", name(*at))).collect();
            names.join(", ")
        };
        if let Some((number, id)) = mapping.row_number.zip(mapping.of("id")) {
            let (number, id) = (name(number), quoted(&id.columns));
            let message =
                format!("the id of a product is read from {id}, and not from the numbers in `{number}`");
            reported
                .push(self.remark(row, message).hint(format!("to use the numbers, {}", named("id", number))));
        }
        let image = mapping.of("image");
        let chosen = image.and_then(|choice| choice.columns.first()).copied();
        let is_named = image.is_some_and(|choice| choice.by == By::Named);
        if let Some(at) = chosen.filter(|at| mapping.same.contains(at) && !is_named) {
            let message = format!("column `{}` has the same picture in all rows", name(at));
            reported.push(self.doubt(row, message).hint(format!(
                "name the column with the picture of each product; if it is this one, {}",
                named("image", name(at))
            )));
        } else if let Some(at) = chosen.filter(|_| dialect.is_plain() && !is_named)
            && let Some(shared) = self.survey.column(at).shared()
        {
            let rows = self.survey.rows;
            let message =
                format!("column `{}` has the same picture in {shared} of the first {rows} rows", name(at));
            let other = mapping.pictures.iter().find(|other| {
                let held = self.survey.column(**other);
                **other != at && held.is_pictures() && held.shared().is_none() && held.differs()
            });
            reported.push(self.doubt(row, message).hint(match other {
                Some(other) => format!(
                    "if that picture is a logo or a placeholder, use `{}` instead: {}; if the picture is right, {}",
                    name(*other),
                    named("image", name(*other)),
                    named("image", name(at)),
                ),
                None => format!(
                    "name the column with the picture of each product; if it is this one, {}",
                    named("image", name(at))
                ),
            }));
        } else if chosen.is_none()
            && let Some(at) = mapping.same.first()
        {
            let message = format!(
                "column {} has the same picture in all rows, and is not used as the picture of a product",
                quoted(&mapping.same)
            );
            reported.push(self.doubt(row, message).hint(format!("to use it, {}", named("image", name(*at)))));
        }
        if let Some(Choice { by: By::Content, columns, others, .. }) = image
            && !others.is_empty()
        {
            let all: Vec<usize> = columns.iter().chain(others).copied().collect();
            let message = format!(
                "columns {} hold pictures, and their names do not show which has the product's picture: `{}` is used",
                quoted(&all),
                name(columns[0])
            );
            reported.push(
                self.doubt(row, message)
                    .hint(format!("to keep this choice, {}", named("image", name(columns[0])))),
            );
        }
        for problem in reported {
            self.problems.add(problem);
        }
    }

    fn remark(&self, row: u64, message: String) -> Problem {
        Problem { severity: Severity::Note, ..self.at(row, None, message) }
    }

    fn doubt(&self, row: u64, message: String) -> Problem {
        Problem { severity: Severity::Warning, ..self.at(row, None, message) }
    }

    /// Returns the columns that hold pictures, and the one column that the picture of each product is read from.
    pub(super) fn pictures(&self) -> Pictures {
        let named = |at: &usize| self.headers.get(*at).cloned();
        let choice = self.mapping.of("image");
        let chosen = choice.and_then(|choice| choice.columns.first());
        let samples = chosen.map(|at| self.survey.column(*at).samples.as_slice()).unwrap_or_default();
        let first = |cell: &String| Some(listed::listed(cell).first()?.to_string());
        Pictures {
            chosen: chosen.and_then(named),
            by: choice.map(|choice| choice.by),
            columns: self.mapping.pictures.iter().filter_map(named).collect(),
            samples: samples.iter().filter_map(first).collect(),
        }
    }
}
