//! The constants of the controller that sets the pace of submissions.

use std::time::Duration;

/// The initial limit on unanswered submissions at a time, before the provider has shown which rate it accepts.
pub(super) const WIDTH: u32 = 12;
/// The highest value to which an unproven rate can raise the limit on unanswered submissions. If the rate needs more
/// unanswered submissions, the limit does not rise before the allowed rate is measured.
pub(super) const BELIEVED: u32 = 32;
/// The lowest value to which refusals can reduce the limit on unanswered submissions.
pub(super) const LEAST_WIDTH: u32 = 10;
/// The average answer time below which the number of unanswered submissions is limited only by the number of slots. If
/// answers come so quickly, few more submissions are sent before a refusal is noticed.
pub(super) const QUICK: Duration = Duration::from_millis(100);
/// The time after which the present rate counts as allowed if no submission was refused. A quota per minute would have
/// refused one by then.
pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// The number of accepted submissions after which the limit on unanswered submissions rises by one.
pub(super) const WIDER_AFTER: u32 = 80;
/// The limit on unanswered submissions right after a wait, and the amount by which each accepted submission raises this
/// limit.
pub(super) const OPENING: (u32, u32) = (8, 4);
/// The shares by which an accepted submission raises the submission rate.
///
/// The first share is for a rate measured over many submissions, the second for a rate measured over few. The third is
/// the smallest share, for a rate that several measurements have confirmed.
pub(super) const GROWTH: (f64, f64, f64) = (1.0 / 4_000.0, 1.0 / 400.0, 1.0 / 100_000.0);
/// The share by which each accepted submission raises a newly measured rate, times the number of submissions over which
/// the rate was measured. The bounds of the share are in `GROWTH`.
pub(super) const UNSURE: f64 = 1.0 / 8.0;
/// The number of accepted submissions without a refusal after which the growth of the rate doubles.
pub(super) const QUIET: u32 = 1_000;
/// After a delay, the next submissions go faster than the rate, to make up for at most this part of the delay (or for
/// one interval between two submissions, if the interval is longer).
pub(super) const CATCH_UP: Duration = Duration::from_millis(500);
/// The minimum number of accepted submissions over which a rate is measured. If fewer submissions were accepted between
/// two waits (pauses after refusals), the period before the earlier wait is measured as well, if there is one.
pub(super) const ENOUGH: u32 = 10;
/// The lower limit that is applied to a rate measured over a short period, as a share of the previous rate.
pub(super) const SHORT_LEAVES: f64 = 0.8;
/// The number of accepted submissions after which one more concurrent task (slot) is tried: at first, and at most. The
/// number doubles each time the additional task is refused.
pub(super) const SLOT_AFTER: (u32, u32) = (10, 640);
/// The number of failures in a row, of any kind, that start a wait.
pub(super) const FAILURES: u32 = 3;
/// The slowest rate, in submissions per second.
pub(super) const SLOWEST: f64 = 1.0 / 120.0;
/// The length above which a pause in `Retry-After` counts as the exact time until submissions are allowed. Shorter
/// pauses are too inexact, because providers round them.
pub(super) const LONG: Duration = Duration::from_secs(10);
/// The maximum random delay that is added to a `Retry-After`.
pub(super) const LATE: Duration = Duration::from_secs(1);
