//! The numbers of the controller of a lane.

use std::time::Duration;

/// Submissions on the wire at once before any rate is proven.
pub(super) const WIDTH: u32 = 12;
/// A rate that needs no more than this on the wire is believed before it is proven.
pub(super) const BELIEVED: u32 = 32;
/// Fewest submissions on the wire at once that a refusal leaves.
pub(super) const LEAST_WIDTH: u32 = 10;
/// Answers that come sooner need no bound on the wire: the first refusal comes in time.
pub(super) const QUICK: Duration = Duration::from_millis(100);
/// Time without a refusal after which a rate is proven: no quota of a minute is near.
pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// Successes for one more on the wire.
pub(super) const WIDER_AFTER: u32 = 80;
/// Submissions on the wire after a probe, and the increase with each further success.
pub(super) const OPENING: (u32, u32) = (8, 4);
/// Share by which each success raises a new rate, for one that was measured over many submissions and over few; and the
/// smallest share, where the same rate was refused again and again.
pub(super) const GROWTH: (f64, f64, f64) = (1.0 / 4_000.0, 1.0 / 400.0, 1.0 / 100_000.0);
/// The share, times the number of submissions that were measured.
pub(super) const UNSURE: f64 = 1.0 / 8.0;
/// Successes without a refusal that double the growth.
pub(super) const QUIET: u32 = 1_000;
/// Time for which submissions that were not let go are caught up.
pub(super) const CATCH_UP: Duration = Duration::from_millis(500);
/// Successes below which a period is too short to be measured alone.
pub(super) const ENOUGH: u32 = 10;
/// Part of the rate that a short period leaves at least.
pub(super) const SHORT_LEAVES: f64 = 0.8;
/// Successes for one more slot: at first, and at most.
pub(super) const SLOT_AFTER: (u32, u32) = (10, 640);
/// Failures in a row, of whatever kind, that make the lane wait.
pub(super) const FAILURES: u32 = 3;
/// The slowest rate, in submissions a second.
pub(super) const SLOWEST: f64 = 1.0 / 120.0;
/// A `Retry-After` that is longer than this tells when a quota opens; in a shorter one the rounding weighs too much.
pub(super) const LONG: Duration = Duration::from_secs(10);
/// Longest addition to what `Retry-After` asks for.
pub(super) const LATE: Duration = Duration::from_secs(1);
