//! Decides what to do about each job that the manifest asks for, from all earlier takes (paid renderings).
//!
//! The fingerprint decides whether a job must be paid for; the key decides the clip's path. A job uses its own take. If
//! it has none, it uses a take that another job no longer needs, or else shares the clip of another job. Only a job
//! without such a take is paid for.
//!
//! [`decide`] visits the undecided jobs in several passes and holds one job at a time in memory:
//!
//! 1. The first pass decides jobs that have a clip or a take of their own. It shows which jobs can give their clip to
//!    others. Jobs whose take was not sent yet come last in it.
//! 2. The second pass moves takes that their jobs no longer need to other jobs.
//! 3. The third pass decides all other jobs, in order. Jobs that wait for a review come last.

mod doubt;
mod held_back;
mod last;
mod recognise;
mod share;

use super::fingerprint::changes;
use super::known::{Claim, IN_DOUBT, Known, KnownJob, KnownTake, Owner, rank};
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::manifest::{ImageIdentity, OnChange, Rules};
use doubt::reorder_doubtful;
use held_back::{has_clip, held_back};
use last::last;
use recognise::recognise;
use share::{can_be_free, clip_of, follows, is_led, serves, shared, taken_over};
use std::cell::Cell;

pub use super::decision::{Decision, Repeats};
pub use share::may_share;

/// The settings for deciding about the jobs of a plan.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Returns true for the jobs that get a decision and may be submitted. These jobs can share the clips of jobs that
    /// are not selected, and can take over unsent takes of those jobs.
    pub selected: &'a dyn Fn(&JobKey) -> bool,
    /// The most money that the project may spend in total to resubmit requests that got no answer and may have been
    /// charged. `None` if a person decides about such requests.
    pub resubmit: Option<Usd>,
    /// The manifest's rules for a job: for changed input, and for clips that jobs share.
    pub rules: &'a dyn Fn(&JobKey) -> Rules,
    /// Returns true for a job whose item has an error and is skipped. Such a job keeps its takes, and other jobs can
    /// share their clips.
    pub left_out: &'a dyn Fn(&JobKey) -> bool,
    /// The rule by which a picture counts as the one that the job's newest take used.
    pub pictures: ImageIdentity,
}

impl Scope<'_> {
    /// Settings that select all jobs. Changed jobs are rendered again, and jobs share clips.
    pub const ALL: Self = Scope {
        selected: &|_| true,
        resubmit: None,
        rules: &|_| Rules::NONE,
        left_out: &|_| false,
        pictures: ImageIdentity::Bytes,
    };
}

/// A function that is called with each wanted job and its position in the plan.
pub type Visit<'a, E> = &'a mut dyn FnMut(i64, &Wanted) -> Result<(), E>;

/// A function that decides how other jobs can use a take of the project; it returns `None` if they cannot.
///
/// The arguments are the take's job, whether the manifest still has that job, and the take's state.
pub type Sort<'a> = &'a dyn Fn(&JobKey, Claim, &State) -> Option<Owner>;

