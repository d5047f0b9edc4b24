//! The transitions between the states of a take, as one exhaustive match.

use super::event::{Event, FetchSetback, Illegal, SentBack};
use super::{Charged, Clip, HeldReason, Intent, Phase, PollCounters, State, Task};
use crate::domain::key::TaskId;
use crate::domain::policy::{Policy, Tick};
use jiff::Timestamp;
use std::time::Duration;

impl State {
    /// Returns the next state after an event. The caller must save it before acting on it.
    pub fn on(self, event: Event, at: Tick, policy: &Policy) -> Result<Self, Illegal> {
        let phase = self.phase();
        let due = self.due(at, policy);
        match self {
            Self::Pending { tries_left, setbacks, due: _ } => match event {
                Event::Afresh => {
                    Ok(Self::Pending { tries_left: policy.submit_tries, setbacks: 0, due: at.now })
                }
                Event::Claimed(intent) if tries_left > 0 && due <= at.now => {
                    Ok(Self::Submitting { intent, tries_left, setbacks })
                }
                Event::Cancel(by) => Ok(Self::Cancelled { by }),
                other => illegal(phase, &other),
            },
            Self::Submitting { intent, tries_left, setbacks } => {
                submitting_on(intent, tries_left, setbacks, event, at, policy)
            }
            Self::Doubtful { intent, since, tries_left, looks, absent, due: _ } => {
                Doubt { intent, since, tries_left, looks, absent, due }.on(event, at, policy)
            }
            Self::Running { task, counters, due: _ } => running_on(task, counters, event, at, policy),
            Self::Downloading { task, clip, counters, due: _ } => {
                Fetch { task, clip, counters }.on(event, at, policy)
            }
            Self::Placing { task, file } => match event {
                Event::Placed => Ok(Self::Done { task, file }),
                Event::NameTaken => Ok(held(HeldReason::NameConflict, task, at)),
                Event::PartLost => Ok(asked_again(task, at)),
                Event::WasHeld(reason) => was_held(phase, reason, task, at),
                Event::WasPlaced(file) => Ok(Self::Placing { task, file }),
                other => illegal(phase, &other),
            },
            Self::Held { reason, intent, task, since: _ } => match (event, task) {
                (Event::Adopt(id), known) if may_replace(reason, known.as_ref(), &id) => {
                    let task = Task { id, intent, accepted: at.now, charged: false };
                    Ok(named_by_person(task, at, policy))
                }
                (Event::AcceptedLate(id), known) if may_replace(reason, known.as_ref(), &id) => {
                    Ok(asked_again(Task { id, intent, accepted: at.now, charged: false }, at))
                }
                (Event::Again, Some(task)) if reason.charge_in_doubt() => Ok(asked_again(task, at)),
                (Event::Again, Some(task)) => Ok(charged_before(task, at)),
                (Event::WasPlaced(file), Some(task)) => Ok(Self::Placing { task, file }),
                (Event::WriteOff, task) => Ok(Self::WrittenOff { reason, task }),
                (other, _) => illegal(phase, &other),
            },
            Self::Done { task, file: _ } => match event {
                Event::ClipGone => Ok(charged_before(task, at)),
                other => illegal(phase, &other),
            },
            Self::Failed { refusal, charged: _, task } => match event {
                Event::Billed(charged) => Ok(Self::Failed { refusal, charged, task }),
                other => illegal(phase, &other),
            },
            Self::Cancelled { .. } | Self::WrittenOff { .. } => illegal(phase, &event),
        }
    }
}

fn illegal(state: Phase, event: &Event) -> Result<State, Illegal> {
    Err(Illegal { state, event: format!("{event:?}") })
}

fn running(task: Task, at: Tick, policy: &Policy) -> State {
    State::Running {
        task,
        counters: PollCounters::default(),
        due: at.after(policy.poll_pause(0, Duration::ZERO, at.jitter)),
    }
}

/// Returns the state `Running` with a poll that is due now, because the task may have finished already.
fn asked_again(task: Task, at: Tick) -> State {
    State::Running { task, counters: PollCounters::default(), due: at.now }
}

/// Returns whether the task `id` may take the place of a held take's task.
///
/// If the provider does not find the known task, or reports another one, a person may have mistyped its id.
fn may_replace(reason: HeldReason, known: Option<&Task>, id: &TaskId) -> bool {
    known.is_none_or(|known| reason.charge_in_doubt() && *id != known.id)
}

