//! Implements the store's queries with maps, for tests.

use super::decide::{Decision, Scope, Sort, WantedJobs, decide, may_share};
use super::fingerprint::likeness;
use super::known::{Claim, Filed, Known, KnownJob, KnownTake, Owner, Rejection, Reusable, rank};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::signature::Signature;
use crate::domain::take::{Fingerprint, Wanted};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

/// Every known job and take.
#[derive(Debug, Clone, Default)]
pub(crate) struct All {
    /// Jobs of the project.
    pub(crate) jobs: Vec<KnownJob>,
    /// Jobs of other projects.
    pub(crate) elsewhere: Vec<KnownJob>,
    /// Jobs of projects that no longer exist.
    pub(crate) gone: Vec<KnownJob>,
    /// The total price of takes that replace takes without an answer.
    pub(crate) resubmitted: Usd,
    /// Second fingerprints that count for takes, each after the id of its take. Such a fingerprint is the hash of a
    /// request with all text in Unicode's composed form (NFC).
    pub(crate) aliases: Vec<(TakeId, Fingerprint)>,
    /// Jobs of the project whose clips are rejected.
    pub(crate) rejections: Vec<(JobKey, Rejection)>,
    pub(crate) signatures: HashMap<Sha256, Signature>,
    /// Jobs that are not rendered before a review of other clips.
    pub(crate) held_back: HashSet<JobKey>,
    /// The requests, by their fingerprints.
    pub(crate) requests: HashMap<Fingerprint, Request>,
}

struct Plan<'a> {
    known: &'a All,
    wanted: &'a [Wanted],
    decided: RefCell<Vec<Option<Decision>>>,
    leaders: RefCell<Vec<(JobKey, Fingerprint, Decision)>>,
    reusable: RefCell<Vec<(Owner, Reusable)>>,
    taken: RefCell<HashSet<TakeId>>,
    alike: RefCell<Vec<(JobKey, TakeId)>>,
}

/// Returns the decision about each wanted job; `None` for a job that is not selected.
pub(crate) fn decide_all(wanted: &[Wanted], known: &All, scope: Scope<'_>) -> Vec<Option<Decision>> {
    decide_noting(wanted, known, scope).0
}

/// Returns the decisions about the wanted jobs. Also returns each job whose earlier take counts although its request
/// differs, with that take.
pub(crate) fn decide_noting(
    wanted: &[Wanted],
    known: &All,
    scope: Scope<'_>,
) -> (Vec<Option<Decision>>, Vec<(JobKey, TakeId)>) {
    let plan = Plan {
        known,
        wanted,
        decided: RefCell::new(vec![None; wanted.len()]),
        leaders: RefCell::default(),
        reusable: RefCell::default(),
        taken: RefCell::default(),
        alike: RefCell::default(),
    };
    let Ok(()) = decide(&plan, scope);
    (plan.decided.into_inner(), plan.alike.into_inner())
}

impl Plan<'_> {
    fn jobs(&self) -> impl Iterator<Item = &KnownJob> {
        self.known.jobs.iter().chain(&self.known.gone).chain(&self.known.elsewhere)
    }

    /// Checks whether another wanted variant of the job's item has the same request as the job.
    fn is_repeated(&self, job: &Wanted) -> bool {
        let rival = |other: &&Wanted| other.key != job.key && !may_share(&other.key, &job.key);
        self.wanted.iter().filter(rival).any(|other| other.fingerprint == job.fingerprint)
    }

    fn takes(&self) -> impl Iterator<Item = (&KnownJob, &KnownTake)> {
        self.jobs().flat_map(|job| job.takes.iter().map(move |take| (job, take)))
    }
}

