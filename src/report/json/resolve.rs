//! Formats a person's decision about a job as JSON.

use crate::app::resolve::ResolvedJob;
use serde_json::{Value, json};

/// Returns the JSON line for a job that needed a decision. `words` says what was done, or why it still needs one.
#[must_use]
pub fn object(job: &ResolvedJob, words: &str) -> Value {
    let did = if job.outcome.is_ok() { "did" } else { "skipped" };
    let mut object = json!({
        "schema": "shotlist.resolve/1", "job": job.job.to_string(), "take": job.take.0, did: words,
    });
    if let Some(project) = &job.project {
        object["project"] = json!(project);
    }
    object
}
