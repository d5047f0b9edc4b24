//! What becomes of a state when something happened: one exhaustive match.

use super::event::{Event, FetchSetback, Illegal, SentBack};
use super::{Charged, Clip, HeldReason, Intent, Phase, State, Task, Watch};
use crate::domain::policy::{Moment, Policy};
use jiff::Timestamp;
use std::time::Duration;

impl State {
    /// What becomes of the state. The caller saves the result before it acts on it.
    pub fn on(self, event: Event, at: Moment, policy: &Policy) -> Result<Self, Illegal> {
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
            Self::Running { task, watch, due: _ } => running_on(task, watch, event, at, policy),
            Self::Downloading { task, clip, watch, due: _ } => {
                Fetch { task, clip, watch }.on(event, at, policy)
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
                (Event::Adopt(id), None) => Ok(asked_again(Task { id, intent, accepted: at.now }, at)),
                // The provider does not know the task, or means another by it: a person may have mistyped its id.
                (Event::Adopt(id), Some(known)) if reason.charge_in_doubt() && id != known.id => {
                    Ok(asked_again(Task { id, intent, accepted: at.now }, at))
                }
                (Event::Again, Some(task)) => Ok(asked_again(task, at)),
                (Event::WasPlaced(file), Some(task)) => Ok(Self::Placing { task, file }),
                (Event::WriteOff, task) => Ok(Self::WrittenOff { reason, task }),
                (other, _) => illegal(phase, &other),
            },
            Self::Done { task, file: _ } => match event {
                Event::ClipGone => Ok(asked_again(task, at)),
                other => illegal(phase, &other),
            },
            Self::Failed { .. } | Self::Cancelled { .. } | Self::WrittenOff { .. } => illegal(phase, &event),
        }
    }
}

fn illegal(state: Phase, event: &Event) -> Result<State, Illegal> {
    Err(Illegal { state, event: format!("{event:?}") })
}

fn running(task: Task, at: Moment, policy: &Policy) -> State {
    State::Running {
        task,
        watch: Watch::default(),
        due: at.after(policy.poll_pause(0, Duration::ZERO, at.jitter)),
    }
}

/// Returns a running task that is polled at once: it may be finished already.
fn asked_again(task: Task, at: Moment) -> State {
    State::Running { task, watch: Watch::default(), due: at.now }
}

/// Holds a submission without an answer, for a reason from the ledger; reasons that need a task are illegal here.
fn was_held_unanswered(
    phase: Phase,
    reason: HeldReason,
    intent: Intent,
    at: Moment,
) -> Result<State, Illegal> {
    match reason {
        HeldReason::AmbiguousSubmit | HeldReason::IdConflict => {
            Ok(State::Held { reason, intent, task: None, since: at.now })
        }
        other => illegal(phase, &Event::WasHeld(other)),
    }
}

/// Holds a task, for a reason from the ledger; reasons that exclude a task are illegal here.
fn was_held(phase: Phase, reason: HeldReason, task: Task, at: Moment) -> Result<State, Illegal> {
    match reason {
        HeldReason::AmbiguousSubmit | HeldReason::IdConflict => illegal(phase, &Event::WasHeld(reason)),
        other => Ok(held(other, task, at)),
    }
}

fn held(reason: HeldReason, task: Task, at: Moment) -> State {
    State::Held { reason, intent: task.intent.clone(), task: Some(task), since: at.now }
}

/// The parts of [`State::Doubtful`].
struct Doubt {
    intent: Intent,
    since: Timestamp,
    tries_left: u8,
    looks: u8,
    absent: Option<Timestamp>,
    due: Timestamp,
}

impl Doubt {
    fn on(self, event: Event, at: Moment, policy: &Policy) -> Result<State, Illegal> {
        match event {
            Event::Found(id) => Ok(asked_again(Task { id, intent: self.intent, accepted: at.now }, at)),
            // The task that was found is another take's.
            Event::AcceptedTwice => {
                let reason = HeldReason::IdConflict;
                Ok(State::Held { reason, intent: self.intent, task: None, since: at.now })
            }
            Event::Absent(proof) => match self.absent {
                first if proof.is_concluded() || first.is_some_and(|first| is_apart(first, at, policy)) => {
                    // A request that got lost has used a try, so that a line which swallows each of them ends a run.
                    Ok(State::Pending {
                        tries_left: self.tries_left.saturating_sub(1),
                        setbacks: 0,
                        due: at.now,
                    })
                }
                first => Ok(self.again(first.or(Some(at.now)), at, policy)),
            },
            // An unclear answer does not undo an earlier denial, it only proves nothing itself.
            Event::Unclear => {
                let absent = self.absent;
                Ok(self.again(absent, at, policy))
            }
            Event::WasHeld(reason) => was_held_unanswered(Phase::Doubtful, reason, self.intent, at),
            other => illegal(Phase::Doubtful, &other),
        }
    }

