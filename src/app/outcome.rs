//! The result for each job when jobs are cancelled, or when jobs that need a decision are settled.

use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::store::ApplyError;

/// A job that a request to cancel selected, with its result.
#[derive(Debug, Clone)]
pub struct CancelledJob {
    /// Key of the job.
    pub job: JobKey,
    /// Rendering that the request tried to cancel; `None` if each rendering of the job already had a result.
    pub take: Option<TakeId>,
    /// Result for the job.
    pub outcome: CancelOutcome,
    /// Other jobs that were to get the clip of the cancelled job; the next run renders it for them.
    pub followers: Vec<JobKey>,
}

/// The result of cancelling a job.
#[derive(Debug, Clone)]
pub enum CancelOutcome {
    /// The job was not sent yet, and will not be sent.
    Unsent,
    /// The provider cancelled the task.
    TakenBack {
        /// Name of the provider.
        provider: String,
        /// Says whether the provider charges the cancelled task nevertheless.
        charged: Charged,
        /// Price of the request.
        price: Usd,
    },
    /// The job was not cancelled, for this reason.
    Kept(Obstacle),
}

/// The reason why a job was not cancelled.
#[derive(Debug, Clone)]
pub enum Obstacle {
    /// The job has never been sent, so there is nothing to cancel.
    NeverOrdered,
    /// The job is in a state that cannot be cancelled or needs no cancellation.
    State {
        /// State of the job.
        state: Box<State>,
        /// Name of the provider that the job was sent to.
        provider: String,
    },
    /// The provider with this name could cancel the task, but its address or key is not set up.
    NotSetUp(String),
    /// The provider has already rendered the clip.
    TooLate,
    /// The provider gave no usable answer to the request to cancel; the text describes the failure.
    Unanswered(String),
    /// Another process kept changing the job, so each attempt to cancel it failed.
    Busy,
}

/// A job that needed a decision, with the result of that decision.
#[derive(Debug, Clone)]
pub struct ResolvedJob {
    /// Key of the job.
    pub job: JobKey,
    /// Name of the job's project; `None` if it is the manifest's project.
    pub project: Option<String>,
    /// Rendering about which a person had to decide.
    pub take: TakeId,
    /// Action that settled the job, or the reason why it still needs a decision.
    pub outcome: Result<Resolution, Unresolved>,
}

/// The action that settled a job that needed a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The job was connected to this task, which a person found in the provider's console.
    Adopted(TaskId),
    /// The job's known task will be polled again.
    AskedAgain,
    /// The rendering was ended (written off), and the job will be sent again at this price.
    Resubmitted(Usd),
    /// The rendering was ended (written off), and the job, whose input has changed, will be rendered as it is now, at
    /// this price.
    ResubmittedChanged(Usd),
    /// The rendering was ended (written off), and this amount counts as spent.
    WrittenOff(Usd),
}

/// The reason why a job still needs a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The manifest no longer has the job, so a new request would not be sent.
    #[error(
        "the manifest no longer has this job, so a new request would not be sent; put the job back and type `run`, or \
         end the job with --write-off"
    )]
    NotWanted,
    /// No task of the job is known that could be polled again.
    #[error(
        "no task of this job is known, so its result cannot be requested again; use --task-id, --resubmit or --write-off"
    )]
    NoTask,
    /// The task of the job is known already, so the requested decision does not apply.
    #[error("the task of this job is known already; use --again, --resubmit or --write-off")]
    TaskKnown,
    /// Another process changed the job meanwhile, or the task belongs to another job.
    #[error("{0}")]
    Refused(ApplyError),
}
