//! Results for single jobs of a request to cancel or to settle them.

use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::store::ApplyError;

/// A job of a request to cancel, with its result.
#[derive(Debug, Clone)]
pub struct CancelledJob {
    /// Key of the job.
    pub job: JobKey,
    /// Rendering that waited or was in flight, if there was one.
    pub take: Option<TakeId>,
    /// Result of the request.
    pub outcome: CancelOutcome,
    /// Other jobs that share the clip of a cancelled job; the next run renders it.
    pub followers: Vec<JobKey>,
}

/// The result of cancelling a job.
#[derive(Debug, Clone)]
pub enum CancelOutcome {
    /// The job was not sent yet, and will not be.
    Unsent,
    /// The provider cancelled the task.
    TakenBack {
        /// Name of the provider.
        provider: String,
        /// Charge of the provider despite the cancellation.
        charged: Charged,
        /// Price of the order.
        price: Usd,
    },
    /// The job was not cancelled.
    Kept(Obstacle),
}

/// The reason why a job was not cancelled.
#[derive(Debug, Clone)]
pub enum Obstacle {
    /// The job was never ordered.
    NeverOrdered,
    /// The state of the job does not allow it, or makes it unnecessary.
    State {
        /// State of the job.
        state: Box<State>,
        /// Provider of the order.
        provider: String,
    },
    /// The provider with this name could cancel the task but is not set up.
    NotSetUp(String),
    /// The provider had already rendered the clip.
    TooLate,
    /// The provider gave no usable answer to the request; the text describes the failure.
    Unanswered(String),
    /// Another process kept changing the job.
    Busy,
}

/// A held job with the result of a decision about it.
#[derive(Debug, Clone)]
pub struct ResolvedJob {
    /// Key of the job.
    pub job: JobKey,
    /// Held rendering.
    pub take: TakeId,
    /// Action that was taken, or the reason why the job stays held.
    pub outcome: Result<Resolution, Unresolved>,
}

/// The action that settled a held job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The job has this task now.
    Adopted(TaskId),
    /// The task will be polled again.
    AskedAgain,
    /// The rendering was written off and a new one ordered at this price.
    Resubmitted(Usd),
    /// The rendering was written off; this amount counts as spent.
    WrittenOff(Usd),
}

/// The reason why a job stays held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// A new order would not be sent.
    #[error(
        "the manifest no longer asks for it, so a new order would not be sent; put the job back and type `run`, or give \
         this one up with --write-off"
    )]
    NotWanted,
    /// No task is known for the job.
    #[error("no task is known that could be asked for again; use --task-id, --resubmit or --write-off")]
    NoTask,
    /// The task is known already.
    #[error("its task is known already; use --again, --resubmit or --write-off")]
    TaskKnown,
    /// The job changed meanwhile, or the task belongs to another job.
    #[error("{0}")]
    Refused(ApplyError),
}
