//! Functions that compare two times or two clocks.

use super::units::{seconds, utc};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The maximum difference between two clocks that is not reported.
const ALIKE: SignedDuration = SignedDuration::from_mins(2);

/// Returns the time that passed between `from` and `to`; zero if `to` is earlier, because the clock was set back.
#[must_use]
pub fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// Returns a warning if the clocks of this computer and of a server differ by more than two minutes; `None` if they
/// agree.
#[must_use]
pub fn disagreement(ours: Timestamp, theirs: Timestamp) -> Option<String> {
    let ahead = ours.duration_since(theirs);
    (ahead.abs() > ALIKE).then(|| {
        let way = if ahead.is_negative() { "behind" } else { "ahead of" };
        format!(
            "the clock of this computer is {} {way} the provider's clock: it is {} here and {} there; daily budgets, the \
             expiry of links and the times in reports use the clock here",
            seconds(ahead.abs()),
            utc(ours),
            utc(theirs),
        )
    })
}

#[cfg(test)]
mod tests;
