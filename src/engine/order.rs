//! Decisions become an order: what the store takes in, what may be sent, what is filed.

use super::{Work, ids};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::State;
use crate::domain::policy::Policy;
use crate::plan::decide::Decision;
use crate::plan::filing::{Scene, filings};
use crate::store::{Admission, NewTake};
use jiff::Timestamp;
use std::collections::HashSet;

/// What is to be taken in by the store, and then done.
#[derive(Debug)]
pub struct Ordered {
    /// For [`Store::admit`](crate::store::Store::admit), before anything is done.
    pub admission: Admission,
    /// For [`run`](super::run).
    pub work: Work,
}

/// Orders what was decided. `partial`: jobs that are not among the wanted stay wanted as they were.
#[must_use]
pub fn order(project: &str, scene: Scene<'_>, partial: bool, now: Timestamp) -> Ordered {
    let takes = scene.known.jobs.iter().flat_map(|job| &job.takes);
    let resting: HashSet<&TakeId> =
        takes.filter(|take| matches!(take.state, State::Pending { .. })).map(|take| &take.id).collect();
    // Sent once more by this run if it turns out that they never arrived: their price was agreed to when they were
    // sent first, and is not spent.
    let everybody = scene.known.jobs.iter().chain(&scene.known.elsewhere).flat_map(|job| &job.takes);
    let in_doubt: HashSet<&TakeId> =
        everybody.filter(|take| matches!(take.state, State::Doubtful { .. })).map(|take| &take.id).collect();
    let left_out = scene.known.jobs.iter().filter(|job| job.wanted && scene.left_out.may_have(&job.key.item));
    let mut admission = Admission {
        project: project.to_owned(),
        wanted: scene.wanted.to_vec(),
        partial,
        kept: left_out.map(|job| job.key.clone()).collect(),
        new: Vec::new(),
        supersede: Vec::new(),
        adopt: Vec::new(),
        afresh: Vec::new(),
        policy: Policy::standard(),
    };
    let mut submit = HashSet::new();
    let new = |at, instead_of| NewTake { at, id: TakeId(ids::sortable(now)), instead_of };
    for (at, decision) in scene.decisions.iter().enumerate() {
        match decision {
            Decision::New => admission.new.push(new(at, None)),
            Decision::Changed { superseded, .. } => {
                admission.new.push(new(at, None));
                admission.supersede.extend(superseded.iter().cloned());
            }
            Decision::Kept { superseded, .. } => admission.supersede.extend(superseded.iter().cloned()),
            Decision::Again { instead_of } => admission.new.push(new(at, Some(instead_of.clone()))),
            Decision::Underway { take, unsent: true } => {
                submit.insert(take.clone());
                if resting.contains(take) {
                    admission.afresh.push(take.clone());
                }
            }
            Decision::Renamed { take, unsent, .. } => {
                admission.adopt.push((take.clone(), at));
                if *unsent {
                    admission.afresh.push(take.clone());
                }
                if *unsent || in_doubt.contains(take) {
                    submit.insert(take.clone());
                }
            }
            Decision::Underway { take, unsent: false } => {
                if in_doubt.contains(take) {
                    submit.insert(take.clone());
                }
            }
            Decision::Unchanged { .. }
            | Decision::Shared { .. }
            | Decision::Blocked { .. }
            | Decision::Failed { .. } => {}
        }
    }
    submit.extend(admission.new.iter().map(|new| new.id.clone()));
    let ordered = admission.new.iter().map(|new| (&scene.wanted[new.at].key, &new.id)).collect();
    let filings = filings(scene, &ordered);
    Ordered { admission, work: Work { filings, submit } }
}
