//! Formats the result of `recover` as JSON.

use crate::app::recover::{RecoverReport, Recovered};
use serde_json::{Map, Value, json};

/// The name and version of the object's schema.
const SCHEMA: &str = "shotlist.recover/1";

/// Returns the JSON object that says what was rebuilt, or why nothing was.
#[must_use]
pub fn object(report: &RecoverReport) -> Value {
    let RecoverReport { why, recovered, next } = report;
    let Some(Recovered { rebuilt, output, counts }) = recovered else {
        return json!({ "schema": SCHEMA, "format": 1, "rebuilt": false, "why": why, "next": next });
    };
    let states: Map<String, Value> = counts
        .iter()
        .map(|(phase, count)| {
            (phase.name().to_owned(), json!({ "takes": count.takes, "usd": count.usd.plain() }))
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "format": 1,
        "rebuilt": true,
        "why": why,
        "clips_from_sidecars": rebuilt.clips,
        "clips_usd": rebuilt.clips_sum.plain(),
        "submissions": rebuilt.submissions,
        "usd": rebuilt.sum.plain(),
        "takes": rebuilt.takes,
        "clips_gone": rebuilt.gone,
        "missing_clips": rebuilt.missing,
        "gaps": rebuilt.has_gaps,
        "lines_left_out": rebuilt.unmatched,
        "pauses_gone": rebuilt.bare,
        "output": output.display().to_string(),
        "old_ledger": rebuilt.old_ledger.as_ref().map(|old| old.display().to_string()),
        "old": rebuilt.old.as_ref().map(|old| old.display().to_string()),
        "states": states,
        "next": next,
    })
}
