//! Decides what is to be done about each wanted job, against everything that was ever ordered.
//!
//! The fingerprint decides payment, the key decides place. In this order: the job's own take, a take that its own job does
//! not want any more, a take of another job that does; only what none of these can serve is paid for.
//!
//! [`decide`] goes over the wanted jobs three times and holds one at a time: first what each job has by itself, for only
//! then it is known which jobs can lead others; then what goes over from one job to another, for only then it is known
//! what stands in a job's way; then the rest, in order. Jobs that wait for a review come last, where there are any.

mod doubt;
mod held_back;
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
use doubt::order_again;
use held_back::{has_clip, held_back};
use recognise::recognise;
use share::{another_clip, can_be_free, clip_of, follows, serves, shared, taken_over};

pub use super::decision::Decision;
pub use share::may_share;

/// What a run is about.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The jobs that may be sent. Of the others, what they have or are getting can be shared, and what only waits can be
    /// taken over.
    pub selected: &'a dyn Fn(&JobKey) -> bool,
    /// How much the manifest lets be paid, ever, for orders that are given again because they are in doubt; `None` where
    /// a person decides about these.
    pub resubmit: Option<Usd>,
    /// What the manifest says of a job beside its order.
    pub rules: &'a dyn Fn(&JobKey) -> Rules,
    /// Jobs whose item is left out for what is wrong with it: what they have stays theirs, and others share it.
    pub left_out: &'a dyn Fn(&JobKey) -> bool,
    /// When a job's picture is that of its newest take.
    pub pictures: ImageIdentity,
}

impl Scope<'_> {
    /// Every job, where the manifest says nothing beside the orders.
    pub const ALL: Self = Scope {
        selected: &|_| true,
        resubmit: None,
        rules: &|_| Rules::NONE,
        left_out: &|_| false,
        pictures: ImageIdentity::Bytes,
    };
}

/// Visits a wanted job and its place.
pub type Visit<'a, E> = &'a mut dyn FnMut(i64, &Wanted) -> Result<(), E>;

/// Says how a take can serve jobs other than its own, if it can: by its job, how that stands to what is wanted, and the
/// take's state. It is asked about takes of the project alone.
pub type Sort<'a> = &'a dyn Fn(&JobKey, Claim, &State) -> Option<Owner>;

