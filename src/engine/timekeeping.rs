//! Notices that the machine slept, that its wall clock was set, or that its clock disagrees with the providers'.

use super::world::World;
use crate::domain::notice::Notice;
use crate::domain::time::disagreement;
use crate::domain::units::seconds;
use crate::provider::reply;
use crate::wire::Reply;
use jiff::{SignedDuration, Timestamp};
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest sleep of the machine, and the largest change of its clock, that are not reported.
const GAP: Duration = Duration::from_mins(1);

impl World {
    /// Awaits the work of a run and returns its result. Meanwhile reports if the machine slept or its clock was set.
    pub(super) async fn attend<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = work => done,
            never = self.watch_time() => match never {},
        }
    }

    async fn watch_time(&self) -> Infallible {
        let ahead = || self.clock.wall().duration_since(self.clock.now());
        let mut known = ahead();
        loop {
            let over = self.clock.nap().await;
            if over > GAP {
                let slept = seconds(SignedDuration::try_from(over).unwrap_or(SignedDuration::MAX));
                self.tell(&Notice::Warning(format!(
                    "this computer slept, or this process was stopped, for {slept}: results that arrived meanwhile are \
                     read, and the run continues at its usual rate"
                )));
            }
            let step = ahead() - known;
            if step.unsigned_abs() > GAP {
                known += step;
                let (by, way) = (seconds(step.abs()), if step.is_negative() { "back" } else { "forward" });
                self.tell(&Notice::Warning(format!(
                    "the clock of this computer was set {way} by {by}: this run ignores the change, and the next run \
                     uses the new time"
                )));
            }
        }
    }

    /// Compares this computer's clock with a provider's clock, and warns once in a run if they disagree.
    pub(super) fn note_date(&self, reply: &Reply) {
        let theirs = reply::sent(reply).and_then(|sent| Timestamp::try_from(sent).ok());
        let Some(words) = theirs.and_then(|theirs| disagreement(self.clock.now(), theirs)) else { return };
        if !self.is_clock_doubtful.swap(true, Ordering::Relaxed) {
            self.tell(&Notice::Warning(format!("{words}; set it: timedatectl set-ntp true")));
        }
    }
}
