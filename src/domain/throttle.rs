//! Sets the pace of submissions to one model of a provider that enforces a quota without publishing it.
//!
//! The rate of submissions follows four rules:
//!
//! - If a submission is refused as too fast, all submissions to the model wait for as long as `Retry-After` asks, or
//!   else for up to 2 s. Each further wait is a sixth of the time waited so far, from 2 s to 2 min. Refusals of
//!   requests that were sent before the wait start no further wait.
//! - After a wait, one submission is sent as a probe. The success of the probe allows eight unanswered submissions at a
//!   time, and each further success four more.
//! - A successful probe also gives a new rate. This rate is the number of submissions accepted since the previous wait,
//!   divided by the time from the end of the previous wait until the quota allowed submissions again. A long
//!   `Retry-After` states the end of that time. Without a long `Retry-After`, the end is assumed to be halfway between
//!   the last refused submission and the probe. The new rate equals the quota as soon as one period of the quota is
//!   over, for a token bucket, a sliding window and a fixed window alike.
//! - Each accepted submission raises the rate a little. The more often the same rate was measured, the smaller is the
//!   step.
//!
//! Before any rate is proven, few submissions are unanswered at a time, so that the first refusal concerns few of them.
//!
//! The number of slots (concurrent tasks of the model) is learned from refusals as well:
//!
//! - The number of tasks that ran at the first refusal becomes the limit under two conditions: a probe is refused while
//!   at least this many tasks run, and a later probe is accepted while fewer run.
//! - The limit rises by one after ten accepted submissions. Each time the submission for the last slot is refused,
//!   twice as many accepted submissions are needed as before.

mod numbers;
mod sent;

pub use sent::{Learned, SendDecision, Sent};

use super::limits::Rate;
use super::policy::{Backoff, RETRY_AFTER};
use numbers::{
    BELIEVED, CATCH_UP, ENOUGH, FAILURES, GROWTH, LATE, LEAST_WIDTH, LONG, MINUTE, OPENING, QUICK, QUIET,
    SHORT_LEAVES, SLOT_AFTER, SLOWEST, UNSURE, WIDER_AFTER, WIDTH,
};
use std::time::Duration;

/// A wait during which nothing is submitted to one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wait {
    since: Duration,
    until: Duration,
    /// The time at which the quota allows submissions again, if the provider stated it.
    opens: Option<Duration>,
    /// True if the wait began, or was prolonged, because a submission was refused as too fast. Only the end of such a
    /// wait shows which rate the provider allows.
    slows: bool,
    /// True if a test submission (probe) is waiting for its answer.
    probing: bool,
    /// True if a test submission (probe) was refused as too fast while no fewer tasks ran than at the refusal that
    /// began the wait. The number of tasks may then be the reason.
    is_crowded: bool,
}

/// A period between two waits (pauses of submissions after refusals), with the number of submissions that were accepted
/// in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    began: Duration,
    accepted: u32,
}

/// The controller of the pace of submissions to one model. Times are counted from any fixed point of a monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Throttle {
    configured: Learned,
    backoff: Backoff,
    now: Learned,
    /// The earliest time of the next submission at the learned rate.
    next: Duration,
    on_wire: u32,
    /// The number of occupied slots (places for concurrent tasks of the model), including the slots of unanswered
    /// submissions.
    taken: u32,
    width: u32,
    /// The moving average of the time until a submission is accepted; `None` before the first acceptance.
    latency: Option<Duration>,
    /// A second limit on unanswered submissions, which begins low after each wait and rises with each accepted
    /// submission. Before the first wait, this limit has no effect.
    opening: u32,
    waits: u32,
    wait: Option<Wait>,
    period: Option<Period>,
    last: Option<Period>,
    refused: Duration,
    measured: Option<f64>,
    growth: f64,
    /// The number of successive measurements of the allowed submission rate that nearly equalled the measurement
    /// before.
    steady: u32,
    /// The number of submissions that were accepted since submissions last had to wait because of a refusal.
    quiet: u32,
    /// The number of tasks that were running when a submission was last refused as too fast.
    crowd: u32,
    /// True if the slots (concurrent tasks of the model), not the rate, caused the last refusal that began a wait:
    /// their number was already reduced, and the refused submission was for the last one.
    is_full: bool,
    slot_after: u32,
    failures: u32,
}

