//! Every number that decides when something is tried again, and how often.

use super::durations::Durations;
use super::money::Usd;
use super::polling::{PollTimes, next_poll};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The present, as the pure core gets it: a time and a throw of the dice.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// A number from 0 up to 1 that spreads retries, so that a thousand jobs do not come back at once.
    pub jitter: f64,
}

impl Moment {
    /// A moment.
    #[must_use]
    pub const fn new(now: Timestamp, jitter: f64) -> Self {
        Self { now, jitter }
    }

    /// So much later; the end of time where that overflows.
    #[must_use]
    pub fn after(&self, wait: Duration) -> Timestamp {
        SignedDuration::try_from(wait)
            .ok()
            .and_then(|wait| self.now.checked_add(wait).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// How long ago that was; nothing if it lies ahead (a clock that was set back).
    #[must_use]
    pub fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now.duration_since(then)).unwrap_or(Duration::ZERO)
    }
}

/// A pause that doubles from `first` to `most`, drawn evenly from nothing to its length ("full jitter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Length of the first pause.
    pub first: Duration,
    /// Longest pause.
    pub most: Duration,
}

impl Backoff {
    /// The pause after so many setbacks in a row (1 is the first), or what `Retry-After` asked for.
    ///
    /// A pause that was asked for is kept within [`RETRY_AFTER`] and lengthened by up to 10 %, never shortened.
    #[must_use]
    pub fn pause(&self, setbacks: u32, asked: Option<Duration>, jitter: f64) -> Duration {
        if let Some(asked) = asked {
            return asked.clamp(RETRY_AFTER.0, RETRY_AFTER.1).mul_f64(1.0 + 0.1 * jitter);
        }
        let doubled = self.first.saturating_mul(2u32.saturating_pow(setbacks.saturating_sub(1).min(30)));
        doubled.min(self.most).mul_f64(jitter)
    }
}

/// Shortest and longest pause accepted from a `Retry-After` header.
pub const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(15));

/// The numbers at which submissions to one provider pause or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaking {
    /// Submissions in a row without an answer that pause the next ones.
    pub silent_in_a_row: u32,
    /// Submissions that are looked at together …
    pub known: usize,
    /// … and the number of them without an answer that pauses the next ones.
    pub silent_of_known: usize,
    /// First and longest pause; each one that brings no answer doubles the next.
    pub cool_off: (Duration, Duration),
    /// Paid tasks in a row that bring nothing, after which nothing more is submitted.
    pub fruitless: u32,
}

impl Breaking {
    /// The numbers in force.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            silent_in_a_row: 3,
            known: 30,
            silent_of_known: 6,
            cool_off: (Duration::from_secs(30), Duration::from_mins(10)),
            fruitless: 3,
        }
    }
}

/// Returns the money that a run of this price may have in doubt where the manifest names none.
#[must_use]
pub fn default_in_doubt(price: Usd) -> Usd {
    Usd::from_micros((price.micros() / 100).max(2_000_000))
}

/// Returns the longest pause that a provider can ask for.
fn longest_asked() -> Duration {
    RETRY_AFTER.1.mul_f64(1.1)
}

/// How a provider can be asked whether it has a task of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// How long a task may stay out of the provider's listing after its request was given up: the provider's own lag,
    /// and the time for which a kernel goes on sending what was written to a connection that is closed, which on Linux
    /// is under two minutes.
    pub lag: Duration,
    /// Pauses before each look-up of a submission in doubt.
    pub after: Vec<Duration>,
    /// Two answers that deny a task must lie this far apart.
    pub gap: Duration,
}

impl LookUp {
    /// The pauses that hold for every provider that can be bought from.
    #[must_use]
    pub fn new(lag: Duration) -> Self {
        Self { lag, after: LOOK_UPS.to_vec(), gap: Duration::from_mins(1) }
    }
}

