//! The times at which tasks are polled (asked for their status), from their age and the durations of similar tasks.
//!
//! A poll too early is a wasted request, and a poll too late leaves a slot idle. A task is polled when its slot has
//! probably been idle for so long that this costs as much as a poll. So most polls come near the ages at which most
//! tasks finish, and the first poll near the age of the first ones.

use super::durations::Durations;
use std::time::Duration;

/// The pauses between polls from the user's settings and from the model's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollTimes {
    /// The time from acceptance to the first poll, if the user has set it.
    pub first: Option<Duration>,
    /// The time between polls, if the user has set it.
    pub every: Option<Duration>,
    /// The age at which a task of the model is expected to have finished, from the model's card.
    pub card_first: Duration,
    /// The time between polls after the age `card_first`, from the model's card.
    pub card_every: Duration,
}

impl PollTimes {
    /// Returns the poll times for models without a card.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            first: None,
            every: None,
            card_first: Duration::from_secs(45),
            card_every: Duration::from_secs(10),
        }
    }

    /// Returns the longest wait that [`next_poll`] can give.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let configured = [self.first, self.every].into_iter().flatten();
        let longest = configured.fold(self.card_every.max(AGED[0].1), Duration::max).mul_f64(1.0 + SPREAD);
        longest.max(BOUNDS.1)
    }
}

/// The idle time of a slot that is worth a poll, as a share of the median duration.
const WORTH: f64 = 0.02;
/// The earliest time of the first poll before any task has finished; the latest time is twice that.
const EARLY: Duration = Duration::from_millis(200);
/// The shortest and the longest wait between polls, unless the user has set one.
const BOUNDS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));
/// The share by which waits are made longer or shorter at random.
const SPREAD: f64 = 0.2;
/// Minimum waits between the polls of old tasks: pairs of an age and the wait from that age on.
const AGED: [(Duration, Duration); 2] =
    [(Duration::from_hours(1), Duration::from_mins(5)), (Duration::from_mins(10), Duration::from_mins(1))];

/// Returns the wait before the next poll of a task of this age after `polls` answers "still running".
///
/// A wait that the user has set for the first poll is kept exactly. The user's wait for later polls is varied by
/// `jitter`, and is longer for old tasks. Without these settings the durations of finished tasks decide. Before any
/// task has finished, a task is polled early, and then each time its age has doubled, until the age from the card.
/// `jitter` from 0 up to 1 spreads the polls of many tasks.
#[must_use]
pub fn next_poll(
    polls: u32,
    age: Duration,
    known: Option<&Durations>,
    times: &PollTimes,
    jitter: f64,
) -> Duration {
    let spread = 1.0 - SPREAD + 2.0 * SPREAD * jitter;
    if let Some(first) = times.first.filter(|_| polls == 0) {
        return first;
    }
    let aged = AGED.iter().find(|(from, _)| age >= *from).map_or(Duration::ZERO, |(_, wait)| *wait);
    let is_early = known.is_none() && times.first.is_none() && age < times.card_first;
    if let Some(every) = times.every.filter(|_| polls > 0 && !is_early) {
        return every.max(aged).mul_f64(spread);
    }
    let wait = match known.and_then(|known| known.wait(age, worth(known, times))) {
        Some(wait) => wait,
        // The start of the doubling is spread as well: the first tasks are polled at different ages and so show more.
        None if polls == 0 => EARLY.mul_f64(2f64.powf(jitter)).min(times.card_first),
        None if age < times.card_first => {
            // If the clock was set back, the age does not grow.
            let doubled = EARLY.saturating_mul(2u32.saturating_pow(polls - 1));
            let wait = age.max(doubled).max(times.every.unwrap_or_default());
            wait.min(times.card_first.saturating_sub(age))
        }
        None => times.card_every,
    };
    wait.max(aged).mul_f64(spread).clamp(BOUNDS.0, BOUNDS.1)
}

/// Returns the idle time of a slot that is worth a poll. An interval between polls that the user has set limits this
/// time, even for the first poll.
fn worth(known: &Durations, times: &PollTimes) -> Duration {
    let median = known.quantile(0.5).unwrap_or_default().as_secs_f64();
    let every = times.every.map_or(f64::MAX, |every| every.as_secs_f64().powi(2) / median.max(0.001));
    Duration::from_secs_f64((median * WORTH).min(every))
}

#[cfg(test)]
#[path = "polling_tests.rs"]
mod tests;
