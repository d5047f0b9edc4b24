//! Decides about jobs that wait until a person has reviewed the first clips of their shot and model.

use super::share::shared;
use super::{Decision, WantedJobs, blocked, by_itself, unsent, unserved};
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::manifest::Rules;
use crate::plan::known::{Known, KnownJob, KnownTake};

/// Returns the decision for a job that may not be submitted now. It may still use its own clip or share another job's,
/// which costs nothing.
pub(super) fn held_back<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    own: Option<&KnownJob>,
    rules: Rules,
) -> Result<Decision, J::Error> {
    if let Some(own) = own {
        let settled = by_itself(jobs, job, own, rules.on_change)?;
        if let Some(decision) = settled.filter(|decision| !decision.costs()) {
            return Ok(decision);
        }
        if let Some(unsettled) = own.takes.iter().find(|take| take.state.is_unsettled()) {
            return Ok(blocked(&own.key, unsettled, false));
        }
    }
    if let Some(mut decision) = shared(jobs, job, rules.reuse)? {
        if let Decision::Shared { superseded, .. } = &mut decision {
            *superseded = own.map(unsent).unwrap_or_default();
        }
        return Ok(decision);
    }
    let failed = match own {
        Some(own) => unserved(jobs, job, own)?.filter(|decision| !decision.costs()),
        None => None,
    };
    Ok(failed.unwrap_or(Decision::HeldBack))
}

/// Checks whether the job already has a clip with its present request. It is rendered again only if a person asked for
/// another clip.
pub(super) fn has_clip<K: Known + ?Sized>(jobs: &K, job: &Wanted, own: &KnownJob) -> Result<bool, K::Error> {
    let is_same =
        |take: &KnownTake| take.fingerprint == job.fingerprint && matches!(take.state, State::Done { .. });
    if own.takes.iter().any(is_same) {
        return Ok(true);
    }
    let Some(filed) = &own.filed else { return Ok(false) };
    Ok(jobs.take(&filed.take)?.is_some_and(|take| is_same(&take)))
}
