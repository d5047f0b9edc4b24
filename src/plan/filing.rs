//! Plans how existing clips are moved or copied to the paths of jobs, free of charge, and which files are in the way.

use super::decide::Decision;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::take::Wanted;
use std::collections::HashMap;

/// An operation that moves or copies an existing clip to the path of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// The job's key.
    pub key: JobKey,
    /// The clip's new path.
    pub path: String,
    /// The clip at its old path, before the operation.
    pub from: Filed,
    /// True if the clip is copied and keeps its old path, too; false if it is moved.
    pub copy: bool,
}

/// All moves and copies of clips that follow from a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filings {
    /// The moves and copies of clips whose files exist already.
    pub now: Vec<Filing>,
    /// The jobs that will get a copy of a clip that does not exist yet, each with the path of the copy, by the take
    /// that makes the clip.
    ///
    /// The keys are take ids, because several projects share a state folder and may have equal job keys.
    pub with_leader: HashMap<TakeId, Vec<(JobKey, String)>>,
}

impl Filings {
    /// Adds a move of an existing clip to the job's path. It is a copy if `is_needed` is true, because another job
    /// needs the clip at its old path.
    pub fn add(&mut self, job: &Wanted, decision: &Decision, from: Filed, is_needed: bool) {
        let is_shared = matches!(decision, Decision::Shared { .. });
        let (key, path) = (job.key.clone(), job.path.clone());
        self.now.push(Filing { key, path, from, copy: is_shared || is_needed });
    }

    /// Records that a job gets a copy of the clip that the take `take` will make. The clip is copied to the job's path
    /// after its download.
    pub fn follow(&mut self, take: TakeId, job: &Wanted) {
        self.with_leader.entry(take).or_default().push((job.key.clone(), job.path.clone()));
    }

    /// Puts copies before moves, because a clip must be copied before it leaves its old path.
    pub fn sort(&mut self) {
        self.now.sort_by_key(|filing| !filing.copy);
    }

    /// Returns the clips that will be moved away, by their old paths.
    #[must_use]
    pub fn vacated(&self) -> HashMap<&str, ClipFile> {
        let moved = self.now.iter().filter(|filing| !filing.copy && filing.from.path != filing.path);
        moved.map(|filing| (filing.from.path.as_str(), filing.from.file)).collect()
    }
}

/// Returns the existing clip that is moved or copied to the job's path by this decision; `None` if there is none.
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

/// The path at which a job's clip will be saved, and the files that are allowed to be there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The clip's path.
    pub path: String,
    /// The clips that may be at the path already: the right clip, or one that will be moved away.
    pub may_stand: Vec<ClipFile>,
    /// Another job, whose unfinished clip will be saved at this path. `None` if there is none, or if nothing will be
    /// paid for this job.
    pub promised: Option<JobKey>,
}

/// Checks whether the job's path must be free, because a clip will be paid for it, or moved or copied to it. Other
/// files at the path must be found before any payment.
#[must_use]
pub fn needs_place(job: &Wanted, decision: &Decision) -> bool {
    let from = there(decision).filter(|from| from.path != job.path);
    from.is_some() || matches!(decision, Decision::Shared { from: None, .. }) || decision.costs()
}

/// Returns the path at which the job's clip will be saved, and the clips that may be at this path already.
///
/// `own` is the job's present clip, and `vacated` is a clip that the plan moves from this path to another path.
/// `promised` is another job, whose unfinished clip will be saved at this path; it is ignored if the decision costs
/// nothing.
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
