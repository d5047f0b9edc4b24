//! What is wrong with what the user wrote: where, what, and what to do about it.

use std::collections::HashMap;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Goes on, but look.
    Warning,
    /// Nothing is sent.
    #[default]
    Error,
}

/// Something to mend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A few words at the caret.
    pub label: Option<String>,
    /// What to type instead.
    pub hint: Option<String>,
    /// More to know: which document says so, which models can do it.
    pub notes: Vec<String>,
    /// Where else the same cause struck, ready to print (`sheet row 14 (nordstjerna-26)`), at most a few …
    pub examples: Vec<String>,
    /// … of so many in all; 0 or 1 where it struck once.
    pub count: usize,
    /// Rows of the sheet in which it struck, where it is about cells.
    pub rows: Rows,
    /// Whether it is one item's own: another one, with other texts, need not have it.
    pub of_item: bool,
}

/// Stretches of rows that are kept of one cause; messages print fewer.
const STRETCHES: usize = 64;

/// The rows in which something struck, joined to stretches. Of very many stretches the last are forgotten, so that a
/// million bad rows take no memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// First and last row of each, in order, none beside another.
    stretches: Vec<(u64, u64)>,
    /// Whether some were forgotten.
    more: bool,
}

impl Rows {
    /// Adds a row.
    pub fn push(&mut self, row: u64) {
        self.insert(row, row);
    }

    /// Of first and last row of each stretch; `more`, where some are forgotten.
    #[must_use]
    pub fn of(stretches: impl IntoIterator<Item = (u64, u64)>, more: bool) -> Self {
        let mut rows = Self { stretches: Vec::new(), more };
        stretches.into_iter().for_each(|(first, last)| rows.insert(first, last));
        rows
    }

    /// First and last row of each stretch, in order.
    #[must_use]
    pub fn stretches(&self) -> &[(u64, u64)] {
        &self.stretches
    }

    /// Whether there are stretches behind those.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.more
    }

    /// Whether it is but one row, or none.
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
        // All that touch the new one become one with it.
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

/// A place in what the user wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// No place in a file: an environment variable, a flag.
    #[default]
    Nowhere,
    /// A file as a whole.
    File(String),
    /// Characters of a text file.
    Text {
        /// Its name as the user gave it.
        file: String,
        /// 1 for the first.
        line: u32,
        /// In characters, 1 for the first.
        column: u32,
        /// The line, or the start of a very long one.
        text: String,
        /// How many characters are meant; at least 1.
        width: u32,
    },
    /// A row of a sheet.
    Row {
        /// The sheet's name as the user gave it.
        file: String,
        /// As a spreadsheet shows it: the header is row 1, whatever line breaks its cells hold.
        row: u64,
        /// The header of the column, where one is meant; its number and letter where it has none.
        column: Option<String>,
    },
}

/// In one word, such as `shop.yaml:12`; nothing where there is no place.
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
    /// An error.
    #[must_use]
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, place, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place, message)
    }

    fn new(severity: Severity, place: Place, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), place, count: 1, ..Self::default() }
    }

    /// With words at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With what to type instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As one item's own.
    #[must_use]
    pub fn of_item(self) -> Self {
        Self { of_item: true, ..self }
    }

    /// With one more thing to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Whether nothing may be sent because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Most examples shown of one cause.
pub const EXAMPLES: usize = 3;

/// Most causes that are told one by one: whoever has as many mends these first.
const CAUSES: usize = 1000;

/// What problems of one cause have in common. Rows are what differs between strikes of one cause; their column is part
/// of it.
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

/// Problems as they come, those of one cause (same severity, message, hint and place in the manifest) joined into one
/// with a count and examples. A cause stands where it struck first.
#[derive(Debug, Default)]
pub struct Causes {
    list: Vec<Problem>,
    known: HashMap<Cause, usize>,
    /// What has no place in the list.
    others: Option<Problem>,
}

impl Causes {
    /// Adds a problem. The answer is the place of its cause among those of [`Self::finish`]; none for a cause that is
    /// one too many.
    pub fn add(&mut self, problem: Problem) -> Option<usize> {
        let cause = cause(&problem);
        if let Some(&at) = self.known.get(&cause) {
            let first = &mut self.list[at];
            first.count += problem.count.max(1);
            first.rows.join(&problem.rows);
            // What other models take is told only of an order that is whole.
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
                let message = format!("there are more problems than these {CAUSES}");
                Problem { count: 0, ..Problem::new(Severity::Note, Place::Nowhere, message) }
                    .hint("mend these first, and look again")
            });
            others.severity = others.severity.max(problem.severity);
            others.count += problem.count.max(1);
            return None;
        }
        self.known.insert(cause, self.list.len());
        self.list.push(problem);
        Some(self.list.len() - 1)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether an error is among them.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.list.iter().chain(&self.others).any(Problem::is_error)
    }

    /// One problem for each cause.
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

/// Joins problems of one cause, as [`Causes`] does.
#[must_use]
pub fn grouped(problems: Vec<Problem>) -> Vec<Problem> {
    let mut causes = Causes::default();
    causes.extend(problems);
    causes.finish()
}

/// The name among `known` that `written` was most likely meant to be.
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

/// Returns the hint for a name that is not known: the name that was most likely meant, else all names behind `others`.
#[must_use]
pub fn meant_or_all<'a>(written: &str, known: impl IntoIterator<Item = &'a str>, others: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match did_you_mean(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{others}: {}", known.join(", ")),
    }
}

/// From 0 to 1. Two letters that changed places make any name a likely one; Jaro-Winkler alone thinks little of that
/// in short names.
fn likeness(written: &str, name: &str) -> f64 {
    let likeness = strsim::jaro_winkler(written, name);
    if name.len() > 2 && strsim::osa_distance(written, name) == 1 { likeness.max(0.9) } else { likeness }
}

/// Numbers of problems, those with one cause counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Causes that must be mended.
    pub errors: usize,
    /// Warnings and notes.
    pub warnings: usize,
}

impl Tally {
    /// Counts problems.
    #[must_use]
    pub fn of(problems: &[Problem]) -> Self {
        Self::of_grouped(&grouped(problems.to_vec()))
    }

    /// Counts problems that are [`grouped`] already.
    #[must_use]
    pub fn of_grouped(problems: &[Problem]) -> Self {
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        Self { errors, warnings: problems.len() - errors }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        match (self.errors, self.warnings) {
            (0, warnings) => f.write_str(&plural(warnings, "warning")),
            (errors, 0) => f.write_str(&plural(errors, "error")),
            (errors, warnings) => write!(f, "{}, {}", plural(errors, "error"), plural(warnings, "warning")),
        }
    }
}

#[cfg(test)]
mod tests;
