//! Circuit breakers that pause or end paid submissions to a provider.
//!
//! They react to too many submissions without an answer, too many paid tasks without a clip, and too much money in
//! doubt.

use super::fault::{Refusal, Said};
use super::key::TakeId;
use super::lifecycle::{Event, HeldReason, State};
use super::money::Usd;
use super::policy::Breaking;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A circuit breaker for one provider, which decides about each paid submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    breaking: Breaking,
    /// The most recent submissions, at most [`Breaking::known`]: true for each submission that got no answer.
    known: VecDeque<bool>,
    silent_in_a_row: u32,
    /// The number of pauses since submissions last went through normally, which decides the length of the next pause.
    round: u32,
    state: GateState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GateState {
    Open,
    /// No submission may be sent until this time.
    Shut(Duration),
    /// A free request may be sent to test the connection; its result is not known yet.
    Asking,
    /// The free request was answered, so one paid submission may be sent as a test (probe).
    Reached,
    /// A paid submission may be sent as a test (probe); its result is not known yet.
    Probing,
}

/// The circuit breaker's decision about a submission that is ready to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerDecision {
    /// The submission may be sent.
    Go,
    /// The submission may be sent as a test (probe). All other submissions wait for its result.
    Probe,
    /// The caller must first send a free request and report its result to [`Gate::asked`].
    Ask,
    /// No submission may be sent for this length of time.
    Pause(Duration),
    /// The submission must wait, because a free request or a test submission (probe) was allowed earlier and has no
    /// result yet.
    Wait,
}

/// The result of a submission: it shows whether the provider answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The provider answered, even if only to refuse the request.
    Answer,
    /// The request was sent, but no answer came.
    Silence,
    /// No byte of the request was sent.
    Unsent,
}

impl Gate {
    /// Creates a circuit breaker that lets every submission pass.
    #[must_use]
    pub const fn new(breaking: Breaking) -> Self {
        Self { breaking, known: VecDeque::new(), silent_in_a_row: 0, round: 0, state: GateState::Open }
    }

    /// Decides whether a submission may be sent at the time `now`, which is counted from any fixed point.
    pub fn pass(&mut self, now: Duration) -> BreakerDecision {
        match self.state {
            GateState::Open => BreakerDecision::Go,
            GateState::Shut(until) if now < until => BreakerDecision::Pause(until.saturating_sub(now)),
            GateState::Shut(_) => {
                self.state = GateState::Asking;
                BreakerDecision::Ask
            }
            GateState::Reached => {
                self.state = GateState::Probing;
                BreakerDecision::Probe
            }
            GateState::Asking | GateState::Probing => BreakerDecision::Wait,
        }
    }

    /// Returns whether every submission may be sent now: no pause is active, and no free request or test submission
    /// (probe) must come first.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == GateState::Open
    }

    /// Records the result of the free request that [`BreakerDecision::Ask`] allowed: true if it was answered.
    pub fn asked(&mut self, is_answered: bool, now: Duration) {
        if self.state == GateState::Asking {
            if is_answered {
                self.state = GateState::Reached;
            } else {
                self.shut(now);
            }
        }
    }

    /// Records the result of a submission. Returns the length of the pause that this result starts; `None` if it starts
    /// none.
    pub fn heard(&mut self, heard: SubmitOutcome, is_probe: bool, now: Duration) -> Option<Duration> {
        match heard {
            SubmitOutcome::Answer if is_probe => {
                *self = Self::new(self.breaking);
                self.note(false);
                None
            }
            SubmitOutcome::Answer => {
                self.note(false);
                None
            }
            SubmitOutcome::Silence => {
                self.note(true);
                (is_probe || self.state == GateState::Open && self.is_silent()).then(|| self.shut(now))
            }
            SubmitOutcome::Unsent => is_probe.then(|| self.shut(now)),
        }
    }

    /// Withdraws the permission for a free request or a test submission (probe) that will not be sent. [`Self::pass`]
    /// then gives the permission to the next caller.
    pub fn back_out(&mut self) {
        match self.state {
            GateState::Asking => self.state = GateState::Shut(Duration::ZERO),
            GateState::Probing => self.state = GateState::Reached,
            GateState::Open | GateState::Shut(_) | GateState::Reached => {}
        }
    }

    fn note(&mut self, is_silent: bool) {
        self.silent_in_a_row = if is_silent { self.silent_in_a_row.saturating_add(1) } else { 0 };
        self.known.push_back(is_silent);
        if self.known.len() > self.breaking.known {
            self.known.pop_front();
        }
    }

    fn is_silent(&self) -> bool {
        let silent = self.known.iter().filter(|silent| **silent).count();
        self.silent_in_a_row >= self.breaking.silent_in_a_row
            || self.known.len() >= self.breaking.known && silent >= self.breaking.silent_of_known
    }

    fn shut(&mut self, now: Duration) -> Duration {
        let (first, most) = self.breaking.cool_off;
        let pause = first.saturating_mul(2u32.saturating_pow(self.round.min(20))).min(most);
        self.round = self.round.saturating_add(1);
        self.state = GateState::Shut(now.saturating_add(pause));
        pause
    }
}

