//! Converts a ledger line of any version back to the events that the line reports in the life cycle of a take.

use super::ledger::{Entry, Kind, intent};
use crate::domain::digest::Sha256;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{Absence, CancelledBy, ClipFile, Event, HeldReason, Intent, SentBack, State};

impl Entry {
    /// Returns the event that this ledger line reports. Returns `None` if a take in state `state` has had the event
    /// already, or is in another attempt.
    ///
    /// For a line about a finished clip, the event makes the program look for the clip at its path. If the clip is
    /// missing there, it is downloaded again at no charge.
    pub(super) fn unheard(&self, state: &State) -> Option<Event> {
        // The line is not about a submission; a take that was sent cannot be cancelled.
        if self.kind == Kind::Cancelled {
            return matches!(state, State::Pending { .. }).then_some(Event::Cancel(CancelledBy::User));
        }
        if intent(state)?.attempt != self.attempt {
            return None;
        }
        match (self.kind, state) {
            (Kind::SentBack, State::Submitting { .. }) => Some(Event::SentBack(self.sent_back())),
            (Kind::Rejected, State::Submitting { .. }) => Some(Event::Rejected(self.refusal?)),
            (
                Kind::Accepted | Kind::Adopted,
                State::Submitting { .. } | State::Doubtful { .. } | State::Held { task: None, .. },
            )
            | (Kind::Adopted, State::Held { task: Some(_), .. }) => self.task_for(state),
            (Kind::Failed, State::Running { .. }) => {
                Some(Event::Refused { refusal: self.refusal?, charged: self.charged? })
            }
            (Kind::Again, State::Held { task: Some(_), .. }) => Some(Event::Again),
            (Kind::WrittenOff, State::Held { .. }) => Some(Event::WriteOff),
            (Kind::Settled, State::Running { .. } | State::Downloading { .. } | State::Held { .. }) => {
                state.task().filter(|task| Some(task.id.0.raw()) == self.task_id.as_deref())?;
                Some(Event::WasPlaced(self.file()?))
            }
            _ => None,
        }
    }

    /// Returns the events that bring a take from `state` to the state that this newer ledger line reports. The list is
    /// empty if the line is about another submission.
    ///
    /// The list begins with events that earlier lines reported, in case those lines are lost.
    pub(super) fn events(&self, state: &State) -> Vec<Event> {
        self.reported(state).unwrap_or_default()
    }

    fn reported(&self, state: &State) -> Option<Vec<Event>> {
        match self.kind {
            Kind::Intent => return Some(vec![Event::Claimed(self.intent()?)]),
            Kind::Cancelled => return Some(vec![Event::Cancel(CancelledBy::User)]),
            _ => {}
        }
        if intent(state)?.attempt != self.attempt {
            return None;
        }
        let last = match self.kind {
            Kind::SentBack => Event::SentBack(self.sent_back()),
            Kind::Rejected => Event::Rejected(self.refusal?),
            Kind::Accepted | Kind::Adopted => return Some(vec![self.task_for(state)?]),
            Kind::Doubt => Event::Unanswered,
            // The line is the proof that was made then.
            Kind::Absent => Event::Absent(Absence::from_ledger()),
            Kind::Held => Event::WasHeld(self.reason()?),
            Kind::Again => Event::Again,
            Kind::Failed => Event::Refused { refusal: self.refusal?, charged: self.charged? },
            Kind::WrittenOff => Event::WriteOff,
            Kind::Settled => return self.placed(state),
            Kind::Intent
            | Kind::Cancelled
            | Kind::Ordered
            | Kind::Filed
            | Kind::Adjusted
            | Kind::Dismissed
            | Kind::Recalled
            | Kind::Reviewed => return None,
        };
        let mut events = self.before(state);
        events.push(last);
        Some(events)
    }

    /// Returns the events that bring a take from `state` to the point just before the event of this ledger line. The
    /// line is about a task or about a person's decision.
    fn before(&self, state: &State) -> Vec<Event> {
        let mut events = match (self.kind, state) {
            (Kind::Again | Kind::WrittenOff, State::Held { .. }) => return Vec::new(),
            // The provider reports this about a task that is polled, whatever was downloaded of it.
            (Kind::Failed, State::Downloading { .. } | State::Placing { .. }) => {
                vec![Event::WasHeld(HeldReason::NoResult), Event::Again]
            }
            (Kind::Held | Kind::Failed, State::Held { task: Some(_), .. }) => vec![Event::Again],
            _ => self.task_for(state).into_iter().collect(),
        };
        if matches!(self.kind, Kind::Again | Kind::WrittenOff) {
            events.push(Event::WasHeld(self.reason().unwrap_or(HeldReason::NoResult)));
        }
        events
    }

    /// Returns the events that lead from `state` to a finished take whose clip is at its path. Returns `None` if this
    /// ledger line has no size and digest of a clip.
    fn placed(&self, state: &State) -> Option<Vec<Event>> {
        let mut events: Vec<Event> = self.task_for(state).into_iter().collect();
        events.extend([Event::WasPlaced(self.file()?), Event::Placed]);
        Some(events)
    }

    /// Returns the event by which a take in state `state` gets the task whose id this ledger line has. Returns `None`
    /// if the take has this task already, or if the line has no task id.
    fn task_for(&self, state: &State) -> Option<Event> {
        let task = TaskId(self.task_id.as_ref()?.into());
        match state {
            State::Submitting { .. } => Some(Event::Accepted(task)),
            State::Doubtful { .. } => Some(Event::Found(task)),
            // The line does not say whether a person typed the id. A late answer is polled with more patience.
            State::Held { task: None, .. } => Some(Event::AcceptedLate(task)),
            State::Held { task: Some(known), reason, .. }
                if self.kind == Kind::Adopted && reason.charge_in_doubt() && known.id != task =>
            {
                Some(Event::AcceptedLate(task))
            }
            _ => None,
        }
    }

    /// Returns the reason why the submission ended without a task. Ledger lines of version 1 record no reason: their
    /// takes are sent again without a pause.
    fn sent_back(&self) -> SentBack {
        let named = SentBack::ALL.into_iter().find(|how| Some(how.name()) == self.why.as_deref());
        named.unwrap_or(SentBack::Stopped)
    }

    /// Returns the submission that this ledger line is about; `None` if the line has no request id.
    pub(super) fn intent(&self) -> Option<Intent> {
        let request_id = RequestId(self.request_id.clone()?);
        Some(Intent { attempt: self.attempt, request_id, at: self.at })
    }

    /// Returns the size and digest of a clip that this ledger line has; `None` if the line lacks one of the two.
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
