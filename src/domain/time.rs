//! Spans between two points in time.

use super::units::{seconds, utc};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Time by which two clocks may differ before that is told.
const ALIKE: SignedDuration = SignedDuration::from_mins(2);

/// Returns the time from one point to another; zero where the clock was set back.
#[must_use]
pub fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// Returns the words for a clock that is more than two minutes away from the clock of a server.
#[must_use]
pub fn disagreement(ours: Timestamp, theirs: Timestamp) -> Option<String> {
    let ahead = ours.duration_since(theirs);
    (ahead.abs() > ALIKE).then(|| {
        let way = if ahead.is_negative() { "behind" } else { "ahead of" };
        format!(
            "the clock of this computer is {} {way} that of the provider: it is {} here and {} there; daily budgets, the \
             life of links and the times in reports go by the clock here",
            seconds(ahead.abs()),
            utc(ours),
            utc(theirs),
        )
    })
}

#[cfg(test)]
mod tests;
