//! How fast: one cell after another, never a burst.

use super::clock::PaceClock;
use crate::domain::limits::Rate;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An even pace: one cell at a time, never a burst.
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Duration>>,
}

impl Pace {
    /// So many in a time, spread evenly over it.
    pub(super) fn new(rate: Rate) -> Self {
        // A period of zero is no quota; nanosecond precision is beyond any API.
        let interval = rate.interval().max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval).expect("the period is at least a nanosecond");
        let quota = quota.allow_burst(NonZeroU32::MIN);
        Self { limiter: RateLimiter::direct_with_clock(quota, PaceClock::new()) }
    }

    /// Waits for the next cell. `false` if `stop` came first.
    pub(super) async fn next(&self, stop: &CancellationToken) -> bool {
        while let Err(wait) = self.limiter.check() {
            let wait = wait.wait_time_from(governor::clock::Clock::now(self.limiter.clock()));
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(wait) => {}
            }
        }
        !stop.is_cancelled()
    }
}
