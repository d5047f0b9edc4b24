//! What became of single jobs that were to be cancelled or settled.

use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{Charged, State};
use crate::domain::money::Usd;
use crate::store::ApplyError;

/// A job that was to be cancelled.
#[derive(Debug, Clone)]
pub struct CancelledJob {
    /// The job.
    pub job: JobKey,
    /// Its rendering that waited or was in flight, if there was one.
    pub take: Option<TakeId>,
    /// What became of it.
    pub outcome: CancelOutcome,
    /// Other jobs that wait for the clip of a cancelled one: the next run renders it.
    pub followers: Vec<JobKey>,
}

/// What became of a job that was to be cancelled.
#[derive(Debug, Clone)]
pub enum CancelOutcome {
    /// It was not sent yet, and is off the list.
    Unsent,
    /// The provider took its task back.
    TakenBack {
        /// The provider.
        provider: String,
        /// Whether the provider charges for it all the same.
        charged: Charged,
        /// The price of the order.
        price: Usd,
    },
    /// It stays as it is.
    Kept(Obstacle),
}

/// Why a job was not cancelled.
#[derive(Debug, Clone)]
pub enum Obstacle {
    /// It was never ordered.
    NeverOrdered,
    /// Where it stands, it cannot be cancelled, or need not be.
    State {
        /// Where it stands.
        state: Box<State>,
        /// The provider that it was ordered from.
        provider: String,
    },
    /// The provider that is this, and could take it back, is not set up.
    NotSetUp(String),
    /// The provider had rendered it already.
    TooLate,
    /// The provider did not answer whether it took the task back; these are the words of the failure.
    Unanswered(String),
    /// Another process changed it again and again.
    Busy,
}

/// A held job about which was decided.
#[derive(Debug, Clone)]
pub struct ResolvedJob {
    /// The job.
    pub job: JobKey,
    /// Its held rendering.
    pub take: TakeId,
    /// What was done, or why it stays held.
    pub outcome: Result<Resolution, Unresolved>,
}

/// What was done about a held job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It has this task now.
    Adopted(TaskId),
    /// Its task is asked for once more.
    AskedAgain,
    /// It was written off and ordered anew, for this price.
    Resubmitted(Usd),
    /// It was written off; so much counts as spent.
    WrittenOff(Usd),
}

/// Why a job stays held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// It would not be sent.
    #[error(
        "the manifest no longer asks for it, so a new order would not be sent; put the job back and type `run`, or give \
         this one up with --write-off"
    )]
    NotWanted,
    /// It has no task.
    #[error("no task is known that could be asked for again; use --task-id, --resubmit or --write-off")]
    NoTask,
    /// It has a task, and needs no other.
    #[error("its task is known already; use --again, --resubmit or --write-off")]
    TaskKnown,
    /// It changed meanwhile, or the task is another's.
    #[error("{0}")]
    Refused(ApplyError),
}