/// The way in which a paid task ended, which shows whether its provider delivers clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEnd {
    /// The task's clip was downloaded.
    Clip,
    /// The provider returned the link of the task's clip.
    Named,
    /// The provider did not find the task.
    Lost,
    /// The task succeeded, but the provider named no clip.
    Empty,
    /// The link of the task's clip must not be followed.
    Unsafe,
    /// The provider or its model could not render the task. The text is the provider's error code; empty if there was
    /// none.
    Failed(String),
}

impl TaskEnd {
    /// Returns the [`TaskEnd`] of a task after an event; `None` if the event shows nothing about the provider.
    ///
    /// For example, a failure of the server that stores the clip, or a refusal of the prompt, shows nothing about it.
    #[must_use]
    pub fn of(event: &Event, to: &State, said: Option<&Said>) -> Option<Self> {
        match (event, to) {
            (Event::Fetched(_), _) => Some(Self::Clip),
            (Event::Ready(_), _) => Some(Self::Named),
            (Event::Missing, State::Held { reason: HeldReason::TaskLost, .. }) => Some(Self::Lost),
            (Event::Empty, State::Held { .. }) => Some(Self::Empty),
            (Event::LinkUnsafe, _) => Some(Self::Unsafe),
            (Event::Refused { refusal: Refusal::Generation | Refusal::Model, .. }, _) => {
                Some(Self::Failed(said.and_then(|said| said.code.clone()).unwrap_or_default()))
            }
            _ => None,
        }
    }
}

/// A counter of one provider's consecutive paid tasks that ended in the same way without a clip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostClips {
    last: Option<TaskEnd>,
    in_a_row: u32,
    /// The number of consecutive clips whose link must not be followed.
    ///
    /// These clips are not counted in `in_a_row`, because other tasks often end between the end of a task and the
    /// download of its clip.
    unsafe_links: u32,
}

impl LostClips {
    /// Records the end of a task. Returns true if submissions must end, because [`Breaking::fruitless`] consecutive
    /// tasks ended in the same way without a clip.
    pub fn ended(&mut self, ending: &TaskEnd, breaking: &Breaking) -> bool {
        match ending {
            TaskEnd::Clip => {
                self.unsafe_links = 0;
                return false;
            }
            TaskEnd::Unsafe => {
                self.unsafe_links = self.unsafe_links.saturating_add(1);
                return self.unsafe_links >= breaking.fruitless;
            }
            TaskEnd::Named | TaskEnd::Lost | TaskEnd::Empty | TaskEnd::Failed(_) => {}
        }
        let is_same = self.last.as_ref() == Some(ending);
        self.in_a_row = if is_same { self.in_a_row.saturating_add(1) } else { 1 };
        self.last = Some(ending.clone());
        *ending != TaskEnd::Named && self.in_a_row >= breaking.fruitless
    }
}

/// The money at risk in a run: the total price of submissions that wait for an answer or got none, and its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    most: Usd,
    on_wire: Usd,
    sending: usize,
    doubts: HashMap<TakeId, Usd>,
}

/// The decision about one more submission: the money in doubt (perhaps charged) must stay within its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtDecision {
    /// The submission stays within the limit, and its price is reserved.
    Taken,
    /// The submission must wait for the answer to an earlier one, and may then stay within the limit.
    Later,
    /// The submission must not be sent: its price and the money that is already in doubt exceed the limit together.
    /// Answers to other submissions cannot change that.
    None,
}

impl Exposure {
    /// Creates the record of the money at risk before the first submission. `most` is the limit on the total price of
    /// submissions that wait for an answer or got none.
    #[must_use]
    pub fn new(most: Usd) -> Self {
        Self { most, on_wire: Usd::ZERO, sending: 0, doubts: HashMap::new() }
    }

    /// Returns the limit on the total price of submissions that wait for an answer or got none.
    #[must_use]
    pub const fn most(&self) -> Usd {
        self.most
    }

    /// Returns the total price of the submissions that got no answer.
    #[must_use]
    pub fn in_doubt(&self) -> Usd {
        self.doubts.values().copied().sum()
    }

    /// Reserves the price of a submission that is about to be sent, if it stays within the limit.
    ///
    /// A single submission is always allowed, so that a limit below the price of a clip does not forbid everything.
    pub fn enter(&mut self, price: Usd) -> DoubtDecision {
        let in_doubt = self.in_doubt();
        let is_first = self.doubts.is_empty() && self.sending == 0;
        if !is_first && in_doubt + self.on_wire + price > self.most {
            let is_full = !self.doubts.is_empty() && in_doubt + price > self.most;
            return if is_full { DoubtDecision::None } else { DoubtDecision::Later };
        }
        self.on_wire += price;
        self.sending += 1;
        DoubtDecision::Taken
    }

    /// Releases the reserved price of a submission after its answer has come, or because it was not sent.
    pub fn leave(&mut self, price: Usd) {
        self.on_wire = self.on_wire - price;
        self.sending = self.sending.saturating_sub(1);
    }

    /// Counts the price of a submission that got no answer as in doubt: it may have been charged.
    pub fn doubt(&mut self, take: TakeId, price: Usd) {
        self.doubts.insert(take, price);
    }

    /// Stops counting a submission's price as in doubt, because its result is known now.
    pub fn settle(&mut self, take: &TakeId) {
        self.doubts.remove(take);
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
