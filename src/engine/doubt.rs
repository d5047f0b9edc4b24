//! Puts the breakers of `domain::breaker` to work: who waits for them, and who is told.

use super::lane::{Account, Closed, lock};
use super::stop::StopReason;
use super::world::World;
use crate::domain::breaker::{Ending, Exposure, Gate, Harvest, Heard, Pass, Room};
use crate::domain::fault::Said;
use crate::domain::key::TakeId;
use crate::domain::money::Usd;
use crate::domain::notice::WhyStopped;
use crate::domain::policy::Breaking;
use futures::future::BoxFuture;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

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

impl Account {
    /// Takes in how a paid task ended; says so when it closes the provider for this run.
    pub(super) fn ended(&self, ending: &Ending) -> Option<Closed> {
        if !lock(&self.breakers.harvest).ended(ending, &Breaking::standard()) || !self.is_open() {
            return None;
        }
        let (why, said) = match ending {
            Ending::Clip | Ending::Named => return None,
            Ending::Lost => (WhyStopped::TasksLost, "it answers that there are no such tasks".to_owned()),
            Ending::Empty => (WhyStopped::TasksEmpty, "it names no clip".to_owned()),
            Ending::Unsafe => (WhyStopped::TasksEmpty, "its links must not be followed".to_owned()),
            Ending::Failed(code) if code.is_empty() => {
                (WhyStopped::TasksFail, "it names no reason".to_owned())
            }
            Ending::Failed(code) => (WhyStopped::TasksFail, format!("each failed with the code {code}")),
        };
        Some(self.close(why, Said::text(said)))
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

    /// What became of a submission in doubt is known.
    pub(super) fn settle(&self, take: &TakeId) {
        lock(&self.exposure).settle(take);
        self.left.notify_waiters();
    }
}

impl World {
    /// Waits until a submission of this price has room beside what is on the wire and in doubt. `None` if a stop came
    /// first, or if what is in doubt leaves no room, which ends all submissions.
    pub(super) async fn room(&self, price: Usd, stop: &CancellationToken) -> Option<Exposed<'_>> {
        loop {
            let mut left = pin!(self.purse.left.notified());
            left.as_mut().enable();
            let (room, most, in_doubt) = {
                let mut exposure = lock(&self.purse.exposure);
                (exposure.enter(price), exposure.most(), exposure.in_doubt())
            };
            match room {
                Room::Taken => return Some(Exposed { purse: &self.purse, price }),
                Room::None => {
                    self.warn_once(format!(
                        "nothing more is submitted: {in_doubt} may have been charged without an answer, and \
                         `guards.max_in_doubt` is {most}"
                    ));
                    self.stop.no_more_submissions(StopReason::InDoubt);
                    return None;
                }
                Room::Later => tokio::select! {
                    () = stop.cancelled() => return None,
                    () = left => {}
                },
            }
        }
    }
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
