//! The life of a take as one pure state machine.
//!
//! ```text
//! pending ─▶ submitting ─▶ running ─▶ downloading ─▶ placing ─▶ done
//!    ▲           │  │          ▲            └─▶ (link dead) back to running for a fresh one
//!    └─ not sent,┘  ├─▶ doubtful ─▶ running | pending, on proof | held
//!       rejected    ├─▶ held     a person decides: running | written off
//!       for now     └─▶ failed                                          cancelled
//! ```
//!
//! [`State::todo`] says what is due and not before when; [`State::on`] says what becomes of a state when something
//! happened. Retry exists here and nowhere else. Laws, held by the tests: from `submitting` no path leads to another
//! submission but through proof that nothing was accepted; a task id, once held, is in every later state; no final
//! state leads to a submission (`done` takes `ClipGone` alone, back to a free poll); every path ends. `WasHeld` and
//! `WasPlaced` tell what an earlier process did, so that a ledger is replayed through the same function.

mod charge;
mod event;
mod held;
mod phase;
mod step;

pub use charge::{Account, Charged};
pub use event::{Absence, Event, FetchSetback, Illegal, SentBack};
pub use held::HeldReason;
pub use phase::Phase;

use super::digest::Sha256;
use super::fault::Refusal;
use super::key::{RequestId, TaskId};
use super::policy::{Moment, Policy};
use jiff::Timestamp;

/// The attempt that is, or was, on the wire. It is durable before the request leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// 1 for the take's first attempt.
    pub attempt: u32,
    /// What we called it.
    pub request_id: RequestId,
    /// When it was written down.
    pub at: Timestamp,
}

/// A task that the provider accepted: from here on the rendering is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The provider's handle.
    pub id: TaskId,
    /// The attempt that brought it.
    pub intent: Intent,
    /// When we learned of it.
    pub accepted: Timestamp,
}

/// Where a finished clip can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// The link; it dies within about a day.
    pub url: String,
    /// A still, where the provider makes one.
    pub cover: Option<String>,
    /// When the link is expected to die.
    pub expires: Option<Timestamp>,
    /// Links to further results of the same task, which are not fetched.
    pub others: Vec<String>,
}

impl Clip {
    /// Returns the clip behind a link about which nothing else is known.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { url, cover: None, expires: None, others: Vec::new() }
    }

    /// Returns the first of several results with the links to the others; `None` where there is none.
    #[must_use]
    pub fn first(results: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut results = results.into_iter();
        let mut first = results.next()?;
        for other in results {
            if other.url != first.url && !first.others.contains(&other.url) {
                first.others.push(other.url);
            }
        }
        Some(first)
    }
}

/// A clip on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFile {
    /// Bytes.
    pub size: u64,
    /// Of all bytes.
    pub sha256: Sha256,
}

/// Counts of the answers to polls and of the downloads so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    /// Answers "still running".
    pub polls: u32,
    /// Of these, answers beyond the policy's patience.
    pub overdue: u32,
    /// Polls that failed, in a row.
    pub setbacks: u32,
    /// Answers "no such task" that counted.
    pub missing: u8,
    /// Successes without a clip.
    pub empty: u8,
    /// Answers in a row that were about another task or request.
    pub mistaken: u8,
    /// Dead links exchanged so far.
    pub fresh_links: u8,
    /// Downloads that brought what is no clip, since the last that made progress.
    pub damaged: u8,
    /// Downloads in a row that failed by trouble of the host.
    pub troubles: u32,
}

/// Who took a take off the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelledBy {
    /// A person.
    User,
    /// Before anything was sent, the job's input changed, or a person settled the take that this one was to replace.
    Superseded,
}

/// The state of one take. Each carries exactly the data that exists in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing is on the wire and nothing was accepted.
    Pending {
        /// How often a passing refusal may still happen in this run; at 0 the take rests until the next run.
        tries_left: u8,
        /// Submissions in a row that brought nothing.
        setbacks: u32,
        /// Not before.
        due: Timestamp,
    },
    /// The intent is durable; the request may be on the wire.
    Submitting {
        /// The attempt on the wire.
        intent: Intent,
        /// As before the attempt.
        tries_left: u8,
        /// As before the attempt.
        setbacks: u32,
    },
    /// No answer came; the provider is being asked.
    Doubtful {
        /// The attempt in doubt.
        intent: Intent,
        /// Since when: by then the request was no longer on the wire.
        since: Timestamp,
        /// As before the attempt.
        tries_left: u8,
        /// Look-ups made.
        looks: u8,
        /// When a complete answer first denied the task.
        absent: Option<Timestamp>,
        /// Not before.
        due: Timestamp,
    },
    /// Accepted; being rendered.
    Running {
        /// The paid task.
        task: Task,
        /// How polling has gone.
        watch: Watch,
        /// Not before.
        due: Timestamp,
    },
    /// Rendered; being fetched.
    Downloading {
        /// The paid task.
        task: Task,
        /// Where from.
        clip: Clip,
        /// Counts of the answers to polls and of the downloads so far.
        watch: Watch,
        /// Not before.
        due: Timestamp,
    },
    /// Fetched and verified; on its way to its final name.
    Placing {
        /// The paid task.
        task: Task,
        /// The verified bytes.
        file: ClipFile,
    },
    /// The clip stands under its name. Final, unless the clip disappears.
    Done {
        /// The paid task.
        task: Task,
        /// What was placed.
        file: ClipFile,
    },
    /// A person must decide.
    Held {
        /// Why.
        reason: HeldReason,
        /// The last attempt.
        intent: Intent,
        /// The paid task, where one is known.
        task: Option<Task>,
        /// Since when.
        since: Timestamp,
    },
    /// Nothing will come of it. Final.
    Failed {
        /// Why.
        refusal: Refusal,
        /// The money.
        charged: Charged,
        /// The task, if one was accepted.
        task: Option<Task>,
    },
    /// Taken off the list before anything was sent. Final.
    Cancelled {
        /// By whom.
        by: CancelledBy,
    },
    /// Given up by a person; what may have been charged stays spent. Final.
    WrittenOff {
        /// Why it was held.
        reason: HeldReason,
        /// The task, where one was known.
        task: Option<Task>,
    },
}

