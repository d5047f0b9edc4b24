//! Describes pauses of providers in words, for checks and reports.

use crate::domain::text::count;
use crate::domain::units::{span, utc};
use crate::store::Pause;
use jiff::Timestamp;

/// Returns a pause in words: the provider, the start, the duration, the reason and the number of waiting jobs.
#[must_use]
pub fn words(pause: &Pause, now: Timestamp) -> String {
    format!("{}; {}", since(pause, now), waiting(pause))
}

/// Returns a pause in words, as [`words`] does, but without the number of waiting jobs.
#[must_use]
pub fn since(pause: &Pause, now: Timestamp) -> String {
    let reason =
        pause.reason.as_ref().map(|reason| format!("; reason given: “{reason}”")).unwrap_or_default();
    let (since, lasted) = (utc(pause.since), span(pause.since, now));
    format!("{} since {since} ({lasted} so far){reason}", who(pause))
}

/// Returns the name of the paused provider, or `all providers`.
#[must_use]
pub fn who(pause: &Pause) -> &str {
    pause.provider.as_deref().unwrap_or("all providers")
}

/// Returns the number of jobs that wait for the end of a pause, such as `3 jobs wait`.
#[must_use]
pub fn waiting(pause: &Pause) -> String {
    let verb = if pause.waiting == 1 { "waits" } else { "wait" };
    format!("{} {verb}", count(usize::try_from(pause.waiting).unwrap_or(usize::MAX), "job"))
}
