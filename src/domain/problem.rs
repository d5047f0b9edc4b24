//! Problems in the user's input, each with its place, its message and a hint.

use crate::domain::text::count;
use std::collections::HashMap;
use std::fmt;

/// The severity of a problem.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The problem is worth knowing.
    Note,
    /// The run goes on, but the user should check it.
    Warning,
    /// Nothing is submitted until the user has solved the problem.
    #[default]
    Error,
}

/// A problem in the user's input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The severity.
    pub severity: Severity,
    /// The problem in one sentence without a full stop.
    pub message: String,
    /// The place of the problem.
    pub place: Place,
    /// A few words next to the caret (`^`) under the faulty text.
    pub label: Option<String>,
    /// Advice for the user, such as the text to type instead.
    pub hint: Option<String>,
    /// Further explanations, such as the provider's document that states a limit, or the models that support a field.
    pub notes: Vec<String>,
    /// A few places with the same problem, ready to print (`item nordstjerna-26 (sheet row 14)`).
    pub examples: Vec<String>,
    /// The number of all places with this problem; both 0 and 1 mean a single place.
    pub count: usize,
    /// The rows of the sheet with this problem, if the problem is about cells.
    pub rows: Rows,
    /// True if the problem comes from the texts of one item, so that other items may not have it.
    pub of_item: bool,
}

/// The maximum number of stretches (ranges of consecutive rows) that are kept for one problem. Messages print fewer.
const STRETCHES: usize = 64;

/// The rows of a sheet that have the same problem, kept as stretches (ranges of consecutive rows).
///
/// Only the first stretches are kept, so that a million bad rows take little memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The first and last row of each stretch (range of consecutive rows), in ascending order. Stretches that adjoin
    /// are joined.
    stretches: Vec<(u64, u64)>,
    /// True if some stretches (ranges of consecutive rows) are missing because there were too many of them.
    more: bool,
}

impl Rows {
    /// Adds a row.
    pub fn push(&mut self, row: u64) {
        self.insert(row, row);
    }

    /// Creates a set of rows from stretches (ranges of consecutive rows), each with its first and last row. `more` is
    /// true if the set is incomplete.
    #[must_use]
    pub fn of(stretches: impl IntoIterator<Item = (u64, u64)>, more: bool) -> Self {
        let mut rows = Self { stretches: Vec::new(), more };
        stretches.into_iter().for_each(|(first, last)| rows.insert(first, last));
        rows
    }

    /// Returns the first and last row of each stretch (range of consecutive rows), in order.
    #[must_use]
    pub fn stretches(&self) -> &[(u64, u64)] {
        &self.stretches
    }

    /// Returns whether some rows are missing because there were too many stretches (ranges of consecutive rows).
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.more
    }

    /// Returns whether the set has at most one row.
    #[must_use]
    pub fn is_one(&self) -> bool {
        !self.more
            && matches!(self.stretches.as_slice(), [] | [_])
            && self.stretches.iter().all(|(a, b)| a == b)
    }

    fn join(&mut self, others: &Self) {
        for (first, last) in &others.stretches {
            self.insert(*first, *last);
        }
        self.more |= others.more;
    }

    fn insert(&mut self, first: u64, last: u64) {
        // All stretches that touch the new one are joined with it.
        let from = self.stretches.partition_point(|(_, known)| known.saturating_add(1) < first);
        let to = self.stretches.partition_point(|(known, _)| *known <= last.saturating_add(1));
        let touched = &self.stretches[from..to.max(from)];
        let first = touched.first().map_or(first, |(known, _)| first.min(*known));
        let last = touched.last().map_or(last, |(_, known)| last.max(*known));
        self.stretches.splice(from..to.max(from), [(first, last)]);
        if self.stretches.len() > STRETCHES {
            self.stretches.pop();
            self.more = true;
        }
    }
}

impl Extend<u64> for Rows {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.push(row));
    }
}

/// A place in the user's input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// A place outside any file, such as an environment variable or a flag.
    #[default]
    Nowhere,
    /// A file as a whole.
    File(String),
    /// A range of characters in a text file.
    Text {
        /// The file's name as the user gave it.
        file: String,
        /// The number of the line; 1 for the first.
        line: u32,
        /// The column in characters; 1 for the first.
        column: u32,
        /// The text of the line, or the start of a very long one.
        text: String,
        /// The number of characters in the range; at least 1.
        width: u32,
    },
    /// A row of a sheet.
    Row {
        /// The sheet's name as the user gave it.
        file: String,
        /// The row number as a spreadsheet shows it: 1 for the first row. Line breaks in cells do not matter.
        row: u64,
        /// The name of the column, or its number and letter if it has no name; `None` if the problem concerns the whole
        /// row.
        column: Option<String>,
    },
}

/// Writes the place briefly, such as `shop.yaml:12`; nothing for a place outside any file.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(file) => f.write_str(file),
            Self::Text { file, line, .. } => write!(f, "{file}:{line}"),
            Self::Row { file, row, .. } => write!(f, "{file}, row {row}"),
        }
    }
}

