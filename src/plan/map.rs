//! Everything in maps, for tests: what is known, and the wanted jobs of one plan.

use super::decide::{Decision, Scope, WantedJobs, decide, may_share};
use super::known::{Filed, Known, KnownJob, KnownTake, Owner, Reusable, rank};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::take::{Fingerprint, Wanted};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

/// All that was ever ordered.
#[derive(Debug, Clone, Default)]
pub(crate) struct All {
    /// Jobs of the project.
    pub(crate) jobs: Vec<KnownJob>,
    /// Jobs of other projects.
    pub(crate) elsewhere: Vec<KnownJob>,
    /// What stands in for takes in doubt costs so much.
    pub(crate) resubmitted: Usd,
    /// The orders, by fingerprint.
    pub(crate) requests: HashMap<Fingerprint, Request>,
}

struct Plan<'a> {
    known: &'a All,
    wanted: &'a [Wanted],
    decided: RefCell<Vec<Option<Decision>>>,
    leaders: RefCell<Vec<(JobKey, Fingerprint, Decision)>>,
    reusable: RefCell<Vec<(Owner, Reusable)>>,
    taken: RefCell<HashSet<TakeId>>,
}

/// Decides for these jobs; `None` for those that are not selected.
pub(crate) fn decide_all(wanted: &[Wanted], known: &All, scope: Scope<'_>) -> Vec<Option<Decision>> {
    let plan = Plan {
        known,
        wanted,
        decided: RefCell::new(vec![None; wanted.len()]),
        leaders: RefCell::default(),
        reusable: RefCell::default(),
        taken: RefCell::default(),
    };
    let Ok(()) = decide(&plan, scope);
    plan.decided.into_inner()
}

impl Plan<'_> {
    fn takes(&self) -> impl Iterator<Item = (&KnownJob, &KnownTake)> {
        let jobs = self.known.jobs.iter().chain(&self.known.elsewhere);
        jobs.flat_map(|job| job.takes.iter().map(move |take| (job, take)))
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

    fn filed(&self, id: &TakeId) -> Result<Option<Filed>, Infallible> {
        let filed = self.known.jobs.iter().chain(&self.known.elsewhere).filter_map(|job| job.filed.as_ref());
        Ok(filed.into_iter().find(|filed| filed.take == *id).cloned())
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
        let All { jobs, elsewhere, .. } = self.known;
        Ok(of(jobs, &shares)
            .or_else(|| of(elsewhere, &|key| *key == job.key))
            .or_else(|| of(elsewhere, &shares)))
    }

    fn reusable(&self, owner: Owner, order: Fingerprint) -> Result<Option<Reusable>, Infallible> {
        let (reusable, taken) = (self.reusable.borrow(), self.taken.borrow());
        let fits = |(of, it): &&(Owner, Reusable)| {
            *of == owner && it.take.fingerprint == order && !taken.contains(&it.take.id)
        };
        Ok(reusable.iter().filter(fits).min_by_key(|(_, it)| rank(&it.take.state)).map(|(_, it)| it.clone()))
    }

    fn resubmitted(&self) -> Result<Usd, Infallible> {
        Ok(self.known.resubmitted)
    }
}

impl WantedJobs for Plan<'_> {
    fn begin(&self, is_free: &dyn Fn(&JobKey, bool, bool) -> bool) -> Result<(), Infallible> {
        let reusable = |job: &KnownJob, take: &KnownTake| Reusable {
            key: job.key.clone(),
            filed: job.filed.clone(),
            take: take.clone(),
        };
        for job in &self.known.jobs {
            let is_wanted = self.wanted.iter().any(|wanted| wanted.key == job.key);
            for take in &job.takes {
                let is_unsent = matches!(take.state, State::Pending { .. });
                let is_useful = take.instead_of.is_none() && rank(&take.state).is_some();
                if is_useful && is_free(&job.key, is_wanted, is_unsent) {
                    self.reusable.borrow_mut().push((Owner::Vanished, reusable(job, take)));
                }
            }
        }
        for job in &self.known.elsewhere {
            for take in job.takes.iter().filter(|take| take.state.is_unsettled()) {
                self.reusable.borrow_mut().push((Owner::Elsewhere, reusable(job, take)));
            }
        }
        Ok(())
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

    fn settle(&self, at: i64, decision: &Decision) -> Result<(), Infallible> {
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
}
