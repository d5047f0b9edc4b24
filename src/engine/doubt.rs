//! Makes submissions wait as long as the rules of `domain::breaker` require. The rules pause or end submissions after
//! missing answers or clips, and limit the money in doubt (perhaps charged).

use super::lock;
use crate::domain::breaker::{
    BreakerDecision, DoubtDecision, Exposure, Gate, LostClips, SubmitOutcome, TaskEnd,
};
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
    lost_clips: Mutex<LostClips>,
    changed: Notify,
    began: Instant,
}

impl Breakers {
    pub(super) fn new() -> Self {
        Self {
            gate: Mutex::new(Gate::new(Breaking::standard())),
            lost_clips: Mutex::default(),
            changed: Notify::new(),
            began: Instant::now(),
        }
    }

    /// Waits until the breakers (the rules that stop submissions after failures) permit a submission. If the breakers
    /// require a free query to the provider first, `ask` sends this query.
    pub(super) async fn turn(&self, ask: Ask<'_>) -> SubmitPermit<'_> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let pass = lock(&self.gate).pass(self.now());
            match pass {
                BreakerDecision::Go => return SubmitPermit { breakers: self, is_sole: false },
                BreakerDecision::Probe => return SubmitPermit { breakers: self, is_sole: true },
                BreakerDecision::Ask => {
                    let turn = SubmitPermit { breakers: self, is_sole: true };
                    turn.asked(ask().await);
                }
                BreakerDecision::Pause(pause) => sleep(pause).await,
                BreakerDecision::Wait => changed.await,
            }
        }
    }

    /// Records how a paid task ended. Returns true if nothing more may be submitted to the provider in this run.
    pub(super) fn ended(&self, ending: &TaskEnd) -> bool {
        lock(&self.lost_clips).ended(ending, &Breaking::standard())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The permission to send one submission, from the breakers (the rules that stop submissions after failures).
///
/// The breakers may require that one submission is sent as a test. If the permission for the test is dropped before the
/// test is made, the next submission becomes the test.
pub(super) struct SubmitPermit<'a> {
    breakers: &'a Breakers,
    /// True if this submission is the test whose result all other submissions wait for.
    is_sole: bool,
}

impl SubmitPermit<'_> {
    /// Checks whether the submission is still permitted, because the breakers may have stopped submissions since. A
    /// submission that the breakers require as a test stays permitted.
    pub(super) fn holds(&self) -> bool {
        // A query does not change an open gate, and at a shut one this turn has lost its place.
        self.is_sole || lock(&self.breakers.gate).is_open()
    }

    /// Records the outcome of the submission. Returns the length of the pause if the outcome begins one.
    pub(super) fn heard(mut self, heard: SubmitOutcome) -> Option<Duration> {
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

impl Drop for SubmitPermit<'_> {
    fn drop(&mut self) {
        if self.is_sole {
            lock(&self.breakers.gate).back_out();
            self.breakers.changed.notify_waiters();
        }
    }
}

/// The limit on the money in doubt (perhaps charged) at one time, with the submissions that wait until it allows them.
pub(super) struct DoubtLimit {
    exposure: Mutex<Exposure>,
    left: Notify,
}

impl DoubtLimit {
    pub(super) fn new(most: Usd) -> Self {
        Self { exposure: Mutex::new(Exposure::new(most)), left: Notify::new() }
    }

    /// Checks whether the limit on money in doubt (perhaps charged) allows a submission of this price. If so, the price
    /// counts against the limit until the returned value is dropped.
    pub(super) fn enter(&self, price: Usd) -> Entry<'_> {
        let mut exposure = lock(&self.exposure);
        match exposure.enter(price) {
            DoubtDecision::Taken => Entry::Taken(DoubtShare { doubt_limit: self, price }),
            DoubtDecision::Later => Entry::Later,
            DoubtDecision::None => Entry::None { most: exposure.most(), in_doubt: exposure.in_doubt() },
        }
    }

    /// Returns a future that ends when the limit on money in doubt may allow a further submission. That is the case
    /// when a submission has ended, or when it is known whether a take was charged.
    pub(super) fn left(&self) -> Notified<'_> {
        self.left.notified()
    }

    /// Counts a take's price as money in doubt, because the answer to its submission does not show whether it was
    /// charged.
    pub(super) fn doubt(&self, take: &Take) {
        lock(&self.exposure).doubt(take.id.clone(), take.cost());
    }

    /// Stops counting a take's price as money in doubt, because the outcome of its submission is known.
    pub(super) fn settle(&self, take: &TakeId) {
        lock(&self.exposure).settle(take);
        self.left.notify_waiters();
    }
}

/// The decision whether the limit on money in doubt (perhaps charged) allows a submission.
pub(super) enum Entry<'a> {
    /// The limit allows the submission, whose price counts against the limit until the value is dropped.
    Taken(DoubtShare<'a>),
    /// The submission would exceed the limit now, but may be allowed after answers to other submissions have come.
    Later,
    /// The submission would exceed the limit even after answers to all other submissions have come.
    None {
        /// The most money that may be in doubt (perhaps charged) at one time.
        most: Usd,
        in_doubt: Usd,
    },
}

/// The price of one submission, which counts against the limit on money in doubt (perhaps charged) until this value is
/// dropped.
pub(super) struct DoubtShare<'a> {
    doubt_limit: &'a DoubtLimit,
    price: Usd,
}

impl DoubtShare<'_> {
    /// Counts the price as money in doubt from now on, because the submission got no answer.
    pub(super) fn doubt(self, take: TakeId) {
        lock(&self.doubt_limit.exposure).doubt(take, self.price);
    }
}

impl Drop for DoubtShare<'_> {
    fn drop(&mut self) {
        lock(&self.doubt_limit.exposure).leave(self.price);
        self.doubt_limit.left.notify_waiters();
    }
}
