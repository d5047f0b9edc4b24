//! Defines what a plan can decide about a job that the manifest asks for.

use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;

/// The action that a plan takes for a job that the manifest asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The job has its clip.
    Unchanged {
        /// The take that made the clip.
        take: TakeId,
        /// The clip at its old path, if it must be moved to the job's path; `None` if it is already there.
        refile: Option<Filed>,
    },
    /// The job's take was submitted, and has no result yet.
    InFlight {
        /// The take that was submitted.
        take: TakeId,
        /// True if the take's request has no reply yet. If a search in the provider's task list proves that the request
        /// never arrived, a run submits the request again, at its price.
        unanswered: bool,
    },
    /// The job's take was queued by an earlier command and will be submitted now, at its price.
    Waiting {
        /// The take that waits to be submitted.
        take: TakeId,
        /// The fields that differ from the request of the newest finished take; empty if there is no finished take.
        fields: Vec<Change>,
        /// The kind of the earlier payment for the same request, if there was or may have been such a payment.
        repeats: Option<Repeats>,
    },
    /// The job takes over another job's take with the same request. The other job no longer needs the take, or is not
    /// selected for this run.
    Renamed {
        /// The take that moves from one job to the other.
        take: TakeId,
        /// The job from which the take moves.
        from: JobKey,
        /// True if the take was not sent yet, so that its price must still be paid.
        unsent: bool,
        /// The take's clip, if it exists already.
        filed: Option<Filed>,
        /// The job's own takes that were not sent yet and are no longer needed.
        superseded: Vec<TakeId>,
    },
    /// The job gets a free copy of another job's clip, which may not exist yet.
    Shared {
        /// The other job (the leader), which has the clip or will get it first.
        leader: JobKey,
        /// The take of the other job, if the other job has one already.
        take: Option<TakeId>,
        /// The clip to copy, if it exists already.
        from: Option<Filed>,
        /// The job's own takes that were not sent yet and are no longer needed.
        superseded: Vec<TakeId>,
    },
    /// The job is submitted for the first time. Earlier takes that were cancelled at no cost do not count.
    New,
    /// The job is submitted because its inputs have changed since its earlier take.
    Changed {
        /// The fields that differ from the request of the newest finished take, or of the newest take if none is
        /// finished.
        fields: Vec<Change>,
        /// The job's own takes that were not sent yet and have an outdated request.
        superseded: Vec<TakeId>,
    },
    /// The job waits until a person has reviewed the first clips of its shot and model.
    HeldBack,
    /// The job keeps its earlier clip although its inputs have changed.
    Kept {
        /// The fields that differ between the present request and the request of the clip.
        fields: Vec<Change>,
        /// The job's own takes that were not sent yet and have an outdated request.
        superseded: Vec<TakeId>,
        /// True if a person is asked whether to render the job again; the clip is kept until then.
        asks: bool,
        /// The clip at its old path, if it must be moved to the job's path; `None` if it is already there.
        refile: Option<Filed>,
    },
    /// The same request is rendered again, because a person rejected the clip and asked for that.
    Redo {
        /// The take of the rejected clip.
        of: TakeId,
        /// The reviewer's reasons for the rejection, in words.
        why: String,
        /// The job's own takes that were not sent yet and are replaced by the new rendering.
        superseded: Vec<TakeId>,
    },
    /// The request of a take that got no answer is resubmitted, which the manifest allows. The job may be charged
    /// twice.
    Again {
        /// The take that got no answer. This take is written off when the new take is accepted, or may have been
        /// accepted.
        instead_of: TakeId,
    },
    /// The job must wait for a take with an open result: it may have been charged, or its clip is still to come.
    Blocked {
        /// The take that the job waits for.
        by: TakeId,
        /// The job to which the take `by` belongs.
        key: JobKey,
        /// The state of the take `by`.
        state: State,
        /// True if the take `by` moves to this job, because the job `key` no longer needs the take.
        moves: bool,
    },
    /// A take with the same request failed or was written off. The request is not sent again automatically.
    Failed {
        /// The take that failed or was written off.
        take: TakeId,
        /// The state of the take that failed or was written off.
        state: State,
        /// The earlier job of the take, if the take moves to this job.
        from: Option<JobKey>,
    },
}

/// The kind of an earlier payment for a request that is about to be paid for again. Some of these payments are
/// uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// The job has a paid clip, and a person asked for another one.
    Clip,
    /// A request got no answer, and may have been charged.
    Doubt,
    /// A request failed or was written off, and may have been charged.
    Failure,
    /// A request that was certainly charged and brought no clip.
    Charge,
}

impl Repeats {
    /// All kinds of earlier payments.
    pub const ALL: [Self; 4] = [Self::Clip, Self::Doubt, Self::Failure, Self::Charge];

    /// Returns the name for JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Doubt => "doubt",
            Self::Failure => "failure",
            Self::Charge => "charge",
        }
    }
}

impl Decision {
    /// The names of all decisions, as [`name`](Self::name) returns them.
    pub const NAMES: [&str; 15] = [
        "unchanged",
        "moved",
        "waiting",
        "in flight",
        "renamed",
        "shared",
        "new",
        "changed",
        "held back",
        "kept",
        "asks",
        "redo",
        "again",
        "blocked",
        "failed",
    ];

    /// Checks whether this decision submits the job at its price.
    #[must_use]
    pub const fn costs(&self) -> bool {
        match self {
            Self::New
            | Self::Changed { .. }
            | Self::Redo { .. }
            | Self::Again { .. }
            | Self::Waiting { .. } => true,
            Self::Renamed { unsent, .. } => *unsent,
            Self::Unchanged { .. }
            | Self::InFlight { .. }
            | Self::HeldBack
            | Self::Kept { .. }
            | Self::Shared { .. }
            | Self::Blocked { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// Returns the take that moves from another job to this one; `None` if no take moves.
    #[must_use]
    pub const fn adopts(&self) -> Option<&TakeId> {
        match self {
            Self::Renamed { take, .. }
            | Self::Blocked { by: take, moves: true, .. }
            | Self::Failed { take, from: Some(_), .. } => Some(take),
            _ => None,
        }
    }

    /// Returns the decision's name for tables and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged { refile: None, .. } => "unchanged",
            Self::Unchanged { refile: Some(_), .. } => "moved",
            Self::Waiting { .. } => "waiting",
            Self::InFlight { .. } => "in flight",
            Self::Renamed { .. } => "renamed",
            Self::Shared { .. } => "shared",
            Self::New => "new",
            Self::Changed { .. } => "changed",
            Self::HeldBack => "held back",
            Self::Kept { asks: false, .. } => "kept",
            Self::Kept { asks: true, .. } => "asks",
            Self::Redo { .. } => "redo",
            Self::Again { .. } => "again",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
        }
    }
}
