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
//! submission but through proof that nothing was accepted; a task id, once held, is in every later state; final
//! states accept nothing; every path ends.

use super::digest::Sha256;
use super::fault::Refusal;
use super::key::{RequestId, TaskId};
use super::policy::{LookUp, Moment, Policy};
use jiff::Timestamp;
use std::time::Duration;

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
}

/// A clip on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipFile {
    /// Bytes.
    pub size: u64,
    /// Of all bytes.
    pub sha256: Sha256,
}

/// How polling has gone so far.
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
    /// Dead links exchanged so far.
    pub fresh_links: u8,
}

/// Why a person must decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeldReason {
    /// A submission got no answer; it may have been accepted.
    AmbiguousSubmit,
    /// The provider named a task that another take owns.
    IdConflict,
    /// The provider answered about another task than the one asked for.
    IdMismatch,
    /// The provider no longer knows the task.
    TaskLost,
    /// The task has been running for a week.
    TaskStuck,
    /// The task succeeded, but no whole clip came of it.
    NoResult,
    /// The link is dead and fresh ones are too.
    UrlExpired,
    /// The link points where no clip can be: a private address, plain HTTP, a redirect loop.
    UnsafeUrl,
    /// A foreign file has the clip's name.
    NameConflict,
}

impl HeldReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::AmbiguousSubmit,
        Self::IdConflict,
        Self::IdMismatch,
        Self::TaskLost,
        Self::TaskStuck,
        Self::NoResult,
        Self::UrlExpired,
        Self::UnsafeUrl,
        Self::NameConflict,
    ];

    /// Whether it is open if the provider charged. Otherwise it did: the clip is what is missing.
    #[must_use]
    pub const fn charge_in_doubt(self) -> bool {
        match self {
            Self::AmbiguousSubmit
            | Self::IdConflict
            | Self::IdMismatch
            | Self::TaskLost
            | Self::TaskStuck => true,
            Self::NoResult | Self::UrlExpired | Self::UnsafeUrl | Self::NameConflict => false,
        }
    }

    /// The name in tables, JSON and `resolve --reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AmbiguousSubmit => "ambiguous_submit",
            Self::IdConflict => "id_conflict",
            Self::IdMismatch => "id_mismatch",
            Self::TaskLost => "task_lost",
            Self::TaskStuck => "task_stuck",
            Self::NoResult => "no_result",
            Self::UrlExpired => "url_expired",
            Self::UnsafeUrl => "unsafe_url",
            Self::NameConflict => "name_conflict",
        }
    }
}

/// Whether a failed take cost money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charged {
    /// Surely not.
    No,
    /// The provider said so.
    Yes,
    /// A task existed and failed; the provider's documents do not say whether that is charged.
    Unknown,
}

/// Who took a take off the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelledBy {
    /// A person.
    User,
    /// The job's input changed before anything was sent.
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
        /// How polling had gone, for a way back.
        watch: Watch,
        /// Downloads in a row without progress.
        tries: u8,
        /// Downloads in a row that could not reach the host.
        unreached: u32,
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
    /// The clip stands under its name. Final.
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

/// How a download ended without a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchSetback {
    /// No connection: says nothing about the clip.
    Unreachable,
    /// Broke off, or what came is no clip.
    Broken {
        /// Whether enough arrived to call it progress.
        progress: bool,
    },
}

/// Proof, from complete answers of the provider, that it has no task of ours. Only a look-up can make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence(());

impl Absence {
    /// What a complete listing without our id proves.
    ///
    /// `complete`: no page failed. `echoes_ours`: the listing shows another of our ids from the same window, so it is
    /// known to echo them. `asked` must lie later than the intent by the provider's lag.
    #[must_use]
    pub fn prove(
        complete: bool,
        echoes_ours: bool,
        intent: &Intent,
        asked: Moment,
        look_up: LookUp,
    ) -> Option<Self> {
        (complete && echoes_ours && asked.since(intent.at) > look_up.lag).then_some(Self(()))
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
    /// Off the list.
    Cancel(CancelledBy),
}

/// The event cannot happen in that state: a defect of the caller, or another process was faster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a take that is {state} cannot take the event {event}")]
pub struct Illegal {
    /// Name of the state.
    pub state: &'static str,
    /// The event.
    pub event: String,
}

/// Where the money of a take stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// Nothing was asked of the provider, or it surely charged nothing.
    Free,
    /// On the wire or accepted: the price is set aside.
    Reserved,
    /// May have been charged; counts as spent.
    InDoubt,
    /// Spent.
    Settled,
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