/// The numbers of one model of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How often a request may be refused for a passing reason in one run.
    pub submit_tries: u8,
    /// After a submission that did not get through.
    pub submit_backoff: Backoff,
    /// After a submission that came too fast.
    pub throttle_backoff: Backoff,
    /// When a task may be in doubt: how to ask, or `None` where the provider offers no way.
    pub look_up: Option<LookUp>,
    /// Pauses between polls, as the user and the card have them.
    pub polls: PollTimes,
    /// Durations of the last tasks of this kind; `None` while nothing is known.
    pub durations: Option<Arc<Durations>>,
    /// After a poll that failed.
    pub poll_backoff: Backoff,
    /// After this long the run need not wait for the task; later runs go on asking.
    pub patience: Duration,
    /// After this long a person must decide.
    pub stuck_after: Duration,
    /// A task that says "no such task" this soon after acceptance is not lost yet.
    pub missing_grace: Duration,
    /// A task is lost when it was missing so often …
    pub missing_tries: u8,
    /// Answers in a row about another task or request after which a person must decide.
    pub mistaken_tries: u8,
    /// … at least this far apart; also the pause between polls of a task that succeeded without a clip.
    pub missing_gap: Duration,
    /// How often a success without a clip is asked again.
    pub empty_tries: u8,
    /// After a download that broke off.
    pub fetch_backoff: Backoff,
    /// Downloads that bring what is no clip, after which a person must decide; so many failures of the host, and the
    /// provider is asked for a fresh link.
    pub fetch_tries: u8,
    /// How often a dead link is exchanged for a fresh one.
    pub fresh_links: u8,
}

/// Seconds after which a submission in doubt is looked for: the last one an hour later, when any listing has it.
const LOOK_UPS: [Duration; 5] = [
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(3),
    Duration::from_mins(10),
    Duration::from_hours(1),
];

impl Policy {
    /// The numbers in force where neither a model card nor the manifest says otherwise.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            submit_tries: 5,
            submit_backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(1) },
            throttle_backoff: Backoff { first: Duration::from_secs(2), most: Duration::from_mins(2) },
            look_up: None,
            polls: PollTimes::standard(),
            durations: None,
            poll_backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(1) },
            patience: Duration::from_hours(2),
            stuck_after: Duration::from_hours(7 * 24),
            missing_grace: Duration::from_mins(2),
            missing_tries: 3,
            mistaken_tries: 3,
            missing_gap: Duration::from_mins(1),
            empty_tries: 5,
            fetch_backoff: Backoff { first: Duration::from_secs(1), most: Duration::from_mins(5) },
            fetch_tries: 6,
            fresh_links: 3,
        }
    }

    /// Returns the pause before the next poll of a task of this age that was answered "still running" so often.
    #[must_use]
    pub fn poll_pause(&self, polls: u32, age: Duration, jitter: f64) -> Duration {
        next_poll(polls, age, self.durations.as_deref(), &self.polls, jitter)
    }

    /// Returns the longest pause before a submission.
    #[must_use]
    pub fn longest_submit_pause(&self) -> Duration {
        self.submit_backoff.most.max(self.throttle_backoff.most).max(longest_asked())
    }

    /// Returns the longest pause before a poll.
    #[must_use]
    pub fn longest_poll_pause(&self) -> Duration {
        let others = [self.poll_backoff.most, self.missing_gap, self.fetch_backoff.most, longest_asked()];
        others.into_iter().fold(self.polls.longest(), Duration::max)
    }

    /// Returns the longest pause before a download.
    #[must_use]
    pub fn longest_fetch_pause(&self) -> Duration {
        self.fetch_backoff.most.max(longest_asked())
    }

    /// Returns the longest pause before a look-up.
    #[must_use]
    pub fn longest_look_up_pause(&self) -> Duration {
        self.look_up.iter().flat_map(|look_up| look_up.after.iter().copied()).max().unwrap_or_default()
    }

    /// How many answers "still running" beyond [`Policy::patience`] it takes to call a task stuck.
    ///
    /// Time alone proves nothing: a clock that leaps a month ahead must not give up a catalog. At the slowest
    /// pace these answers take an hour.
    #[must_use]
    pub const fn stuck_polls(&self) -> u32 {
        12
    }
}

#[cfg(test)]
mod tests;
