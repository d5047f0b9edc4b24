//! Puts the breakers of `domain::breaker` to work: who waits for them, and who is told.

use super::lock;
use crate::domain::breaker::{Ending, Exposure, Gate, Harvest, Heard, Pass, Room};
use crate::domain::key::TakeId;
use crate::domain::money::Usd;
use crate::domain::policy::Breaking;
use futures::future::BoxFuture;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep};

/// Puts a free question to a provider and returns whether it was answered.
pub(super) type Ask<'a> = &'a (dyn Fn() -> BoxFuture<'a, bool> + Sync);

/// The breakers of one provider.
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

    /// Waits until a submission may go.
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

    /// Takes in how a paid task ended. Returns whether that closes the provider for this run.
    pub(super) fn ended(&self, ending: &Ending) -> bool {
        lock(&self.harvest).ended(ending, &Breaking::standard())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The permission to submit once. One that is dropped unused passes on what only it was to do.
pub(super) struct Turn<'a> {
    breakers: &'a Breakers,
    /// Whether the others wait for this one.
    is_sole: bool,
}

impl Turn<'_> {
    /// Whether the permission still holds after a wait for something else.
    pub(super) fn holds(&self) -> bool {
        // An open gate is not changed by being asked, and at a shut one this turn has lost its place.
        self.is_sole || lock(&self.breakers.gate).is_open()
    }

    /// Tells what became of the submission. Returns the pause that begins with it.
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

/// The money that may be lost at once, and who waits for room in it.
pub(super) struct Purse {
    exposure: Mutex<Exposure>,
    left: Notify,
}

impl Purse {
    pub(super) fn new(most: Usd) -> Self {
        Self { exposure: Mutex::new(Exposure::new(most)), left: Notify::new() }
    }

    /// Asks for room for a submission of this price.
    pub(super) fn enter(&self, price: Usd) -> Entry<'_> {
        let mut exposure = lock(&self.exposure);
        match exposure.enter(price) {
            Room::Taken => Entry::Taken(Exposed { purse: self, price }),
            Room::Later => Entry::Later,
            Room::None => Entry::None { most: exposure.most(), in_doubt: exposure.in_doubt() },
        }
    }

    /// Returns the future that ends when a submission has left.
    pub(super) fn left(&self) -> Notified<'_> {
        self.left.notified()
    }

    /// Ends the doubt about a submission: its outcome is known.
    pub(super) fn settle(&self, take: &TakeId) {
        lock(&self.exposure).settle(take);
        self.left.notify_waiters();
    }
}

/// The answer to a submission that asks for room.
pub(super) enum Entry<'a> {
    /// It has room, until this is dropped.
    Taken(Exposed<'a>),
    /// Others have to leave first.
    Later,
    /// Money in doubt leaves no room.
    None {
        /// The most that may be lost at once.
        most: Usd,
        /// Money in doubt.
        in_doubt: Usd,
    },
}

/// The room of one submission, given back when it is dropped.
pub(super) struct Exposed<'a> {
    purse: &'a Purse,
    price: Usd,
}

impl Exposed<'_> {
    /// The submission stayed without an answer.
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
