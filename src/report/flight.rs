//! One take that a run works on: what is being done about it, and since when.

use super::text::{lasted, passed};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use jiff::Timestamp;

/// A take that is being worked on.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    /// Its job.
    pub(super) key: JobKey,
    doing: Doing,
    /// Since when; for [`Doing::Again`], when.
    at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Sending,
    Checking,
    Rendering,
    Downloading,
    Filing,
    /// Something did not get through and is tried again.
    Again,
}

impl Flight {
    /// The take in this state; `None` where nobody works on it. `before` is what was known of it.
    #[must_use]
    pub(super) fn new(key: &JobKey, state: &State, before: Option<&Self>, now: Timestamp) -> Option<Self> {
        let (doing, at) = doing(state, now)?;
        let same = before.filter(|before| before.doing == doing && doing != Doing::Again);
        Some(Self { key: key.clone(), doing, at: same.map_or(at, |before| before.at) })
    }

    /// Whether its request was sent or is on the wire: it is paid, or may be.
    #[must_use]
    pub(super) fn is_paid(&self) -> bool {
        self.doing != Doing::Again
    }

    /// Whether a terminal shows it.
    #[must_use]
    pub(super) fn is_shown(&self, stopping: bool, now: Timestamp) -> bool {
        match self.doing {
            // When its time has come it waits for its turn, like all that were not sent yet.
            Doing::Again => !stopping && self.at > now,
            // After a stop nobody asks how a task goes on, but answers to paid requests are awaited.
            Doing::Sending => true,
            Doing::Checking | Doing::Rendering | Doing::Downloading | Doing::Filing => !stopping,
        }
    }

    /// What is being done, in 11 columns, and how long already or how long not yet, in 6.
    #[must_use]
    pub(super) fn words(&self, now: Timestamp) -> String {
        let (word, time) = match self.doing {
            Doing::Sending => ("sending", passed(self.at, now)),
            Doing::Checking => ("checking", passed(self.at, now)),
            Doing::Rendering => ("rendering", passed(self.at, now)),
            Doing::Downloading => ("downloading", passed(self.at, now)),
            Doing::Filing => ("filing", passed(self.at, now)),
            Doing::Again => ("again in", passed(now, self.at)),
        };
        format!("{word:<11}  {:>6}", lasted(time))
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
