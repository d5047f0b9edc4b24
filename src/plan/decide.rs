//! Decides what is to be done about each wanted job, against everything that was ever ordered.
//!
//! The fingerprint decides payment, the key decides place. In this order: the job's own take, a take that no wanted job
//! refers to, a take of another wanted job; only what none of these can serve is paid for.
//!
//! [`decide`] goes over the wanted jobs twice and holds one at a time: first what each job has by itself, for only then
//! it is known which jobs can lead others; then the rest, in order.

use super::fingerprint::changes;
use super::known::{Filed, Known, KnownJob, KnownTake, Owner, Reusable};
use crate::domain::fault::Refusal;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::manifest::{OnChange, Reuse, Rules};

pub use super::decision::Decision;

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
    /// Jobs whose item is left out for what is wrong with it: what they have stays theirs.
    pub left_out: &'a dyn Fn(&JobKey) -> bool,
}

impl Scope<'_> {
    /// Every job, where the manifest says nothing beside the orders.
    pub const ALL: Self =
        Scope { selected: &|_| true, resubmit: None, rules: &|_| Rules::NONE, left_out: &|_| false };
}

/// Visits a wanted job and its place.
pub type Visit<'a, E> = &'a mut dyn FnMut(i64, &Wanted) -> Result<(), E>;

/// The wanted jobs of one plan, beside what is known.
pub trait WantedJobs: Known {
    /// Forgets earlier decisions, and finds the takes that may be taken over: those of other projects that are
    /// unsettled, and those of the project's jobs for which `is_free` says yes. It is asked with the job, whether the
    /// job is wanted, and whether the take is unsent.
    fn begin(&self, is_free: &dyn Fn(&JobKey, bool, bool) -> bool) -> Result<(), Self::Error>;