/// Returns the state `Running` of a task whose id a person typed, with a poll that is due now.
///
/// The person saw the task in the provider's console. So a single answer "no such task" means that the id is wrong, and
/// the person must decide again. After any answer about the task itself, it is treated like any other.
fn named_by_person(task: Task, at: Tick, policy: &Policy) -> State {
    let counters =
        PollCounters { missing: policy.missing_tries.saturating_sub(1), ..PollCounters::default() };
    State::Running { task, counters, due: at.now }
}

/// Returns the state `Running` of a task that was certainly charged, with a poll that is due now.
fn charged_before(task: Task, at: Tick) -> State {
    asked_again(Task { charged: true, ..task }, at)
}

/// Returns the state `Held` of a submission without an answer, for a reason from the ledger. Returns an error if the
/// reason can only apply to a task that the provider accepted.
fn was_held_unanswered(phase: Phase, reason: HeldReason, intent: Intent, at: Tick) -> Result<State, Illegal> {
    match reason {
        HeldReason::AmbiguousSubmit | HeldReason::IdConflict => {
            Ok(State::Held { reason, intent, task: None, since: at.now })
        }
        other => illegal(phase, &Event::WasHeld(other)),
    }
}

/// Returns the state `Held` of an accepted task, for a reason from the ledger. Returns an error if the reason can only
/// apply to a submission without a task.
fn was_held(phase: Phase, reason: HeldReason, task: Task, at: Tick) -> Result<State, Illegal> {
    match reason {
        HeldReason::AmbiguousSubmit | HeldReason::IdConflict => illegal(phase, &Event::WasHeld(reason)),
        other => Ok(held(other, task, at)),
    }
}

fn held(reason: HeldReason, task: Task, at: Tick) -> State {
    State::Held { reason, intent: task.intent.clone(), task: Some(task), since: at.now }
}

/// The data of [`State::Doubtful`].
struct Doubt {
    intent: Intent,
    since: Timestamp,
    tries_left: u8,
    looks: u8,
    absent: Option<Timestamp>,
    due: Timestamp,
}

impl Doubt {
    fn on(self, event: Event, at: Tick, policy: &Policy) -> Result<State, Illegal> {
        match event {
            Event::Found(id) => {
                Ok(asked_again(Task { id, intent: self.intent, accepted: at.now, charged: false }, at))
            }
            // The task that was found belongs to another take.
            Event::AcceptedTwice => {
                let reason = HeldReason::IdConflict;
                Ok(State::Held { reason, intent: self.intent, task: None, since: at.now })
            }
            Event::Absent(proof) => match self.absent {
                first if proof.is_concluded() || first.is_some_and(|first| is_apart(first, at, policy)) => {
                    // A lost request uses a try, so that a connection that loses each of them ends the run.
                    Ok(State::Pending {
                        tries_left: self.tries_left.saturating_sub(1),
                        setbacks: 0,
                        due: at.now,
                    })
                }
                first => Ok(self.again(first.or(Some(at.now)), at, policy)),
            },
            // An unclear answer proves nothing, so an earlier answer "no such task" still counts.
            Event::Unclear => {
                let absent = self.absent;
                Ok(self.again(absent, at, policy))
            }
            Event::WasHeld(reason) => was_held_unanswered(Phase::Doubtful, reason, self.intent, at),
            other => illegal(Phase::Doubtful, &other),
        }
    }

    /// Returns the state that waits for the next look-up. Returns `Held` after the last look-up, or if the provider
    /// offers none.
    ///
    /// A look-up before its scheduled time, such as the one at every program start, does not count as a scheduled one.
    fn again(self, absent: Option<Timestamp>, at: Tick, policy: &Policy) -> State {
        let Self { intent, since, tries_left, looks, due, .. } = self;
        let Some(look_up) = &policy.look_up else {
            return State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: at.now };
        };
        if at.now < due {
            return State::Doubtful { intent, since, tries_left, looks, absent, due };
        }
        let looks = looks.saturating_add(1);
        match look_up.after.get(usize::from(looks)) {
            Some(pause) => {
                State::Doubtful { intent, since, tries_left, looks, absent, due: at.after(*pause) }
            }
            None => State::Held { reason: HeldReason::AmbiguousSubmit, intent, task: None, since: at.now },
        }
    }
}

