//! The life cycle of a take (a paid rendering of a job) as a pure state machine.
//!
//! ```text
//! pending ─▶ submitting ─▶ running ─▶ downloading ─▶ placing ─▶ done
//! ```
//!
//! Each of the other transitions has a cause:
//!
//! ```text
//! pending     ─▶ cancelled    the take was cancelled before it was sent
//! submitting  ─▶ pending      the request was not sent, or was refused for now
//! submitting  ─▶ failed       the provider refused the request permanently
//! submitting  ─▶ doubtful     the request got no answer
//! doubtful    ─▶ running      the provider's list of tasks has the task
//! doubtful    ─▶ pending      the provider's list proves that there is no task
//! running     ─▶ failed       the task failed
//! downloading ─▶ running      the link no longer works, and a poll asks for another link
//! placing     ─▶ running      the downloaded file is missing
//! held        ─▶ running      a person named the task, or wants another poll
//! held        ─▶ written off  a person ended the take
//! done        ─▶ running      the file of the clip disappeared
//! ```
//!
//! If a person must decide, each of `submitting`, `doubtful`, `running`, `downloading` and `placing` leads to `held`.
//!
//! [`State::todo`] returns the next action and its earliest time; [`State::on`] returns the next state after an event.
//! The transitions are in `step`. Only this module decides about retries. The tests check these laws:
//!
//! - A take in `submitting` is submitted again only after proof that the provider accepted nothing.
//! - Once a state has a task id, every later state has that id. Only a person can name another task ([`Event::Adopt`]).
//! - No final state leads to a submission. `done` accepts only `ClipGone`, which leads to a free poll, and `failed`
//!   accepts only `Billed`, which corrects the charge. The other final states accept no event.
//! - From every state a final state can be reached. Bad answers about a task lead to `held` after a limited number.
//!   Only failed polls and faults of the clip's server are retried without a limit.
//!
//! [`State::on`] also replays a ledger. The event `WasHeld`, which says what an earlier process did, occurs only in a
//! replay. `WasPlaced` occurs there, and if a person put back a clip that was to be downloaded again.

mod charge;
mod clip;
mod counters;
mod event;
mod held;
mod phase;
mod step;

pub use charge::{Charged, MoneyState};
pub use clip::Clip;
pub use counters::PollCounters;
pub use event::{Absence, Event, FetchSetback, Illegal, SentBack};
pub use held::HeldReason;
pub use phase::Phase;

use super::digest::Sha256;
use super::fault::Refusal;
use super::key::{RequestId, TaskId};
use super::policy::{Policy, Tick};
use jiff::Timestamp;

/// The record of an attempt to submit a take, which is saved to disk before the request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The number of the attempt; 1 for the take's first.
    pub attempt: u32,
    /// The id that this program gave the attempt.
    pub request_id: RequestId,
    /// The time at which the attempt was recorded.
    pub at: Timestamp,
}

/// A task that the provider accepted. From then on the rendering is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The provider's id of the task.
    pub id: TaskId,
    /// The attempt that created the task.
    pub intent: Intent,
    /// The time at which this program learned of the task.
    pub accepted: Timestamp,
    /// True if the task is certainly charged, because it reported success or delivered its clip before. The clip must
    /// then be downloaded again.
    pub charged: bool,
}

/// A clip on the local disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFile {
    /// The size of the file in bytes.
    pub size: u64,
    /// The SHA-256 digest of the whole file.
    pub sha256: Sha256,
}

/// The cause of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelledBy {
    /// A person cancelled the take.
    User,
    /// The take was not sent yet, and is no longer needed. Another take or clip replaced it, or the take was to replace
    /// an unanswered one whose outcome is now known.
    Superseded,
}

