//! Reads the columns `shotlist_…` of a sheet, in which each row can have settings for its own clips.
//!
//! With these cells, the owner of the sheet decides row by row. Their text is data, not a template, and overrides
//! everything that the manifest sets for all rows. An empty cell sets nothing.

use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, Severity, did_you_mean};
use crate::manifest::Shot;
use std::collections::BTreeSet;

/// The prefix of the columns that hold settings, in lower case.
const PREFIX: &str = "shotlist_";
const PROMPT: &str = "shotlist_prompt";
const MODEL: &str = "shotlist_model";
const SEED: &str = "shotlist_seed";
const SKIP: &str = "shotlist_skip";
const PRIORITY: &str = "shotlist_priority";
/// The names of all columns that hold settings.
const NAMES: [&str; 5] = [PROMPT, MODEL, SEED, SKIP, PRIORITY];

/// The words that mean yes in a cell, in lower case.
const YES: [&str; 4] = ["yes", "true", "1", "x"];
/// The words that mean no in a cell, in lower case.
const NO: [&str; 3] = ["no", "false", "0"];

/// A filled cell of a sheet with a setting for the clips of its row, such as the model.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The name of the cell's column, as the sheet writes it.
    pub(super) column: String,
    pub(super) place: Place,
}

/// The settings in the cells of one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    /// The prompt for all clips of the row.
    pub(super) prompt: Option<Cell>,
    /// The model for all clips of the row.
    pub(super) model: Option<Cell>,
    /// The seed for all clips of the row.
    pub(super) seed: Option<Cell>,
    /// True if no clip is made for the row.
    pub(super) is_skipped: bool,
    /// The row's priority; higher values are submitted first.
    pub(super) priority: i64,
}

impl Cells {
    /// Reads the settings of a row, and adds their problems to `problems`. Unknown columns `shotlist_…` are added to
    /// `strange`, so that each is reported only once.
    pub(super) fn read(item: &Item, strange: &mut BTreeSet<String>, problems: &mut Vec<Problem>) -> Self {
        let mut cells = Self::default();
        for (column, text) in item.columns.iter() {
            let name = column.trim();
            // This check is fast: most columns do not have the prefix, and there may be many rows.
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
                        "write digits alone, such as 10; the highest number goes first, and an empty cell counts as 0",
                    )),
                },
            }
        }
        cells
    }

    /// Returns a problem for each setting that both a cell of the row and the shot's matrix contain, because neither
    /// clearly takes precedence.
    pub(super) fn against(&self, item: &Item, shot: &Shot) -> Vec<Problem> {
        let axes = || shot.fields.matrix.iter().flat_map(|matrix| &matrix.axes);
        let set = [("prompt", &self.prompt), ("model", &self.model), ("seed", &self.seed)];
        let set = set.into_iter().filter_map(|(name, cell)| Some((name, cell.as_ref()?)));
        let twice = set.filter(|(name, _)| axes().any(|axis| axis.value == *name));
        let problem = |(name, cell): (&str, &Cell)| {
            let what = format!("is set, but the matrix of `{}` also sets `{name}`", shot.name.value);
            cell.misspelt(item, &what).hint("empty the cell, or remove that axis from the shot's `matrix`")
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

/// Returns the warning about a column named `shotlist_…` that sets nothing, because its name is unknown.
fn unknown(item: &Item, column: &str, name: &str) -> Problem {
    let message = format!("`{}` is not a column that shotlist reads", column.trim());
    let mut place = place(item, column);
    if let Place::Row { row, .. } = &mut place {
        *row = 1;
    }
    let problem = Problem::warning(place, message);
    // The common prefix is left out of the comparison: it would make every name look similar.
    let ends = NAMES.map(|name| name.trim_start_matches(PREFIX));
    match did_you_mean(name.trim_start_matches(PREFIX), ends) {
        Some(near) => problem.hint(format!("did you mean `{PREFIX}{near}`?")),
        None => problem.hint(format!("the columns with settings are: {}", NAMES.join(", "))),
    }
}

/// Returns the note that the column `shotlist_skip` skips this number of rows; `None` if it skips none.
pub(super) fn left_out(file: Option<Place>, rows: usize) -> Option<Problem> {
    let are = if rows == 1 { "row is" } else { "rows are" };
    let message = format!("{rows} {are} left out by column `{SKIP}`");
    let problem = Problem::warning(file.filter(|_| rows > 0)?, message);
    Some(Problem { severity: Severity::Note, ..problem })
}

/// Returns the sheet that contains an item's row; `None` if there is no sheet.
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
