//! What is to be done about one wanted job.

use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;

/// The action that a plan takes for one wanted job.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The job's clip is there.
    Unchanged {
        /// The take that made it.
        take: TakeId,
        /// The clip's present place, if it is wanted elsewhere; moving it is free.
        refile: Option<Filed>,
    },
    /// The job's take was ordered before and is on its way, or waits to be sent.
    Underway {
        /// The take.
        take: TakeId,
        /// True while nothing was sent: the price is still to be paid.
        unsent: bool,
    },
    /// A job that does not want it any more, or not in this run, had the same order: its take goes over to this job.
    Renamed {
        /// The take.
        take: TakeId,
        /// The job that had it.
        from: JobKey,
        /// True while nothing was sent.
        unsent: bool,
        /// The clip, where there is one already.
        filed: Option<Filed>,
        /// Takes of this job that were never sent and need not be any more.
        superseded: Vec<TakeId>,
    },
    /// Another wanted job has, or is getting, the same clip: this one gets a copy, free.
    Shared {
        /// The job that is rendered.
        leader: JobKey,
        /// The leader's take, if it has one already.
        take: Option<TakeId>,
        /// The clip to copy, if it is there already.
        from: Option<Filed>,
        /// Takes of its own that were never sent and need not be any more.
        superseded: Vec<TakeId>,
    },
    /// Nothing like it was ever ordered.
    New,
    /// It was ordered with other inputs before.
    Changed {
        /// Fields that differ from the newest take.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
    },
    /// It would be ordered, but waits until a person has reviewed the first clips of its template.
    HeldBack,
    /// It was ordered with other inputs before, and the clip that came of them is kept.
    Kept {
        /// Fields that differ from the order of that clip.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
        /// True where the clip is kept only until a person agrees to render it again.
        asks: bool,
        /// The clip's present place, if it is wanted elsewhere; moving it is free.
        refile: Option<Filed>,
    },
    /// A person rejected the clip and wants the same order rendered once more.
    Redo {
        /// Take of the rejected clip.
        of: TakeId,
        /// Reasons in words.
        why: String,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
    },
    /// Nobody knows if its order was accepted, and the manifest allows it to be given again: perhaps a second charge.
    Again {
        /// The take in doubt, which is given up when the new one was accepted, or may have been.
        instead_of: TakeId,
    },
    /// An unsettled take stands in the way: it may have been charged, or its clip is still coming.
    Blocked {
        /// That take.
        by: TakeId,
        /// The job it belongs to.
        key: JobKey,
        /// The take's state.
        state: State,
        /// True where that job does not want it any more: the take goes over to this one.
        moves: bool,
    },
    /// The same order failed or was given up before; it is not sent again by itself.
    Failed {
        /// That take.
        take: TakeId,
        /// The take's state.
        state: State,
        /// The job that had it, where it goes over to this one.
        from: Option<JobKey>,
    },
}

impl Decision {
    /// Every name that [`name`](Self::name) returns.
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

    /// Returns whether carrying this out costs the job's price.
    #[must_use]
    pub const fn costs(&self) -> bool {
        match self {
            Self::New | Self::Changed { .. } | Self::Redo { .. } | Self::Again { .. } => true,
            Self::Underway { unsent, .. } | Self::Renamed { unsent, .. } => *unsent,
            Self::Unchanged { .. }
            | Self::HeldBack
            | Self::Kept { .. }
            | Self::Shared { .. }
            | Self::Blocked { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// Returns the take that goes over to the job.
    #[must_use]
    pub const fn adopts(&self) -> Option<&TakeId> {
        match self {
            Self::Renamed { take, .. }
            | Self::Blocked { by: take, moves: true, .. }
            | Self::Failed { take, from: Some(_), .. } => Some(take),
            _ => None,
        }
    }

    /// One word for tables and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged { refile: None, .. } => "unchanged",
            Self::Unchanged { refile: Some(_), .. } => "moved",
            Self::Underway { unsent: true, .. } => "waiting",
            Self::Underway { unsent: false, .. } => "in flight",
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
