//! Providers on hold, in words and as JSON.

use super::layout::{span, utc};
use crate::domain::text::count;
use crate::store::Pause;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A line for each pause, for whoever is about to submit something.
#[must_use]
pub fn lines(pauses: &[Pause], now: Timestamp) -> Vec<String> {
    let line = |pause: &Pause| format!("paused   {}; nothing new is submitted", words(pause, now));
    pauses.iter().map(line).collect()
}

/// A pause in words: what, since when, why, and how many jobs wait for its end.
#[must_use]
pub fn words(pause: &Pause, now: Timestamp) -> String {
    let reason = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let (since, lasted) = (utc(pause.since), span(pause.since, now));
    format!("{} since {since}, for {lasted}{reason}; {}", who(pause), waiting(pause))
}

/// A pause for programs.
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

/// Names what is on hold.
#[must_use]
pub fn who(pause: &Pause) -> &str {
    pause.provider.as_deref().unwrap_or("all providers")
}

/// Says how many jobs wait for the end of a pause.
#[must_use]
pub fn waiting(pause: &Pause) -> String {
    let verb = if pause.waiting == 1 { "waits" } else { "wait" };
    format!("{} {verb}", count(usize::try_from(pause.waiting).unwrap_or(usize::MAX), "job"))
}