impl Throttle {
    /// Creates a controller that begins with the configured rate and the configured number of slots.
    #[must_use]
    pub fn new(rate: Rate, slots: u32, backoff: Backoff) -> Self {
        let configured = Learned { rate: 1.0 / rate.interval().as_secs_f64().max(1e-9), slots: slots.max(1) };
        Self {
            configured,
            backoff,
            now: configured,
            next: Duration::ZERO,
            on_wire: 0,
            taken: 0,
            width: WIDTH,
            latency: None,
            opening: u32::MAX,
            waits: 0,
            wait: None,
            period: None,
            last: None,
            refused: Duration::ZERO,
            measured: None,
            growth: GROWTH.0,
            steady: 0,
            quiet: 0,
            crowd: 0,
            is_full: false,
            slot_after: SLOT_AFTER.0,
            failures: 0,
        }
    }

    /// Lets all concurrent requests (as many as the provider has slots) wait for their answers at the same time. Use it
    /// for free requests, whose refusal costs nothing.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.width = u32::MAX;
        self
    }

    /// Sets the rate and the number of slots that an earlier run learned, but at most the configured ones.
    pub fn recall(&mut self, learned: Learned) {
        let rate = learned.rate.clamp(SLOWEST.min(self.configured.rate), self.configured.rate);
        self.now = Learned { rate, slots: learned.slots.clamp(1, self.configured.slots) };
        self.measured = Some(rate);
        self.steady = 2;
        self.growth = GROWTH.0 / 16.0;
    }

    /// Returns the rate and the number of slots that the provider accepts; `None` if they are the configured ones.
    #[must_use]
    pub fn learned(&self) -> Option<Learned> {
        // A rate tried since the last measurement counts as proven only when it is far above the measured one.
        let measured = self.measured.filter(|measured| self.now.rate < measured * 1.2);
        let rate = measured.map_or(self.now.rate, |measured| measured.min(self.now.rate));
        (self.now != self.configured).then_some(Learned { rate, ..self.now })
    }

    /// Decides whether a submission may be sent at the time `now`, and reserves its slot if it may.
    pub fn ask(&mut self, now: Duration) -> SendDecision {
        if let Some(wait) = &mut self.wait {
            if now < wait.until {
                return SendDecision::At(wait.until);
            }
            // A probe may pass the learned number of slots: its success shows that they are not the limit.
            if wait.probing || self.taken >= self.configured.slots {
                return SendDecision::Later;
            }
            wait.probing = true;
            return self.go(now, true);
        }
        if self.on_wire >= self.width.min(self.opening) || self.taken >= self.now.slots {
            return SendDecision::Later;
        }
        // At the configured rate, the model's configured pace is enough.
        if self.now.rate < self.configured.rate {
            if now < self.next {
                return SendDecision::At(self.next);
            }
            let gap = self.gap();
            self.next = self.next.max(now.saturating_sub(gap.max(CATCH_UP))) + gap;
        }
        self.go(now, false)
    }

    fn gap(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.now.rate)
    }

    fn go(&mut self, now: Duration, is_probe: bool) -> SendDecision {
        self.on_wire += 1;
        self.taken += 1;
        let is_last = self.taken >= self.now.slots;
        SendDecision::Go(Sent { wait: self.waits, at: now, is_last, is_probe })
    }

    /// Checks whether a permitted submission may still be sent after something else delayed it. A test submission
    /// (probe) may always be sent, any other only if no wait of the whole model has begun since the permission.
    #[must_use]
    pub fn holds(&self, sent: &Sent) -> bool {
        sent.is_probe || sent.wait == self.waits
    }

    /// Takes a slot for a task that is already running.
    pub fn occupied(&mut self) {
        self.taken += 1;
    }

    /// Frees a slot, because the submission created no task or the task has ended.
    pub fn freed(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// Withdraws the permission of a submission that was not sent. The submission's slot (its place among the
    /// concurrent tasks) stays occupied until [`Self::freed`] is called.
    pub fn unsent(&mut self, sent: &Sent) {
        self.on_wire = self.on_wire.saturating_sub(1);
        if let Some(wait) = self.wait.as_mut().filter(|_| sent.is_probe) {
            wait.probing = false;
        }
    }

    /// Records that a submission was accepted. Returns the new rate, in submissions per second, if one was measured.
    pub fn accepted(&mut self, sent: &Sent, now: Duration) -> Option<f64> {
        let running = self.taken.saturating_sub(self.on_wire);
        self.on_wire = self.on_wire.saturating_sub(1);
        self.failures = 0;
        self.widen(sent, now);
        if let Some(wait) = self.wait.take_if(|_| sent.is_probe) {
            return self.open(sent, wait, running);
        }
        self.period.get_or_insert(Period { began: sent.at, accepted: 0 }).accepted += 1;
        if self.wait.is_some() {
            if !self.is_full {
                self.crowd = self.crowd.max(running + 1);
            }
            return None;
        }
        self.opening = self.opening.saturating_add(OPENING.1);
        self.now.rate = (self.now.rate * (1.0 + self.growth)).min(self.configured.rate);
        self.quiet += 1;
        if self.quiet.is_multiple_of(QUIET) {
            self.growth = (self.growth * 2.0).min(GROWTH.0);
        }
        // More tasks are running than at the refusal, so their number was not the reason for it.
        if running > self.crowd || self.quiet.is_multiple_of(self.slot_after) {
            self.now.slots = (self.now.slots + 1).min(self.configured.slots);
        }
        None
    }

    /// Raises the limit on unanswered submissions, if possible, after `sent` was accepted. The limit rises if answers
    /// come quickly, if the present rate needs a higher limit, or if many submissions were accepted without a refusal.
    fn widen(&mut self, sent: &Sent, now: Duration) {
        let latency = now.saturating_sub(sent.at);
        let latency = self.latency.map_or(latency, |usual| (usual * 7 + latency) / 8);
        self.latency = Some(latency);
        // The number that is usually unanswered at the present rate, plus half of that number.
        let usual = latency.as_nanos() / self.gap().as_nanos().max(1);
        let needed = u32::try_from(usual + usual / 2).unwrap_or(u32::MAX);
        if self.measured.is_some() || needed <= BELIEVED {
            self.width = self.width.max(needed);
        }
        let is_proven = self.waits == 0 && self.period.is_some_and(|period| now > period.began + MINUTE);
        if latency < QUICK {
            self.width = self.width.max(self.configured.slots);
        } else if is_proven || self.quiet % WIDER_AFTER == WIDER_AFTER - 1 {
            self.width = self.width.saturating_add(1);
        }
    }

    /// Records that a submission was answered but created no task, for a reason that says nothing about the allowed
    /// speed.
    pub fn answered(&mut self, sent: &Sent) {
        self.on_wire = self.on_wire.saturating_sub(1);
        self.failures = 0;
        if sent.is_probe && self.wait.take().is_some() {
            self.opening = OPENING.0;
        }
    }

    /// Records that a submission was refused as too fast.
    pub fn throttled(&mut self, sent: &Sent, after: Option<Duration>, now: Duration, jitter: f64) {
        self.on_wire = self.on_wire.saturating_sub(1);
        self.refused = self.refused.max(sent.at);
        if !self.delay(sent, after, true, now, jitter) {
            return;
        }
        let running = self.taken.saturating_sub(self.on_wire + 1);
        self.is_full = self.now.slots < self.configured.slots && sent.is_last;
        self.slot_after = if self.is_full { (self.slot_after * 2).min(SLOT_AFTER.1) } else { SLOT_AFTER.0 };
        self.crowd = if self.is_full { self.now.slots - 1 } else { running };
        self.width = (self.width / 2).max(LEAST_WIDTH);
    }

    /// Records that a submission failed for a temporary reason, such as a missing answer, but not as too fast.
    pub fn failed(&mut self, sent: &Sent, after: Option<Duration>, now: Duration, jitter: f64) {
        self.on_wire = self.on_wire.saturating_sub(1);
        self.failures += 1;
        if sent.is_probe || after.is_some() || self.failures >= FAILURES {
            self.delay(sent, after, false, now, jitter);
        }
    }

    /// Makes all submissions to the model wait after the failure of `sent`, or prolongs the present wait. Returns true
    /// if a new wait begins.
    fn delay(
        &mut self,
        sent: &Sent,
        after: Option<Duration>,
        slows: bool,
        now: Duration,
        jitter: f64,
    ) -> bool {
        let after = after.map(|after| after.clamp(RETRY_AFTER.0, RETRY_AFTER.1));
        let asked = after.map(|after| now + after + after.mul_f64(0.1).min(LATE).mul_f64(jitter));
        let opens = after.filter(|after| *after > LONG).map(|after| sent.at + after);
        if sent.wait != self.waits {
            if let (Some(wait), Some(asked)) = (&mut self.wait, asked) {
                wait.until = wait.until.max(asked);
                wait.opens = wait.opens.max(opens);
            }
            return false;
        }
        self.waits += 1;
        if let Some(wait) = &mut self.wait {
            let waited = now.saturating_sub(wait.since);
            let pause = (waited / 6).clamp(self.backoff.first, self.backoff.most);
            wait.until = asked.unwrap_or(now + pause.mul_f64(0.9 + 0.1 * jitter));
            wait.opens = wait.opens.max(opens);
            wait.slows |= slows;
            wait.probing = false;
            wait.is_crowded |= slows && self.taken.saturating_sub(self.on_wire + 1) >= self.crowd;
            return false;
        }
        let until = asked.unwrap_or(now + self.backoff.first.mul_f64(jitter.max(0.1)));
        self.wait = Some(Wait { since: now, until, opens, slows, probing: false, is_crowded: false });
        true
    }

    /// Ends a wait after its test submission (probe) was accepted, and returns the newly measured rate, in submissions
    /// per second. Returns `None` if no submission was refused as too fast, if refusals were due to too many concurrent
    /// tasks, or if nothing was accepted before.
    fn open(&mut self, sent: &Sent, wait: Wait, running: u32) -> Option<f64> {
        self.opening = OPENING.0;
        if !wait.slows {
            // The time in which the provider was unavailable says nothing about its quota.
            if let Some(period) = &mut self.period {
                period.began += sent.at.saturating_sub(wait.since);
                period.accepted += 1;
            }
            return None;
        }
        self.quiet = 0;
        if wait.is_crowded && running < self.crowd && self.crowd < self.now.slots || self.is_full {
            self.now.slots = self.crowd.max(1);
        }
        let mut over = self.period.replace(Period { began: sent.at, accepted: 1 })?;
        if over.accepted < ENOUGH
            && let Some(last) = self.last
        {
            over = Period { began: last.began, accepted: last.accepted + over.accepted };
        }
        let is_short = self.last.is_some_and(|last| over.accepted < last.accepted / 4);
        self.last = Some(over);
        if self.is_full {
            // The slots were the limit, so the number accepted says nothing about the rate.
            self.now.rate = (self.now.rate * 2.0).min(self.configured.rate);
            self.measured = None;
            return None;
        }
        let opened = wait.opens.unwrap_or((self.refused + sent.at) / 2);
        let span = opened.saturating_sub(over.began).as_secs_f64().max(0.001);
        let mut measured = f64::from(over.accepted) / span;
        if is_short {
            measured = measured.max(self.now.rate * SHORT_LEAVES);
        }
        let is_known = self.measured.is_some_and(|known| (measured / known - 1.0).abs() < 0.15);
        self.steady = if is_known { self.steady + 1 } else { 0 };
        let growth = (UNSURE / f64::from(over.accepted)).clamp(GROWTH.0, GROWTH.1);
        self.growth = (growth / f64::from(4_u32.saturating_pow(self.steady))).max(GROWTH.2);
        // Submissions go slightly faster to catch up on the quota that the wait left unused.
        let usable = if is_known { measured * 1.03 } else { measured };
        self.measured = Some(measured);
        self.now.rate = self.now.rate.min(usable).max(SLOWEST.min(self.configured.rate));
        Some(self.now.rate)
    }
}

#[cfg(test)]
mod tests;
