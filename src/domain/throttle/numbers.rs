//! The constants of the controller that sets the pace of submissions.

use std::time::Duration;

/// The maximum number of unanswered submissions at a time while no rate is proven.
pub(super) const WIDTH: u32 = 12;
/// The maximum to which an unmeasured rate may raise the number of unanswered submissions at a time.
pub(super) const BELIEVED: u32 = 32;
/// The number of unanswered submissions at a time that is allowed even after many refusals.
pub(super) const LEAST_WIDTH: u32 = 10;
/// The answer time below which unanswered submissions need no limit, because a refusal is then noticed early enough.
pub(super) const QUICK: Duration = Duration::from_millis(100);
/// The time after which a rate without a refusal is proven: a quota per minute would have refused by then.
pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// The number of accepted submissions after which one more submission may be unanswered at a time.
pub(super) const WIDER_AFTER: u32 = 80;
/// The maximum number of unanswered submissions at a time after a probe, and its increase with each accepted
/// submission.
pub(super) const OPENING: (u32, u32) = (8, 4);
/// The shares by which each accepted submission raises the rate.
///
/// The first share is for a rate measured over many submissions, the second for one measured over few. The third is the
/// smallest share, for a rate that was measured several times.
pub(super) const GROWTH: (f64, f64, f64) = (1.0 / 4_000.0, 1.0 / 400.0, 1.0 / 100_000.0);
/// The growth of a newly measured rate, times the number of submissions over which it was measured.
pub(super) const UNSURE: f64 = 1.0 / 8.0;
/// The number of accepted submissions without a refusal after which the growth of the rate doubles.
pub(super) const QUIET: u32 = 1_000;
/// The most of a delay that is made up for by sending submissions faster than the rate.
pub(super) const CATCH_UP: Duration = Duration::from_millis(500);
/// The least number of accepted submissions in a measured period; a shorter one is joined to the period before it.
pub(super) const ENOUGH: u32 = 10;
/// The share of the previous rate below which a measurement over a short period never falls.
pub(super) const SHORT_LEAVES: f64 = 0.8;
/// The first and the largest number of accepted submissions after which one more slot is tried.
pub(super) const SLOT_AFTER: (u32, u32) = (10, 640);
/// The number of failures in a row, of any kind, that start a wait.
pub(super) const FAILURES: u32 = 3;
/// The slowest rate, in submissions per second.
pub(super) const SLOWEST: f64 = 1.0 / 120.0;
/// The length from which a pause in `Retry-After` counts as the exact time until submissions are allowed. Rounding
/// distorts a shorter one too much.
pub(super) const LONG: Duration = Duration::from_secs(10);
/// The maximum random delay that is added to a `Retry-After`.
pub(super) const LATE: Duration = Duration::from_secs(1);
