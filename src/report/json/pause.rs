//! A pause that was made or lifted, as JSON.

use crate::report::pauses;
use crate::store::Pause;
use serde_json::Value;

/// Returns the line of a pause; `did` is what was done with it.
#[must_use]
pub fn object(pause: &Pause, did: &str) -> Value {
    let mut object = pauses::json(pause);
    object["did"] = did.into();
    object
}
