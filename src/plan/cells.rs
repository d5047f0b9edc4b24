//! What a row of a sheet says of its own clips, in columns that are named `shotlist_…`.
//!
//! Whoever keeps the sheet decides row by row, without a template: these cells are data, and go before everything that
//! the manifest says for all rows. An empty cell says nothing.

use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, Severity, did_you_mean};
use crate::manifest::Shot;
use std::collections::BTreeSet;

/// How such columns begin, in small letters.
const PREFIX: &str = "shotlist_";
const PROMPT: &str = "shotlist_prompt";
const MODEL: &str = "shotlist_model";
const SEED: &str = "shotlist_seed";
const SKIP: &str = "shotlist_skip";
const PRIORITY: &str = "shotlist_priority";
/// All there are.
const NAMES: [&str; 5] = [PROMPT, MODEL, SEED, SKIP, PRIORITY];

/// Words for yes and for no, in small letters.
const YES: [&str; 4] = ["yes", "true", "1", "x"];
const NO: [&str; 3] = ["no", "false", "0"];

/// A cell that says something.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// Its text.
    pub(super) text: String,
    /// The header of its column, as the sheet has it.
    pub(super) column: String,
    /// Its row and column.
    pub(super) place: Place,
}

/// What a row says.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    /// The prompt of every shot of the row.
    pub(super) prompt: Option<Cell>,
    /// Their model.
    pub(super) model: Option<Cell>,
    /// Their seed.
    pub(super) seed: Option<Cell>,
    /// Whether no clip is made of the row.
    pub(super) is_skipped: bool,
    /// Higher goes first.
    pub(super) priority: i64,
}

impl Cells {
    /// Reads a row, and notes what is wrong in it. Of columns that nobody knows, `strange` keeps those that were told.
    pub(super) fn read(item: &Item, strange: &mut BTreeSet<String>, problems: &mut Vec<Problem>) -> Self {
        let mut cells = Self::default();
        for (column, text) in item.columns.iter() {
            let name = column.trim();
            // Most columns are none of these, and there are many rows.
            if !name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
                continue;
            }
            let name = name.to_lowercase();
            if !NAMES.contains(&name.as_str()) {
                if strange.insert(name.clone()) {
                    problems.push(unknown(item, column, &name));
                }
                continue;
            }
            if text.trim().is_empty() {
                continue;
            }
            let cell = Cell { text: text.to_owned(), column: column.to_owned(), place: place(item, column) };
            match name.as_str() {
                PROMPT => cells.prompt = Some(cell),
                MODEL => cells.model = Some(cell),
                SEED => cells.seed = Some(cell),
                SKIP => match text.trim().to_lowercase().as_str() {
                    word if YES.contains(&word) => cells.is_skipped = true,
                    word if NO.contains(&word) => {}
                    _ => problems.push(cell.misspelt(item, "must be yes or no").hint(
                        "write yes, true, 1 or x to leave the row out; no, false, 0 or nothing to keep it",
                    )),
                },
                _ => match text.trim().parse() {
                    Ok(priority) => cells.priority = priority,
                    Err(_) => problems.push(cell.misspelt(item, "must be a whole number").hint(
                        "write digits alone, such as 10; the highest goes first, and nothing counts as 0",
                    )),
                },
            }
        }
        cells
    }

    /// What a row and the matrix of a shot both set: nobody could tell which of them is meant.
    pub(super) fn against(&self, item: &Item, shot: &Shot) -> Vec<Problem> {
        let axes = || shot.fields.matrix.iter().flat_map(|matrix| &matrix.axes);
        let set = [("prompt", &self.prompt), ("model", &self.model), ("seed", &self.seed)];
        let set = set.into_iter().filter_map(|(name, cell)| Some((name, cell.as_ref()?)));
        let twice = set.filter(|(name, _)| axes().any(|axis| axis.value == *name));
        let problem = |(name, cell): (&str, &Cell)| {
            let what = format!("is set, and `{name}` is an axis of `{}`", shot.name.value);
            cell.misspelt(item, &what).hint("empty the cell, or remove the axis")
        };
        twice.map(problem).collect()
    }
}

impl Cell {
    fn misspelt(&self, item: &Item, what: &str) -> Problem {
        let columns = [self.column.clone()];
        let mut problem = Problem::error(self.place.clone(), format!("`{}` {what}", self.column.trim()));
        problem.examples.push(item.example(&columns));
        problem.rows.extend(item.row(&columns));
        problem.label(format!("`{}`", self.text.trim()))
    }
}

/// A column that looks like one of ours and is none.
fn unknown(item: &Item, column: &str, name: &str) -> Problem {
    let message = format!("there is no column `{}`: it is not read", column.trim());
    let mut place = place(item, column);
    if let Place::Row { row, .. } = &mut place {
        *row = 1;
    }
    let problem = Problem::warning(place, message);
    // What all of them begin with makes none of them likelier.
    let ends = NAMES.map(|name| name.trim_start_matches(PREFIX));
    match did_you_mean(name.trim_start_matches(PREFIX), ends) {
        Some(near) => problem.hint(format!("did you mean `{PREFIX}{near}`?")),
        None => problem.hint(format!("the columns are: {}", NAMES.join(", "))),
    }
}

/// What is said of rows that were left out; nothing where there are none.
pub(super) fn left_out(file: Option<Place>, rows: usize) -> Option<Problem> {
    let are = if rows == 1 { "row is" } else { "rows are" };
    let message = format!("{rows} {are} left out by {SKIP}");
    let problem = Problem::warning(file.filter(|_| rows > 0)?, message);
    Some(Problem { severity: Severity::Note, ..problem })
}

/// The sheet that an item is a row of.
pub(super) fn sheet(item: &Item) -> Option<Place> {
    match &item.origin {
        Place::Row { file, .. } => Some(Place::File(file.clone())),
        _ => None,
    }
}

fn place(item: &Item, column: &str) -> Place {
    match &item.origin {
        Place::Row { file, row, .. } => {
            Place::Row { file: file.clone(), row: *row, column: Some(column.to_owned()) }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
