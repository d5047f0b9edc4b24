//! Defines the action that a plan takes for one job that the manifest asks for.

use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;

/// The action that a plan takes for one job that the manifest asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The job has its clip.
    Unchanged {
        /// The take that made the clip.
        take: TakeId,
        /// The clip at its present path if it must be moved to the job's path, which is free; `None` if it is there
        /// already.
        refile: Option<Filed>,
    },
    /// The job's take was submitted, and its result is awaited.
    InFlight {
        /// The take that was submitted.
        take: TakeId,
        /// True if its request has no reply yet: a run submits it again, at its price, if it surely never arrived.
        unanswered: bool,
    },
    /// The job's take was queued by an earlier command and not submitted yet: its price is still to be paid.
    Waiting {
        /// The take that waits to be submitted.
        take: TakeId,
        /// The fields that differ from the request of the newest finished take; empty if there is none.
        fields: Vec<Change>,
        /// The earlier payment for the same request, if there is or may be one.
        repeats: Option<Repeats>,
    },
    /// The job takes over another job's take with the same request. That other job does not need the take, or is not a
    /// part of this run.
    Renamed {
        /// The take that moves from one job to the other.
        take: TakeId,
        /// The job from which the take moves.
        from: JobKey,
        /// True if the take was not sent yet: its price is still to be paid.
        unsent: bool,
        /// The take's clip, if it exists already.
        filed: Option<Filed>,
        /// Unsent takes of this job that are no longer needed.
        superseded: Vec<TakeId>,
    },
    /// Another wanted job has, or will get, the same clip: this job gets a free copy.
    Shared {
        /// The leader: the job that has, or will get, the clip first.
        leader: JobKey,
        /// The leader's take, if it has one already.
        take: Option<TakeId>,
        /// The clip to copy, if it exists already.
        from: Option<Filed>,
        /// Unsent takes of this job that are no longer needed.
        superseded: Vec<TakeId>,
    },
    /// The job has no earlier take of its own, except takes that were cancelled at no cost.
    New,
    /// The job was submitted earlier with other inputs.
    Changed {
        /// The fields that differ from the request of the newest finished take; without a finished take, of the newest
        /// take.
        fields: Vec<Change>,
        /// Unsent takes of this job whose requests are out of date.
        superseded: Vec<TakeId>,
    },
    /// The job may only be submitted after a person has reviewed the first clips of its template.
    HeldBack,
    /// The job's inputs have changed, and its earlier clip is kept.
    Kept {
        /// The fields of the present request that differ from the request of the kept clip.
        fields: Vec<Change>,
        /// Unsent takes of this job whose requests are out of date.
        superseded: Vec<TakeId>,
        /// True if the clip is kept only until a person agrees to render it again.
        asks: bool,
        /// The clip at its present path if it must be moved to the job's path, which is free; `None` if it is there
        /// already.
        refile: Option<Filed>,
    },
    /// A person rejected the clip and asked to render the same request again.
    Redo {
        /// The take of the rejected clip.
        of: TakeId,
        /// The reviewer's reasons for the rejection, in words.
        why: String,
        /// Unsent takes of this job that the new rendering replaces.
        superseded: Vec<TakeId>,
    },
    /// The job's take is in doubt, and the manifest allows its request to be resubmitted: the job may be charged twice.
    Again {
        /// The take in doubt. It is written off once the new take is accepted, or may have been accepted.
        instead_of: TakeId,
    },
    /// A take whose result is not settled blocks the job: it may have been charged, or its clip is still to come.
    Blocked {
        /// The take that blocks the job.
        by: TakeId,
        /// The job to which the blocking take belongs.
        key: JobKey,
        /// The state of the blocking take.
        state: State,
        /// True if the take's job no longer needs the take, which then moves to this job.
        moves: bool,
    },
    /// A take with the same request failed or was written off earlier; the request is not sent again automatically.
    Failed {
        /// The take that failed or was written off.
        take: TakeId,
        /// The state of the take that failed or was written off.
        state: State,
        /// The job that had the take, if the take moves to this job.
        from: Option<JobKey>,
    },
}

/// An earlier payment, certain or possible, for the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// The job has a clip, and a person asked for another one.
    Clip,
    /// A request in doubt, which may have been charged.
    Doubt,
    /// A request that failed and was charged, or may have been.
    Failure,
}

impl Repeats {
    /// All payments that can be repeated.
    pub const ALL: [Self; 3] = [Self::Clip, Self::Doubt, Self::Failure];

    /// Returns the name for JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Doubt => "doubt",
            Self::Failure => "failure",
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

    /// Checks whether this decision costs the job's price.
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

    /// Returns the take that moves to the job from another job; `None` if none moves.
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