/// Returns whether a second answer "no such task" at the time `at` proves that no task exists. It must come long enough
/// after the first answer.
fn is_apart(first: Timestamp, at: Tick, policy: &Policy) -> bool {
    policy.look_up.as_ref().is_some_and(|look_up| at.since(first) >= look_up.gap)
}

fn submitting_on(
    intent: Intent,
    tries_left: u8,
    setbacks: u32,
    event: Event,
    at: Tick,
    policy: &Policy,
) -> Result<State, Illegal> {
    let setbacks = setbacks.saturating_add(1);
    let hold = |reason, intent| Ok(State::Held { reason, intent, task: None, since: at.now });
    match event {
        Event::Accepted(id) => Ok(running(Task { id, intent, accepted: at.now, charged: false }, at, policy)),
        Event::AcceptedTwice => hold(HeldReason::IdConflict, intent),
        Event::SentBack(SentBack::NotSent) => {
            let due = at.after(policy.submit_backoff.pause(setbacks, None, at.jitter));
            Ok(State::Pending { tries_left, setbacks, due })
        }
        Event::SentBack(SentBack::Busy { after }) => {
            let due = at.after(policy.submit_backoff.pause(setbacks, after, at.jitter));
            Ok(State::Pending { tries_left: tries_left.saturating_sub(1), setbacks, due })
        }
        // If requests come too fast, all submissions to the model wait; the take is sent as soon as they may go on.
        Event::SentBack(SentBack::Throttled { .. } | SentBack::Stopped) => {
            Ok(State::Pending { tries_left, setbacks: setbacks - 1, due: at.now })
        }
        Event::Rejected(refusal) => Ok(State::Failed { refusal, charged: Charged::No, task: None }),
        Event::Unanswered => match policy.look_up.as_ref().and_then(|look_up| look_up.after.first()) {
            Some(pause) => Ok(State::Doubtful {
                intent,
                since: at.now,
                tries_left,
                looks: 0,
                absent: None,
                due: at.after(*pause),
            }),
            None => hold(HeldReason::AmbiguousSubmit, intent),
        },
        Event::WasHeld(reason) => was_held_unanswered(Phase::Submitting, reason, intent, at),
        other => illegal(Phase::Submitting, &other),
    }
}

fn running_on(
    task: Task,
    mut counters: PollCounters,
    event: Event,
    at: Tick,
    policy: &Policy,
) -> Result<State, Illegal> {
    let age = at.since(task.accepted);
    // A certain charge does not become doubtful: only the clip is missing.
    let is_charged = task.charged || counters.has_succeeded();
    let lost = |reason| if is_charged { HeldReason::NoResult } else { reason };
    let pause = match event {
        Event::Ready(clip) => {
            (counters.mistaken, counters.missing) = (0, 0);
            let clip = clip.turned(counters.turn());
            return Ok(State::Downloading { task, clip, counters, due: at.now });
        }
        Event::Refused { .. } if is_charged => {
            return Ok(held(HeldReason::NoResult, task, at));
        }
        Event::Refused { refusal, charged } => {
            return Ok(State::Failed { refusal, charged, task: Some(task) });
        }
        Event::Mistaken => {
            counters.mistaken = counters.mistaken.saturating_add(1);
            if counters.mistaken >= policy.mistaken_tries {
                return Ok(held(lost(HeldReason::IdMismatch), task, at));
            }
            policy.poll_backoff.pause(u32::from(counters.mistaken), None, at.jitter)
        }
        Event::StillRunning => {
            let polls = counters.polls.saturating_add(1);
            counters = PollCounters { polls, setbacks: 0, missing: 0, mistaken: 0, ..counters };
            counters.overdue = counters.overdue.saturating_add(u32::from(age > policy.patience));
            if age > policy.stuck_after && counters.overdue > policy.stuck_polls() {
                return Ok(held(lost(HeldReason::TaskStuck), task, at));
            }
            policy.poll_pause(counters.polls, age, at.jitter)
        }
        Event::Empty => {
            (counters.mistaken, counters.missing) = (0, 0);
            counters.empty = counters.empty.saturating_add(1);
            if counters.empty > policy.empty_tries {
                return Ok(held(HeldReason::NoResult, task, at));
            }
            policy.missing_gap
        }
        Event::Missing => {
            counters.mistaken = 0;
            // A new task may not be visible yet, so only answers after the grace period count. A task that a person
            // saw is no new task: its count does not begin at zero.
            if age > policy.missing_grace || counters.missing > 0 {
                counters.missing = counters.missing.saturating_add(1);
                if counters.missing >= policy.missing_tries {
                    return Ok(held(lost(HeldReason::TaskLost), task, at));
                }
                policy.missing_gap
            } else {
                let pause = policy.poll_pause(counters.polls.max(1), age, at.jitter);
                pause.clamp(policy.poll_backoff.first, policy.missing_gap)
            }
        }
        Event::PollSetback { after } => {
            counters.setbacks = counters.setbacks.saturating_add(1);
            policy.poll_backoff.pause(counters.setbacks, after, at.jitter)
        }
        Event::WasHeld(reason) => return was_held(Phase::Running, reason, task, at),
        Event::WasPlaced(file) => return Ok(State::Placing { task, file }),
        other => return illegal(Phase::Running, &other),
    };
    Ok(State::Running { task, counters, due: at.after(pause) })
}

