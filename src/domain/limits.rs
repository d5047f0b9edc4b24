//! How fast and how wide a provider may be used: from its card, corrected by the manifest.

use std::num::NonZeroU32;
use std::time::Duration;

/// So many in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: NonZeroU32,
    /// In what span.
    pub per: Duration,
}

impl Rate {
    /// The even pace that this rate allows.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.count.get()
    }
}

/// Limits, each optional: what is not given comes from the layer below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Tasks in flight at once, from submission until the provider is finished.
    pub concurrency: Option<NonZeroU32>,
    /// Submissions.
    pub rate: Option<Rate>,
    /// Submissions in a day (UTC).
    pub per_day: Option<u32>,
    /// Polls at once.
    pub polls: Option<NonZeroU32>,
    /// Polls.
    pub poll_rate: Option<Rate>,
    /// Downloads at once.
    pub downloads: Option<NonZeroU32>,
    /// Between acceptance and the first poll.
    pub first_poll: Option<Duration>,
    /// Between polls.
    pub poll_every: Option<Duration>,
}

impl Limits {
    /// These, and where they say nothing, those of `base`.
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
