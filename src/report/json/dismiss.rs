//! Formats the dismissal of a job as JSON. A person dismisses a job to accept that it stays failed, written off or
//! missing.

use crate::domain::key::{JobKey, TakeId};
use serde_json::{Value, json};

/// Returns the JSON line for a job that a person dismissed (accepted as failed, written off or missing). `dismissed` is
/// false if the person took the dismissal back.
#[must_use]
pub fn object(job: &JobKey, take: &TakeId, dismissed: bool) -> Value {
    json!({
        "schema": "shotlist.dismiss/1", "job": job.to_string(), "take": take.0, "dismissed": dismissed,
    })
}
