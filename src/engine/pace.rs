//! Paces calls evenly, without bursts.

use super::clock::PaceClock;
use super::lock;
use crate::domain::limits::Rate;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A limiter that spaces calls evenly, without bursts. Permits that were given back unused are used first.
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Duration>>,
    interval: Duration,
    spare: Mutex<SparePermits>,
}

/// The permits that calls may use immediately, without waiting for the next interval. They were given back unused, or
/// make up for timers of earlier calls that ended late.
#[derive(Default)]
struct SparePermits {
    cells: u32,
    /// The total time by which the timers of calls ended late. Whenever this total reaches the interval between two
    /// calls, one more call is permitted, to make up for the lost time.
    late: Duration,
}

impl Pace {
    pub(super) fn new(rate: Rate) -> Self {
        // A period of zero is not a quota; nanosecond precision is beyond any API.
        let interval = rate.interval().max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval).expect("the period is at least a nanosecond");
        let quota = quota.allow_burst(NonZeroU32::MIN);
        let limiter = RateLimiter::direct_with_clock(quota, PaceClock::new());
        Self { limiter, interval, spare: Mutex::default() }
    }

    /// Returns the time between two calls.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Waits until the next call may be made. Returns `false` if `stop` came first.
    pub(super) async fn next(&self, stop: &CancellationToken) -> bool {
        let mut due = None;
        loop {
            if stop.is_cancelled() {
                return false;
            }
            if self.take_spare() {
                return true;
            }
            let now = self.limiter.clock().now();
            match self.limiter.check() {
                Ok(()) => {
                    if let Some(due) = due {
                        self.was_late(now.saturating_sub(due));
                    }
                    return true;
                }
                Err(wait) => {
                    due = Some(wait.earliest_possible());
                    tokio::select! {
                        () = stop.cancelled() => return false,
                        () = tokio::time::sleep(wait.wait_time_from(now)) => {}
                    }
                }
            }
        }
    }

    /// Gives back the permit of a request that was never sent.
    pub(super) fn give_back(&self) {
        lock(&self.spare).cells += 1;
    }

    fn take_spare(&self) -> bool {
        let mut spare = lock(&self.spare);
        let is_there = spare.cells > 0;
        spare.cells -= u32::from(is_there);
        is_there
    }

    fn was_late(&self, late: Duration) {
        let mut spare = lock(&self.spare);
        spare.late += late.min(self.interval);
        if spare.late >= self.interval {
            spare.late -= self.interval;
            spare.cells += 1;
        }
    }
}
