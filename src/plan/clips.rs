//! Every clip that was ever made, by take and by order.

use super::known::{Filed, Known, KnownJob, KnownTake};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::request::Request;
use crate::domain::take::{Fingerprint, Wanted};
use std::collections::{HashMap, HashSet};

/// Every clip that was ever made, by take and by order.
pub(super) struct Clips<'a> {
    takes: HashMap<&'a TakeId, (&'a KnownJob, &'a KnownTake)>,
    filed: HashMap<&'a TakeId, &'a Filed>,
    by_order: HashMap<Fingerprint, Vec<&'a TakeId>>,
    elsewhere: HashSet<&'a TakeId>,
}

impl<'a> Clips<'a> {
    pub(super) fn of(known: &'a Known) -> Self {
        let elsewhere = known.elsewhere.iter().flat_map(|job| &job.takes).map(|take| &take.id).collect();
        let mut clips =
            Self { takes: HashMap::new(), filed: HashMap::new(), by_order: HashMap::new(), elsewhere };
        for job in known.jobs.iter().chain(&known.elsewhere) {
            if let Some(filed) = &job.filed {
                clips.filed.entry(&filed.take).or_insert(filed);
            }
            for take in &job.takes {
                clips.takes.insert(&take.id, (job, take));
                if matches!(take.state, State::Done { .. }) {
                    clips.by_order.entry(take.fingerprint).or_default().push(&take.id);
                }
            }
        }
        clips
    }

    /// What the take was ordered with.
    pub(super) fn order(&self, take: &TakeId) -> Option<Fingerprint> {
        self.takes.get(take).map(|(_, take)| take.fingerprint)
    }

    /// What was asked for with the take.
    pub(super) fn request(&self, take: &TakeId) -> Option<&'a Request> {
        self.takes.get(take).map(|(_, take)| &take.request)
    }

    /// Where the take's clip stands: under some job's name, or kept beside a newer one.
    pub(super) fn of_take(&self, take: &TakeId) -> Option<Filed> {
        if let Some(filed) = self.filed.get(take) {
            return Some((*filed).clone());
        }
        match self.takes.get(take)? {
            (_, KnownTake { state: State::Done { file, .. }, path, .. }) => {
                Some(Filed { take: take.clone(), path: path.clone(), file: *file })
            }
            _ => None,
        }
    }

    /// The same order was rendered before: the job that it was rendered for, and the take. Where it was another project's
    /// job, whatever its name; else only that of a job with which this one may share.
    pub(super) fn rendered(
        &self,
        job: &Wanted,
        may_share: impl Fn(&JobKey, &JobKey) -> bool,
    ) -> Option<(&'a JobKey, &'a TakeId)> {
        let same_job =
            |owner: &KnownJob, take: &KnownTake| owner.key == job.key && self.elsewhere.contains(&take.id);
        let takes = self.by_order.get(&job.fingerprint)?.iter().filter_map(|take| self.takes.get(take));
        takes
            .copied()
            .find(|(owner, take)| same_job(owner, take) || may_share(&owner.key, &job.key))
            .map(|(owner, take)| (&owner.key, &take.id))
    }
}