/// The state of a take (one paid rendering of a job). Each variant carries exactly the data that exists in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The take was not submitted, or its submission surely created no task.
    Pending {
        /// The number of further temporary refusals that are allowed in this run. At 0 the take waits for the next run.
        tries_left: u8,
        /// The number of submissions in a row that created no task.
        setbacks: u32,
        /// The earliest time of the next action.
        due: Timestamp,
    },
    /// The attempt is saved to disk, and its request may have been sent.
    Submitting {
        /// The current attempt to submit the take.
        intent: Intent,
        /// The number of temporary refusals, counted from this attempt on, after which the take waits for the next run.
        tries_left: u8,
        /// The number of submissions in a row, before this attempt, that created no task.
        setbacks: u32,
    },
    /// The request got no answer. The program asks the provider whether it created a task.
    Doubtful {
        /// The attempt to submit the take that got no answer.
        intent: Intent,
        /// The time at which the program stopped waiting for the answer. The program sent nothing more of
        /// the request after that time.
        since: Timestamp,
        /// The number of temporary refusals, counted from this attempt on, after which the take waits for the next run.
        tries_left: u8,
        /// The number of searches for the task at the provider (look-ups) so far.
        looks: u8,
        /// The time at which a complete answer of the provider first showed that there is no task; `None` before that.
        absent: Option<Timestamp>,
        /// The earliest time of the next action.
        due: Timestamp,
    },
    /// The provider accepted the request as a task and renders it.
    Running {
        /// The paid task.
        task: Task,
        /// The numbers of the task's polls and downloads so far, counted by their results.
        counters: PollCounters,
        /// The earliest time of the next action.
        due: Timestamp,
    },
    /// The clip is rendered and is being downloaded.
    Downloading {
        /// The paid task.
        task: Task,
        /// The links of the clip.
        clip: Clip,
        /// The numbers of the task's polls and downloads so far, counted by their results.
        counters: PollCounters,
        /// The earliest time of the next action.
        due: Timestamp,
    },
    /// The clip is downloaded and checked, and its file gets the final name next.
    Placing {
        /// The paid task.
        task: Task,
        /// The checked file.
        file: ClipFile,
    },
    /// The clip's file has its final name. This state is final, unless the file disappears.
    Done {
        /// The paid task.
        task: Task,
        /// The file of the clip.
        file: ClipFile,
    },
    /// A person must decide what happens with the take.
    Held {
        /// The reason why a person must decide.
        reason: HeldReason,
        /// The last attempt to submit the take.
        intent: Intent,
        /// The paid task, if one is known.
        task: Option<Task>,
        /// The time at which the take began to wait for a person's decision.
        since: Timestamp,
    },
    /// The take ended without a clip. This state is final, but a person can correct the charge.
    Failed {
        /// The reason for the failure.
        refusal: Refusal,
        /// Tells whether the failure was charged, as far as it is known.
        charged: Charged,
        /// The task, if one was accepted.
        task: Option<Task>,
    },
    /// The take was cancelled before it was sent. This state is final.
    Cancelled {
        /// The cause of the cancellation.
        by: CancelledBy,
    },
    /// A person wrote the take off. Money that may have been charged counts as spent. This state is final.
    WrittenOff {
        /// The reason why a person had to decide.
        reason: HeldReason,
        /// The task, if one was known.
        task: Option<Task>,
    },
}

/// The next action for a take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextAction {
    /// Save the record of the attempt, then send the request.
    Submit,
    /// Find out what happened to a request that an earlier process sent without receiving an answer.
    Reconcile,
    /// Search the provider's tasks for the request id of the attempt.
    LookUp,
    /// Ask for the status of the task.
    Poll,
    /// Download the clip.
    Download,
    /// Give the file of the downloaded clip its final name.
    Place,
    /// Wait for the next run.
    Rest,
    /// Wait for a person's decision.
    Decide,
    /// Do nothing: the take has ended.
    Nothing,
}

impl State {
    /// Returns the state of a new take, which was not submitted yet.
    #[must_use]
    pub const fn new(policy: &Policy, now: Timestamp) -> Self {
        Self::Pending { tries_left: policy.submit_tries, setbacks: 0, due: now }
    }

