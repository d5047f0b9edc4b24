//! Decisions that were read from a file, as text and JSON.

use super::terminal::Terminal;
use crate::app::decide::{ImportConflict, ImportReport};
use serde_json::{Value, json};
use std::path::Path;

/// Number of refused rows that are named; the rest is counted.
const NAMED: usize = 10;

/// Shows what was recorded, or which rows are out of date.
pub fn tell(terminal: &Terminal, report: &ImportReport, file: &Path) {
    let ImportReport { made, undecided, unchanged, conflicts } = report;
    if terminal.json {
        let conflict = |it: &ImportConflict| {
            let newest = it.newest.as_ref().map(|review| {
                json!({ "revision": review.revision, "outcome": review.outcome.name(), "who": review.who })
            });
            json!({ "line": it.line, "job": it.job.to_string(), "newest": newest })
        };
        let conflicts: Vec<Value> = conflicts.iter().map(conflict).collect();
        terminal.data(json!({
            "schema": "shotlist.review_import/1", "recorded": made.len(), "undecided": undecided,
            "unchanged": unchanged, "conflicts": conflicts,
        }));
    }
    for it in conflicts.iter().take(NAMED) {
        let since = it.newest.as_ref().map_or_else(
            || "it shows another clip now".to_owned(),
            |review| format!("{} by {} since the file was written", review.outcome, review.who),
        );
        terminal.tell(&format!("{}:{}: {}: {since}", file.display(), it.line, it.job), 2);
    }
    if conflicts.is_empty() {
        let words =
            format!("recorded {} decisions; {unchanged} known, {undecided} rows without one", made.len());
        terminal.tell(&words, 0);
    } else {
        let words = format!(
            "{} rows are out of date, so nothing was recorded: decide about them anew",
            conflicts.len()
        );
        terminal.tell(&words, 0);
    }
}