impl Problem {
    /// Creates an error.
    #[must_use]
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, place, message)
    }

    /// Creates a warning.
    #[must_use]
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place, message)
    }

    fn new(severity: Severity, place: Place, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), place, count: 1, ..Self::default() }
    }

    /// Sets the words next to the caret (`^`) under the faulty text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the hint: advice for the user, such as the text to type instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks the problem as one that belongs to a single item.
    #[must_use]
    pub fn of_item(self) -> Self {
        Self { of_item: true, ..self }
    }

    /// Adds a note with further facts.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Returns whether the problem must be solved before anything is submitted.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The maximum number of example places that are shown for one problem.
pub const EXAMPLES: usize = 3;

/// The maximum number of different problems that are listed; a user with more problems fixes these first.
const CAUSES: usize = 1000;

/// The severity, message, place and hint of a problem. Problems are of the same kind if these are equal; in a sheet,
/// the row of the place does not count.
type Cause = (Severity, String, Place, Option<String>);

fn cause(problem: &Problem) -> Cause {
    let mut place = problem.place.clone();
    match &mut place {
        Place::Row { row, .. } => *row = 0,
        Place::Text { text, width, .. } => {
            text.clear();
            *width = 0;
        }
        Place::File(_) | Place::Nowhere => {}
    }
    (problem.severity, problem.message.clone(), place, problem.hint.clone())
}

/// A collection of problems in which problems of the same kind become one, with a count and examples.
///
/// Two problems are of the same kind if their severity, message, hint and place are equal, apart from the row of a
/// sheet. The order is that of the first problem of each kind.
#[derive(Debug, Default)]
pub struct Causes {
    list: Vec<Problem>,
    known: HashMap<Cause, usize>,
    /// The summary of all problems that no longer fitted into the list.
    others: Option<Problem>,
}

impl Causes {
    /// Adds a problem, or joins it with an earlier problem of the same kind. Returns the index of this problem in the
    /// list that [`Self::finish`] returns; `None` if the list is full.
    pub fn add(&mut self, problem: Problem) -> Option<usize> {
        let cause = cause(&problem);
        if let Some(&at) = self.known.get(&cause) {
            let first = &mut self.list[at];
            first.count += problem.count.max(1);
            first.rows.join(&problem.rows);
            // Notes about other models come only with a request that is complete.
            if first.notes.is_empty() {
                first.notes = problem.notes;
            }
            for example in problem.examples {
                if first.examples.len() < EXAMPLES && !first.examples.contains(&example) {
                    first.examples.push(example);
                }
            }
            return Some(at);
        }
        if self.list.len() == CAUSES {
            let others = self.others.get_or_insert_with(|| {
                let message = format!("there are more problems than the {CAUSES} listed above");
                Problem { count: 0, ..Problem::new(Severity::Note, Place::Nowhere, message) }
                    .hint("fix the listed problems first, then check again")
            });
            others.severity = others.severity.max(problem.severity);
            others.count += problem.count.max(1);
            return None;
        }
        self.known.insert(cause, self.list.len());
        self.list.push(problem);
        Some(self.list.len() - 1)
    }

    /// Returns whether there is no problem.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether an error is among the problems.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.list.iter().chain(&self.others).any(Problem::is_error)
    }

    /// Returns one problem for each kind.
    #[must_use]
    pub fn finish(mut self) -> Vec<Problem> {
        self.list.extend(self.others);
        self.list
    }
}

impl Extend<Problem> for Causes {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        for problem in problems {
            self.add(problem);
        }
    }
}

/// Joins problems of the same kind into one, as [`Causes`] does.
#[must_use]
pub fn grouped(problems: Vec<Problem>) -> Vec<Problem> {
    let mut causes = Causes::default();
    causes.extend(problems);
    causes.finish()
}

/// Returns the name among `known` that the user most likely meant by `written`; `None` if no name is similar enough.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|name| (likeness(&written, &name.to_lowercase()), name))
        // Below this, guesses of Jaro-Winkler share little more than a first letter.
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Returns the hint for an unknown name: "did you mean" and the likeliest name, or else the words `others` and all
/// known names.
#[must_use]
pub fn meant_or_all<'a>(written: &str, known: impl IntoIterator<Item = &'a str>, others: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match did_you_mean(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{others}: {}", known.join(", ")),
    }
}

/// Returns how similar two names are, from 0 to 1.
///
/// Two names that differ by a single edit, such as two swapped letters, get at least 0.9, because Jaro-Winkler rates
/// short ones low.
fn likeness(written: &str, name: &str) -> f64 {
    let likeness = strsim::jaro_winkler(written, name);
    if name.len() > 2 && strsim::osa_distance(written, name) == 1 { likeness.max(0.9) } else { likeness }
}

/// The numbers of errors, warnings and notes, in which equal problems count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The number of errors, which must be fixed.
    pub errors: usize,
    /// The number of warnings.
    pub warnings: usize,
    /// The number of notes.
    pub notes: usize,
}

impl Tally {
    /// Counts errors, warnings and notes after it has joined equal problems.
    #[must_use]
    pub fn of(problems: &[Problem]) -> Self {
        Self::of_grouped(&grouped(problems.to_vec()))
    }

    /// Counts errors, warnings and notes in a list of problems that are [`grouped`] already.
    #[must_use]
    pub fn of_grouped(problems: &[Problem]) -> Self {
        let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
        Self { errors, warnings, notes }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = kinds.map(|(number, word)| count(number, word)).collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
