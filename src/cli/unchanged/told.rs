//! Problems as they are written down, to be told again word by word.

use crate::domain::problem::{Place, Problem, Rows, Severity};
use serde::{Deserialize, Serialize};

/// A problem that was told.
#[derive(Serialize, Deserialize)]
pub(super) struct Told(#[serde(with = "ProblemTwin")] pub(super) Problem);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Problem")]
struct ProblemTwin {
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
    #[serde(with = "RowsTwin")]
    rows: Rows,
    of_item: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Rows")]
struct RowsTwin {
    #[serde(getter = "stretches")]
    stretches: Vec<(u64, u64)>,
    #[serde(getter = "Rows::has_more")]
    more: bool,
}

fn stretches(rows: &Rows) -> Vec<(u64, u64)> {
    rows.stretches().to_vec()
}

impl From<RowsTwin> for Rows {
    fn from(twin: RowsTwin) -> Self {
        Self::of(twin.stretches, twin.more)
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
