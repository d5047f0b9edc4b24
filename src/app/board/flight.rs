//! One take that a run works on: what is being done about it, and since when.

use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use jiff::Timestamp;

/// A take that is being worked on.
#[derive(Debug, Clone)]
pub struct Flight {
    /// Its job.
    pub(crate) key: JobKey,
    pub(crate) doing: Doing,
    /// Since when; for [`Doing::Again`], when.
    pub(crate) at: Timestamp,
}

/// The step that a take is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Its request is on the wire.
    Sending,
    /// The provider is asked whether it has it.
    Checking,
    /// The provider renders it.
    Rendering,
    /// Its clip is fetched.
    Downloading,
    /// Its clip is put in its place.
    Filing,
    /// Something did not get through and is tried again.
    Again,
}

impl Flight {
    /// The take in this state; `None` where nobody works on it. `before` is what was known of it.
    #[must_use]
    pub(crate) fn new(key: &JobKey, state: &State, before: Option<&Self>, now: Timestamp) -> Option<Self> {
        let (doing, at) = doing(state, now)?;
        let same = before.filter(|before| before.doing == doing && doing != Doing::Again);
        Some(Self { key: key.clone(), doing, at: same.map_or(at, |before| before.at) })
    }

    /// Whether its request was sent or is on the wire: it is paid, or may be.
    #[must_use]
    pub(crate) fn is_paid(&self) -> bool {
        self.doing != Doing::Again
    }

    /// Whether a terminal shows it.
    #[must_use]
    pub(crate) fn is_shown(&self, stopping: bool, now: Timestamp) -> bool {
        match self.doing {
            // When its time has come it waits for its turn, like all that were not sent yet.
            Doing::Again => !stopping && self.at > now,
            // After a stop nobody asks how a task goes on, but answers to paid requests are awaited.
            Doing::Sending => true,
            Doing::Checking | Doing::Rendering | Doing::Downloading | Doing::Filing => !stopping,
        }
    }
}

fn doing(state: &State, now: Timestamp) -> Option<(Doing, Timestamp)> {
    match state {
        State::Pending { tries_left, setbacks, due } => {
            (*tries_left > 0 && *setbacks > 0).then_some((Doing::Again, *due))
        }
        State::Submitting { intent, .. } => Some((Doing::Sending, intent.at)),
        State::Doubtful { .. } => Some((Doing::Checking, now)),
        State::Running { task, .. } => Some((Doing::Rendering, task.accepted)),
        State::Downloading { .. } => Some((Doing::Downloading, now)),
        State::Placing { .. } => Some((Doing::Filing, now)),
        State::Done { .. }
        | State::Held { .. }
        | State::Failed { .. }
        | State::Cancelled { .. }
        | State::WrittenOff { .. } => None,
    }
}
