//! When a running take is asked for, and what the answers tell of how long its like takes.

use super::{Drive, Left};
use crate::domain::lifecycle::State;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// When this drive last heard that the task was still running; its acceptance counts as well.
///
/// A task that was accepted before this drive says nothing until it was asked for: it may have ended long ago.
#[derive(Debug, Default)]
pub(super) struct Heard(Option<Timestamp>);

impl Heard {
    /// Notes that the take was submitted.
    pub(super) fn submitted(&mut self, moved: &Result<Take, Left>) {
        if let Ok(Take { state: State::Running { task, .. }, .. }) = moved {
            self.0 = Some(task.accepted);
        }
    }
}

impl Drive {
    /// Returns the lane's numbers with what is known of the durations of takes like this one.
    pub(super) fn policy(&self) -> Policy {
        Policy { durations: self.times.durations(), ..self.lane.policy.clone() }
    }

    /// Waits until the take is to be asked for: when it is due, or sooner where others like it finish meanwhile.
    /// `false` if a stop came first.
    pub(super) async fn until_asked(
        &self,
        take: &Take,
        mut due: Timestamp,
        stop: &CancellationToken,
    ) -> bool {
        let (State::Running { task, watch, .. }, times) = (&take.state, &self.lane.policy.polls) else {
            return false;
        };
        let is_told = watch.polls == 0 && times.first.is_some();
        loop {
            tokio::select! {
                biased;
                came = self.world.clock.until(due, stop) => return came,
                () = self.times.news(), if !is_told => {
                    let at = self.world.clock.moment();
                    let pause = self.policy().poll_pause(watch.polls, at.since(task.accepted), at.jitter);
                    due = due.min(at.after(pause));
                }
            }
        }
    }

    /// Learns from a poll of the take, as it was before.
    pub(super) fn learn(&self, at: Moment, before: &Take, polled: &Result<Take, Left>, heard: &mut Heard) {
        let (State::Running { task, watch, .. }, Ok(moved)) = (&before.state, polled) else { return };
        match &moved.state {
            State::Running { watch: now, .. } if now.polls > watch.polls => heard.0 = Some(at.now),
            State::Downloading { .. } => {
                if let Some(heard) = heard.0.take() {
                    let running = Moment::new(heard, 0.0).since(task.accepted);
                    self.times.note(running, at.since(task.accepted));
                }
            }
            _ => {}
        }
    }
}
