//! Spans between two points in time.

use jiff::Timestamp;
use std::time::Duration;

/// Returns the time from one point to another; zero where the clock was set back.
#[must_use]
pub fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}
