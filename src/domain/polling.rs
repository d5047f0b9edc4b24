//! When a task is asked for: one function of its age and of what is known about others like it.
//!
//! A poll too early is a wasted request, a poll too late leaves a slot idle. Each wait ends where the idle time to be
//! expected is worth one poll, which is near the low quantile for the first poll and dense where most tasks finish.

use super::durations::Durations;
use std::time::Duration;

/// Pauses between polls that were told, and those for the time in which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollTimes {
    /// From acceptance to the first poll, where the user has set it.
    pub first: Option<Duration>,
    /// Between polls, where the user has set it.
    pub every: Option<Duration>,
    /// The age at which a task of the model can be expected to have finished, from the model's card.
    pub card_first: Duration,
    /// Between polls from that age on, from the model's card.
    pub card_every: Duration,
}

impl PollTimes {
    /// Returns the times for models without a card.
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
        let told = [self.first, self.every].into_iter().flatten();
        let longest = told.fold(self.card_every.max(AGED[0].1), Duration::max).mul_f64(1.0 + SPREAD);
        longest.max(BOUNDS.1)
    }
}

/// Idle time of a slot that is worth a poll, as a share of the median duration.
const WORTH: f64 = 0.02;
/// Earliest first poll while nothing is known; the latest is twice that.
const EARLY: Duration = Duration::from_millis(200);
/// Shortest and longest wait that nobody told.
const BOUNDS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));
/// Waits are spread by this share, both ways.
const SPREAD: f64 = 0.2;
/// A poll of a task older than the first figure waits at least the second.
const AGED: [(Duration, Duration); 2] =
    [(Duration::from_hours(1), Duration::from_mins(5)), (Duration::from_mins(10), Duration::from_mins(1))];

/// Returns the wait before the next poll of a task of this age that was answered "still running" so often.
///
/// A wait that the user has set is kept. Otherwise it follows from the durations of finished tasks; while there are none,
/// a task is asked for early and then each time its age has doubled, until the card's time for it is over. `jitter`
/// from 0 up to 1 spreads the polls of many tasks; the times set by the user for the first poll are exact.
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
        // Phases of the doubling are spread as well, so that the first tasks together tell more than each by itself.
        None if polls == 0 => EARLY.mul_f64(2f64.powf(jitter)).min(times.card_first),
        None if age < times.card_first => {
            // Where the clock was set back, the age stands still.
            let doubled = EARLY.saturating_mul(2u32.saturating_pow(polls - 1));
            let wait = age.max(doubled).max(times.every.unwrap_or_default());
            wait.min(times.card_first.saturating_sub(age))
        }
        None => times.card_every,
    };
    wait.max(aged).mul_f64(spread).clamp(BOUNDS.0, BOUNDS.1)
}

/// Returns the idle time that is worth a poll. An interval that the user has set tells it for the first poll as well.
fn worth(known: &Durations, times: &PollTimes) -> Duration {
    let median = known.quantile(0.5).unwrap_or_default().as_secs_f64();
    let every = times.every.map_or(f64::MAX, |every| every.as_secs_f64().powi(2) / median.max(0.001));
    Duration::from_secs_f64((median * WORTH).min(every))
}

#[cfg(test)]
#[path = "polling_tests.rs"]
mod tests;
