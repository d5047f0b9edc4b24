//! The events that a run reports. Each is reported only after it was saved.

use super::durations::RenderKind;
use super::fault::{Said, Stop};
use super::key::{JobKey, TakeId};
use super::lifecycle::{Phase, State};
use super::money::Usd;

/// A report of one event in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A take (a paid rendering of a job) changed its state.
    Moved {
        /// The id of the take.
        take: TakeId,
        /// The job of the take.
        key: JobKey,
        /// The kind of the take's request.
        kind: RenderKind,
        /// The amount that the provider reported as charged, or else the price of the take.
        price: Usd,
        /// The path of the take's clip.
        path: String,
        /// The take's state before the change.
        from: Phase,
        /// The take's state after the change.
        to: Box<State>,
        /// The message about the change of state, from the provider or from this program, if there is one.
        said: Option<Said>,
    },
    /// An existing paid clip was moved or copied to this job's path, free of charge.
    Filed {
        /// The key of the job that now has the clip.
        key: JobKey,
        /// The path under which the clip was saved for this job.
        path: String,
    },
    /// A provider, or one of its models, gets no further submissions in this run.
    Stopped {
        /// The provider, or `provider/model`.
        who: String,
        /// The reason for which submissions stop.
        why: WhyStopped,
        /// The provider's message about the reason.
        said: Said,
    },
    /// The run is stopping because a person or the system asked for it.
    Stopping {
        /// The number of submissions that still wait for an answer; the run waits for them.
        on_wire: usize,
    },
    /// A warning that is shown once.
    Warning(String),
    /// An error of this computer that may stop the run. It must always be shown, because it may be recorded nowhere
    /// else.
    Trouble(String),
}

/// The reason why a provider or a model gets no more submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhyStopped {
    /// The provider refused a request in a way that concerns all submissions.
    Provider(Stop),
    /// The provider refused the same model three times in a row.
    Model,
    /// The provider did not find several of its paid tasks in a row.
    TasksLost,
    /// Several of the provider's paid tasks in a row succeeded, but without a clip that can be downloaded.
    TasksEmpty,
    /// Several of the provider's paid tasks in a row failed with the same error code.
    TasksFail,
    /// The run made no progress for an hour.
    NoProgress,
}
