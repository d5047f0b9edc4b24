//! Decides to resubmit requests that got no answer and may have been charged.

use super::{Decision, Repeats, is_unsent};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::known::{KnownJob, KnownTake};

/// Decides to resubmit a request that got no answer, and subtracts the price from `allowed`. The job may then be
/// charged twice.
///
/// The decision stays if the price exceeds `allowed`, or if the provider refused an earlier resubmission. A
/// resubmission that an earlier run queued but did not send is sent instead of a new one.
pub(super) fn reorder_doubtful(
    job: &Wanted,
    own: &KnownJob,
    decision: Decision,
    allowed: &mut Usd,
) -> Decision {
    let Decision::Blocked { by, key, state, .. } = &decision else { return decision };
    if *key != job.key || !state.is_in_doubt() {
        return decision;
    }
    // The provider refused a replacement for good and would refuse it again, so a person must settle the older take.
    let refused = |take: &KnownTake| {
        take.instead_of.as_ref() == Some(by)
            && take.fingerprint == job.fingerprint
            && matches!(take.state, State::Failed { .. })
    };
    if own.takes.iter().any(refused) {
        return decision;
    }
    let stands_in = |take: &&KnownTake| is_unsent(take) && take.instead_of.as_ref() == Some(by);
    // The prices of queued replacements are already deducted, and are now decided again.
    *allowed += own.takes.iter().filter(stands_in).map(|take| take.price).sum();
    // A job without a known price is never submitted.
    let price = job.price.unwrap_or_default();
    if price > *allowed {
        return decision;
    }
    *allowed = *allowed - price;
    let same = own.takes.iter().filter(stands_in).find(|take| take.fingerprint == job.fingerprint);
    match same {
        Some(take) => {
            let repeats = Some(Repeats::Doubt);
            Decision::Waiting { take: take.id.clone(), fields: Vec::new(), repeats }
        }
        None => Decision::Again { instead_of: by.clone() },
    }
}
