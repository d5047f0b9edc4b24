//! Formats the result of `prune` as JSON.

use crate::app::prune::PruneReport;
use serde_json::{Value, json};

/// Returns the JSON object with the number of archived clips and the clips that could not be moved.
#[must_use]
pub fn object(report: &PruneReport) -> Value {
    let left =
        report.left.iter().map(|(key, fault)| json!({ "job": key.to_string(), "why": fault.to_string() }));
    json!({
        "format": 1,
        "exit": report.exit() as u8,
        "archived": report.archived,
        "left": left.collect::<Vec<_>>(),
        "archive": report.archive.display().to_string(),
        "next": report.next,
    })
}
