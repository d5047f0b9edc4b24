//! Applies the breakers of `domain::breaker` (rules that pause or end submissions): makes submissions wait and wakes
//! them.

use super::lock;
use crate::domain::breaker::{Ending, Exposure, Gate, Harvest, Heard, Pass, Room};
use crate::domain::key::TakeId;
use crate::domain::money::Usd;
use crate::domain::policy::Breaking;
use crate::domain::take::Take;
use futures::future::BoxFuture;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep};

/// A function that sends a free query to a provider and returns whether it was answered.
pub(super) type Ask<'a> = &'a (dyn Fn() -> BoxFuture<'a, bool> + Sync);

/// The breakers of one provider, which pause or end submissions after missing answers or clips.
pub(super) struct Breakers {
    gate: Mutex<Gate>,
    harvest: Mutex<Harvest>,
    changed: Notify,
    began: Instant,
}

impl Breakers {
    pub(super) fn new() -> Self {
        Self {
            gate: Mutex::new(Gate::new(Breaking::standard())),
            harvest: Mutex::default(),
            changed: Notify::new(),
            began: Instant::now(),
        }
    }

    /// Waits until the breakers permit a submission. `ask` sends the free query that they may require first.
    pub(super) async fn turn(&self, ask: Ask<'_>) -> Turn<'_> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let pass = lock(&self.gate).pass(self.now());
            match pass {
                Pass::Go => return Turn { breakers: self, is_sole: false },
                Pass::Probe => return Turn { breakers: self, is_sole: true },
                Pass::Ask => {
                    let turn = Turn { breakers: self, is_sole: true };
                    turn.asked(ask().await);
                }
                Pass::Pause(pause) => sleep(pause).await,
                Pass::Wait => changed.await,
            }
        }
    }

    /// Records how a paid task ended. Returns true if the provider must be closed for this run.
    pub(super) fn ended(&self, ending: &Ending) -> bool {
        lock(&self.harvest).ended(ending, &Breaking::standard())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The breakers' permission to send one submission. If it is dropped before a required probe or free query was sent,
/// the next submission sends that.
pub(super) struct Turn<'a> {
    breakers: &'a Breakers,
    /// True if the submission is a probe or sends the free query. All other submissions wait for the answer.
    is_sole: bool,
}

impl Turn<'_> {
    /// Checks whether the submission is still permitted after it waited for something else.
    pub(super) fn holds(&self) -> bool {
        // A query does not change an open gate, and at a shut one this turn has lost its place.
        self.is_sole || lock(&self.breakers.gate).is_open()
    }

    /// Records the outcome of the submission. Returns the length of the pause if the outcome begins one.
    pub(super) fn heard(mut self, heard: Heard) -> Option<Duration> {
        let is_probe = std::mem::take(&mut self.is_sole);
        let pause = lock(&self.breakers.gate).heard(heard, is_probe, self.breakers.now());
        self.breakers.changed.notify_waiters();
        pause
    }

    fn asked(mut self, is_answered: bool) {
        self.is_sole = false;
        lock(&self.breakers.gate).asked(is_answered, self.breakers.now());
        self.breakers.changed.notify_waiters();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_sole {
            lock(&self.breakers.gate).back_out();
            self.breakers.changed.notify_waiters();
        }
    }
}

/// The limit on the money that may be in doubt at one time, and the submissions that wait for room under it.
pub(super) struct Purse {
    exposure: Mutex<Exposure>,
    left: Notify,
}

impl Purse {
    pub(super) fn new(most: Usd) -> Self {
        Self { exposure: Mutex::new(Exposure::new(most)), left: Notify::new() }
    }

    /// Requests room under the limit on money in doubt for a submission of this price.
    pub(super) fn enter(&self, price: Usd) -> Entry<'_> {
        let mut exposure = lock(&self.exposure);
        match exposure.enter(price) {
            Room::Taken => Entry::Taken(Exposed { purse: self, price }),
            Room::Later => Entry::Later,
            Room::None => Entry::None { most: exposure.most(), in_doubt: exposure.in_doubt() },
        }
    }

    /// Returns a future that ends when a submission gives back its room under the limit, or a doubt about a submission ends.
    pub(super) fn left(&self) -> Notified<'_> {
        self.left.notified()
    }

    /// Records that the outcome of a take's submission became unknown after its answer: its price is money in doubt.
    pub(super) fn doubt(&self, take: &Take) {
        lock(&self.exposure).doubt(take.id.clone(), take.cost());
    }

    /// Ends the doubt about a take's submission, because its outcome is known.
    pub(super) fn settle(&self, take: &TakeId) {
        lock(&self.exposure).settle(take);
        self.left.notify_waiters();
    }
}

/// The answer to a submission that requests room under the limit on money in doubt.
pub(super) enum Entry<'a> {
    /// The submission has room, until the value is dropped.
    Taken(Exposed<'a>),
    /// The submission has no room now, but may have room after other submissions have got their answers.
    Later,
    /// The submission has no room, and would have none even after all other submissions have got their answers.
    None {
        /// The most money that may be in doubt at one time.
        most: Usd,
        /// The money that is in doubt now.
        in_doubt: Usd,
    },
}

/// The room of one submission under the limit on money in doubt, given back when it is dropped.
pub(super) struct Exposed<'a> {
    purse: &'a Purse,
    price: Usd,
}

impl Exposed<'_> {
    /// Records that the submission got no answer: its price is money in doubt from now on.
    pub(super) fn doubt(self, take: TakeId) {
        lock(&self.purse.exposure).doubt(take, self.price);
    }
}

impl Drop for Exposed<'_> {
    fn drop(&mut self) {
        lock(&self.purse.exposure).leave(self.price);
        self.purse.left.notify_waiters();
    }
}