/// The jobs that the manifest asks for, with all known takes.
pub trait WantedJobs: Known {
    /// Discards earlier decisions, and collects the takes that can be moved to another job or shared with another job.
    ///
    /// `sort` decides which takes of this project can be moved or shared. All takes of a project that no manifest names
    /// any more can be moved. In any other project, takes of jobs that are no longer wanted can be moved, and takes of
    /// wanted jobs that were submitted and have not ended can be shared.
    fn begin(&self, sort: Sort<'_>) -> Result<(), Self::Error>;

    /// Checks whether any take can be moved to another job.
    fn any_free(&self) -> bool;

    /// Visits the jobs for which no decision is saved yet, in the order of submission.
    fn each_undecided(&self, visit: Visit<'_, Self::Error>) -> Result<(), Self::Error>;

    /// Saves the decision for the job at this position in the plan. `alike` is a take of the job that counts as its
    /// rendering although its request differs; `None` if there is none.
    fn settle(&self, at: i64, decision: &Decision, alike: Option<&TakeId>) -> Result<(), Self::Error>;

    /// Records a job as a leader: other jobs with the same fingerprint can get its clip.
    ///
    /// Each fingerprint has two leaders: the first job, and the first job with another item or shot than that job.
    fn lead(&self, at: i64, job: &Wanted, decision: &Decision) -> Result<(), Self::Error>;

    /// Returns another job whose clip `job` may share, with the decision about the other job. The other job is one of
    /// the two leaders that [`lead`](Self::lead) recorded for the fingerprint. Returns `None` if `job` may share the
    /// clip of neither leader.
    fn leader(&self, job: &Wanted) -> Result<Option<(JobKey, Decision)>, Self::Error>;

    /// Records that a job has taken over a take, so that no other job gets it.
    fn take_over(&self, take: &TakeId) -> Result<(), Self::Error>;

    /// Checks whether the job at this position waits for a review of other clips and may not be submitted now.
    fn is_held_back(&self, at: i64) -> Result<bool, Self::Error>;

    /// Checks whether a job has already taken over this take.
    fn is_taken(&self, take: &TakeId) -> Result<bool, Self::Error>;
}

/// Decides about every selected job, and saves each decision with [`WantedJobs::settle`].
pub fn decide<J: WantedJobs + ?Sized>(jobs: &J, scope: Scope<'_>) -> Result<(), J::Error> {
    let Scope { selected, resubmit, rules, .. } = scope;
    jobs.begin(&|key, claim, state| sort(scope, key, claim, state))?;
    let mut allowed = match resubmit {
        Some(most) => Some(most - jobs.resubmitted()?),
        None => None,
    };
    let mut conclude = |at: i64, job: &Wanted, own: Option<&Own>, mut decision: Decision| {
        let is_selected = selected(&job.key);
        let allowed = if jobs.is_held_back(at)? { None } else { allowed.as_mut() };
        if let (Some(allowed), Some(own)) = (allowed.filter(|_| is_selected), own) {
            decision = reorder_doubtful(job, &own.job, decision, allowed);
        }
        // A job that this run does not submit cannot serve others.
        if serves(&decision) && (is_selected || !decision.costs()) {
            jobs.lead(at, job, &decision)?;
        }
        let alike = own.and_then(|own| own.alike.as_ref());
        if is_selected { jobs.settle(at, &decision, alike) } else { Ok(()) }
    };
    let has_unsent = Cell::new(false);
    let mut use_own = |at: i64, job: &Wanted, are_others_known: bool| {
        let Some(mut own) = jobs.by_key(&job.key)? else { return Ok(()) };
        let alike = recognise(jobs, job, &mut own, scope.pictures)?;
        let rules = rules(&job.key);
        let decision = match by_itself(jobs, job, &own, rules.on_change)? {
            Some(decision) => Some(decision),
            None if own.takes.iter().any(|take| take.state.is_unsettled()) => None,
            None => match unserved(jobs, job, &own)? {
                Some(_) if can_be_free(jobs, job, rules.reuse)? => None,
                Some(Decision::Waiting { .. }) if !are_others_known => {
                    has_unsent.set(true);
                    None
                }
                Some(it) if is_led(jobs, job, &it, rules.reuse)? => None,
                other => other,
            },
        };
        let Some(decision) = decision.filter(|decision| !follows(jobs, job, decision)) else {
            return Ok(());
        };
        if decision.costs() && jobs.is_held_back(at)? && !has_clip(jobs, job, &own)? {
            return Ok(());
        }
        if let Some(take) = &alike {
            // The take serves this job, so no other job with the earlier request may get it.
            jobs.take_over(take)?;
        }
        conclude(at, job, Some(&Own { job: own, alike }), decision)
    };
    jobs.each_undecided(&mut |at, job| use_own(at, job, false))?;
    if has_unsent.get() {
        // Another job may have the clip that an unsent take would pay for, or may have paid for it.
        jobs.each_undecided(&mut |at, job| use_own(at, job, true))?;
    }
    if jobs.any_free() {
        jobs.each_undecided(&mut |at, job| {
            if !selected(&job.key) || jobs.rejection(&job.key).is_some_and(|it| it.order == job.fingerprint) {
                return Ok(());
            }
            let Some(free) = jobs.reusable(Owner::Free, job)? else { return Ok(()) };
            let is_good = match rank(&free.take.state) {
                // A take in doubt is used only if nothing better exists.
                Some(IN_DOUBT) => shared(jobs, job, rules(&job.key).reuse)?.is_none(),
                rank => rank < Some(IN_DOUBT),
            };
            if !is_good {
                return Ok(());
            }
            let superseded = jobs.by_key(&job.key)?.as_ref().map(unsent).unwrap_or_default();
            let decision = taken_over(jobs, free, superseded)?;
            conclude(at, job, None, decision)
        })?;
    }
    let mut waits = false;
    jobs.each_undecided(&mut |at, job| {
        if !selected(&job.key) {
            return Ok(());
        }
        if jobs.is_held_back(at)? {
            waits = true;
            return Ok(());
        }
        let own = still_own(jobs, job, scope.pictures)?;
        let decision = last(jobs, job, own.as_ref().map(|own| &own.job), rules(&job.key))?;
        conclude(at, job, own.as_ref(), decision)
    })?;
    if !waits {
        return Ok(());
    }
    // These jobs come last, because each of them may share the clips of the others.
    jobs.each_undecided(&mut |at, job| {
        if !selected(&job.key) {
            return Ok(());
        }
        let own = still_own(jobs, job, scope.pictures)?;
        let decision = held_back(jobs, job, own.as_ref().map(|own| &own.job), rules(&job.key))?;
        conclude(at, job, own.as_ref(), decision)
    })
}

/// Returns how other jobs can use a take of the project; `None` if they cannot.
fn sort(scope: Scope<'_>, key: &JobKey, claim: Claim, state: &State) -> Option<Owner> {
    let is_unsent = matches!(state, State::Pending { .. });
    // A job outside this run loses its unsent take to a job that needs it.
    let in_this_run = (scope.selected)(key);
    match claim {
        Claim::Gone if (scope.left_out)(key) => (state.is_unsettled() && !is_unsent).then_some(Owner::Bound),
        Claim::Same | Claim::Changed { .. } if is_unsent => (!in_this_run).then_some(Owner::Free),
        Claim::Same => None,
        // A clip that is kept although its request changed stays where it is.
        Claim::Changed { filed: true } if (scope.rules)(key).on_change != OnChange::Render => None,
        Claim::Gone | Claim::Changed { .. } => Some(Owner::Free),
    }
}

/// A job that the manifest asks for, with its known takes.
struct Own {
    job: KnownJob,
    /// The take that counts as the job's rendering, although its request differs from the present one.
    alike: Option<TakeId>,
}

/// Returns a job with its takes, without those that were moved to other jobs. Returns `None` if the job has no history.
fn still_own<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    identity: ImageIdentity,
) -> Result<Option<Own>, J::Error> {
    let Some(mut own) = jobs.by_key(&job.key)? else { return Ok(None) };
    let mut kept = Vec::new();
    for take in own.takes {
        if !jobs.is_taken(&take.id)? {
            kept.push(take);
        } else if own.filed.as_ref().is_some_and(|filed| filed.take == take.id) {
            own.filed = None;
        }
    }
    own.takes = kept;
    let alike = recognise(jobs, job, &mut own, identity)?;
    Ok(Some(Own { job: own, alike }))
}

/// Returns the decision that follows from the job's own takes; `None` if other jobs must be considered first.
fn by_itself<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    known: &KnownJob,
    on_change: OnChange,
) -> Result<Option<Decision>, K::Error> {
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint;
    // The job's present clip may be its own or a copy of another job's clip: the request of the clip decides.
    let filed = match &known.filed {
        Some(filed) => {
            let order = match known.takes.iter().find(|take| take.id == filed.take) {
                Some(take) => Some(take.fingerprint),
                None => jobs.take(&filed.take)?.map(|take| take.fingerprint),
            };
            Some(filed).filter(|_| order == Some(job.fingerprint))
        }
        None => None,
    };
    let done = known.takes.iter().filter(same).find(|take| matches!(take.state, State::Done { .. }));
    let is_free = known.takes.iter().all(|take| !take.state.is_unsettled());
    if let (Some(queued), true, true) = (waiting(job, known), is_free, filed.is_some() || done.is_some()) {
        let is_kept = on_change == OnChange::Keep && filed.is_none() && known.filed.is_some();
        if !is_kept {
            // The job has its clip, and a person asked for another one.
            let (take, repeats) = (queued.id.clone(), Some(Repeats::Clip));
            return Ok(Some(Decision::Waiting { take, fields: Vec::new(), repeats }));
        }
    }
    // Even if the job has a clip: the request of a redo that never arrived is sent again.
    if let Some(take) = known.takes.iter().filter(same).find(|take| take.is_unanswered()) {
        return Ok(Some(Decision::InFlight { take: take.id.clone(), unanswered: true }));
    }
    if let Some(filed) = filed {
        let rejection =
            jobs.rejection(&job.key).filter(|it| it.order == job.fingerprint && it.is_redo_queued);
        if let Some(rejection) = rejection.filter(|_| is_free) {
            let of = filed.take.clone();
            return Ok(Some(Decision::Redo { of, why: rejection.why, superseded: unsent(known) }));
        }
        let refile = Some(filed.clone()).filter(|filed| filed.path != job.path);
        return Ok(Some(Decision::Unchanged { take: filed.take.clone(), refile }));
    }
    // The job's present clip was made from other inputs.
    let stands = known.filed.as_ref().filter(|_| on_change != OnChange::Render);
    if let (Some(done), None) = (done, stands) {
        return Ok(Some(Decision::Unchanged { take: done.id.clone(), refile: clip_of(jobs, &done.id)? }));
    }
    let unsettled = || known.takes.iter().filter(|take| take.state.is_unsettled());
    if let Some(unsettled) = unsettled().find(same) {
        return Ok(Some(if matches!(unsettled.state, State::Held { .. }) {
            blocked(&known.key, unsettled, false)
        } else {
            Decision::InFlight { take: unsettled.id.clone(), unanswered: false }
        }));
    }
    // A take with another request may be moved to another job.
    if unsettled().next().is_some() {
        return Ok(None);
    }
    // The user has already agreed to a take that waits to be submitted.
    let agreed = on_change == OnChange::Ask && waiting(job, known).is_some();
    let Some(filed) = stands.filter(|_| !agreed) else { return Ok(None) };
    let old = jobs.request(&filed.take)?;
    Ok(Some(Decision::Kept {
        fields: old.map_or_else(Vec::new, |old| changes(&old, &job.request)),
        superseded: unsent(known),
        asks: on_change == OnChange::Ask,
        refile: Some(filed.clone()).filter(|filed| filed.path != job.path),
    }))
}

