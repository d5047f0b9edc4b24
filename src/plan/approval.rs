//! Saves an approved plan (its jobs and their prices), and later finds the jobs that have changed since then.

use super::decide::Decision;
use super::fingerprint::{Change, changes_since, fields};
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// The version of the plan file's format.
pub const FORMAT: u32 = 1;

/// A plan as it is saved in a file. Fields may be added; readers ignore fields that they do not recognise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The version of the plan file's format, [`FORMAT`].
    pub format: u32,
    /// The version of shotlist that wrote the plan.
    pub shotlist: String,
    /// The name of the project whose jobs are planned.
    pub project: String,
    /// The input files: the manifest, and the product file if there is one.
    pub inputs: Vec<Input>,
    /// The time at which the database was rebuilt with some records missing; `None` if no records are missing. The plan
    /// then also approves jobs that may have been paid for before that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilt: Option<String>,
    /// The number of jobs that will be submitted.
    pub to_render: usize,
    /// The total price of the jobs that will be submitted, in US dollars.
    pub total_usd: String,
    /// The planned jobs by their keys.
    pub jobs: BTreeMap<String, Approved>,
}

/// An input file of a plan. A change of the file is only reported, because the jobs are compared one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The file's name as the user wrote it.
    pub file: String,
    /// The SHA-256 of the file's bytes.
    pub sha256: String,
}

/// A job of a plan, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The decision about the job, by its name in `plan --json`.
    pub decision: String,
    /// True if the plan was to submit the job at its price.
    pub costs: bool,
    /// The fingerprint of the job's request.
    pub fingerprint: String,
    /// The job's price in US dollars; `None` if it was unknown.
    pub price_usd: Option<String>,
    /// The take of the rejected clip that was to be rendered again; `None` if there was no such clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redo_of: Option<String>,
    /// The fields of the job's request; empty if the plan does not submit the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<(String, String)>,
}

/// A job that has changed since the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The job's key.
    pub key: String,
    /// The way in which the job has changed.
    pub how: How,
}

/// The way in which a job has changed since its plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The manifest no longer contains the job.
    Gone,
    /// Fields of the job's request have changed. Their earlier values are missing if the plan did not save them.
    Order(Vec<Change>),
    /// The price has changed from the first value to the second; `None` stands for an unknown price.
    Price(Option<String>, Option<String>),
    /// The decision about the job has changed. The values are the names of the planned decision and of the present
    /// decision.
    Decision(String, &'static str),
}

impl Approval {
    /// Creates a plan without jobs. `total` is the price of all jobs to submit.
    #[must_use]
    pub fn new(project: &str, inputs: Vec<Input>, total: Usd) -> Self {
        Self {
            format: FORMAT,
            shotlist: env!("CARGO_PKG_VERSION").to_owned(),
            project: project.to_owned(),
            inputs,
            rebuilt: None,
            to_render: 0,
            total_usd: total.plain(),
            jobs: BTreeMap::new(),
        }
    }

    /// Adds a job to the plan.
    pub fn add(&mut self, wanted: &Wanted, decision: &Decision) {
        let approved = Approved {
            decision: decision.name().to_owned(),
            costs: decision.costs(),
            fingerprint: wanted.fingerprint.to_string(),
            price_usd: wanted.price.map(Usd::plain),
            redo_of: redo_of(decision),
            order: if decision.costs() { fields(&wanted.request) } else { Vec::new() },
        };
        self.to_render += usize::from(decision.costs());
        self.jobs.insert(wanted.key.to_string(), approved);
    }

    /// Checks whether the plan contains this job.
    #[must_use]
    pub fn has(&self, key: &JobKey) -> bool {
        self.jobs.contains_key(&key.to_string())
    }

    /// Compares a job and the present decision about it with the plan. Returns the change; `None` if the plan still
    /// approves the job.
    ///
    /// If the plan was to submit the job, it still approves the planned submission, also after it was made. For any
    /// other job it approves no submission. The result is also `None` for a job that the plan does not contain: check
    /// [`Self::has`].
    #[must_use]
    pub fn moved(&self, wanted: &Wanted, decision: &Decision) -> Option<Moved> {
        let key = wanted.key.to_string();
        let how = how(self.jobs.get(&key)?, wanted, decision)?;
        Some(Moved { key, how })
    }

    /// Returns the jobs that the plan was to submit and that no longer exist. `now` contains the keys of all present
    /// jobs.
    pub fn missing<'a>(&'a self, now: &'a HashSet<String>) -> impl Iterator<Item = Moved> + 'a {
        let gone = self.jobs.iter().filter(|(key, approved)| approved.costs && !now.contains(*key));
        gone.map(|(key, _)| Moved { key: key.clone(), how: How::Gone })
    }
}

fn redo_of(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Redo { of, .. } => Some(of.0.clone()),
        _ => None,
    }
}

fn how(approved: &Approved, wanted: &Wanted, decision: &Decision) -> Option<How> {
    if !approved.costs {
        return decision.costs().then(|| match decision {
            Decision::Changed { fields, .. } => How::Order(fields.clone()),
            _ => How::Decision(approved.decision.clone(), decision.name()),
        });
    }
    if approved.fingerprint != wanted.fingerprint.to_string() {
        return Some(How::Order(changes_since(&approved.order, &wanted.request)));
    }
    // A plan approves a redo of the clip that was rejected then, not a redo of a later clip.
    let redo = redo_of(decision);
    if redo.is_some() && redo != approved.redo_of {
        return Some(How::Decision(approved.decision.clone(), "redo of a later clip"));
    }
    let price = wanted.price.map(Usd::plain);
    if decision.costs() && approved.price_usd != price {
        return Some(How::Price(approved.price_usd.clone(), price));
    }
    match decision {
        // The user agreed to a new clip; now another job's clip would be used, or an older one kept.
        Decision::Shared { .. }
        | Decision::Renamed { unsent: false, .. }
        | Decision::Kept { .. }
        | Decision::HeldBack => Some(How::Decision(approved.decision.clone(), decision.name())),
        // The job will be submitted, or an interrupted run of this plan has submitted it.
        Decision::New
        | Decision::Changed { .. }
        | Decision::Redo { .. }
        | Decision::Again { .. }
        | Decision::InFlight { .. }
        | Decision::Waiting { .. }
        | Decision::Renamed { unsent: true, .. }
        | Decision::Unchanged { .. }
        | Decision::Blocked { .. }
        | Decision::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests;
