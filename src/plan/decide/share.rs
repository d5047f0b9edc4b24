//! Decides which jobs get the clip of another job with the same request.

use super::{Decision, WantedJobs, blocked, is_unsent};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Wanted;
use crate::manifest::{Reuse, Rules};
use crate::plan::known::{Filed, IN_DOUBT, Known, KnownJob, KnownTake, Owner, Reusable, rank};

/// Checks whether a job can use a rendering that was charged already, or may have been charged.
pub(super) fn can_be_free<K: Known + ?Sized>(jobs: &K, job: &Wanted, reuse: Reuse) -> Result<bool, K::Error> {
    let free = jobs.reusable(Owner::Free, job)?;
    if free.is_some_and(|free| rank(&free.take.state) <= Some(IN_DOUBT)) {
        return Ok(true);
    }
    Ok(reuse == Reuse::Always
        && (jobs.rendered(job)?.is_some() || jobs.reusable(Owner::Bound, job)?.is_some()))
}

/// Checks whether the job's queued take would pay again for a clip that an earlier job has, will get, or may have paid
/// for.
///
/// Both jobs can have a queued take if their requests became equal only later.
pub(super) fn is_led<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    decision: &Decision,
    reuse: Reuse,
) -> Result<bool, J::Error> {
    if reuse == Reuse::Never || !matches!(decision, Decision::Waiting { .. }) {
        return Ok(false);
    }
    // A job that failed gives no clip, so a take that a person ordered for this job is sent.
    Ok(jobs.leader(job)?.is_some_and(|(_, leader)| !matches!(leader, Decision::Failed { .. })))
}

/// Returns the decision to share a clip that another job has, will get, or may have paid for; `None` if there is no
/// such job.
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
        if matches!(take.state, State::Held { .. }) {
            return Ok(Some(blocked(&key, &take, false)));
        }
        (key, take.id)
    };
    let from = clip_of(jobs, &take)?;
    Ok(Some(Decision::Shared { leader, take: Some(take), from, superseded: Vec::new() }))
}

/// Returns the decision that gives a job the take `free`, which its own job no longer needs. Records that the take was
/// taken over.
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

/// Checks whether other jobs with the same request can depend on a job with this decision. The other jobs get its clip;
/// if a take of the job blocks it or has failed, the other jobs wait or fail, too.
pub(super) const fn serves(decision: &Decision) -> bool {
    !matches!(decision, Decision::Shared { .. } | Decision::Kept { .. } | Decision::HeldBack)
}

/// Checks whether two jobs with the same request can use one clip. Two variants of one item and shot never can: each is
/// rendered.
#[must_use]
pub fn may_share(leader: &JobKey, follower: &JobKey) -> bool {
    (&leader.shot, &leader.item) != (&follower.shot, &follower.item)
}

/// Returns the decision for a job that depends on the job `leader`, about which `decision` was made. The job shares the
/// leader's clip. If a take blocks the leader or has failed, the job waits or fails, too.
fn share<K: Known + ?Sized>(jobs: &K, leader: JobKey, decision: Decision) -> Result<Decision, K::Error> {
    let take = match decision {
        // The take moves to the leader.
        Decision::Blocked { by, key, state, moves } => {
            let key = if moves { leader } else { key };
            return Ok(Decision::Blocked { by, key, state, moves: false });
        }
        Decision::Failed { take, state, .. } => return Ok(Decision::Failed { take, state, from: None }),
        Decision::Unchanged { take, .. }
        | Decision::InFlight { take, .. }
        | Decision::Waiting { take, .. }
        | Decision::Renamed { take, .. } => Some(take),
        Decision::New
        | Decision::Changed { .. }
        | Decision::Redo { .. }
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

/// Checks whether the decision would keep a clip that a person has rejected. The job then gets another job's clip with
/// the same request, if there is one.
pub(super) fn follows<K: Known + ?Sized>(jobs: &K, job: &Wanted, decision: &Decision) -> bool {
    matches!(decision, Decision::Unchanged { .. })
        && jobs.rejection(&job.key).is_some_and(|rejection| rejection.order == job.fingerprint)
}

/// Returns the decision to replace a job's rejected clip by another job's clip, free of charge. Returns `None` if there
/// is no such clip: the job then keeps its own until a person decides.
pub(super) fn another_clip<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    own: &KnownJob,
    rules: Rules,
) -> Result<Option<Decision>, J::Error> {
    let rejected = own.filed.as_ref().map(|filed| &filed.take);
    Ok(shared(jobs, job, rules.reuse)?.filter(|decision| {
        let is_coming = |leader: &JobKey| jobs.rejection(leader).is_some_and(|it| it.is_redo_queued);
        match decision {
            Decision::Shared { take: Some(take), from: Some(_), .. } => Some(take) != rejected,
            Decision::Shared { leader, take: None, .. } => is_coming(leader),
            _ => false,
        }
    }))
}

/// Returns a take's clip with its path; `None` if the take has no clip.
///
/// The path is that of a job, or is below `_takes/`, where older clips are kept. The path is empty if the clip's file
/// was missing when the job got a newer clip under the same name; a person may still restore the file.
pub(super) fn clip_of<K: Known + ?Sized>(jobs: &K, id: &TakeId) -> Result<Option<Filed>, K::Error> {
    if let Some(filed) = jobs.filed(id)? {
        return Ok(Some(filed));
    }
    Ok(match jobs.take(id)? {
        Some(KnownTake { id, path, state: State::Done { file, .. }, .. }) => {
            Some(Filed { take: id, path, file })
        }
        _ => None,
    })
}
