//! Decisions about renderings that one job has and another can use.

use super::{Decision, WantedJobs, blocked, clip_of, is_held, is_unsent};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::manifest::Reuse;
use crate::plan::known::{IN_DOUBT, Known, Owner, Reusable, rank};

/// Returns whether a rendering that is paid already, or may be, can serve a job.
pub(super) fn can_be_free<K: Known + ?Sized>(jobs: &K, job: &Wanted, reuse: Reuse) -> Result<bool, K::Error> {
    let free = jobs.reusable(Owner::Free, job)?;
    if free.is_some_and(|free| rank(&free.take.state) <= Some(IN_DOUBT)) {
        return Ok(true);
    }
    Ok(reuse == Reuse::Always
        && (jobs.rendered(job)?.is_some() || jobs.reusable(Owner::Bound, job)?.is_some()))
}

/// Shares what another job has, is getting, or may have.
pub(super) fn shared<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    reuse: Reuse,
) -> Result<Option<Decision>, J::Error> {
    if reuse == Reuse::Never {
        return Ok(None);
    }
    if let Some((leader, decision)) = jobs.leader(job)? {
        return share(jobs, leader, decision).map(Some);
    }
    let (leader, take) = if let Some(rendered) = jobs.rendered(job)? {
        rendered
    } else {
        let Some(Reusable { key, take, .. }) = jobs.reusable(Owner::Bound, job)? else { return Ok(None) };
        if is_held(&take) {
            return Ok(Some(blocked(&key, &take, false)));
        }
        (key, take.id)
    };
    let from = clip_of(jobs, &take)?;
    Ok(Some(Decision::Shared { leader, take: Some(take), from, superseded: Vec::new() }))
}

/// Gives a take to another job.
pub(super) fn taken_over<J: WantedJobs + ?Sized>(
    jobs: &J,
    free: Reusable,
    superseded: Vec<TakeId>,
) -> Result<Decision, J::Error> {
    let Reusable { key, filed, take } = free;
    jobs.take_over(&take.id)?;
    match take.state {
        State::Held { .. } => return Ok(blocked(&key, &take, true)),
        State::Failed { .. } | State::WrittenOff { .. } => {
            return Ok(Decision::Failed { take: take.id, state: take.state, from: Some(key) });
        }
        _ => {}
    }
    let filed = match filed.filter(|filed| filed.take == take.id) {
        Some(filed) => Some(filed),
        None => clip_of(jobs, &take.id)?,
    };
    Ok(Decision::Renamed { unsent: is_unsent(&take), take: take.id, from: key, filed, superseded })
}

/// Returns whether others can wait for the job's clip, or for what stands in its way: a take in doubt frees nobody.
pub(super) const fn serves(decision: &Decision) -> bool {
    !matches!(decision, Decision::Shared { .. } | Decision::Kept { .. } | Decision::HeldBack)
}

/// Returns whether two jobs with the same order want the same clip. Variants of one item are wishes for several renderings.
#[must_use]
pub fn may_share(leader: &JobKey, follower: &JobKey) -> bool {
    (&leader.shot, &leader.item) != (&follower.shot, &follower.item)
}

/// Returns the decision for a job that shares the clip of its leader.
fn share<K: Known + ?Sized>(jobs: &K, leader: JobKey, decision: Decision) -> Result<Decision, K::Error> {
    let take = match decision {
        // The take goes where the leader is.
        Decision::Blocked { by, key, state, moves } => {
            let key = if moves { leader } else { key };
            return Ok(Decision::Blocked { by, key, state, moves: false });
        }
        Decision::Failed { take, state, .. } => return Ok(Decision::Failed { take, state, from: None }),
        Decision::Unchanged { take, .. }
        | Decision::Underway { take, .. }
        | Decision::Renamed { take, .. } => Some(take),
        Decision::New
        | Decision::Changed { .. }
        | Decision::Again { .. }
        | Decision::HeldBack
        | Decision::Shared { .. }
        | Decision::Kept { .. } => None,
    };
    let from = match &take {
        Some(take) => clip_of(jobs, take)?,
        None => None,
    };
    Ok(Decision::Shared { leader, take, from, superseded: Vec::new() })
}
