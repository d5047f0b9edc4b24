//! The inputs and outputs of the controller that sets the pace of submissions.

use std::time::Duration;

/// The rate and the number of concurrent tasks that a provider has accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learned {
    /// The number of submissions per second.
    pub rate: f64,
    /// The number of tasks that run at the same time.
    pub slots: u32,
}

/// The decision of the controller that sets the pace, about a submission that is ready to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendDecision {
    /// The submission may be sent; the caller must report its result.
    Go(Sent),
    /// The submission must wait; the caller asks again at this time of the monotonic clock.
    At(Duration),
    /// The submission must wait; the caller asks again after an answer has come or a slot is free.
    Later,
}

/// A submission with permission to be sent, before and after it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The number of waits (pauses of all submissions to the model) that had begun before this submission was
    /// permitted.
    pub(super) wait: u32,
    pub(super) at: Duration,
    /// True if the submission took the last free slot (place for a concurrent task of the model).
    pub(super) is_last: bool,
    pub(super) is_probe: bool,
}

impl Sent {
    /// Sets the time of sending to `now`, because the submission waited for something else after it got permission.
    pub fn leaves(&mut self, now: Duration) {
        self.at = now;
    }
}
