//! The events of a take's life cycle.

use super::{CancelledBy, Charged, Clip, ClipFile, HeldReason, Intent, Phase};
use crate::domain::fault::Refusal;
use crate::domain::key::TaskId;
use crate::domain::policy::{LookUp, Tick};
use jiff::Timestamp;
use std::time::Duration;

/// The reason why a submission surely created no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBack {
    /// No byte of the request was sent.
    NotSent,
    /// The provider refused the request because requests come too fast.
    Throttled {
        /// The pause that the provider asked for; `None` if it asked for none.
        after: Option<Duration>,
    },
    /// The provider refused the request for a temporary reason.
    Busy {
        /// The pause that the provider asked for; `None` if it asked for none.
        after: Option<Duration>,
    },
    /// The provider accepts no more submissions in this run, from this model or at all; this job is not the reason.
    Stopped,
}

impl SentBack {
    /// All reasons why a submission created no task. None of them has a pause that the provider asked for.
    pub const ALL: [Self; 4] =
        [Self::NotSent, Self::Throttled { after: None }, Self::Busy { after: None }, Self::Stopped];

    /// Returns the name of the reason in the ledger.
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

/// The result of a download that brought no clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchSetback {
    /// The clip's server was unreachable, could not answer for now, or broke the download off. This says nothing about
    /// the clip.
    Trouble {
        /// The pause that the host asked for; `None` if it asked for none.
        after: Option<Duration>,
        /// True if enough bytes arrived to count as progress.
        progress: bool,
    },
    /// The clip's server sent a page of text. A fresh link may still lead to the clip.
    Page,
    /// The link was redirected too often.
    Redirects,
    /// The download is complete, but the file is not a clip.
    Damaged,
}

impl From<FetchSetback> for Event {
    fn from(setback: FetchSetback) -> Self {
        Self::FetchSetback(setback)
    }
}

/// A proof that an attempt created no task. It comes from the provider's list of tasks, or from the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// True if an earlier process recorded in the ledger that the attempt created no task. The process recorded this
    /// only after two proofs, so no further proof is needed.
    concluded: bool,
}

impl Absence {
    /// Returns a proof that an attempt created no task, from a list of the provider's tasks that lacks its request id.
    /// Returns `None` if the list is not a proof.
    ///
    /// A list is a proof only if all of these conditions hold:
    ///
    /// - `complete`: every page of the list was read.
    /// - `echoes_ours`: the list shows another request id of this program from the same time, so it does contain such
    ///   ids.
    /// - `asked`, the time of the look-up, is later than `since` by more than the provider's lag. `since` is the time
    ///   at which the program stopped waiting for the answer. The time of the attempt does not count, because a request
    ///   may wait long for its answer.
    #[must_use]
    pub fn prove(
        complete: bool,
        echoes_ours: bool,
        since: Timestamp,
        asked: Tick,
        look_up: &LookUp,
    ) -> Option<Self> {
        (complete && echoes_ours && asked.since(since) > look_up.lag).then_some(Self { concluded: false })
    }

    /// Returns the proof that an attempt created no task, as an earlier process recorded it in the ledger.
    #[must_use]
    pub const fn from_ledger() -> Self {
        Self { concluded: true }
    }

    /// Returns whether this proof that an attempt created no task is enough without a second proof.
    pub(super) const fn is_concluded(self) -> bool {
        self.concluded
    }
}

/// An event in the life cycle of a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A new run begins. A take that is not submitted is due now, and its temporary refusals are counted from zero
    /// again.
    Afresh,
    /// The record of the attempt is saved, and the request is sent next.
    Claimed(Intent),
    /// The submission surely created no task.
    SentBack(SentBack),
    /// The provider refused the request permanently.
    Rejected(Refusal),
    /// The provider accepted the request as a task.
    Accepted(TaskId),
    /// The provider named a task that belongs to another take.
    AcceptedTwice,
    /// The request got no answer, or none that can be trusted.
    Unanswered,
    /// A look-up found the task by the attempt's request id.
    Found(TaskId),
    /// The provider's list of tasks proved that the attempt created no task.
    Absent(Absence),
    /// The search for the task proved nothing.
    Unclear,
    /// The task is still being rendered.
    StillRunning,
    /// The clip is ready to download.
    Ready(Clip),
    /// The task succeeded, but the answer contained no link to a clip.
    Empty,
    /// The task failed: the provider could not or would not render it.
    Refused {
        /// The reason for the failure.
        refusal: Refusal,
        /// Tells whether the failure was charged, as far as it is known.
        charged: Charged,
    },
    /// The provider cannot find the task.
    Missing,
    /// The answer was about another task.
    Mistaken,
    /// The poll (the request for the task's status) failed.
    PollSetback {
        /// The pause that the provider asked for; `None` if it asked for none.
        after: Option<Duration>,
    },
    /// The complete clip is on disk and synced.
    Fetched(ClipFile),
    /// The download ended without a clip.
    FetchSetback(FetchSetback),
    /// The clip's server refused the link as expired or invalid, or the link cannot be requested at all.
    LinkDead,
    /// The link is so old that it has probably expired, so it was not tried.
    LinkOld,
    /// The link must not be followed, because it leads to a place such as a private address.
    LinkUnsafe,
    /// The clip has its final name.
    Placed,
    /// The clip's final name belongs to a file that this program did not write.
    NameTaken,
    /// The file with the downloaded bytes is missing or damaged.
    PartLost,
    /// A person found the task in the provider's console.
    Adopt(TaskId),
    /// The provider's acceptance arrived after another process had decided that a person must look for the task.
    AcceptedLate(TaskId),
    /// A person asks to poll the known task once more and to download its clip.
    Again,
    /// A person writes the take off: it ends without a clip.
    WriteOff,
    /// A person read on the provider's bill whether the failed task was charged.
    Billed(Charged),
    /// The take is cancelled before it was sent.
    Cancel(CancelledBy),
    /// The file of the finished clip is gone. The provider is asked for its link again, free of charge.
    ClipGone,
    /// The ledger says that the take waited for a person's decision, for this reason.
    WasHeld(HeldReason),
    /// The ledger says that an earlier process gave this clip its final name, or a person put the clip back there. The
    /// take becomes [`State::Placing`](super::State::Placing), so that the program checks whether the file exists.
    WasPlaced(ClipFile),
}

/// The error for an event that cannot happen in a state. The caller has a defect, or another process was faster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a take in the state `{state}` cannot handle the event {event}")]
pub struct Illegal {
    /// The name of the take's state, which cannot handle the event.
    pub state: Phase,
    /// The event, as text for the message.
    pub event: String,
}
