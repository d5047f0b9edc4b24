//! The constants of the controller of a lane's pace.

use std::time::Duration;

/// The maximum number of unanswered submissions at a time before any rate is proven.
pub(super) const WIDTH: u32 = 12;
/// The maximum number of unanswered submissions at a time that are allowed because an unmeasured rate needs them.
pub(super) const BELIEVED: u32 = 32;
/// The minimum to which refusals reduce the number of unanswered submissions at a time.
pub(super) const LEAST_WIDTH: u32 = 10;
/// The answer time below which unanswered submissions need no limit, because the first refusal comes early enough.
pub(super) const QUICK: Duration = Duration::from_millis(100);
/// The time without a refusal after which a rate is proven: a quota per minute would have refused by then.
pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// The number of accepted submissions after which one more may be unanswered at a time.
pub(super) const WIDER_AFTER: u32 = 80;
/// The maximum number of unanswered submissions at a time after a probe, and its increase with each accepted
/// submission.
pub(super) const OPENING: (u32, u32) = (8, 4);
/// The shares by which each accepted submission raises the rate.
///
/// The first share is for a rate measured over many submissions, the second for one measured over few. The third is the
/// smallest share, for a rate that was measured repeatedly.
pub(super) const GROWTH: (f64, f64, f64) = (1.0 / 4_000.0, 1.0 / 400.0, 1.0 / 100_000.0);
/// The growth of a newly measured rate is this number, divided by the number of submissions over which it was measured.
pub(super) const UNSURE: f64 = 1.0 / 8.0;
/// The number of accepted submissions without a refusal after which the growth of the rate doubles.
pub(super) const QUIET: u32 = 1_000;
/// The maximum delay that is made up for: after a delay, submissions are sent sooner than the rate allows.
pub(super) const CATCH_UP: Duration = Duration::from_millis(500);
/// The number of accepted submissions below which a period is measured together with the period before it.
pub(super) const ENOUGH: u32 = 10;
/// The lower limit of a rate measured over a short period, as a share of the previous rate.
pub(super) const SHORT_LEAVES: f64 = 0.8;
/// The first and the largest number of accepted submissions after which the lane tries one more slot.
pub(super) const SLOT_AFTER: (u32, u32) = (10, 640);
/// The number of failures in a row, of any kind, that make the lane wait.
pub(super) const FAILURES: u32 = 3;
/// The slowest rate, in submissions per second.
pub(super) const SLOWEST: f64 = 1.0 / 120.0;
/// The length above which a `Retry-After` counts as the exact time until the quota allows submissions. Rounding
/// distorts a shorter one too much.
pub(super) const LONG: Duration = Duration::from_secs(10);
/// The maximum random delay that is added to a `Retry-After`.
pub(super) const LATE: Duration = Duration::from_secs(1);
