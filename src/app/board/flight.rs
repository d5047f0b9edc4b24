//! An active take of a run: its current step and the time of that step.

use crate::domain::durations::RenderKind;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use jiff::Timestamp;

/// A take that the run is working on.
#[derive(Debug, Clone)]
pub struct Flight {
    /// Key of its job.
    pub(crate) key: JobKey,
    /// Kind of its request.
    pub(crate) kind: RenderKind,
    pub(crate) doing: Doing,
    /// Start of the step; for [`Doing::Again`], the time of the next try.
    pub(crate) at: Timestamp,
}

/// The current step of an active take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// The request is being sent.
    Sending,
    /// The provider is asked whether it received the request.
    Checking,
    /// The provider renders the clip.
    Rendering,
    /// The clip is downloaded.
    Downloading,
    /// The clip is saved.
    Filing,
    /// The request failed and is tried again later.
    Again,
}

impl Flight {
    /// Returns the active take in this state, or `None` if no work on it is under way.
    ///
    /// `before` is the take's last step.
    #[must_use]
    pub(crate) fn new(
        key: &JobKey,
        kind: &RenderKind,
        state: &State,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Option<Self> {
        let (doing, at) = doing(state, now)?;
        let same = before.filter(|before| before.doing == doing && doing != Doing::Again);
        Some(Self { key: key.clone(), kind: kind.clone(), doing, at: same.map_or(at, |before| before.at) })
    }

    /// Returns whether the take is paid or may be paid, because its request was sent or is being sent.
    #[must_use]
    pub(crate) fn is_paid(&self) -> bool {
        self.doing != Doing::Again
    }

    /// Returns whether the provider renders the take or may do so.
    pub(super) fn is_rendered(&self) -> bool {
        matches!(self.doing, Doing::Sending | Doing::Checking | Doing::Rendering)
    }

    /// Returns whether a terminal shows the take.
    #[must_use]
    pub(crate) fn is_shown(&self, stopping: bool, now: Timestamp) -> bool {
        match self.doing {
            // Once its time has come, a retry waits like any job that was not sent yet.
            Doing::Again => !stopping && self.at > now,
            // After a stop the run waits for answers to paid requests but does not poll tasks.
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
