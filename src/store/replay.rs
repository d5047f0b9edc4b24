//! From a line of the ledger to the state that it tells of.

use super::ledger::{Entry, Kind, intent};
use crate::domain::digest::Sha256;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{CancelledBy, ClipFile, Event, HeldReason, Intent, SentBack, State, Task};
use crate::domain::policy::{Moment, Policy};

impl Entry {
    /// What becomes of a state that has not heard of this line yet; `None` where the line says nothing new.
    ///
    /// A clip that is settled here but not in the database is looked for under its name, and fetched again, which is free,
    /// where it is not there.
    pub(super) fn follow(&self, state: &State, policy: &Policy) -> Option<State> {
        let at = Moment::new(self.at, 0.0);
        // It is about no submission; one that was sent cannot be taken off the list.
        if self.kind == Kind::Cancelled {
            return state.clone().on(Event::Cancel(CancelledBy::User), at, policy).ok();
        }
        if intent(state)?.attempt != self.attempt {
            return None;
        }
        let task = || self.task_id.clone().map(TaskId);
        let event = match (self.kind, state) {
            (Kind::SentBack, State::Submitting { .. }) => Event::SentBack(SentBack::Stopped),
            (Kind::Rejected, State::Submitting { .. }) => Event::Rejected(self.refusal?),
            (Kind::Accepted, State::Submitting { .. }) => Event::Accepted(task()?),
            (Kind::Accepted, State::Doubtful { .. }) => Event::Found(task()?),
            (Kind::Accepted | Kind::Adopted, State::Held { .. }) => Event::Adopt(task()?),
            (Kind::Failed, State::Running { .. }) => {
                Event::Refused { refusal: self.refusal?, charged: self.charged? }
            }
            (Kind::Again, State::Held { .. }) => Event::Again,
            (Kind::WrittenOff, State::Held { .. }) => Event::WriteOff,
            (Kind::Settled, State::Running { .. } | State::Downloading { .. } | State::Held { .. }) => {
                let task = state.task().filter(|task| Some(&task.id.0) == self.task_id.as_ref())?.clone();
                return Some(State::Placing { task, file: self.file()? });
            }
            _ => return None,
        };
        state.clone().on(event, at, policy).ok()
    }

    /// What becomes of a state by a line that is known to be newer than it; `None` where the line says nothing about the
    /// state, or is about another submission.
    ///
    /// A line that names where the take stands is believed, whatever came before it: lines may have been lost.
    pub(super) fn replay(&self, state: &State, policy: &Policy) -> Option<State> {
        let at = Moment::new(self.at, 0.0);
        if self.kind == Kind::Intent {
            return State::new(policy, self.at).on(Event::Claimed(self.intent()?), at, policy).ok();
        }
        if self.kind == Kind::Cancelled {
            return self.follow(state, policy);
        }
        let intent = intent(state).filter(|intent| intent.attempt == self.attempt)?.clone();
        let known = state.task().cloned();
        let task = || {
            let named = self.task_id.clone().map(TaskId);
            known.clone().or(named.map(|id| Task { id, intent: intent.clone(), accepted: self.at }))
        };
        let event = match self.kind {
            Kind::Doubt => Event::Unanswered,
            Kind::Again => Event::Again,
            // The line is the proof that was made then.
            Kind::Absent => return Some(State::new(policy, self.at)),
            Kind::Held => {
                return Some(State::Held { reason: self.reason()?, task: task(), intent, since: self.at });
            }
            Kind::Failed => {
                return Some(State::Failed { refusal: self.refusal?, charged: self.charged?, task: task() });
            }
            Kind::Settled => return Some(State::Done { task: task()?, file: self.file()? }),
            Kind::WrittenOff => return Some(State::WrittenOff { reason: self.reason()?, task: task() }),
            _ => return self.follow(state, policy),
        };
        state.clone().on(event, at, policy).ok()
    }

    /// The submission that an intent is about.
    pub(super) fn intent(&self) -> Option<Intent> {
        let request_id = RequestId(self.request_id.clone()?);
        Some(Intent { attempt: self.attempt, request_id, at: self.at })
    }

    /// The clip that the line names.
    pub(super) fn file(&self) -> Option<ClipFile> {
        let sha256: Sha256 = self.sha256.as_ref()?.parse().ok()?;
        Some(ClipFile { size: self.size?, sha256 })
    }

    fn reason(&self) -> Option<HeldReason> {
        HeldReason::ALL.into_iter().find(|reason| Some(reason.name()) == self.why.as_deref())
    }
}

#[cfg(test)]
mod tests;