    /// What becomes of the state. The caller saves the result before it acts on it.
    pub fn on(self, event: Event, at: Moment, policy: &Policy) -> Result<Self, Illegal> {
        let name = self.name();
        match self {
            Self::Pending { tries_left, setbacks, due } => match event {
                Event::Afresh => {
                    Ok(Self::Pending { tries_left: policy.submit_tries, setbacks: 0, due: at.now })
                }
                Event::Claimed(intent) if tries_left > 0 && due <= at.now => {
                    Ok(Self::Submitting { intent, tries_left, setbacks })
                }
                Event::Cancel(by) => Ok(Self::Cancelled { by }),
                other => illegal(name, &other),
            },
            Self::Submitting { intent, tries_left, setbacks } => {
                submitting_on(intent, tries_left, setbacks, event, at, policy)
            }
            Self::Doubtful { intent, looks, absent, due: _ } => match event {
                Event::Found(id) => Ok(running(Task { id, intent, accepted: at.now }, at, policy)),
                Event::Absent(Absence(())) => match absent {
                    Some(first) if at.since(first) >= policy.absence_gap => Ok(Self::new(policy, at.now)),
                    _ => Ok(look_again(intent, looks, absent.or(Some(at.now)), at, policy)),
                },
                // An unclear answer does not undo an earlier denial, it only proves nothing itself.
                Event::Unclear => Ok(look_again(intent, looks, absent, at, policy)),
                other => illegal(name, &other),
            },
            Self::Running { task, watch, due: _ } => running_on(task, watch, event, at, policy),
            Self::Downloading { task, clip, watch, tries, unreached, due: _ } => {
                Fetch { task, clip, watch, tries, unreached }.on(event, at, policy)
            }
            Self::Placing { task, file } => match event {
                Event::Placed => Ok(Self::Done { task, file }),
                Event::NameTaken => Ok(held(HeldReason::NameConflict, task, at)),
                Event::PartLost => Ok(Self::Running { task, watch: Watch::default(), due: at.now }),
                other => illegal(name, &other),
            },
            Self::Held { reason, intent, task, since: _ } => match (event, task) {
                (Event::Adopt(id), None) => Ok(running(Task { id, intent, accepted: at.now }, at, policy)),
                (Event::Again, Some(task)) => {
                    Ok(Self::Running { task, watch: Watch::default(), due: at.now })
                }
                (Event::WriteOff, task) => Ok(Self::WrittenOff { reason, task }),
                (other, _) => illegal(name, &other),
            },
            Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. } | Self::WrittenOff { .. } => {
                illegal(name, &event)
            }
        }
    }

    /// The name in the database, tables and JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Submitting { .. } => "submitting",
            Self::Doubtful { .. } => "doubtful",
            Self::Running { .. } => "running",
            Self::Downloading { .. } => "downloading",
            Self::Placing { .. } => "placing",
            Self::Done { .. } => "done",
            Self::Held { .. } => "held",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::WrittenOff { .. } => "written_off",
        }
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

    /// Whether a run may end while this is still rendering.
    #[must_use]
    pub fn overdue(&self, at: Moment, policy: &Policy) -> bool {
        matches!(self, Self::Running { task, .. } if at.since(task.accepted) > policy.patience)
    }
}

fn illegal(state: &'static str, event: &Event) -> Result<State, Illegal> {
    Err(Illegal { state, event: format!("{event:?}") })
}

fn running(task: Task, at: Moment, policy: &Policy) -> State {
    State::Running { task, watch: Watch::default(), due: at.after(policy.first_poll) }
}

fn held(reason: HeldReason, task: Task, at: Moment) -> State {
    State::Held { reason, intent: task.intent.clone(), task: Some(task), since: at.now }
}

/// The next look-up, or a person where the schedule is through.
fn look_again(intent: Intent, looks: u8, absent: Option<Timestamp>, at: Moment, policy: &Policy) -> State {
    let looks = looks.saturating_add(1);
    match policy.look_ups.get(usize::from(looks)) {
        Some(pause) => State::Doubtful { intent, looks, absent, due: at.after(*pause) },
        None => State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: at.now },
    }
}

fn submitting_on(
    intent: Intent,
    tries_left: u8,
    setbacks: u32,
    event: Event,
    at: Moment,
    policy: &Policy,
) -> Result<State, Illegal> {
    let setbacks = setbacks.saturating_add(1);
    let hold = |reason, intent| Ok(State::Held { reason, intent, task: None, since: at.now });
    match event {
        Event::Accepted(id) => Ok(running(Task { id, intent, accepted: at.now }, at, policy)),
        Event::AcceptedTwice => hold(HeldReason::IdConflict, intent),
        Event::SentBack(SentBack::NotSent) => {
            let due = at.after(policy.submit_backoff.pause(setbacks, None, at.jitter));
            Ok(State::Pending { tries_left, setbacks, due })
        }
        Event::SentBack(SentBack::Throttled { after }) => {
            let due = at.after(policy.throttle_backoff.pause(setbacks, after, at.jitter));
            Ok(State::Pending { tries_left, setbacks, due })
        }
        Event::SentBack(SentBack::Busy { after }) => {
            let due = at.after(policy.submit_backoff.pause(setbacks, after, at.jitter));
            Ok(State::Pending { tries_left: tries_left.saturating_sub(1), setbacks, due })
        }
        Event::SentBack(SentBack::Stopped) => {
            Ok(State::Pending { tries_left, setbacks: setbacks - 1, due: at.now })
        }
        Event::Rejected(refusal) => Ok(State::Failed { refusal, charged: Charged::No, task: None }),
        Event::Unanswered => match (policy.look_up, policy.look_ups.first()) {
            (Some(_), Some(pause)) => {
                Ok(State::Doubtful { intent, looks: 0, absent: None, due: at.after(*pause) })
            }
            _ => hold(HeldReason::AmbiguousSubmit, intent),
        },
        other => illegal("submitting", &other),
    }
}

