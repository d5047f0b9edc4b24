//! Polls of a running take: waiting for the right time, asking, and learning from the answer.

use super::ask::Patience;
use super::{Drive, Left, Next};
use crate::domain::durations::RenderKind;
use crate::domain::lifecycle::{State, Watch};
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use crate::engine::outlook;
use crate::engine::together::Answer;
use futures::future::OptionFuture;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// Answers of the provider about the task of this drive.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The last time at which it was known to be running; its acceptance counts as well. A task that was accepted before this drive
    /// says nothing until it was asked for: it may have ended long ago.
    running: Option<Timestamp>,
    patience: Patience,
}

impl Heard {
    /// Notes that the take was submitted.
    pub(super) fn submitted(&mut self, moved: &Result<Take, Left>) {
        if let Ok(Take { state: State::Running { task, .. }, .. }) = moved {
            self.running = Some(task.accepted);
        }
    }

    /// Notes that a clip was rendered, and that its provider is to be asked for a link again.
    pub(super) fn rendered_before(&mut self, moved: &Result<Take, Left>) {
        if matches!(moved, Ok(Take { state: State::Running { .. }, .. })) {
            self.patience = Patience::default();
        }
    }
}

impl Drive {
    /// Returns the lane's numbers with what is known of the durations of takes like this one.
    pub(super) fn policy(&self) -> Policy {
        Policy { durations: self.times.durations(), ..self.lane.policy.clone() }
    }

    /// Returns whether the take would probably be finished only after the end of the run, and tells that once for takes
    /// like it.
    pub(super) fn is_late(&self, take: &Take) -> bool {
        let is_late = outlook::is_late(&self.world.stop, &self.lane, self.times.durations().as_deref());
        if is_late {
            self.world.stop.out_of_time();
            let RenderKind { model, class } = RenderKind::of(&take.request);
            let which = if class.is_empty() { model.to_string() } else { format!("{model}, {class}") };
            self.world.warn_once(format!(
                "{which}: nothing more is sent, because it would probably end after --max-time"
            ));
        }
        is_late
    }

    /// Waits until the take is to be asked for, asks, and learns from the answer.
    pub(super) async fn poll_in_time(
        &self,
        take: &Take,
        due: Timestamp,
        stop: &CancellationToken,
        heard: &mut Heard,
    ) -> Next {
        let at = self.world.clock.moment();
        let is_clock_doubtful = self.world.is_clock_doubtful.load(Ordering::Relaxed);
        let is_patient = !heard.patience.ended(at, &self.lane.policy, is_clock_doubtful);
        if take.state.overdue(at, &self.lane.policy) && !is_patient {
            return Ok(Err(Left::Overdue));
        }
        let answer = match self.until_asked(take, due, stop).await {
            Ok(answer) => answer,
            Err(left) => return Ok(Err(left)),
        };
        let polled = self.poll(take, answer).await?;
        let at = self.world.clock.moment();
        heard.patience.note(at.now, &polled);
        self.learn(at, take, &polled, heard);
        Ok(polled)
    }

    /// Waits until the take is to be asked for: when it is due, or sooner where others like it finish meanwhile.
    ///
    /// Where a provider takes many questions at once, a poll of another take brings its answer along in the last quarter
    /// of the wait.
    async fn until_asked(
        &self,
        take: &Take,
        mut due: Timestamp,
        stop: &CancellationToken,
    ) -> Result<Option<Answer>, Left> {
        let State::Running { task, watch, .. } = &take.state else { return Err(Left::Changed) };
        // The other waits have reasons of their own, and the user's is kept.
        let Watch { setbacks, missing, empty, mistaken, troubles, .. } = *watch;
        let is_rendering = setbacks == 0 && missing == 0 && empty == 0 && mistaken == 0 && troubles == 0;
        let is_told = watch.polls == 0 && self.lane.policy.polls.first.is_some();
        let at = self.world.clock.moment();
        let quarter = Moment::new(due, 0.0).since(at.now) / 4;
        let from = SignedDuration::try_from(quarter).ok().and_then(|quarter| due.checked_sub(quarter).ok());
        let bulk = self.account.provider.bulk().filter(|_| is_rendering);
        let mut along = bulk.zip(from).map(|(_, from)| {
            self.account.questions.enter(&self.account.card(&take.request.model), task, from)
        });
        loop {
            tokio::select! {
                biased;
                came = self.world.clock.until(due, stop) => return if came { Ok(None) } else { Err(Left::Stopping) },
                answer = async { OptionFuture::from(along.as_mut()).await }, if along.is_some() => match answer {
                    Some(Ok(answer)) => return Ok(Some(answer)),
                    _ => along = None,
                },
                () = self.times.news(), if is_rendering && !is_told => {
                    let at = self.world.clock.moment();
                    let pause = self.policy().poll_pause(watch.polls, at.since(task.accepted), at.jitter);
                    due = due.min(at.after(pause));
                }
            }
        }
    }

    /// Learns from a poll of the take, as it was before.
    fn learn(&self, at: Moment, before: &Take, polled: &Result<Take, Left>, heard: &mut Heard) {
        let (State::Running { task, watch, .. }, Ok(moved)) = (&before.state, polled) else { return };
        match &moved.state {
            State::Running { watch: now, .. } if now.polls > watch.polls => heard.running = Some(at.now),
            State::Downloading { .. } => {
                if let Some(running) = heard.running.take() {
                    let running = Moment::new(running, 0.0).since(task.accepted);
                    self.times.note(running, at.since(task.accepted));
                }
            }
            _ => {}
        }
    }
}
