//! Limits on the speed and the concurrency of requests to a provider.
//!
//! The limits come from the manifest, from the model's card (the built-in description of its rules and prices), or from
//! the provider's defaults.

use std::num::NonZeroU32;
use std::time::Duration;

/// A number of requests per span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The maximum number of requests in each span of time `per`.
    pub count: NonZeroU32,
    /// The span of time in which `count` requests may be sent.
    pub per: Duration,
}

impl Rate {
    /// Returns the time between two requests at an even pace.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.count.get()
    }
}

/// Limits on the speed and the concurrency of requests to a provider.
///
/// A limit that the manifest does not set is taken from the model's card (the built-in description of its rules and
/// prices), or else from the provider's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The maximum number of tasks at the same time, each counted from its submission until its rendering ends.
    pub concurrency: Option<NonZeroU32>,
    /// The maximum rate of submissions.
    pub rate: Option<Rate>,
    /// The maximum number of submissions in a day (UTC).
    pub per_day: Option<u32>,
    /// The maximum number of polls at the same time.
    pub polls: Option<NonZeroU32>,
    /// The maximum rate of polls.
    pub poll_rate: Option<Rate>,
    /// The maximum number of downloads at the same time.
    pub downloads: Option<NonZeroU32>,
    /// The time between acceptance and the first poll.
    pub first_poll: Option<Duration>,
    /// The time between polls.
    pub poll_every: Option<Duration>,
}

impl Limits {
    /// Returns these limits; each limit that is not set is taken from `base`.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            concurrency: self.concurrency.or(base.concurrency),
            rate: self.rate.or(base.rate),
            per_day: self.per_day.or(base.per_day),
            polls: self.polls.or(base.polls),
            poll_rate: self.poll_rate.or(base.poll_rate),
            downloads: self.downloads.or(base.downloads),
            first_poll: self.first_poll.or(base.first_poll),
            poll_every: self.poll_every.or(base.poll_every),
        }
    }
}