impl Known for Plan<'_> {
    type Error = Infallible;

    fn by_key(&self, key: &JobKey) -> Result<Option<KnownJob>, Infallible> {
        Ok(self.known.jobs.iter().find(|job| job.key == *key).cloned())
    }

    fn take(&self, id: &TakeId) -> Result<Option<KnownTake>, Infallible> {
        Ok(self.takes().find(|(_, take)| take.id == *id).map(|(_, take)| take.clone()))
    }

    fn request(&self, id: &TakeId) -> Result<Option<Request>, Infallible> {
        Ok(self.take(id)?.and_then(|take| self.known.requests.get(&take.fingerprint).cloned()))
    }

    fn is_like(&self, id: &TakeId, order: Fingerprint) -> Result<bool, Infallible> {
        Ok(self.known.aliases.contains(&(id.clone(), order))
            || self.request(id)?.is_some_and(|request| likeness(&request) == order))
    }

    fn signature(&self, sha256: Sha256) -> Result<Option<Signature>, Infallible> {
        Ok(self.known.signatures.get(&sha256).cloned())
    }

    fn filed(&self, id: &TakeId) -> Result<Option<Filed>, Infallible> {
        let mut filed = self.jobs().filter_map(|job| job.filed.as_ref());
        Ok(filed.find(|filed| filed.take == *id).cloned())
    }

    fn rendered(&self, job: &Wanted) -> Result<Option<(JobKey, TakeId)>, Infallible> {
        let of = |jobs: &[KnownJob], fits: &dyn Fn(&JobKey) -> bool| {
            let takes = jobs.iter().filter(|job| fits(&job.key));
            let takes = takes.flat_map(|owner| owner.takes.iter().map(|take| (owner.key.clone(), take)));
            takes
                .filter(|(_, take)| {
                    take.fingerprint == job.fingerprint && matches!(take.state, State::Done { .. })
                })
                .map(|(key, take)| (key, take.id.clone()))
                .next()
        };
        let shares = |key: &JobKey| may_share(key, &job.key);
        let lets = |_: &JobKey| !self.is_repeated(job);
        let elsewhere: Vec<KnownJob> = self.known.gone.iter().chain(&self.known.elsewhere).cloned().collect();
        Ok(of(&self.known.jobs, &shares)
            .or_else(|| of(&elsewhere, &|key| *key == job.key))
            .or_else(|| of(&elsewhere, &shares))
            .or_else(|| of(&elsewhere, &lets)))
    }

    fn reusable(&self, owner: Owner, job: &Wanted) -> Result<Option<Reusable>, Infallible> {
        let (reusable, taken) = (self.reusable.borrow(), self.taken.borrow());
        let fits = |(of, it): &&(Owner, Reusable)| {
            *of == owner
                && it.take.fingerprint == job.fingerprint
                && !taken.contains(&it.take.id)
                && (owner == Owner::Free
                    || it.key == job.key
                    || may_share(&it.key, &job.key)
                    || !self.is_repeated(job))
        };
        let is_older = |it: &Reusable| it.filed.as_ref().is_none_or(|filed| filed.take != it.take.id);
        let first = reusable.iter().filter(fits).min_by_key(|(_, it)| (rank(&it.take.state), is_older(it)));
        Ok(first.map(|(_, it)| it.clone()))
    }

    fn rejection(&self, key: &JobKey) -> Option<Rejection> {
        self.known
            .rejections
            .iter()
            .find(|(rejected, _)| rejected == key)
            .map(|(_, rejection)| rejection.clone())
    }

    fn resubmitted(&self) -> Result<Usd, Infallible> {
        Ok(self.known.resubmitted)
    }
}

impl WantedJobs for Plan<'_> {
    fn begin(&self, sort: Sort<'_>) -> Result<(), Infallible> {
        let add = |job: &KnownJob, take: &KnownTake, owner: Option<Owner>| {
            let is_stand_in = take.instead_of.is_some() && matches!(take.state, State::Pending { .. });
            if let Some(owner) = owner.filter(|_| !is_stand_in && rank(&take.state).is_some()) {
                let (key, filed) = (job.key.clone(), job.filed.clone());
                self.reusable.borrow_mut().push((owner, Reusable { key, filed, take: take.clone() }));
            }
        };
        for job in &self.known.jobs {
            let wanted = self.wanted.iter().find(|wanted| wanted.key == job.key);
            for take in &job.takes {
                let filed = job.filed.as_ref().is_some_and(|filed| filed.take == take.id);
                let claim = match wanted {
                    None => Claim::Gone,
                    Some(wanted) if wanted.fingerprint == take.fingerprint => Claim::Same,
                    Some(_) => Claim::Changed { filed },
                };
                add(job, take, sort(&job.key, claim, &take.state));
            }
        }
        for job in &self.known.gone {
            job.takes.iter().for_each(|take| add(job, take, Some(Owner::Free)));
        }
        for job in &self.known.elsewhere {
            for take in &job.takes {
                let is_unsent = matches!(take.state, State::Pending { .. });
                let owner = if job.wanted { Owner::Bound } else { Owner::Free };
                let serves = !is_unsent && (take.state.is_unsettled() || !job.wanted);
                add(job, take, Some(owner).filter(|_| serves));
            }
        }
        Ok(())
    }

    fn any_free(&self) -> bool {
        self.reusable.borrow().iter().any(|(owner, _)| *owner == Owner::Free)
    }

    fn each_undecided(
        &self,
        visit: &mut dyn FnMut(i64, &Wanted) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        for (at, job) in (0..).zip(self.wanted) {
            if self.decided.borrow()[usize::try_from(at).unwrap()].is_none() {
                visit(at, job)?;
            }
        }
        Ok(())
    }

    fn settle(&self, at: i64, decision: &Decision, alike: Option<&TakeId>) -> Result<(), Infallible> {
        let key = self.wanted[usize::try_from(at).unwrap()].key.clone();
        self.alike.borrow_mut().extend(alike.map(|take| (key, take.clone())));
        self.decided.borrow_mut()[usize::try_from(at).unwrap()] = Some(decision.clone());
        Ok(())
    }

    fn lead(&self, _: i64, job: &Wanted, decision: &Decision) -> Result<(), Infallible> {
        self.leaders.borrow_mut().push((job.key.clone(), job.fingerprint, decision.clone()));
        Ok(())
    }

    fn leader(&self, job: &Wanted) -> Result<Option<(JobKey, Decision)>, Infallible> {
        let leaders = self.leaders.borrow();
        let leader =
            leaders.iter().find(|(key, order, _)| *order == job.fingerprint && may_share(key, &job.key));
        Ok(leader.map(|(key, _, decision)| (key.clone(), decision.clone())))
    }

    fn take_over(&self, take: &TakeId) -> Result<(), Infallible> {
        self.taken.borrow_mut().insert(take.clone());
        Ok(())
    }

    fn is_held_back(&self, at: i64) -> Result<bool, Infallible> {
        Ok(self.known.held_back.contains(&self.wanted[usize::try_from(at).unwrap()].key))
    }

    fn is_taken(&self, take: &TakeId) -> Result<bool, Infallible> {
        Ok(self.taken.borrow().contains(take))
    }
}
