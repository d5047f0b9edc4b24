//! Formats the comparison of clip files with their records as JSON.

use crate::app::verify::VerifyReport;
use crate::store::Clip;
use serde_json::{Value, json};

/// The name and version of the schema of each line.
const SCHEMA: &str = "shotlist.verify/1";

/// Returns the JSON line for a clip whose file or sidecar is missing, unreadable or changed. `word` names the kind of
/// defect, and `why` explains it.
#[must_use]
pub fn wrong(clip: &Clip, word: &str, why: &str) -> Value {
    let Clip { key, filed, .. } = clip;
    json!({
        "schema": SCHEMA,
        "event": word,
        "job": key.to_string(),
        "take": filed.take.0,
        "path": filed.path,
        "why": why,
        "bytes": filed.file.size,
        "sha256": filed.file.sha256.to_string(),
    })
}

/// Returns the JSON line for a clip that `verify --repair` restored or could not restore. `word` is the outcome, and
/// `what` explains it.
#[must_use]
pub fn restoring(clip: &Clip, word: &str, what: &str) -> Value {
    json!({ "schema": SCHEMA, "event": word, "job": clip.key.to_string(), "path": clip.filed.path, "why": what })
}

/// Returns the last line of the JSON stream of `verify`: the number of clips with each result.
#[must_use]
pub fn object(report: &VerifyReport) -> Value {
    json!({
        "schema": SCHEMA,
        "event": "summary",
        "format": 1,
        "exit": report.exit as u8,
        "clips": report.all,
        "compared": report.compared,
        "bytes": report.bytes,
        "same": report.same,
        "missing": report.missing,
        "dismissed": report.dismissed,
        "damaged": report.damaged,
        "foreign": report.foreign,
        "unreadable": report.unreadable,
        "sidecars": report.sidecars,
        "queued": report.queued,
        "next": report.next,
    })
}
