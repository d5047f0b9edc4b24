//! Formats the result of `export` as JSON.

use crate::app::export::ExportReport;
use serde_json::{Value, json};

/// Returns the written files, the number of jobs left out for each reason, and notes for readers of the files, as JSON.
#[must_use]
pub fn object(report: &ExportReport) -> Value {
    let left_out =
        report.left_out.iter().map(|(reason, jobs)| (reason.word().replace(' ', "_"), jobs.into()));
    json!({
        "schema": "shotlist.export/1",
        "form": report.form,
        "sandbox": report.sandbox,
        "written": report.written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "clips": report.clips,
        "rows": report.rows,
        "left_out": left_out.collect::<serde_json::Map<String, Value>>(),
        "notes": report.notes,
        "next": report.next,
    })
}
