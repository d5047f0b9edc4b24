//! Orders that are given again because nothing tells what became of them.

use super::{Decision, is_unsent};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::known::{KnownJob, KnownTake};

/// Orders anew what is in doubt, as long as the money allowed for it lasts. What an earlier run has ordered so and not
/// sent is sent.
pub(super) fn order_again(job: &Wanted, own: &KnownJob, decision: Decision, allowed: &mut Usd) -> Decision {
    let Decision::Blocked { by, key, state, .. } = &decision else { return decision };
    if *key != job.key || !state.is_in_doubt() {
        return decision;
    }
    // Refused for good: the same order would be refused again, and the older one is a person's to settle.
    let refused = |take: &KnownTake| {
        take.instead_of.as_ref() == Some(by)
            && take.fingerprint == job.fingerprint
            && matches!(take.state, State::Failed { .. })
    };
    if own.takes.iter().any(refused) {
        return decision;
    }
    let stands_in = |take: &&KnownTake| is_unsent(take) && take.instead_of.as_ref() == Some(by);
    // Their prices are off the allowance already, and are decided about anew.
    *allowed += own.takes.iter().filter(stands_in).map(|take| take.price).sum();
    // Without a known price nothing is sent at all.
    let price = job.price.unwrap_or_default();
    if price > *allowed {
        return decision;
    }
    *allowed = *allowed - price;
    let same = own.takes.iter().filter(stands_in).find(|take| take.fingerprint == job.fingerprint);
    match same {
        Some(take) => Decision::Underway { take: take.id.clone(), unsent: true },
        None => Decision::Again { instead_of: by.clone() },
    }
}
