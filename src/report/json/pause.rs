//! Formats, as JSON, a pause that was set or lifted.

use crate::report::pauses;
use crate::store::Pause;
use serde_json::Value;

/// Returns the JSON line for a pause. `did` says whether it was set or lifted.
#[must_use]
pub fn object(pause: &Pause, did: &str) -> Value {
    let mut object = pauses::json(pause);
    object["schema"] = "shotlist.pause/1".into();
    object["did"] = did.into();
    object
}
