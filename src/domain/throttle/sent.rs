//! What the controller of a lane takes in and gives out.

use std::time::Duration;

/// A rate and a number of slots that a provider let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learned {
    /// Submissions a second.
    pub rate: f64,
    /// Tasks in flight at once.
    pub slots: u32,
}

/// The answer to a submission that asks to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may go; the caller reports what became of it.
    Go(Sent),
    /// It asks again at that time.
    At(Duration),
    /// It asks again when something has changed.
    Later,
}

/// A submission that was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Number of the waits before it.
    pub(super) wait: u32,
    pub(super) at: Duration,
    /// Whether it took the last slot.
    pub(super) is_last: bool,
    pub(super) is_probe: bool,
}

impl Sent {
    /// Notes the time at which it leaves, where it waited for something else first.
    pub fn leaves(&mut self, now: Duration) {
        self.at = now;
    }
}
