//! Formats the outcome of `cancel` for one job as JSON.

use crate::app::cancel::CancelledJob;
use serde_json::{Value, json};

/// Returns the JSON line for a job that `cancel` tried to cancel. `words` describes the outcome.
#[must_use]
pub fn object(job: &CancelledJob, words: &str) -> Value {
    let take = job.take.as_ref().map(|take| &take.0);
    json!({ "schema": "shotlist.cancel/1", "job": job.job.to_string(), "take": take, "did": words })
}
