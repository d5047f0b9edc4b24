//! When submissions to a provider pause, and when they end: too many without an answer, too many paid for nothing, too
//! much money in doubt.

use super::fault::{Refusal, Said};
use super::key::TakeId;
use super::lifecycle::{Event, HeldReason, State};
use super::money::Usd;
use super::policy::Breaking;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The gate that a submission to a provider passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    breaking: Breaking,
    /// Whether each of the last submissions stayed without an answer.
    known: VecDeque<bool>,
    silent_in_a_row: u32,
    /// Pauses in a row.
    round: u32,
    stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Open,
    /// Until then nothing is sent.
    Shut(Duration),
    /// A free question is on its way.
    Asking,
    /// It was answered: one submission may go.
    Reached,
    /// That one is on its way.
    Probing,
}

/// What a submission may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It may go.
    Go,
    /// It may go, and the others wait for its answer.
    Probe,
    /// First a free question is to be asked; its asker tells [`Gate::asked`].
    Ask,
    /// Nothing goes for so long.
    Pause(Duration),
    /// It waits for what another one hears.
    Wait,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An answer came, whatever it says.
    Answer,
    /// The request went out, and no answer came.
    Silence,
    /// No byte of it went out.
    Unsent,
}

impl Gate {
    /// An open gate.
    #[must_use]
    pub const fn new(breaking: Breaking) -> Self {
        Self { breaking, known: VecDeque::new(), silent_in_a_row: 0, round: 0, stand: Stand::Open }
    }

    /// Returns what a submission may do now. Times are counted from any fixed moment.
    pub fn pass(&mut self, now: Duration) -> Pass {
        match self.stand {
            Stand::Open => Pass::Go,
            Stand::Shut(until) if now < until => Pass::Pause(until.saturating_sub(now)),
            Stand::Shut(_) => {
                self.stand = Stand::Asking;
                Pass::Ask
            }
            Stand::Reached => {
                self.stand = Stand::Probing;
                Pass::Probe
            }
            Stand::Asking | Stand::Probing => Pass::Wait,
        }
    }

    /// Whether submissions go freely.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stand == Stand::Open
    }

    /// Takes in whether the free question was answered.
    pub fn asked(&mut self, is_answered: bool, now: Duration) {
        if self.stand == Stand::Asking {
            if is_answered {
                self.stand = Stand::Reached;
            } else {
                self.shut(now);
            }
        }
    }

    /// Takes in what became of a submission. Returns the pause that begins with it.
    pub fn heard(&mut self, heard: Heard, is_probe: bool, now: Duration) -> Option<Duration> {
        match heard {
            Heard::Answer if is_probe => {
                *self = Self::new(self.breaking);
                self.note(false);
                None
            }
            Heard::Answer => {
                self.note(false);
                None
            }
            Heard::Silence => {
                self.note(true);
                (is_probe || self.stand == Stand::Open && self.is_silent()).then(|| self.shut(now))
            }
            Heard::Unsent => is_probe.then(|| self.shut(now)),
        }
    }

    /// Whoever had to ask, or to be the probe, does neither: the next one does.
    pub fn back_out(&mut self) {
        match self.stand {
            Stand::Asking => self.stand = Stand::Shut(Duration::ZERO),
            Stand::Probing => self.stand = Stand::Reached,
            Stand::Open | Stand::Shut(_) | Stand::Reached => {}
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
        self.stand = Stand::Shut(now.saturating_add(pause));
        pause
    }
}

/// How a paid task ended, as far as it says whether its provider brings anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Its clip was fetched.
    Clip,
    /// Its provider named a clip.
    Named,
    /// The provider does not know it.
    Lost,
    /// Without a clip.
    Empty,
    /// With a link that must not be followed.
    Unsafe,
    /// It failed with this code, which does not refuse its content.
    Failed(String),
}

impl Ending {
    /// Returns how a task ended by an event. Trouble of the clip's host says nothing about the provider, nor does content
    /// that is refused.
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

/// Counts paid tasks of one provider that brought nothing, each in the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Harvest {
    last: Option<Ending>,
    in_a_row: u32,
    /// Links in a row that must not be followed. Clips are fetched long after others were asked for, so that these are a
    /// row of their own.
    unsafe_links: u32,
}

impl Harvest {
    /// Takes in how a task ended. Whether so many in a row brought nothing that no more is to be ordered.
    pub fn ended(&mut self, ending: &Ending, breaking: &Breaking) -> bool {
        match ending {
            Ending::Clip => {
                self.unsafe_links = 0;
                return false;
            }
            Ending::Unsafe => {
                self.unsafe_links = self.unsafe_links.saturating_add(1);
                return self.unsafe_links >= breaking.fruitless;
            }
            Ending::Named | Ending::Lost | Ending::Empty | Ending::Failed(_) => {}
        }
        let is_same = self.last.as_ref() == Some(ending);
        self.in_a_row = if is_same { self.in_a_row.saturating_add(1) } else { 1 };
        self.last = Some(ending.clone());
        *ending != Ending::Named && self.in_a_row >= breaking.fruitless
    }
}

/// The money of a run whose submissions are on the wire or stayed without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    most: Usd,
    on_wire: Usd,
    sending: usize,
    doubts: HashMap<TakeId, Usd>,
}

/// Whether there is room for another submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There was, and it is taken.
    Taken,
    /// There is once one that is on the wire has its answer.
    Later,
    /// What is in doubt leaves none.
    None,
}

impl Exposure {
    /// Nothing is on the wire, and at most so much may ever be in doubt.
    #[must_use]
    pub fn new(most: Usd) -> Self {
        Self { most, on_wire: Usd::ZERO, sending: 0, doubts: HashMap::new() }
    }

    /// Returns the bound.
    #[must_use]
    pub const fn most(&self) -> Usd {
        self.most
    }

    /// Returns the sum of the submissions without an answer.
    #[must_use]
    pub fn in_doubt(&self) -> Usd {
        self.doubts.values().copied().sum()
    }

    /// Takes room for a submission of this price, where there is any. A single one always has room, so that a bound
    /// below the price of a clip does not forbid everything.
    pub fn enter(&mut self, price: Usd) -> Room {
        let in_doubt = self.in_doubt();
        let is_first = self.doubts.is_empty() && self.sending == 0;
        if !is_first && in_doubt + self.on_wire + price > self.most {
            let is_full = !self.doubts.is_empty() && in_doubt + price > self.most;
            return if is_full { Room::None } else { Room::Later };
        }
        self.on_wire += price;
        self.sending += 1;
        Room::Taken
    }

    /// Gives the room of a submission back: it has its answer, or was not sent.
    pub fn leave(&mut self, price: Usd) {
        self.on_wire = self.on_wire - price;
        self.sending = self.sending.saturating_sub(1);
    }

    /// Counts a submission as unanswered.
    pub fn doubt(&mut self, take: TakeId, price: Usd) {
        self.doubts.insert(take, price);
    }

    /// Forgets a doubt: what became of the submission is known now.
    pub fn settle(&mut self, take: &TakeId) {
        self.doubts.remove(take);
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
