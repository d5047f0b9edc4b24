//! Formats the result of importing review decisions from a file, as text and as JSON.

use super::terminal::Terminal;
use crate::app::decide::{ImportConflict, ImportReport};
use crate::domain::text::count;
use serde_json::{Value, json};
use std::path::Path;

/// The maximum number of rows of an imported file that are listed as conflicts; further rows are only counted. The job
/// of such a row was reviewed, or got another clip, after the file was written.
const NAMED: usize = 10;

/// Writes how many decisions were recorded.
///
/// If a job was reviewed or got another clip after the file was written, nothing is recorded, and the rows of such jobs
/// are listed.
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
            || "the job now has another clip".to_owned(),
            |review| format!("{} by {} since the file was written", review.outcome, review.who),
        );
        terminal.tell(&format!("{}:{}: {}: {since}", file.display(), it.line, it.job), 2);
    }
    if conflicts.is_empty() {
        let words = format!(
            "recorded {} decisions; {unchanged} were already recorded; {undecided} rows have no decision",
            made.len()
        );
        terminal.tell(&words, 0);
    } else {
        let words = format!(
            "nothing was recorded: the decisions or clips of {} have changed since the file was saved; review them again",
            count(conflicts.len(), "row")
        );
        terminal.tell(&words, 0);
    }
}