/// The data of [`State::Downloading`] that events change.
struct Fetch {
    task: Task,
    clip: Clip,
    counters: PollCounters,
}

impl Fetch {
    fn on(mut self, event: Event, at: Tick, policy: &Policy) -> Result<State, Illegal> {
        match event {
            Event::Fetched(file) | Event::WasPlaced(file) => Ok(State::Placing { task: self.task, file }),
            Event::WasHeld(reason) => was_held(Phase::Downloading, reason, self.task, at),
            Event::LinkUnsafe => Ok(held(HeldReason::UnsafeUrl, self.task, at)),
            Event::LinkOld => Ok(self.ask_for_a_fresh_link(at.now)),
            Event::LinkDead => {
                self.counters.fresh_links = self.counters.fresh_links.saturating_add(1);
                // Every result of the task is tried before the clip counts as lost.
                let results = if self.clip.results() > 1 { self.clip.results() } else { 0 };
                if usize::from(self.counters.fresh_links) > results.max(usize::from(policy.fresh_links)) {
                    return Ok(held(HeldReason::UrlExpired, self.task, at));
                }
                Ok(self.ask_for_a_fresh_link(at.after(policy.fetch_backoff.first)))
            }
            Event::FetchSetback(setback) => Ok(self.set_back(setback, at, policy)),
            other => illegal(Phase::Downloading, &other),
        }
    }

    /// Returns the state after a failed download.
    ///
    /// Failures of the clip's server do not count as tries. Only files that are not a clip, and links with too many
    /// redirects, count.
    fn set_back(mut self, setback: FetchSetback, at: Tick, policy: &Policy) -> State {
        match setback {
            FetchSetback::Trouble { after, progress } => {
                if progress {
                    (self.counters.damaged, self.counters.troubles) = (0, 0);
                }
                let due = self.trouble(after, at, policy);
                // The host may have changed. Asking for the link again is free and finds the new one.
                if self.counters.troubles.is_multiple_of(u32::from(policy.fetch_tries.max(1))) {
                    return self.ask_for_a_fresh_link(due);
                }
                self.again(due)
            }
            FetchSetback::Page => {
                let due = self.trouble(None, at, policy);
                self.ask_for_a_fresh_link(due)
            }
            FetchSetback::Redirects => self.no_clip(HeldReason::UnsafeUrl, at, policy),
            FetchSetback::Damaged => self.no_clip(HeldReason::NoResult, at, policy),
        }
    }

    /// Counts a failure of the clip's server. Returns the time at which the server may be asked again.
    fn trouble(&mut self, after: Option<Duration>, at: Tick, policy: &Policy) -> Timestamp {
        self.counters.troubles = self.counters.troubles.saturating_add(1);
        at.after(policy.fetch_backoff.pause(self.counters.troubles, after, at.jitter))
    }

    fn no_clip(mut self, reason: HeldReason, at: Tick, policy: &Policy) -> State {
        self.counters.damaged = self.counters.damaged.saturating_add(1);
        if self.counters.damaged >= policy.fetch_tries {
            return held(reason, self.task, at);
        }
        let pause = policy.fetch_backoff.pause(u32::from(self.counters.damaged), None, at.jitter);
        self.again(at.after(pause))
    }

    fn again(self, due: Timestamp) -> State {
        let Self { task, clip, counters } = self;
        State::Downloading { task, clip, counters, due }
    }

    fn ask_for_a_fresh_link(self, due: Timestamp) -> State {
        State::Running { task: self.task, counters: self.counters, due }
    }
}
