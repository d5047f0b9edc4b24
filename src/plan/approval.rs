//! A plan that somebody agreed to: what is to be sent, at which price; and what moved since.

use super::decide::Decision;
use super::fingerprint::{Change, differences, fields};
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// The version of the form below.
pub const FORMAT: u32 = 1;

/// A plan as it is written down. Fields may be added; readers ignore what they do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of the program that wrote it.
    pub shotlist: String,
    /// Whose jobs.
    pub project: String,
    /// The manifest, and the product file where there is one.
    pub inputs: Vec<Input>,
    /// How many jobs are to be sent.
    pub to_render: usize,
    /// What they cost together.
    pub total_usd: String,
    /// Every job of the plan, by its key.
    pub jobs: BTreeMap<String, Approved>,
}

/// A file that the plan was made of. That it changed is said; what it means for the jobs decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name as the user gave it.
    pub file: String,
    /// Of its bytes.
    pub sha256: String,
}

/// One job as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// What was to be done about it, in the word of `plan --json`.
    pub decision: String,
    /// Whether it was to be sent and paid.
    pub costs: bool,
    /// Of its order.
    pub fingerprint: String,
    /// What it costs; `None` where nobody knew.
    pub price_usd: Option<String>,
    /// The take of the rejected clip in whose place it was to be rendered once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redo_of: Option<String>,
    /// Its order, field by field, where it was to be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<(String, String)>,
}

/// A job that is not as it was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The job.
    pub key: String,
    /// What is not as it was.
    pub how: How,
}

/// What is not as it was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is no longer wanted.
    Gone,
    /// Its order: these fields, as far as the plan has them.
    Order(Vec<Change>),
    /// Its price: then, and now.
    Price(Option<String>, Option<String>),
    /// What is to be done about it: then, and now.
    Decision(String, &'static str),
}

impl Approval {
    /// Begins a plan without jobs, which will cost so much.
    #[must_use]
    pub fn new(project: &str, inputs: Vec<Input>, total: Usd) -> Self {
        Self {
            format: FORMAT,
            shotlist: env!("CARGO_PKG_VERSION").to_owned(),
            project: project.to_owned(),
            inputs,
            to_render: 0,
            total_usd: total.plain(),
            jobs: BTreeMap::new(),
        }
    }

    /// Writes down a job of the plan.
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

    /// Whether the plan has this job.
    #[must_use]
    pub fn has(&self, key: &JobKey) -> bool {
        self.jobs.contains_key(&key.to_string())
    }

    /// Returns what moved of a job, as it is decided now. Nothing of what is paid may have moved: a job that was to be
    /// sent is sent as it was planned, or was sent so meanwhile; one that was not is not.
    #[must_use]
    pub fn moved(&self, wanted: &Wanted, decision: &Decision) -> Option<Moved> {
        let key = wanted.key.to_string();
        let how = how(self.jobs.get(&key)?, wanted, decision)?;
        Some(Moved { key, how })
    }

    /// Returns the jobs that were to be sent and are not among these any more.
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
        return Some(How::Order(differences(&approved.order, &fields(&wanted.request))));
    }
    // A plan approves a redo of the clip that was rejected then, and no second one of what came of it.
    let redo = redo_of(decision);
    if redo.is_some() && redo != approved.redo_of {
        return Some(How::Decision(approved.decision.clone(), "redo of a later clip"));
    }
    let price = wanted.price.map(Usd::plain);
    if decision.costs() && approved.price_usd != price {
        return Some(How::Price(approved.price_usd.clone(), price));
    }
    match decision {
        // Somebody else's clip would serve by now, or an older one is kept: not what was agreed to.
        Decision::Shared { .. }
        | Decision::Renamed { unsent: false, .. }
        | Decision::Kept { .. }
        | Decision::HeldBack => Some(How::Decision(approved.decision.clone(), decision.name())),
        // To be sent, or sent meanwhile by an interrupted run of this plan.
        Decision::New
        | Decision::Changed { .. }
        | Decision::Redo { .. }
        | Decision::Again { .. }
        | Decision::Underway { .. }
        | Decision::Renamed { unsent: true, .. }
        | Decision::Unchanged { .. }
        | Decision::Blocked { .. }
        | Decision::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests;