    /// Visits the jobs without a decision, in the order in which they are to be submitted.
    fn each_undecided(&self, visit: Visit<'_, Self::Error>) -> Result<(), Self::Error>;

    /// Keeps a decision for the job at that place.
    fn settle(&self, at: i64, decision: &Decision) -> Result<(), Self::Error>;

    /// Notes that a job can lead others with the same fingerprint. Of these, the first and the first with which the first
    /// may share are enough.
    fn lead(&self, at: i64, job: &Wanted, decision: &Decision) -> Result<(), Self::Error>;

    /// Returns the first leader with the job's fingerprint with which it may share, and the decision about that one.
    fn leader(&self, job: &Wanted) -> Result<Option<(JobKey, Decision)>, Self::Error>;

    /// Notes that a take was taken over: no other job gets it.
    fn take_over(&self, take: &TakeId) -> Result<(), Self::Error>;
}

/// Decides for every selected job.
pub fn decide<J: WantedJobs + ?Sized>(jobs: &J, scope: Scope<'_>) -> Result<(), J::Error> {
    let Scope { selected, resubmit, rules, left_out } = scope;
    // What a job that is not selected has not sent yet can be taken over, too.
    jobs.begin(&|key, is_wanted, is_unsent| !left_out(key) && (!is_wanted || (!selected(key) && is_unsent)))?;
    let mut allowed = match resubmit {
        Some(most) => Some(most - jobs.resubmitted()?),
        None => None,
    };
    jobs.each_undecided(&mut |at, job| {
        let Some(own) = jobs.by_key(&job.key)? else { return Ok(()) };
        let Some(mut decision) = by_itself(jobs, job, &own, rules(&job.key).on_change)? else {
            return Ok(());
        };
        let is_selected = selected(&job.key);
        if let Some(allowed) = allowed.as_mut().filter(|_| is_selected) {
            decision = order_again(job, &own, decision, allowed);
        }
        // What is not sent in this run cannot serve others.
        if serves(&decision) && (is_selected || !decision.costs()) {
            jobs.lead(at, job, &decision)?;
        }
        if is_selected { jobs.settle(at, &decision) } else { Ok(()) }
    })?;
    jobs.each_undecided(&mut |at, job| {
        if !selected(&job.key) {
            return Ok(());
        }
        let own = jobs.by_key(&job.key)?;
        let free = match rules(&job.key).reuse {
            Reuse::Never => None,
            Reuse::Always => free(jobs, job, own.as_ref())?,
        };
        let decision = match free {
            Some(decision) => decision,
            None => fresh(jobs, job, own.as_ref())?,
        };
        if serves(&decision) {
            jobs.lead(at, job, &decision)?;
        }
        jobs.settle(at, &decision)
    })
}

/// Returns what serves a job that has nothing of its own.
fn free<J: WantedJobs + ?Sized>(
    jobs: &J,
    job: &Wanted,
    own: Option<&KnownJob>,
) -> Result<Option<Decision>, J::Error> {
    let rendered = || jobs.rendered(job);
    if let Some(orphan) = jobs.reusable(Owner::Vanished, job.fingerprint)? {
        let is_good = match orphan.take.state {
            // What was never sent is still to be paid: not where the same clip is there.
            State::Pending { .. } => rendered()?.is_none(),
            // A job with a clip of its own gets a copy, for which that one makes room.
            State::Done { .. } => own.is_none_or(|own| own.filed.is_none()),
            _ => true,
        };
        if is_good {
            return taken_over(jobs, orphan).map(Some);
        }
    }
    if let Some((leader, decision)) = jobs.leader(job)? {
        return share(jobs, leader, decision).map(Some);
    }
    if let Some((leader, take)) = rendered()? {
        let from = clip_of(jobs, &take)?;
        return Ok(Some(Decision::Shared { leader, take: Some(take), from }));
    }
    // Another project's unsent takes are its own to send; what may be paid is collected here if it is wanted here. Only
    // what a person must decide about stays where it is: this project's rules for doubt are not that one's.
    match jobs.reusable(Owner::Elsewhere, job.fingerprint)? {
        Some(stray) => taken_over(jobs, stray).map(Some),
        None => Ok(None),
    }
}

/// Orders anew what is in doubt, as long as the money allowed for it lasts. What an earlier run has ordered so and not
/// sent is sent.
fn order_again(job: &Wanted, own: &KnownJob, decision: Decision, allowed: &mut Usd) -> Decision {
    let Decision::Blocked { by, key, state } = &decision else { return decision };
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

/// Returns what the job's own takes say, if they settle it.
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
    let is_kept = on_change == OnChange::Keep && filed.is_none() && known.filed.is_some();
    if let Some(wish) = known.takes.iter().filter(same).find(|take| is_unsent(take))
        && known.takes.iter().all(|take| !take.state.is_unsettled())
        && !is_kept
    {
        // Where the job has its clip, a person wants another one all the same.
        return Ok(Some(Decision::Underway { take: wish.id.clone(), unsent: true }));
    }
    if let Some(filed) = filed {
        let refile = Some(filed.clone()).filter(|filed| filed.path != job.path);
        return Ok(Some(Decision::Unchanged { take: filed.take.clone(), refile }));
    }
    // What stands under the job's name came of other inputs.
    let stands = known.filed.as_ref().filter(|_| on_change != OnChange::Render);
    let done = |take: &&KnownTake| same(take) && matches!(take.state, State::Done { .. });
    if let (Some(done), None) = (known.takes.iter().find(done), stands) {
        return Ok(Some(Decision::Unchanged { take: done.id.clone(), refile: clip_of(jobs, &done.id)? }));
    }
    if let Some(unsettled) = known.takes.iter().find(|take| take.state.is_unsettled()) {
        return Ok(Some(if same(&unsettled) && !is_held(unsettled) {
            Decision::Underway { take: unsettled.id.clone(), unsent: false }
        } else {
            blocked(&known.key, unsettled)
        }));
    }
    // What waits unsent was agreed to.
    let agreed = |take: &KnownTake| on_change == OnChange::Ask && same(&take) && is_unsent(take);
    if let Some(filed) = stands.filter(|_| !known.takes.iter().any(agreed)) {
        let old = jobs.request(&filed.take)?;
        return Ok(Some(Decision::Kept {
            fields: old.map_or_else(Vec::new, |old| changes(&old, &job.request)),
            superseded: unsent(known),
            asks: on_change == OnChange::Ask,
            refile: Some(filed.clone()).filter(|filed| filed.path != job.path),
        }));
    }
    Ok(known.takes.iter().filter(same).find(|take| !let_go(take)).map(|take| match take.state {
        State::Pending { .. } => Decision::Underway { take: take.id.clone(), unsent: true },
        _ => Decision::Failed { take: take.id.clone(), state: take.state.clone() },
    }))
}

/// Returns where the take's clip stands: under a job's name, or kept beside a newer one.
fn clip_of<K: Known + ?Sized>(jobs: &K, id: &TakeId) -> Result<Option<Filed>, K::Error> {
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

fn blocked(key: &JobKey, take: &KnownTake) -> Decision {
    Decision::Blocked { by: take.id.clone(), key: key.clone(), state: take.state.clone() }
}

/// Gives the take to another job, unless a person must decide about it first.
fn taken_over<J: WantedJobs + ?Sized>(jobs: &J, reusable: Reusable) -> Result<Decision, J::Error> {
    let Reusable { key, filed, take } = reusable;
    jobs.take_over(&take.id)?;
    if is_held(&take) {
        return Ok(blocked(&key, &take));
    }
    let filed = match filed.filter(|filed| filed.take == take.id) {
        Some(filed) => Some(filed),
        None => clip_of(jobs, &take.id)?,
    };
    Ok(Decision::Renamed { unsent: is_unsent(&take), take: take.id, from: key, filed })
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

/// Whether others can wait for the job's clip, or for what stands in its way: a take in doubt frees nobody.
const fn serves(decision: &Decision) -> bool {
    !matches!(decision, Decision::Shared { .. } | Decision::Kept { .. })
}

/// Whether two jobs with the same order want the same clip. Variants of one item are wishes for several renderings.
#[must_use]
pub fn may_share(leader: &JobKey, follower: &JobKey) -> bool {
    (&leader.shot, &leader.item) != (&follower.shot, &follower.item)
}

fn share<K: Known + ?Sized>(jobs: &K, leader: JobKey, decision: Decision) -> Result<Decision, K::Error> {
    let take = match decision {
        Decision::Blocked { .. } | Decision::Failed { .. } => return Ok(decision),
        Decision::Unchanged { take, .. }
        | Decision::Underway { take, .. }
        | Decision::Renamed { take, .. } => Some(take),
        Decision::New
        | Decision::Changed { .. }
        | Decision::Again { .. }
        | Decision::Shared { .. }
        | Decision::Kept { .. } => None,
    };
    let from = match &take {
        Some(take) => clip_of(jobs, take)?,
        None => None,
    };
    Ok(Decision::Shared { leader, take, from })
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
