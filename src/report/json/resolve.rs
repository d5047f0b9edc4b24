//! Formats a decision about a held job as JSON.

use crate::app::resolve::ResolvedJob;
use serde_json::{Value, json};

/// Returns the JSON line for a held job. `words` says what was done, or why the job still needs a decision.
#[must_use]
pub fn object(job: &ResolvedJob, words: &str) -> Value {
    let did = if job.outcome.is_ok() { "did" } else { "skipped" };
    json!({ "job": job.job.to_string(), "take": job.take.0, did: words })
}