/// What a state asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Todo {
    /// Write the intent, send the request.
    Submit,
    /// The process died with the request on the wire: find out.
    Reconcile,
    /// Ask the provider for our request id.
    LookUp,
    /// Ask how the task stands.
    Poll,
    /// Fetch the clip.
    Download,
    /// Finish the rename.
    Place,
    /// Wait for the next run.
    Rest,
    /// Wait for a person.
    Decide,
    /// Nothing, ever.
    Nothing,
}

impl State {
    /// A take that is wanted and was never sent.
    #[must_use]
    pub const fn new(policy: &Policy, now: Timestamp) -> Self {
        Self::Pending { tries_left: policy.submit_tries, setbacks: 0, due: now }
    }

    /// What is due, and not before when. `Timestamp::MAX` where nothing will be due by itself.
    #[must_use]
    pub const fn todo(&self) -> (Todo, Timestamp) {
        match self {
            Self::Pending { tries_left: 0, .. } => (Todo::Rest, Timestamp::MAX),
            Self::Pending { due, .. } => (Todo::Submit, *due),
            Self::Submitting { intent, .. } => (Todo::Reconcile, intent.at),
            Self::Doubtful { due, .. } => (Todo::LookUp, *due),
            Self::Running { due, .. } => (Todo::Poll, *due),
            Self::Downloading { due, .. } => (Todo::Download, *due),
            Self::Placing { .. } => (Todo::Place, Timestamp::MIN),
            Self::Held { .. } => (Todo::Decide, Timestamp::MAX),
            Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. } | Self::WrittenOff { .. } => {
                (Todo::Nothing, Timestamp::MAX)
            }
        }
    }

    /// Returns the earliest time for the next action, as the clock of today tells it.
    ///
    /// A stored time that lies further ahead than any pause was noted by a clock that was wrong: the action is due now.
    #[must_use]
    pub fn due(&self, at: Moment, policy: &Policy) -> Timestamp {
        let (todo, due) = self.todo();
        let longest = match todo {
            Todo::Submit => policy.longest_submit_pause(),
            Todo::LookUp => policy.longest_look_up_pause(),
            Todo::Poll => policy.longest_poll_pause(),
            Todo::Download => policy.longest_fetch_pause(),
            Todo::Reconcile | Todo::Place | Todo::Rest | Todo::Decide | Todo::Nothing => return due,
        };
        if due > at.after(longest) { at.now } else { due }
    }

    /// Returns the state without its data.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Pending { .. } => Phase::Pending,
            Self::Submitting { .. } => Phase::Submitting,
            Self::Doubtful { .. } => Phase::Doubtful,
            Self::Running { .. } => Phase::Running,
            Self::Downloading { .. } => Phase::Downloading,
            Self::Placing { .. } => Phase::Placing,
            Self::Done { .. } => Phase::Done,
            Self::Held { .. } => Phase::Held,
            Self::Failed { .. } => Phase::Failed,
            Self::Cancelled { .. } => Phase::Cancelled,
            Self::WrittenOff { .. } => Phase::WrittenOff,
        }
    }

    /// Returns the name of the phase.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.phase().name()
    }

    /// The accepted task, in every state that has one.
    #[must_use]
    pub const fn task(&self) -> Option<&Task> {
        match self {
            Self::Running { task, .. }
            | Self::Downloading { task, .. }
            | Self::Placing { task, .. }
            | Self::Done { task, .. } => Some(task),
            Self::Held { task, .. } | Self::Failed { task, .. } | Self::WrittenOff { task, .. } => {
                task.as_ref()
            }
            Self::Pending { .. }
            | Self::Submitting { .. }
            | Self::Doubtful { .. }
            | Self::Cancelled { .. } => None,
        }
    }

    /// Whether nothing can happen any more.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.todo().0, Todo::Nothing)
    }

    /// Whether a charge is under way, due or in doubt: the job gets no other take before this one is settled.
    #[must_use]
    pub const fn is_unsettled(&self) -> bool {
        !self.is_final() && !matches!(self, Self::Pending { .. })
    }

    /// Where the money stands.
    #[must_use]
    pub const fn account(&self) -> Account {
        match self {
            Self::Pending { .. } | Self::Cancelled { .. } | Self::Failed { charged: Charged::No, .. } => {
                Account::Free
            }
            Self::Submitting { .. }
            | Self::Running { .. }
            | Self::Downloading { .. }
            | Self::Placing { .. } => Account::Reserved,
            Self::Doubtful { .. } | Self::Failed { charged: Charged::Unknown, .. } => Account::InDoubt,
            Self::Held { reason, .. } => {
                if reason.charge_in_doubt() {
                    Account::InDoubt
                } else {
                    Account::Settled
                }
            }
            Self::Done { .. } | Self::WrittenOff { .. } | Self::Failed { charged: Charged::Yes, .. } => {
                Account::Settled
            }
        }
    }

    /// Whether a person must decide because nobody knows if the submission was accepted.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Held { reason: HeldReason::AmbiguousSubmit, .. })
    }

    /// Whether a run may end while this is still rendering.
    #[must_use]
    pub fn overdue(&self, at: Moment, policy: &Policy) -> bool {
        matches!(self, Self::Running { task, .. } if at.since(task.accepted) > policy.patience)
    }
}

#[cfg(test)]
mod tests;