/// Returns the unsent take that has the job's present request; `None` if there is none.
fn waiting<'a>(job: &Wanted, known: &'a KnownJob) -> Option<&'a KnownTake> {
    known.takes.iter().find(|take| take.fingerprint == job.fingerprint && is_unsent(take))
}

/// Returns what a run does with a job whose take was not sent yet, or ended without a clip; `None` for any other job.
fn unserved<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    known: &KnownJob,
) -> Result<Option<Decision>, K::Error> {
    if let Some(waiting) = waiting(job, known) {
        return to_submit(jobs, job, known, waiting).map(Some);
    }
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint && !let_go(take);
    let failed = known.takes.iter().filter(same).find(|take| !matches!(take.state, State::Done { .. }));
    Ok(failed.map(|take| Decision::Failed { take: take.id.clone(), state: take.state.clone(), from: None }))
}

/// Returns the decision to submit the take `waiting`, which an earlier command queued.
fn to_submit<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    known: &KnownJob,
    waiting: &KnownTake,
) -> Result<Decision, K::Error> {
    let done = known.takes.iter().find(|take| matches!(take.state, State::Done { .. }));
    let old = match done {
        Some(done) => jobs.request(&done.id)?,
        None => None,
    };
    let charged = |take: &KnownTake| match take.state {
        State::WrittenOff { reason, .. } if reason.charge_in_doubt() => Some(Repeats::Failure),
        State::WrittenOff { .. } | State::Failed { charged: Charged::Yes, .. } => Some(Repeats::Charge),
        State::Failed { charged: Charged::Unknown, .. } => Some(Repeats::Failure),
        _ => None,
    };
    let same = known.takes.iter().filter(|take| take.fingerprint == job.fingerprint);
    let earlier: Vec<Repeats> = same.filter_map(charged).collect();
    let repeats = match &waiting.instead_of {
        Some(_) => Some(Repeats::Doubt),
        None if earlier.contains(&Repeats::Charge) => Some(Repeats::Charge),
        None => earlier.first().copied(),
    };
    let fields = old.map_or_else(Vec::new, |old| changes(&old, &job.request));
    Ok(Decision::Waiting { take: waiting.id.clone(), fields, repeats })
}

fn blocked(key: &JobKey, take: &KnownTake, moves: bool) -> Decision {
    Decision::Blocked { by: take.id.clone(), key: key.clone(), state: take.state.clone(), moves }
}

fn is_unsent(take: &KnownTake) -> bool {
    matches!(take.state, State::Pending { .. })
}

/// Checks whether a take was cancelled at no cost, so that it does not count for its job.
fn let_go(take: &KnownTake) -> bool {
    matches!(
        take.state,
        State::Cancelled { .. } | State::Failed { refusal: Refusal::Cancelled, charged: Charged::No, .. }
    )
}

fn unsent(known: &KnownJob) -> Vec<TakeId> {
    known.takes.iter().filter(|take| is_unsent(take)).map(|take| take.id.clone()).collect()
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
