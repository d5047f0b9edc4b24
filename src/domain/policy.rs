//! The numbers that decide when, and how often, an action is retried.

use super::durations::Durations;
use super::money::Usd;
use super::polling::{PollTimes, next_poll};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The current time and a random number, as input for code that has no clock of its own.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// The current time.
    pub now: Timestamp,
    /// A random number from 0 up to 1 that spreads retries, so that a thousand jobs do not return at the same time.
    pub jitter: f64,
}

impl Tick {
    /// Creates a tick from the current time and a random number.
    #[must_use]
    pub const fn new(now: Timestamp, jitter: f64) -> Self {
        Self { now, jitter }
    }

    /// Returns the time after a wait; `Timestamp::MAX` if that overflows.
    #[must_use]
    pub fn after(&self, wait: Duration) -> Timestamp {
        SignedDuration::try_from(wait)
            .ok()
            .and_then(|wait| self.now.checked_add(wait).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// Returns the time that has passed since `then`; zero if `then` is in the future (a clock that was set back).
    #[must_use]
    pub fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now.duration_since(then)).unwrap_or(Duration::ZERO)
    }
}

/// A rule for the pauses before retries. The limit on the pause doubles with each failure, from `first` to `most`, and
/// each pause is a random time up to its limit ("full jitter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The limit on the pause after the first failure.
    pub first: Duration,
    /// The limit on the pause after any number of failures.
    pub most: Duration,
}

impl Backoff {
    /// Returns the pause after `setbacks` failures in a row (1 is the first), or the pause that `Retry-After` asked
    /// for.
    ///
    /// A pause from `Retry-After` is kept within [`RETRY_AFTER`] and then lengthened by up to 10 %, never shortened.
    #[must_use]
    pub fn pause(&self, setbacks: u32, asked: Option<Duration>, jitter: f64) -> Duration {
        if let Some(asked) = asked {
            return asked.clamp(RETRY_AFTER.0, RETRY_AFTER.1).mul_f64(1.0 + 0.1 * jitter);
        }
        let doubled = self.first.saturating_mul(2u32.saturating_pow(setbacks.saturating_sub(1).min(30)));
        doubled.min(self.most).mul_f64(jitter)
    }
}

/// The shortest and the longest pause accepted from a `Retry-After` header.
pub const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(15));

/// The thresholds at which submissions to one provider pause or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaking {
    /// The number of submissions in a row without an answer at which further submissions pause.
    pub silent_in_a_row: u32,
    /// The number of most recent submissions among which those without an answer are counted.
    pub known: usize,
    /// Further submissions pause if this number of the `known` most recent submissions got no answer.
    pub silent_of_known: usize,
    /// The first and the longest pause. If the provider still does not answer after a pause, the next pause is twice as
    /// long.
    pub cool_off: (Duration, Duration),
    /// The number of paid tasks in a row that ended in the same way without a clip, after which nothing more is
    /// submitted.
    pub fruitless: u32,
}

impl Breaking {
    /// Returns the thresholds that apply to every provider.
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

/// Returns the limit on the money in doubt (perhaps charged) for a run of this price, if the manifest sets none.
#[must_use]
pub fn default_in_doubt(price: Usd) -> Usd {
    Usd::from_micros((price.micros() / 100).max(2_000_000))
}

/// Returns the longest pause that a provider can ask for.
fn longest_asked() -> Duration {
    RETRY_AFTER.1.mul_f64(1.1)
}

/// The schedule of look-ups: free searches for the task that an unanswered submission may have created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// The longest time after which the provider's list of tasks shows an accepted task. The time is counted from the
    /// moment when the program stopped waiting for the answer to the request.
    ///
    /// The lag is the provider's own delay, plus the time for which a kernel still sends the data of a closed
    /// connection. On Linux a kernel does so for less than two minutes.
    pub lag: Duration,
    /// The pauses before the look-ups (searches for the task at the provider), in order.
    pub after: Vec<Duration>,
    /// The minimum time between two answers "no such task" that together prove that no task exists.
    pub gap: Duration,
}

impl LookUp {
    /// Returns the standard schedule of look-ups, with this provider's `lag`: the longest time until its list of tasks
    /// shows an accepted task.
    #[must_use]
    pub fn new(lag: Duration) -> Self {
        Self { lag, after: LOOK_UPS.to_vec(), gap: Duration::from_mins(1) }
    }
}

/// The numbers that control the retries, polls and downloads for one model of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The number of temporary refusals of a request that are allowed in one run.
    pub submit_tries: u8,
    /// The pauses after a submission that failed.
    pub submit_backoff: Backoff,
    /// The pauses after a submission that was refused because requests came too fast.
    pub throttle_backoff: Backoff,
    /// The schedule of look-ups for a submission without an answer; `None` if the provider offers no look-up.
    pub look_up: Option<LookUp>,
    /// The pauses between polls, from the user's settings and the model's card.
    pub polls: PollTimes,
    /// The learned rendering durations of one kind of request (model, length and size of the clip); `None` before a
    /// task of that kind has finished.
    pub durations: Option<Arc<Durations>>,
    /// The pauses after a poll that failed.
    pub poll_backoff: Backoff,
    /// The age of a task from which a run need not wait for it; later runs continue to poll it.
    pub patience: Duration,
    /// The age of a running task from which a person must decide about it.
    pub stuck_after: Duration,
    /// The time after acceptance during which an answer "no such task" does not count towards `missing_tries`.
    pub missing_grace: Duration,
    /// The number of answers "no such task" after which the task counts as lost.
    pub missing_tries: u8,
    /// A person must decide after this number of answers in a row about another task or request than the one asked for.
    pub mistaken_tries: u8,
    /// The pause after an answer "no such task" that counts towards `missing_tries`, and after a success without a link
    /// to a clip.
    pub missing_gap: Duration,
    /// The number of further polls after an answer that reports success but has no link to a clip.
    pub empty_tries: u8,
    /// The pauses after a download that broke off.
    pub fetch_backoff: Backoff,
    /// The number of downloads without a clip (damaged, or redirected too often) after which a person must decide.
    ///
    /// After the same number of failures of the host, the provider is asked for a fresh link.
    pub fetch_tries: u8,
    /// The number of fresh links that are requested because a link no longer works.
    pub fresh_links: u8,
}

/// The pauses before each look-up of a submission without an answer. The last is an hour: by then every provider's list
/// of tasks is complete.
const LOOK_UPS: [Duration; 5] = [
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(3),
    Duration::from_mins(10),
    Duration::from_hours(1),
];

impl Policy {
    /// Returns the standard policy, which applies unless the model's card (its built-in description) or the manifest
    /// says otherwise.
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

    /// Returns the pause before the next poll of a task of this age after `polls` answers "still running".
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

    /// Returns the longest pause before a look-up (a search for the task of an unanswered submission).
    #[must_use]
    pub fn longest_look_up_pause(&self) -> Duration {
        self.look_up.iter().flat_map(|look_up| look_up.after.iter().copied()).max().unwrap_or_default()
    }

    /// Returns how many answers "still running" a task older than [`Policy::patience`] may give before it counts as
    /// stuck.
    ///
    /// The age of a task is not enough, because a clock may jump a month ahead. A task of that age is polled about
    /// every five minutes, so these answers take about an hour.
    #[must_use]
    pub const fn stuck_polls(&self) -> u32 {
        12
    }
}

#[cfg(test)]
mod tests;