    /// Returns the next action and its earliest time; the time is `Timestamp::MAX` if nothing happens automatically.
    #[must_use]
    pub const fn todo(&self) -> (NextAction, Timestamp) {
        match self {
            Self::Pending { tries_left: 0, .. } => (NextAction::Rest, Timestamp::MAX),
            Self::Pending { due, .. } => (NextAction::Submit, *due),
            Self::Submitting { intent, .. } => (NextAction::Reconcile, intent.at),
            Self::Doubtful { due, .. } => (NextAction::LookUp, *due),
            Self::Running { due, .. } => (NextAction::Poll, *due),
            Self::Downloading { due, .. } => (NextAction::Download, *due),
            Self::Placing { .. } => (NextAction::Place, Timestamp::MIN),
            Self::Held { .. } => (NextAction::Decide, Timestamp::MAX),
            Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. } | Self::WrittenOff { .. } => {
                (NextAction::Nothing, Timestamp::MAX)
            }
        }
    }

    /// Returns the earliest time of the next action, corrected by the current clock.
    ///
    /// A stored time may be later than the longest possible pause from now, because the clock was wrong when the time
    /// was stored. The action is then due now.
    #[must_use]
    pub fn due(&self, at: Tick, policy: &Policy) -> Timestamp {
        let (todo, due) = self.todo();
        let longest = match todo {
            NextAction::Submit => policy.longest_submit_pause(),
            NextAction::LookUp => policy.longest_look_up_pause(),
            NextAction::Poll => policy.longest_poll_pause(),
            NextAction::Download => policy.longest_fetch_pause(),
            NextAction::Reconcile
            | NextAction::Place
            | NextAction::Rest
            | NextAction::Decide
            | NextAction::Nothing => return due,
        };
        if due > at.after(longest) { at.now } else { due }
    }

    /// Returns the name of the state without its data.
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

    /// Returns the task that the provider accepted; `None` if the state has no task.
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

    /// Returns whether the take has ended: done, failed, cancelled or written off. Only a take that is done can become
    /// active again, if the file of its clip disappears.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.todo().0, NextAction::Nothing)
    }

    /// Returns whether the take was or may have been submitted, and is not final. Until it is final, the job gets no
    /// other take.
    #[must_use]
    pub const fn is_unsettled(&self) -> bool {
        !self.is_final() && !matches!(self, Self::Pending { .. })
    }

    /// Returns the status of the take's money: nothing to pay, reserved, in doubt (perhaps charged) or spent.
    #[must_use]
    pub const fn account(&self) -> MoneyState {
        match self {
            Self::Pending { .. } | Self::Cancelled { .. } | Self::Failed { charged: Charged::No, .. } => {
                MoneyState::Free
            }
            Self::Running { task, .. } | Self::Downloading { task, .. } | Self::Placing { task, .. }
                if task.charged =>
            {
                MoneyState::Settled
            }
            Self::Submitting { .. }
            | Self::Running { .. }
            | Self::Downloading { .. }
            | Self::Placing { .. } => MoneyState::Reserved,
            Self::Doubtful { .. } | Self::Failed { charged: Charged::Unknown, .. } => MoneyState::InDoubt,
            Self::Held { reason, .. } => {
                if reason.charge_in_doubt() {
                    MoneyState::InDoubt
                } else {
                    MoneyState::Settled
                }
            }
            Self::Done { .. } | Self::WrittenOff { .. } | Self::Failed { charged: Charged::Yes, .. } => {
                MoneyState::Settled
            }
        }
    }

    /// Returns whether a person must decide because it is unknown if the submission was accepted.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Held { reason: HeldReason::AmbiguousSubmit, .. })
    }

    /// Returns whether the task has been running for so long that a run need not wait for it.
    #[must_use]
    pub fn overdue(&self, at: Tick, policy: &Policy) -> bool {
        matches!(self, Self::Running { task, .. } if at.since(task.accepted) > policy.patience)
    }
}

#[cfg(test)]
mod tests;
