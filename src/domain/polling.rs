//! The times at which tasks are polled (asked for their status), from their age and the durations of similar tasks.
//!
//! A poll that comes too early is a wasted request. A poll that comes too late leaves a slot (one of the tasks that the
//! provider allows at the same time) idle. So a task is polled when its slot has probably been idle for so long that
//! the idle time is worth one poll. Most polls then come near the ages at which most tasks finish, and the first poll
//! near the age at which the first tasks finish.

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
    /// The time between polls of a task that is older than `card_first`, from the model's card.
    pub card_every: Duration,
}

impl PollTimes {
    /// Returns the default poll times, for a model whose card (its built-in description) sets no poll times.
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

/// The longest idle time of a slot (the place of one running task) that is accepted to save one poll, as a share of the
/// median rendering time.
const WORTH: f64 = 0.02;
/// The wait from acceptance to the first poll while no task of the kind has finished. A random factor up to 2 makes
/// this wait longer.
const EARLY: Duration = Duration::from_millis(200);
/// The shortest and the longest wait between polls, unless the user has set one.
const BOUNDS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));
/// The share by which waits are made longer or shorter at random.
const SPREAD: f64 = 0.2;
/// Minimum waits between the polls of old tasks: pairs of an age and the wait from that age on.
const AGED: [(Duration, Duration); 2] =
    [(Duration::from_hours(1), Duration::from_mins(5)), (Duration::from_mins(10), Duration::from_mins(1))];

/// Returns the wait before the next poll of a task of this age, after `polls` answers "still running".
///
/// These rules determine the wait:
///
/// - A wait that the user has set for the first poll applies exactly.
/// - A wait that the user has set for later polls applies to them, but is longer for old tasks.
/// - Without these settings, the durations of finished tasks of the same kind decide.
/// - Before any such task has finished, a task is polled early, and then each time its age has doubled. A wait that the
///   user has set for later polls is then only the shortest wait. From the age `times.card_first` on, the wait is
///   `times.card_every`.
///
/// `jitter`, from 0 up to 1, varies every wait except the user's first wait, so that many tasks are not polled at once.
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

/// Returns the time for which a slot (the place of one running task) may be idle to save one poll. If the user has set
/// a short wait between polls, this time is shorter too, so that the first poll comes earlier.
fn worth(known: &Durations, times: &PollTimes) -> Duration {
    let median = known.quantile(0.5).unwrap_or_default().as_secs_f64();
    let every = times.every.map_or(f64::MAX, |every| every.as_secs_f64().powi(2) / median.max(0.001));
    Duration::from_secs_f64((median * WORTH).min(every))
}

#[cfg(test)]
#[path = "polling_tests.rs"]
mod tests;
