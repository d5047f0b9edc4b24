//! Formats paused providers as text and as JSON.

use crate::app::pauses::since;
pub use crate::app::pauses::{waiting, who, words};
use crate::store::Pause;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Returns a line for each pause, for commands that submit or plan. The lines omit the number of waiting jobs, which
/// these commands do not know yet.
#[must_use]
pub fn lines(pauses: &[Pause], now: Timestamp) -> Vec<String> {
    let line = |pause: &Pause| format!("paused   {}; nothing new is submitted", since(pause, now));
    pauses.iter().map(line).collect()
}

/// Returns a pause as JSON.
#[must_use]
pub fn json(pause: &Pause) -> Value {
    json!({
        "project": pause.project,
        "provider": pause.provider,
        "since": pause.since.to_string(),
        "reason": pause.reason,
        "waiting": pause.waiting,
    })
}