    /// The next look-up, or a person where the schedule is through or the provider offers none any more. One that was
    /// made ahead of its time, as at every start, uses none of the schedule.
    fn again(self, absent: Option<Timestamp>, at: Moment, policy: &Policy) -> State {
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

/// Whether two denials lie so far apart that they are two.
fn is_apart(first: Timestamp, at: Moment, policy: &Policy) -> bool {
    policy.look_up.as_ref().is_some_and(|look_up| at.since(first) >= look_up.gap)
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
        Event::SentBack(SentBack::Busy { after }) => {
            let due = at.after(policy.submit_backoff.pause(setbacks, after, at.jitter));
            Ok(State::Pending { tries_left: tries_left.saturating_sub(1), setbacks, due })
        }
        // After a refusal for speed the whole lane waits, and the take goes as soon as that lets it.
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
    mut watch: Watch,
    event: Event,
    at: Moment,
    policy: &Policy,
) -> Result<State, Illegal> {
    let age = at.since(task.accepted);
    let pause = match event {
        Event::Ready(clip) => {
            watch.mistaken = 0;
            return Ok(State::Downloading { task, clip, watch, due: at.now });
        }
        Event::Refused { refusal, charged } => {
            return Ok(State::Failed { refusal, charged, task: Some(task) });
        }
        Event::Mistaken => {
            watch.mistaken = watch.mistaken.saturating_add(1);
            if watch.mistaken >= policy.mistaken_tries {
                return Ok(held(HeldReason::IdMismatch, task, at));
            }
            policy.poll_backoff.pause(u32::from(watch.mistaken), None, at.jitter)
        }
        Event::StillRunning => {
            let polls = watch.polls.saturating_add(1);
            watch = Watch { polls, setbacks: 0, missing: 0, mistaken: 0, ..watch };
            watch.overdue = watch.overdue.saturating_add(u32::from(age > policy.patience));
            if age > policy.stuck_after && watch.overdue > policy.stuck_polls() {
                return Ok(held(HeldReason::TaskStuck, task, at));
            }
            policy.poll_pause(watch.polls, age, at.jitter)
        }
        Event::Empty => {
            watch.mistaken = 0;
            watch.empty = watch.empty.saturating_add(1);
            if watch.empty > policy.empty_tries {
                return Ok(held(HeldReason::NoResult, task, at));
            }
            policy.missing_gap
        }
        Event::Missing => {
            watch.mistaken = 0;
            // A fresh task may not be visible yet; only what is missing after the grace counts.
            if age > policy.missing_grace {
                watch.missing = watch.missing.saturating_add(1);
                if watch.missing >= policy.missing_tries {
                    return Ok(held(HeldReason::TaskLost, task, at));
                }
                policy.missing_gap
            } else {
                let pause = policy.poll_pause(watch.polls.max(1), age, at.jitter);
                pause.clamp(policy.poll_backoff.first, policy.missing_gap)
            }
        }
        Event::PollSetback { after } => {
            watch.setbacks = watch.setbacks.saturating_add(1);
            policy.poll_backoff.pause(watch.setbacks, after, at.jitter)
        }
        Event::WasHeld(reason) => return was_held(Phase::Running, reason, task, at),
        Event::WasPlaced(file) => return Ok(State::Placing { task, file }),
        other => return illegal(Phase::Running, &other),
    };
    Ok(State::Running { task, watch, due: at.after(pause) })
}

/// The parts of [`State::Downloading`] that its events change.
struct Fetch {
    task: Task,
    clip: Clip,
    watch: Watch,
}

impl Fetch {
    fn on(mut self, event: Event, at: Moment, policy: &Policy) -> Result<State, Illegal> {
        match event {
            Event::Fetched(file) | Event::WasPlaced(file) => Ok(State::Placing { task: self.task, file }),
            Event::WasHeld(reason) => was_held(Phase::Downloading, reason, self.task, at),
            Event::LinkUnsafe => Ok(held(HeldReason::UnsafeUrl, self.task, at)),
            Event::LinkOld => Ok(self.ask_for_a_fresh_link(at.now)),
            Event::LinkDead => {
                self.watch.fresh_links = self.watch.fresh_links.saturating_add(1);
                if self.watch.fresh_links > policy.fresh_links {
                    return Ok(held(HeldReason::UrlExpired, self.task, at));
                }
                Ok(self.ask_for_a_fresh_link(at.after(policy.fetch_backoff.first)))
            }
            Event::FetchSetback(setback) => Ok(self.set_back(setback, at, policy)),
            other => illegal(Phase::Downloading, &other),
        }
    }

    /// Trouble of the host never ends here: only bytes that are no clip, and links that lead nowhere, use up tries.
    fn set_back(mut self, setback: FetchSetback, at: Moment, policy: &Policy) -> State {
        match setback {
            FetchSetback::Trouble { after, progress } => {
                if progress {
                    (self.watch.damaged, self.watch.troubles) = (0, 0);
                }
                let due = self.trouble(after, at, policy);
                // The host may have moved: asking for the link again is free and finds it.
                if self.watch.troubles.is_multiple_of(u32::from(policy.fetch_tries.max(1))) {
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

    /// Counts a failure of the host. Returns when the host may be asked again.
    fn trouble(&mut self, after: Option<Duration>, at: Moment, policy: &Policy) -> Timestamp {
        self.watch.troubles = self.watch.troubles.saturating_add(1);
        at.after(policy.fetch_backoff.pause(self.watch.troubles, after, at.jitter))
    }

    fn no_clip(mut self, reason: HeldReason, at: Moment, policy: &Policy) -> State {
        self.watch.damaged = self.watch.damaged.saturating_add(1);
        if self.watch.damaged >= policy.fetch_tries {
            return held(reason, self.task, at);
        }
        let pause = policy.fetch_backoff.pause(u32::from(self.watch.damaged), None, at.jitter);
        self.again(at.after(pause))
    }

    fn again(self, due: Timestamp) -> State {
        let Self { task, clip, watch } = self;
        State::Downloading { task, clip, watch, due }
    }

    fn ask_for_a_fresh_link(self, due: Timestamp) -> State {
        State::Running { task: self.task, watch: self.watch, due }
    }
}
