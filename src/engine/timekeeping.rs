//! Notices a machine that slept, a wall clock that was set, and one that disagrees with the providers.

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

/// A gap beyond which the machine slept, or its clock was set.
const GAP: Duration = Duration::from_mins(1);

impl World {
    /// Does the work of a run, and tells meanwhile what happens to the clock.
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
                    "this computer slept, or this process was stopped, for {slept}: what came meanwhile is read, and \
                     the run goes on at its usual rate"
                )));
            }
            let step = ahead() - known;
            if step.unsigned_abs() > GAP {
                known += step;
                let (by, way) = (seconds(step.abs()), if step.is_negative() { "back" } else { "forward" });
                self.tell(&Notice::Warning(format!(
                    "the clock of this computer was set {way} by {by}: this run goes on by the time that has passed, the \
                     next one by the new time"
                )));
            }
        }
    }

    /// Compares the clock with that of a provider, and tells once where they disagree.
    pub(super) fn note_date(&self, reply: &Reply) {
        let theirs = reply::sent(reply).and_then(|sent| Timestamp::try_from(sent).ok());
        let Some(words) = theirs.and_then(|theirs| disagreement(self.clock.now(), theirs)) else { return };
        if !self.is_clock_doubtful.swap(true, Ordering::Relaxed) {
            self.tell(&Notice::Warning(format!("{words}; set it: timedatectl set-ntp true")));
        }
    }
}
