//! Which clips that are there already go where: free of charge, whatever the output paths have become.

use super::decide::Decision;
use super::known::{Filed, Known};
use crate::domain::key::JobKey;
use crate::domain::take::Wanted;
use std::collections::{HashMap, HashSet};

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
    /// To be done when the leader's clip is there: job and path, by the leader's key.
    pub with_leader: HashMap<JobKey, Vec<(JobKey, String)>>,
}

/// What is to be filed for these decisions.
#[must_use]
pub fn filings(wanted: &[Wanted], decisions: &[Decision], known: &Known) -> Filings {
    let keys: HashSet<&JobKey> = wanted.iter().map(|job| &job.key).collect();
    // Places that a wanted job needs: a clip is copied from there, never taken away.
    let mut needed: HashMap<&str, &JobKey> = HashMap::new();
    for job in known.jobs.iter().filter(|job| keys.contains(&job.key)) {
        if let Some(filed) = &job.filed {
            needed.insert(&filed.path, &job.key);
        }
    }
    let mut filings = Filings::default();
    for (job, decision) in wanted.iter().zip(decisions) {
        let from = match decision {
            Decision::Unchanged { refile: Some(from), .. }
            | Decision::Renamed { filed: Some(from), .. }
            | Decision::Shared { from: Some(from), .. } => from,
            Decision::Shared { leader, from: None, .. } => {
                let waiting = filings.with_leader.entry(leader.clone()).or_default();
                waiting.push((job.key.clone(), job.path.clone()));
                continue;
            }
            _ => continue,
        };
        let shared = matches!(decision, Decision::Shared { .. });
        let others = needed.get(from.path.as_str()).is_some_and(|owner| **owner != job.key);
        let (key, path, from) = (job.key.clone(), job.path.clone(), from.clone());
        filings.now.push(Filing { key, path, from, copy: shared || others });
    }
    // Copies first: what is moved away afterwards was there to be copied.
    filings.now.sort_by_key(|filing| !filing.copy);
    filings
}
