//! Takes that nobody waits for, and that a job with the same order may take over.

use super::known::{KnownJob, KnownTake};
use crate::domain::lifecycle::State;
use crate::domain::take::{Fingerprint, Wanted};
use std::collections::HashMap;

/// Takes that a job with the same order may take over, by what was ordered; each once.
pub(super) struct Orphans<'a> {
    by_order: HashMap<Fingerprint, Vec<(&'a KnownJob, &'a KnownTake)>>,
}

impl<'a> Orphans<'a> {
    /// Those of these jobs' takes that are free to be taken over.
    pub(super) fn of(jobs: &'a [KnownJob], free: impl Fn(&KnownJob, &KnownTake) -> bool) -> Self {
        let mut by_order: HashMap<_, Vec<_>> = HashMap::new();
        for job in jobs {
            for take in job.takes.iter().filter(|take| rank(&take.state) < USELESS && free(job, take)) {
                by_order.entry(take.fingerprint).or_default().push((job, take));
            }
        }
        for takes in by_order.values_mut() {
            // Popped from the end: the best last.
            takes.sort_by_key(|(_, take)| std::cmp::Reverse(rank(&take.state)));
        }
        Self { by_order }
    }

    /// The best that fits and that is `good`, once.
    pub(super) fn take(
        &mut self,
        job: &Wanted,
        good: impl Fn(&KnownTake) -> bool,
    ) -> Option<(&'a KnownJob, &'a KnownTake)> {
        self.by_order.get_mut(&job.fingerprint)?.pop_if(|(_, take)| good(take))
    }
}

/// Of no use to another job.
const USELESS: u8 = 9;

/// A clip that is there beats one that is coming, which beats one that may have been charged.
fn rank(state: &State) -> u8 {
    match state {
        State::Done { .. } => 0,
        State::Placing { .. } | State::Downloading { .. } | State::Running { .. } => 1,
        State::Submitting { .. } | State::Doubtful { .. } => 2,
        State::Held { .. } => 3,
        State::Pending { .. } => 4,
        // A renamed job whose order failed is a job that may be tried anew: nothing of it was delivered.
        State::Failed { .. } | State::Cancelled { .. } | State::WrittenOff { .. } => USELESS,
    }
}
