//! Decides about the jobs that are still undecided after the first two of the plan's three passes over all jobs.

use super::share::{another_clip, follows, shared, taken_over};
use super::{Decision, WantedJobs, blocked, by_itself, let_go, unsent, unserved};
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::manifest::Rules;
use crate::plan::fingerprint::changes;
use crate::plan::known::{Known, KnownJob, Owner};

pub(super) fn last<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    own: Option<&KnownJob>,
    rules: Rules,
) -> Result<Decision, J::Error> {
    if let Some(own) = own {
        if let Some(decision) = by_itself(jobs, job, own, rules.on_change)? {
            let other =
                if follows(jobs, job, &decision) { another_clip(jobs, job, own, rules)? } else { None };
            return Ok(other.unwrap_or(decision));
        }
        if let Some(unsettled) = own.takes.iter().find(|take| take.state.is_unsettled()) {
            return Ok(blocked(&own.key, unsettled, false));
        }
    }
    let waiting = own.map(unsent).unwrap_or_default();
    if let Some(mut decision) = shared(jobs, job, rules.reuse)? {
        if let Decision::Shared { superseded, .. } = &mut decision {
            *superseded = waiting;
        }
        return Ok(decision);
    }
    if let Some(own) = own
        && let Some(decision) = unserved(jobs, job, own)?
    {
        return Ok(decision);
    }
    match jobs.reusable(Owner::Free, job)? {
        Some(free) => taken_over(jobs, free, waiting),
        None => fresh(jobs, job, own),
    }
}

/// Returns the decision to pay for a job, with the fields that changed since its earlier take.
fn fresh<K: Known + ?Sized>(jobs: &K, job: &Wanted, own: Option<&KnownJob>) -> Result<Decision, K::Error> {
    let takes = own.map_or(&[][..], |own| &own.takes);
    let Some(newest) = takes.iter().find(|take| !let_go(take)) else {
        return Ok(Decision::New);
    };
    let done = takes.iter().find(|take| matches!(take.state, State::Done { .. }));
    let old = jobs.request(&done.unwrap_or(newest).id)?;
    Ok(Decision::Changed {
        fields: old.map_or_else(Vec::new, |old| changes(&old, &job.request)),
        superseded: own.map(unsent).unwrap_or_default(),
    })
}
