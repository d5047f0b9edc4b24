//! What is to be done about one wanted job.

use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;

/// What is to be done about one wanted job.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Its clip is there.
    Unchanged {
        /// The take that made it.
        take: TakeId,
        /// Where the clip stands now, if that is not where it is wanted; moving it is free.
        refile: Option<Filed>,
    },
    /// Its take was ordered before and is on its way, or waits to be sent.
    Underway {
        /// The take.
        take: TakeId,
        /// Whether nothing was sent yet, so that its price is still to be paid.
        unsent: bool,
    },
    /// A job that is no longer wanted, or not in this run, had the same order: its take goes over to this job.
    Renamed {
        /// The take.
        take: TakeId,
        /// The job that had it.
        from: JobKey,
        /// Whether nothing was sent yet.
        unsent: bool,
        /// The clip, where there is one already.
        filed: Option<Filed>,
    },
    /// Another wanted job has, or is getting, the same clip: this one gets a copy, free.
    Shared {
        /// The job that is rendered.
        leader: JobKey,
        /// Its take, where there is one already.
        take: Option<TakeId>,
        /// Where the clip can be copied from, if it is there already.
        from: Option<Filed>,
    },
    /// Nothing like it was ever ordered.
    New,
    /// It was ordered with other inputs before.
    Changed {
        /// What differs from the newest take.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
    },
    /// It was ordered with other inputs before, and the clip that came of them is kept.
    Kept {
        /// What differs from the order of that clip.
        fields: Vec<Change>,
        /// Takes that were never sent and are not wanted so any more.
        superseded: Vec<TakeId>,
        /// Whether it is kept only until somebody agrees that it is rendered anew.
        asks: bool,
        /// Where the clip stands now, if that is not where it is wanted; moving it is free.
        refile: Option<Filed>,
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
        /// Where it stands.
        state: State,
    },
    /// The same order failed or was given up before; it is not sent again by itself.
    Failed {
        /// That take.
        take: TakeId,
        /// Where it stands.
        state: State,
    },
}

impl Decision {
    /// All names.
    pub const NAMES: [&str; 13] = [
        "unchanged",
        "moved",
        "waiting",
        "in flight",
        "renamed",
        "shared",
        "new",
        "changed",
        "kept",
        "asks",
        "again",
        "blocked",
        "failed",
    ];

    /// Whether the job's price will be paid if this is carried out.
    #[must_use]
    pub const fn costs(&self) -> bool {
        match self {
            Self::New | Self::Changed { .. } | Self::Again { .. } => true,
            Self::Underway { unsent, .. } | Self::Renamed { unsent, .. } => *unsent,
            Self::Unchanged { .. }
            | Self::Kept { .. }
            | Self::Shared { .. }
            | Self::Blocked { .. }
            | Self::Failed { .. } => false,
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
            Self::Kept { asks: false, .. } => "kept",
            Self::Kept { asks: true, .. } => "asks",
            Self::Again { .. } => "again",
            Self::Blocked { .. } => "blocked",
            Self::Failed { .. } => "failed",
        }
    }
}
