//! The current step of a take (a paid rendering) that a run is working on.

use crate::domain::durations::RenderKind;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use jiff::Timestamp;

/// An unfinished take (paid rendering) that the run is working on, with its current step.
#[derive(Debug, Clone)]
pub struct Flight {
    pub(crate) key: JobKey,
    /// Kind of the take's request: model, length and size of the clip.
    pub(crate) kind: RenderKind,
    pub(crate) doing: TakeStep,
    /// Time at which the current step began; for [`TakeStep::Again`], the time of the next try.
    pub(crate) at: Timestamp,
}

/// The current step of a take that the run is working on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeStep {
    /// The request is being sent.
    Sending,
    /// The provider is asked whether it received the request.
    Checking,
    /// The provider renders the clip.
    Rendering,
    /// The clip is being downloaded.
    Downloading,
    /// The clip is being saved to the output folder.
    Filing,
    /// The request failed without a charge and will be sent again at a later time.
    Again,
}

impl Flight {
    /// Returns the current step of a take, derived from `state`; `None` if the run is not working on the take.
    ///
    /// `before` is the step before the state changed. If the step is still the same, its start time is kept.
    #[must_use]
    pub(crate) fn new(
        key: &JobKey,
        kind: &RenderKind,
        state: &State,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Option<Self> {
        let (doing, at) = doing(state, now)?;
        let same = before.filter(|before| before.doing == doing && doing != TakeStep::Again);
        Some(Self { key: key.clone(), kind: kind.clone(), doing, at: same.map_or(at, |before| before.at) })
    }

    /// Returns whether the take's request was sent or is being sent, so it was charged or may have been charged.
    #[must_use]
    pub(crate) fn is_paid(&self) -> bool {
        self.doing != TakeStep::Again
    }

    /// Returns whether the provider is rendering the take, or may be rendering it.
    pub(super) fn is_rendered(&self) -> bool {
        matches!(self.doing, TakeStep::Sending | TakeStep::Checking | TakeStep::Rendering)
    }

    /// Returns whether the terminal lists the take as running work at the time `now`.
    ///
    /// After a request to stop the run (`stopping`), it lists only takes whose requests are being sent.
    #[must_use]
    pub(crate) fn is_shown(&self, stopping: bool, now: Timestamp) -> bool {
        match self.doing {
            // When its time has come, a retry waits like any job that was not sent yet.
            TakeStep::Again => !stopping && self.at > now,
            // After a stop the run waits for answers to paid requests but does not poll tasks.
            TakeStep::Sending => true,
            TakeStep::Checking | TakeStep::Rendering | TakeStep::Downloading | TakeStep::Filing => !stopping,
        }
    }
}

fn doing(state: &State, now: Timestamp) -> Option<(TakeStep, Timestamp)> {
    match state {
        State::Pending { tries_left, setbacks, due } => {
            (*tries_left > 0 && *setbacks > 0).then_some((TakeStep::Again, *due))
        }
        State::Submitting { intent, .. } => Some((TakeStep::Sending, intent.at)),
        State::Doubtful { .. } => Some((TakeStep::Checking, now)),
        State::Running { task, .. } => Some((TakeStep::Rendering, task.accepted)),
        State::Downloading { .. } => Some((TakeStep::Downloading, now)),
        State::Placing { .. } => Some((TakeStep::Filing, now)),
        State::Done { .. }
        | State::Held { .. }
        | State::Failed { .. }
        | State::Cancelled { .. }
        | State::WrittenOff { .. } => None,
    }
}
