//! Which clips that are there already go where: free of charge, whatever the output paths have become; and what
//! must not be in the way.

use super::decide::Decision;
use super::expand::LeftOut;
use super::known::{Filed, Known};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::take::Wanted;
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// What is to be done about the selected jobs, beside everything that is wanted and known.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The selected jobs.
    pub wanted: &'a [Wanted],
    /// What is to be done about each.
    pub decisions: &'a [Decision],
    /// Every wanted job, selected or not.
    pub all: &'a [Wanted],
    /// Items that are wanted and make no job, because something is wrong with them.
    pub left_out: &'a LeftOut,
    /// What is known.
    pub known: &'a Known,
}

/// What is to be filed. `ordered` has the new take of each job that gets one.
#[must_use]
pub fn filings(scene: Scene<'_>, ordered: &BTreeMap<&JobKey, &TakeId>) -> Filings {
    let keys: HashSet<&JobKey> = scene.all.iter().map(|job| &job.key).collect();
    // Places that a wanted job needs: a clip is copied from there, never taken away.
    let mut needed: HashMap<&str, &JobKey> = HashMap::new();
    let is_needed = |key: &JobKey| keys.contains(key) || scene.left_out.may_have(&key.item);
    for job in scene.known.jobs.iter().filter(|job| is_needed(&job.key)) {
        if let Some(filed) = &job.filed {
            needed.insert(&filed.path, &job.key);
        }
    }
    let mut filings = Filings::default();
    for (job, decision) in scene.wanted.iter().zip(scene.decisions) {
        if let Decision::Shared { leader, take, from: None } = decision {
            let take = take.as_ref().or_else(|| ordered.get(leader).copied());
            if let Some(take) = take {
                let waiting = filings.with_leader.entry(take.clone()).or_default();
                waiting.push((job.key.clone(), job.path.clone()));
            }
            continue;
        }
        let Some(from) = there(decision) else { continue };
        let shared = matches!(decision, Decision::Shared { .. });
        let others = needed.get(from.path.as_str()).is_some_and(|owner| **owner != job.key);
        let (key, path, from) = (job.key.clone(), job.path.clone(), from.clone());
        filings.now.push(Filing { key, path, from, copy: shared || others });
    }
    // Copies first: what is moved away afterwards was there to be copied.
    filings.now.sort_by_key(|filing| !filing.copy);
    filings
}

/// The clip that is there already and only wants another name.
fn there(decision: &Decision) -> Option<&Filed> {
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
pub struct Target<'a> {
    /// The name.
    pub path: &'a str,
    /// Clips that may stand there: they make room, or are the very one.
    pub may_stand: Vec<ClipFile>,
    /// The job of a clip that is on its way to the same name.
    pub promised: Option<&'a JobKey>,
}

/// The names that clips are to get, of what is to be paid and of what is to be filed: exactly what placing and filing
/// will accept, so that nothing is paid that has no place to go.
#[must_use]
pub fn targets<'a>(scene: Scene<'a>, filings: &Filings) -> Vec<Target<'a>> {
    let Scene { wanted, decisions, known, .. } = scene;
    let own: HashMap<&JobKey, &Filed> =
        known.jobs.iter().filter_map(|job| Some((&job.key, job.filed.as_ref()?))).collect();
    let moved = filings.now.iter().filter(|filing| !filing.copy && filing.from.path != filing.path);
    let vacated: HashMap<&str, ClipFile> =
        moved.map(|filing| (filing.from.path.as_str(), filing.from.file)).collect();
    let mut on_their_way: HashMap<&str, &JobKey> = HashMap::new();
    for job in known.jobs.iter().chain(&known.elsewhere) {
        for take in job.takes.iter().filter(|take| take.state.is_unsettled() && !take.state.is_in_doubt()) {
            on_their_way.insert(&take.path, &job.key);
        }
    }
    let mut targets = Vec::new();
    for (job, decision) in wanted.iter().zip(decisions) {
        let from = there(decision).filter(|from| from.path != job.path);
        let follows = matches!(decision, Decision::Shared { from: None, .. });
        if from.is_none() && !follows && !decision.costs() {
            continue;
        }
        let path = job.path.as_str();
        let own = own.get(&job.key).filter(|filed| filed.path == path).map(|filed| filed.file);
        let may_stand = [own, vacated.get(path).copied(), from.map(|from| from.file)];
        let promised = on_their_way.get(path).filter(|_| decision.costs()).copied();
        targets.push(Target { path, may_stand: may_stand.into_iter().flatten().collect(), promised });
    }
    targets
}
