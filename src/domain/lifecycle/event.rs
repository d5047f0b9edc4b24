//! What can happen to a take.

use super::{CancelledBy, Charged, Clip, ClipFile, HeldReason, Intent, Phase};
use crate::domain::fault::Refusal;
use crate::domain::key::TaskId;
use crate::domain::policy::{LookUp, Moment};
use jiff::Timestamp;
use std::time::Duration;

/// Why a submission came back without a task, surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBack {
    /// No byte left.
    NotSent,
    /// Too fast.
    Throttled {
        /// What the provider asked for.
        after: Option<Duration>,
    },
    /// Refused for a passing reason.
    Busy {
        /// What the provider asked for.
        after: Option<Duration>,
    },
    /// The provider or the model stops for this run; not this job's doing.
    Stopped,
}

impl SentBack {
    /// Every way, without the time that a provider may ask for.
    pub const ALL: [Self; 4] =
        [Self::NotSent, Self::Throttled { after: None }, Self::Busy { after: None }, Self::Stopped];

    /// Returns the name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Throttled { .. } => "throttled",
            Self::Busy { .. } => "busy",
            Self::Stopped => "stopped",
        }
    }
}

/// How a download ended without a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchSetback {
    /// The host could not be reached, could not answer for now, or broke off: says nothing about the clip.
    Trouble {
        /// The pause that the host asked for.
        after: Option<Duration>,
        /// Whether enough arrived to call it progress.
        progress: bool,
    },
    /// A page of text came in place of the clip: says nothing about the clip, and a fresh link may lead to it.
    Page,
    /// The link was redirected more often than any storage service needs.
    Redirects,
    /// Whole, and no clip.
    Damaged,
}

impl From<FetchSetback> for Event {
    fn from(setback: FetchSetback) -> Self {
        Self::FetchSetback(setback)
    }
}

/// Proof, from complete answers of the provider, that it has no task of ours. Only a look-up can make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Whether an earlier process has concluded from two proofs that nothing was accepted.
    concluded: bool,
}

impl Absence {
    /// What a complete listing without our id proves.
    ///
    /// `complete`: no page failed. `echoes_ours`: the listing shows another of our ids from the same window, so it is
    /// known to echo them. `asked` must lie later than the beginning of the doubt by the provider's lag: the intent is
    /// older by as long as the request hung on the wire.
    #[must_use]
    pub fn prove(
        complete: bool,
        echoes_ours: bool,
        since: Timestamp,
        asked: Moment,
        look_up: &LookUp,
    ) -> Option<Self> {
        (complete && echoes_ours && asked.since(since) > look_up.lag).then_some(Self { concluded: false })
    }

    /// Returns the proof that an earlier process made and wrote into the ledger.
    #[must_use]
    pub const fn from_ledger() -> Self {
        Self { concluded: true }
    }

    /// Returns whether no second proof is needed.
    pub(super) const fn is_concluded(self) -> bool {
        self.concluded
    }
}

/// Something that happened to a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A new run begins: a take that rested gets its tries back.
    Afresh,
    /// The intent is being written.
    Claimed(Intent),
    /// The submission surely brought no task.
    SentBack(SentBack),
    /// Refused for good.
    Rejected(Refusal),
    /// A task exists.
    Accepted(TaskId),
    /// A task exists, but another take owns that id.
    AcceptedTwice,
    /// No answer that could be trusted.
    Unanswered,
    /// A look-up found the task by our request id.
    Found(TaskId),
    /// A look-up proved that the task is not there.
    Absent(Absence),
    /// A look-up brought nothing that proves anything.
    Unclear,
    /// Still being rendered.
    StillRunning,
    /// A clip is ready.
    Ready(Clip),
    /// Success, but no clip was named.
    Empty,
    /// The provider could not or would not.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The money.
        charged: Charged,
    },
    /// The provider knows no such task.
    Missing,
    /// The answer names another task.
    Mistaken,
    /// The poll itself failed.
    PollSetback {
        /// What the provider asked for.
        after: Option<Duration>,
    },
    /// The clip is whole, on disk and synced.
    Fetched(ClipFile),
    /// The download brought no clip.
    FetchSetback(FetchSetback),
    /// The link is dead.
    LinkDead,
    /// The link has reached the age at which it is expected to die, and was not tried.
    LinkOld,
    /// The link must not be followed.
    LinkUnsafe,
    /// The clip has its final name.
    Placed,
    /// A foreign file has that name.
    NameTaken,
    /// The fetched bytes are gone or damaged.
    PartLost,
    /// A person found the task in the provider's console.
    Adopt(TaskId),
    /// A person wants the same task polled and fetched once more.
    Again,
    /// A person gives the take up.
    WriteOff,
    /// Off the list, before anything was sent.
    Cancel(CancelledBy),
    /// The finished clip is no longer under its name: the provider is asked for its link again, free of charge.
    ClipGone,
    /// An earlier process held the take for this reason, as the ledger says.
    WasHeld(HeldReason),
    /// An earlier process gave this clip its name, as the ledger says; the file is looked for there.
    WasPlaced(ClipFile),
}

/// The event cannot happen in that state: a defect of the caller, or another process was faster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a take that is {state} cannot take the event {event}")]
pub struct Illegal {
    /// The state, without its data.
    pub state: Phase,
    /// The event.
    pub event: String,
}
