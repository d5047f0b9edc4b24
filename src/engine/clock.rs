//! Reads the clock and draws random numbers. No other code may do either.
//!
//! The wall clock is read once, when a [`Clock`] is made. All later times are measured from there, by a clock that
//! cannot be set. So a change of the wall clock affects no wait and no order of events in this run; the next command
//! uses the new time.

use crate::domain::policy::Tick;
use governor::clock::Clock as GovernorClock;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The longest uninterrupted wait of a timer, so that a machine that slept is noticed within this time.
const NAP: Duration = Duration::from_secs(30);

/// A clock that never goes back and ignores changes of the wall clock. It can also wait until a time.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The wall clock's time when this clock was made.
    start: Timestamp,
    source: Source,
}

/// The source of the time that has passed since a clock was made.
#[derive(Debug, Clone)]
enum Source {
    /// The machine's clock, which also counts sleep; holds the time since boot at which the clock was made.
    Machine(Duration),
    /// The clock of the async runtime, which tests can pause.
    Runtime { origin: Instant, steps: Arc<Steps> },
}

/// The changes that a test makes to its clock: seconds by which the wall clock was set, and seconds of sleep.
#[derive(Debug, Default)]
struct Steps {
    wall: AtomicI64,
    slept: AtomicI64,
}

impl Clock {
    /// Returns the machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { start: wall(), source: Source::Machine(since_boot()) }
    }

    /// Returns a clock for tests, which begins at `start` and follows the async runtime's time, also while that is
    /// paused.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, source: Source::Runtime { origin: Instant::now(), steps: Arc::default() } }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        later(self.start, SignedDuration::try_from(self.elapsed()).unwrap_or(SignedDuration::MAX))
    }

    /// Returns the time since the clock was made, including time in which the machine slept.
    fn elapsed(&self) -> Duration {
        match &self.source {
            Source::Machine(origin) => since_boot().saturating_sub(*origin),
            Source::Runtime { origin, steps } => {
                let slept = u64::try_from(steps.slept.load(Ordering::Relaxed)).unwrap_or_default();
                origin.elapsed() + Duration::from_secs(slept)
            }
        }
    }

    /// Returns the time of the wall clock, which any user may set. This run ignores such a change; the next command
    /// begins with the new time.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        match &self.source {
            Source::Machine(_) => wall(),
            Source::Runtime { steps, .. } => {
                later(self.now(), SignedDuration::from_secs(steps.wall.load(Ordering::Relaxed)))
            }
        }
    }

    /// Sets the wall clock of a test forward by a duration, or back if the duration is negative.
    pub fn set_forward(&self, by: SignedDuration) {
        if let Source::Runtime { steps, .. } = &self.source {
            steps.wall.fetch_add(by.as_secs(), Ordering::Relaxed);
        }
    }

    /// Pretends in a test that the machine slept for this time: the clock goes forward, and no timer runs.
    pub fn sleep_machine(&self, time: Duration) {
        if let Source::Runtime { steps, .. } = &self.source {
            let time = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            steps.slept.fetch_add(time, Ordering::Relaxed);
        }
    }

    /// Returns the current time with a random number (jitter), from which the lengths of pauses are computed. A clock
    /// for tests ([`Clock::starting_at`]) returns the same jitter at the same time.
    #[must_use]
    pub fn tick(&self) -> Tick {
        let elapsed = self.elapsed();
        let seed = elapsed.as_secs() ^ u64::from(elapsed.subsec_nanos()) << 32;
        let follows = matches!(self.source, Source::Runtime { .. });
        let jitter = if follows { StdRng::seed_from_u64(seed).random() } else { rand::random() };
        Tick::new(self.now(), jitter)
    }

    /// Waits until a time. Returns `false` if `stop` came first.
    pub async fn until(&self, due: Timestamp, stop: &CancellationToken) -> bool {
        loop {
            if stop.is_cancelled() {
                return false;
            }
            let left = Duration::try_from(due.duration_since(self.now())).unwrap_or(Duration::ZERO);
            if left.is_zero() {
                return true;
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(left.min(NAP)) => {}
            }
        }
    }

    /// Sleeps for half a minute. Returns the additional time that passed, because the machine slept or the process was
    /// stopped.
    pub async fn nap(&self) -> Duration {
        let before = self.elapsed();
        tokio::time::sleep(NAP).await;
        self.elapsed().saturating_sub(before + NAP)
    }
}

fn later(start: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    start.checked_add(by).unwrap_or(end)
}

#[expect(clippy::disallowed_methods, reason = "this is the file that owns the clock")]
fn wall() -> Timestamp {
    Timestamp::now()
}

/// Returns the time since boot, including time in which the machine slept.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    // This clock also counts sleep.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    let part = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), part)
}

/// The clock of the rate limiters, which reads the time of the async runtime. A test that pauses this time also stops
/// the limiters.
#[derive(Debug, Clone)]
pub struct PaceClock(Instant);

impl PaceClock {
    /// Returns a clock that starts now.
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
