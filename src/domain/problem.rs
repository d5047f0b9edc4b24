//! What is wrong with what the user wrote: where, what, and what to do about it.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Goes on, but look.
    Warning,
    /// Nothing is sent.
    Error,
}

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// All rows of the sheet in which it struck, where it is about cells.
    pub rows: Vec<u64>,
}

/// A place in what the user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// No place in a file: an environment variable, a flag.
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
        Self {
            severity,
            message: message.into(),
            place,
            label: None,
            hint: None,
            notes: Vec::new(),
            examples: Vec::new(),
            count: 1,
            rows: Vec::new(),
        }
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

/// Joins problems of one cause (same severity, message, place in the manifest) into one with a count and examples.
///
/// Order is kept: a cause stands where it struck first.
#[must_use]
pub fn grouped(problems: Vec<Problem>) -> Vec<Problem> {
    let mut causes: Vec<Problem> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for problem in problems {
        let place = match &problem.place {
            // Rows are what differs between strikes of one cause; their column is part of the cause.
            Place::Row { file, column, .. } => (file.clone(), 0, 0, column.clone()),
            Place::Text { file, line, column, .. } => (file.clone(), *line, *column, None),
            Place::File(file) => (file.clone(), 0, 0, None),
            Place::Nowhere => (String::new(), 0, 0, None),
        };
        let cause = (problem.severity, problem.message.clone(), place, problem.hint.clone());
        if let Some(&at) = known.get(&cause) {
            let first: &mut Problem = &mut causes[at];
            first.count += problem.count.max(1);
            first.rows.extend(problem.rows);
            // What other models take is told only of an order that is whole.
            if first.notes.is_empty() {
                first.notes = problem.notes;
            }
            for example in problem.examples {
                if first.examples.len() < EXAMPLES && !first.examples.contains(&example) {
                    first.examples.push(example);
                }
            }
        } else {
            known.insert(cause, causes.len());
            causes.push(problem);
        }
    }
    causes
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

/// From 0 to 1. Two letters that changed places make any name a likely one; Jaro-Winkler alone thinks little of that
/// in short names.
fn likeness(written: &str, name: &str) -> f64 {
    let likeness = strsim::jaro_winkler(written, name);
    if name.len() > 2 && strsim::osa_distance(written, name) == 1 { likeness.max(0.9) } else { likeness }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_of_one_cause_become_one_problem_with_a_count_and_three_examples() {
        let strike = |row: u64| {
            let place = Place::Row { file: "p.csv".into(), row, column: Some("image".into()) };
            let mut problem = Problem::error(place, "the picture cell is empty");
            problem.examples = vec![format!("sheet row {row}")];
            problem
        };
        let other = Problem::error(Place::Nowhere, "something else");
        let causes = grouped((2..=9).map(strike).chain([other]).collect());
        assert_eq!(causes.len(), 2);
        assert_eq!(causes[0].count, 8);
        assert_eq!(causes[0].examples, ["sheet row 2", "sheet row 3", "sheet row 4"]);
    }

    #[test]
    fn a_typo_is_recognised_and_a_stranger_is_not() {
        let known = ["prompt", "image", "aspect_ratio"];
        assert_eq!(did_you_mean("promt", known), Some("prompt"));
        assert_eq!(did_you_mean("Aspect_Ratoi", known), Some("aspect_ratio"));
        assert_eq!(did_you_mean("zebra", known), None);
        assert_eq!(did_you_mean("zia", ["zai", "vtrix"]), Some("zai"));
    }
}
