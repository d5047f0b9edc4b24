//! A cancelled job as JSON.

use crate::app::cancel::CancelledJob;
use serde_json::{Value, json};

/// Returns the line of a job that was to be cancelled; `words` say what became of it.
#[must_use]
pub fn object(job: &CancelledJob, words: &str) -> Value {
    let take = job.take.as_ref().map(|take| &take.0);
    json!({ "job": job.job.to_string(), "take": take, "did": words })
}
