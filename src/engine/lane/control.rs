//! Applies the rate controller of `domain::throttle`: makes calls wait for it, and returns the rate that it learned.

use crate::domain::throttle::{Learned, SendDecision, Sent, Throttle};
use crate::engine::lock;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::{Instant, sleep};

/// The rate controller of the submissions to one model or of one provider's polls, with the calls that wait for its
/// permission.
pub(super) struct Control {
    throttle: Mutex<Throttle>,
    changed: Notify,
    began: Instant,
    recalled: Mutex<Option<Learned>>,
}

impl Control {
    pub(super) fn new(throttle: Throttle) -> Arc<Self> {
        Arc::new(Self {
            throttle: Mutex::new(throttle),
            changed: Notify::new(),
            began: Instant::now(),
            recalled: Mutex::default(),
        })
    }

    /// Waits until the rate controller permits one more call.
    pub(super) async fn pass(&self) -> CallPermit<'_> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = self.now();
            let leave = lock(&self.throttle).ask(now);
            match leave {
                SendDecision::Go(sent) => return CallPermit { control: self, sent: Some(sent) },
                SendDecision::At(time) => tokio::select! {
                    () = sleep(time.saturating_sub(now)) => {}
                    () = changed => {}
                },
                SendDecision::Later => changed.await,
            }
        }
    }

    /// Takes a slot for a task that is already running, for example since an earlier run.
    pub(super) fn occupy(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        lock(&self.throttle).occupied();
        self.slot(permit)
    }

    /// Makes the [`Slot`] (place among the concurrent calls) of a call that the rate controller has permitted. Dropping
    /// the slot gives the `permit` back.
    pub(super) fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        Slot { _permit: permit, control: Arc::clone(self) }
    }

    /// Sets the rate and the number of concurrent tasks (slots) of the controller to the values that an earlier run
    /// learned.
    pub(super) fn recall(&self, learned: Learned) {
        lock(&self.throttle).recall(learned);
        *lock(&self.recalled) = Some(learned);
    }

    /// Returns the call rate and the number of concurrent tasks (slots) that the provider turned out to accept. Returns
    /// `None` if the configured limits apply. The second value is true if the result differs from that of an earlier
    /// run.
    pub(super) fn learned(&self) -> (Option<Learned>, bool) {
        let learned = lock(&self.throttle).learned();
        (learned, learned != *lock(&self.recalled))
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A place among the concurrent tasks of a model or the concurrent polls of a provider. A task holds its slot until the
/// provider has finished the task, a poll until its answer has come.
pub(in crate::engine) struct Slot {
    _permit: OwnedSemaphorePermit,
    control: Arc<Control>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.control.throttle).freed();
        self.control.changed.notify_waiters();
    }
}

/// The rate controller's permission to send one call.
pub(in crate::engine) struct CallPermit<'a> {
    control: &'a Control,
    /// The description of the permitted call for the rate controller; `None` as soon as the outcome of the call is
    /// known.
    sent: Option<Sent>,
}

impl CallPermit<'_> {
    /// Checks whether the call is still permitted, because the rate controller may have begun a pause since the
    /// permission.
    pub(in crate::engine) fn holds(&self) -> bool {
        self.sent.is_some_and(|sent| lock(&self.control.throttle).holds(&sent))
    }

    pub(super) fn leaves(&mut self) {
        let now = self.control.now();
        if let Some(sent) = &mut self.sent {
            sent.leaves(now);
        }
    }

    /// Records that the provider accepted the call. Returns the new rate, in calls per second, if one was measured.
    pub(super) fn accepted(self) -> Option<f64> {
        self.tell(Throttle::accepted).flatten()
    }

    /// Records an answer that shows nothing about the permitted rate.
    pub(super) fn answered(self) {
        self.tell(|throttle, sent, _| throttle.answered(sent));
    }

    /// Records that the provider refused the call because calls came too fast.
    pub(super) fn throttled(self, after: Option<Duration>, jitter: f64) {
        self.tell(|throttle, sent, now| throttle.throttled(sent, after, now, jitter));
    }

    /// Records that the call failed for a temporary reason, but not because calls came too fast.
    pub(super) fn failed(self, after: Option<Duration>, jitter: f64) {
        self.tell(|throttle, sent, now| throttle.failed(sent, after, now, jitter));
    }

    fn tell<T>(mut self, what: impl FnOnce(&mut Throttle, &Sent, Duration) -> T) -> Option<T> {
        let sent = self.sent.take()?;
        let reported = what(&mut lock(&self.control.throttle), &sent, self.control.now());
        self.control.changed.notify_waiters();
        Some(reported)
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take() {
            lock(&self.control.throttle).unsent(&sent);
            self.control.changed.notify_waiters();
        }
    }
}
