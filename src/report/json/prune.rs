//! Formats the result of `prune` as JSON.

use crate::app::prune::PruneReport;
use serde_json::{Value, json};

/// Returns the number of archived clips, the archive folder, and the jobs whose clips could not be moved, as JSON.
#[must_use]
pub fn object(report: &PruneReport) -> Value {
    let left = report.left.iter().map(|(job, why)| json!({ "job": job.to_string(), "why": why.to_string() }));
    json!({
        "schema": "shotlist.prune/1",
        "exit": report.exit() as u8,
        "archived": report.archived,
        "archive": report.archive.display().to_string(),
        "left": left.collect::<Vec<_>>(),
        "next": report.next,
    })
}
