//! Finds which clips that are there already go where, free of charge, whatever the output paths have become; and what
//! must not be in the way.

use super::decide::Decision;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::take::Wanted;
use std::collections::HashMap;

/// One clip to put under a job's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// The job.
    pub key: JobKey,
    /// Where the clip goes.
    pub path: String,
    /// Where it stands.
    pub from: Filed,
    /// Whether the other place keeps it.
    pub copy: bool,
}

/// What follows from the decisions for files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filings {
    /// To be done at once.
    pub now: Vec<Filing>,
    /// To be done when a take's clip is there: job and path, by the take. Takes of all projects are collected together,
    /// so the leader's name alone would not say whose clip it is.
    pub with_leader: HashMap<TakeId, Vec<(JobKey, String)>>,
}

impl Filings {
    /// Files a clip that is there already. `is_needed` says whether another wanted job's clip stands there: then it is
    /// copied, never taken away.
    pub fn add(&mut self, job: &Wanted, decision: &Decision, from: Filed, is_needed: bool) {
        let is_shared = matches!(decision, Decision::Shared { .. });
        let (key, path) = (job.key.clone(), job.path.clone());
        self.now.push(Filing { key, path, from, copy: is_shared || is_needed });
    }

    /// Files a take's clip under the job's name as soon as it is there.
    pub fn follow(&mut self, take: TakeId, job: &Wanted) {
        self.with_leader.entry(take).or_default().push((job.key.clone(), job.path.clone()));
    }

    /// Puts copies first: what is moved away afterwards was there to be copied.
    pub fn sort(&mut self) {
        self.now.sort_by_key(|filing| !filing.copy);
    }

    /// Returns the clips that are moved away from their places, by these.
    #[must_use]
    pub fn vacated(&self) -> HashMap<&str, ClipFile> {
        let moved = self.now.iter().filter(|filing| !filing.copy && filing.from.path != filing.path);
        moved.map(|filing| (filing.from.path.as_str(), filing.from.file)).collect()
    }
}

/// Returns the clip that is there already and only wants another name.
#[must_use]
pub const fn there(decision: &Decision) -> Option<&Filed> {
    match decision {
        Decision::Unchanged { refile: Some(from), .. }
        | Decision::Kept { refile: Some(from), .. }
        | Decision::Renamed { filed: Some(from), .. }
        | Decision::Shared { from: Some(from), .. } => Some(from),
        _ => None,
    }
}

/// A name that a clip is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name.
    pub path: String,
    /// Clips that may stand there: they make room, or are the very one.
    pub may_stand: Vec<ClipFile>,
    /// The job of a clip that is on its way to the same name.
    pub promised: Option<JobKey>,
}

/// Whether the job's clip is to get a name: one that is to be paid or to be filed. What placing and filing will not
/// accept there must be found before anything is paid.
#[must_use]
pub fn needs_place(job: &Wanted, decision: &Decision) -> bool {
    let from = there(decision).filter(|from| from.path != job.path);
    from.is_some() || matches!(decision, Decision::Shared { from: None, .. }) || decision.costs()
}

/// Returns the name that the job's clip is to get. `own` is the clip under the job's name, `vacated` one that is moved
/// away from there, `promised` the job whose clip is on its way to the same name.
#[must_use]
pub fn target(
    job: &Wanted,
    decision: &Decision,
    own: Option<&Filed>,
    vacated: Option<ClipFile>,
    promised: Option<JobKey>,
) -> Target {
    let own = own.filter(|filed| filed.path == job.path).map(|filed| filed.file);
    let from = there(decision).filter(|from| from.path != job.path).map(|from| from.file);
    Target {
        path: job.path.clone(),
        may_stand: [own, vacated, from].into_iter().flatten().collect(),
        promised: promised.filter(|_| decision.costs()),
    }
}
