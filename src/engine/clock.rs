//! The one place that reads the clock and rolls the dice.

use crate::domain::policy::Moment;
use governor::clock::Clock as GovernorClock;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Longest sleep in one piece: a clock that was set, or a machine that slept, is noticed this soon.
const NAP: Duration = Duration::from_secs(30);

/// What time it is, and how to wait for a time.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Instant,
    /// Where set, time is counted from here by the runtime's own clock, which tests can pause.
    start: Option<Timestamp>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { origin: Instant::now(), start: None }
    }

    /// A clock that begins at `start` and follows the runtime, so that paused time moves it.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { origin: Instant::now(), start: Some(start) }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.start {
            #[expect(clippy::disallowed_methods, reason = "this is the file that owns the clock")]
            None => Timestamp::now(),
            Some(start) => SignedDuration::try_from(self.origin.elapsed())
                .ok()
                .and_then(|elapsed| start.checked_add(elapsed).ok())
                .unwrap_or(Timestamp::MAX),
        }
    }

    /// The time and a throw of the dice. A clock that follows the runtime throws the same at the same time.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let elapsed = self.origin.elapsed();
        let seed = elapsed.as_secs() ^ u64::from(elapsed.subsec_nanos()) << 32;
        let jitter = if self.start.is_some() { StdRng::seed_from_u64(seed).random() } else { rand::random() };
        Moment::new(self.now(), jitter)
    }

    /// Waits for a time, hardly longer than it is away now: a clock that is set back does not lengthen the wait. `false`
    /// if `stop` came first.
    pub async fn until(&self, due: Timestamp, stop: &CancellationToken) -> bool {
        let away = Duration::try_from(due.duration_since(self.now())).unwrap_or(Duration::ZERO);
        let begun = Instant::now();
        loop {
            if stop.is_cancelled() {
                return false;
            }
            let left = Duration::try_from(due.duration_since(self.now())).unwrap_or(Duration::ZERO);
            if left.is_zero() || begun.elapsed() > away + NAP {
                return true;
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(left.min(NAP)) => {}
            }
        }
    }
}

/// The runtime's clock for rate limiters, so that paused time moves them too.
#[derive(Debug, Clone)]
pub struct PaceClock(Instant);

impl PaceClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for PaceClock {
    fn default() -> Self {
        Self::new()
    }
}

impl GovernorClock for PaceClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