fn running_on(
    task: Task,
    mut watch: Watch,
    event: Event,
    at: Moment,
    policy: &Policy,
) -> Result<State, Illegal> {
    let age = at.since(task.accepted);
    let pause = match event {
        Event::Ready(clip) => {
            return Ok(State::Downloading { task, clip, watch, tries: 0, unreached: 0, due: at.now });
        }
        Event::Refused { refusal, charged } => {
            return Ok(State::Failed { refusal, charged, task: Some(task) });
        }
        Event::Mistaken => return Ok(held(HeldReason::IdMismatch, task, at)),
        Event::StillRunning => {
            watch = Watch { polls: watch.polls.saturating_add(1), setbacks: 0, missing: 0, ..watch };
            watch.overdue = watch.overdue.saturating_add(u32::from(age > policy.patience));
            if age > policy.stuck_after && watch.overdue > policy.stuck_polls() {
                return Ok(held(HeldReason::TaskStuck, task, at));
            }
            policy.poll_pause(age, at.jitter)
        }
        Event::Empty => {
            watch.empty = watch.empty.saturating_add(1);
            if watch.empty > policy.empty_tries {
                return Ok(held(HeldReason::NoResult, task, at));
            }
            policy.missing_gap
        }
        Event::Missing => {
            // A fresh task may not be visible yet; only what is missing after the grace counts.
            if age > policy.missing_grace {
                watch.missing = watch.missing.saturating_add(1);
            }
            if watch.missing >= policy.missing_tries {
                return Ok(held(HeldReason::TaskLost, task, at));
            }
            policy.missing_gap
        }
        Event::PollSetback { after } => {
            watch.setbacks = watch.setbacks.saturating_add(1);
            policy.poll_backoff.pause(watch.setbacks, after, at.jitter)
        }
        other => return illegal("running", &other),
    };
    Ok(State::Running { task, watch, due: at.after(pause) })
}

/// The parts of [`State::Downloading`] that its events change.
struct Fetch {
    task: Task,
    clip: Clip,
    watch: Watch,
    tries: u8,
    unreached: u32,
}

impl Fetch {
    fn on(mut self, event: Event, at: Moment, policy: &Policy) -> Result<State, Illegal> {
        match event {
            Event::Fetched(file) => Ok(State::Placing { task: self.task, file }),
            Event::LinkUnsafe => Ok(held(HeldReason::UnsafeUrl, self.task, at)),
            Event::LinkDead => {
                self.watch.fresh_links = self.watch.fresh_links.saturating_add(1);
                if self.watch.fresh_links > policy.fresh_links {
                    return Ok(held(HeldReason::UrlExpired, self.task, at));
                }
                Ok(self.ask_for_a_fresh_link(at, policy))
            }
            Event::FetchSetback(FetchSetback::Broken { progress }) => {
                self.tries = if progress { 0 } else { self.tries.saturating_add(1) };
                if self.tries >= policy.fetch_tries {
                    return Ok(held(HeldReason::NoResult, self.task, at));
                }
                let pause = policy.fetch_backoff.pause(u32::from(self.tries.max(1)), None, at.jitter);
                Ok(self.again(0, at.after(pause)))
            }
            Event::FetchSetback(FetchSetback::Unreachable) => {
                let unreached = self.unreached.saturating_add(1);
                // The host may have moved: asking for the link again is free and finds it.
                if unreached >= u32::from(policy.fetch_tries) {
                    return Ok(self.ask_for_a_fresh_link(at, policy));
                }
                let pause = policy.fetch_backoff.pause(unreached, None, at.jitter);
                Ok(self.again(unreached, at.after(pause)))
            }
            other => illegal("downloading", &other),
        }
    }

    fn again(self, unreached: u32, due: Timestamp) -> State {
        let Self { task, clip, watch, tries, .. } = self;
        State::Downloading { task, clip, watch, tries, unreached, due }
    }

    fn ask_for_a_fresh_link(self, at: Moment, policy: &Policy) -> State {
        State::Running { task: self.task, watch: self.watch, due: at.after(policy.fetch_backoff.first) }
    }
}

#[cfg(test)]
#[path = "lifecycle_tests.rs"]
mod tests;