/// The wanted jobs of one plan, beside what is known.
pub trait WantedJobs: Known {
    /// Forgets earlier decisions, and finds the takes that can serve jobs other than their own. In projects that are gone,
    /// every take is free; in others, what no job of theirs wants.
    fn begin(&self, sort: Sort<'_>) -> Result<(), Self::Error>;

    /// Whether any take is free to go over to another job.
    fn any_free(&self) -> bool;

    /// Visits the jobs without a decision, in the order in which they are to be submitted.
    fn each_undecided(&self, visit: Visit<'_, Self::Error>) -> Result<(), Self::Error>;

    /// Keeps a decision for the job at that place, and the take of its own that serves it although the orders differ.
    fn settle(&self, at: i64, decision: &Decision, alike: Option<&TakeId>) -> Result<(), Self::Error>;

    /// Notes that a job can lead others with the same fingerprint. Of these, the first and the first with which the first
    /// may share are enough.
    fn lead(&self, at: i64, job: &Wanted, decision: &Decision) -> Result<(), Self::Error>;

    /// Returns the first leader with the job's fingerprint with which it may share, and the decision about that one.
    fn leader(&self, job: &Wanted) -> Result<Option<(JobKey, Decision)>, Self::Error>;

    /// Notes that a take was taken over: no other job gets it.
    fn take_over(&self, take: &TakeId) -> Result<(), Self::Error>;

    /// Returns whether the job waits for a review of other clips, so that it may not be sent now.
    fn is_held_back(&self, at: i64) -> Result<bool, Self::Error>;

    /// Whether a take was taken over.
    fn is_taken(&self, take: &TakeId) -> Result<bool, Self::Error>;
}

/// Decides for every selected job.
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
            decision = order_again(job, &own.job, decision, allowed);
        }
        // What is not sent in this run cannot serve others.
        if serves(&decision) && (is_selected || !decision.costs()) {
            jobs.lead(at, job, &decision)?;
        }
        let alike = own.and_then(|own| own.alike.as_ref());
        if is_selected { jobs.settle(at, &decision, alike) } else { Ok(()) }
    };
    jobs.each_undecided(&mut |at, job| {
        let Some(mut own) = jobs.by_key(&job.key)? else { return Ok(()) };
        let alike = recognise(jobs, job, &mut own, scope.pictures)?;
        let rules = rules(&job.key);
        let decision = match by_itself(jobs, job, &own, rules.on_change)? {
            Some(decision) => Some(decision),
            None if own.takes.iter().any(|take| take.state.is_unsettled()) => None,
            None => match unserved(job, &own) {
                Some(decision) if !can_be_free(jobs, job, rules.reuse)? => Some(decision),
                _ => None,
            },
        };
        let Some(decision) = decision.filter(|decision| !follows(jobs, job, decision)) else {
            return Ok(());
        };
        if decision.costs() && jobs.is_held_back(at)? && !has_clip(jobs, job, &own)? {
            return Ok(());
        }
        if let Some(take) = &alike {
            // It serves this job: no other one with the order of then gets it.
            jobs.take_over(take)?;
        }
        conclude(at, job, Some(&Own { job: own, alike }), decision)
    })?;
    if jobs.any_free() {
        jobs.each_undecided(&mut |at, job| {
            if !selected(&job.key) || jobs.rejection(&job.key).is_some_and(|it| it.order == job.fingerprint) {
                return Ok(());
            }
            let Some(free) = jobs.reusable(Owner::Free, job)? else { return Ok(()) };
            let is_good = match rank(&free.take.state) {
                // What is in doubt serves only where nothing better does.
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
    // Last, because each of them may share what the others get.
    jobs.each_undecided(&mut |at, job| {
        if !selected(&job.key) {
            return Ok(());
        }
        let own = still_own(jobs, job, scope.pictures)?;
        let decision = held_back(jobs, job, own.as_ref().map(|own| &own.job), rules(&job.key))?;
        conclude(at, job, own.as_ref(), decision)
    })
}

/// Says how a take of the project can serve other jobs.
fn sort(scope: Scope<'_>, key: &JobKey, claim: Claim, state: &State) -> Option<Owner> {
    let is_unsent = matches!(state, State::Pending { .. });
    // What a job that is not in this run has not sent yet can be taken over.
    let in_this_run = (scope.selected)(key);
    match claim {
        Claim::Gone if (scope.left_out)(key) => (state.is_unsettled() && !is_unsent).then_some(Owner::Bound),
        Claim::Same | Claim::Changed { .. } if is_unsent => (!in_this_run).then_some(Owner::Free),
        Claim::Same => None,
        // A clip that is kept although its order changed stays where it is.
        Claim::Changed { filed: true } if (scope.rules)(key).on_change != OnChange::Render => None,
        Claim::Gone | Claim::Changed { .. } => Some(Owner::Free),
    }
}

/// A wanted job as it is known.
struct Own {
    job: KnownJob,
    /// The take that was recognised as the job's.
    alike: Option<TakeId>,
}

/// Returns a job without the takes that went over to others.
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

/// Decides what neither the job's own clip nor a take that came from another job has settled.
fn last<J: WantedJobs + ?Sized>(
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
    if let Some(decision) = own.and_then(|own| unserved(job, own)) {
        return Ok(decision);
    }
    match jobs.reusable(Owner::Free, job)? {
        Some(free) => taken_over(jobs, free, waiting),
        None => fresh(jobs, job, own),
    }
}

/// Returns what the job's own takes say, if they settle it whatever other jobs have.
fn by_itself<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    known: &KnownJob,
    on_change: OnChange,
) -> Result<Option<Decision>, K::Error> {
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint;
    // The clip under the job's name may be its own or a copy of another job's: what counts is what was ordered.
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
    let done = known.takes.iter().filter(same).find(|take| is_kept_somewhere(take));
    let is_free = known.takes.iter().all(|take| !take.state.is_unsettled());
    if let (Some(wish), true, true) = (waiting(job, known), is_free, filed.is_some() || done.is_some()) {
        let is_kept = on_change == OnChange::Keep && filed.is_none() && known.filed.is_some();
        if !is_kept {
            // The job has its clip: a person wants another one all the same.
            return Ok(Some(Decision::Underway { take: wish.id.clone(), unsent: true }));
        }
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
    // What stands under the job's name came of other inputs.
    let stands = known.filed.as_ref().filter(|_| on_change != OnChange::Render);
    if let (Some(done), None) = (done, stands) {
        return Ok(Some(Decision::Unchanged { take: done.id.clone(), refile: clip_of(jobs, &done.id)? }));
    }
    let unsettled = || known.takes.iter().filter(|take| take.state.is_unsettled());
    if let Some(unsettled) = unsettled().find(same) {
        return Ok(Some(if is_held(unsettled) {
            blocked(&known.key, unsettled, false)
        } else {
            Decision::Underway { take: unsettled.id.clone(), unsent: false }
        }));
    }
    // One of another order may go over to another job.
    if unsettled().next().is_some() {
        return Ok(None);
    }
    // What waits unsent was agreed to.
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

/// Returns the job's take that waits to be sent, if it has one with its present order.
fn waiting<'a>(job: &Wanted, known: &'a KnownJob) -> Option<&'a KnownTake> {
    known.takes.iter().find(|take| take.fingerprint == job.fingerprint && is_unsent(take))
}

/// Returns what becomes of a job that nothing serves and that was ordered before: its take is still to be sent, or failed.
fn unserved(job: &Wanted, known: &KnownJob) -> Option<Decision> {
    if let Some(waiting) = waiting(job, known) {
        return Some(Decision::Underway { take: waiting.id.clone(), unsent: true });
    }
    let same = |take: &&KnownTake| take.fingerprint == job.fingerprint && !let_go(take);
    let take = known.takes.iter().filter(same).find(|take| !matches!(take.state, State::Done { .. }))?;
    Some(Decision::Failed { take: take.id.clone(), state: take.state.clone(), from: None })
}

fn blocked(key: &JobKey, take: &KnownTake, moves: bool) -> Decision {
    Decision::Blocked { by: take.id.clone(), key: key.clone(), state: take.state.clone(), moves }
}

/// Whether the clip of a finished take is there: of an older one that somebody removed, no place is known.
fn is_kept_somewhere(take: &KnownTake) -> bool {
    matches!(take.state, State::Done { .. }) && !take.path.is_empty()
}

fn is_held(take: &KnownTake) -> bool {
    matches!(take.state, State::Held { .. })
}

fn is_unsent(take: &KnownTake) -> bool {
    matches!(take.state, State::Pending { .. })
}

/// Whether the take was taken off the list, or back from the provider at no cost: what the manifest still asks for is
/// ordered anew.
fn let_go(take: &KnownTake) -> bool {
    matches!(
        take.state,
        State::Cancelled { .. } | State::Failed { refusal: Refusal::Cancelled, charged: Charged::No, .. }
    )
}

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

/// Returns the job's takes that wait to be sent.
fn unsent(known: &KnownJob) -> Vec<TakeId> {
    known.takes.iter().filter(|take| is_unsent(take)).map(|take| take.id.clone()).collect()
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
