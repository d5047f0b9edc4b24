//! Problems as they are written down, to be told again word by word.

use crate::domain::problem::{Place, Problem, Rows, Severity};
use serde::{Deserialize, Serialize};

/// A problem that was told.
#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    #[serde(with = "SeverityTwin")]
    severity: Severity,
    message: String,
    #[serde(with = "PlaceTwin")]
    place: Place,
    label: Option<String>,
    hint: Option<String>,
    notes: Vec<String>,
    examples: Vec<String>,
    count: usize,
    rows: Vec<(u64, u64)>,
    more_rows: bool,
    of_item: bool,
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        let Problem { severity, message, place, label, hint, notes, examples, count, rows, of_item } =
            problem;
        let (more_rows, rows) = (rows.has_more(), rows.stretches().to_vec());
        Self { severity, message, place, label, hint, notes, examples, count, rows, more_rows, of_item }
    }
}

impl From<Told> for Problem {
    fn from(told: Told) -> Self {
        let Told { severity, message, place, label, hint, notes, examples, count, rows, more_rows, of_item } =
            told;
        let rows = Rows::of(rows, more_rows);
        Self { severity, message, place, label, hint, notes, examples, count, rows, of_item }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Severity")]
enum SeverityTwin {
    Note,
    Warning,
    Error,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Place")]
enum PlaceTwin {
    Nowhere,
    File(String),
    Text { file: String, line: u32, column: u32, text: String, width: u32 },
    Row { file: String, row: u64, column: Option<String> },
}
