//! Formats the dismissal of a job as JSON.

use crate::domain::key::{JobKey, TakeId};
use serde_json::{Value, json};

/// Returns the JSON line for a job; `dismissed` is false if its dismissal was undone.
#[must_use]
pub fn object(job: &JobKey, take: &TakeId, dismissed: bool) -> Value {
    json!({ "job": job.to_string(), "take": take.0, "dismissed": dismissed })
}
