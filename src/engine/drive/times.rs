//! Polls a running take: waits for the right time, polls, and learns from the answer.

use super::ask::PollLimits;
use super::{Drive, Left, Next};
use crate::domain::durations::RenderKind;
use crate::domain::fault::Said;
use crate::domain::lifecycle::{ClipFile, Event, PollCounters, State, Task};
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use crate::engine::batched_polls::Answer;
use crate::engine::blocking::blocking;
use crate::engine::outlook;
use crate::engine::world::Failure;
use futures::future::OptionFuture;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// The record of the provider's answers about one task in this run.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The last time at which the task was known to be running, or was accepted in this run.
    ///
    /// `None` until the first poll of a task that an earlier run submitted: it may have ended long ago.
    running: Option<Timestamp>,
    patience: PollLimits,
}

impl Heard {
    /// Records the time at which the submission was accepted, if it was.
    pub(super) fn submitted(&mut self, moved: &Result<Take, Left>) {
        if let Ok(Take { state: State::Running { task, .. }, .. }) = moved {
            self.running = Some(task.accepted);
        }
    }

    /// Forgets when this run's polls of a task began, if the task must be polled again to get a new link to its clip.
    /// The time limit on the polls then begins again.
    pub(super) fn rendered_before(&mut self, moved: &Result<Take, Left>) {
        if matches!(moved, Ok(Take { state: State::Running { .. }, .. })) {
            self.patience = PollLimits::default();
        }
    }
}

impl Drive {
    /// Returns the model's policy, with the rendering times learned for clips of the take's length and size.
    pub(super) fn policy(&self) -> Policy {
        Policy { durations: self.times.durations(), ..self.lane.policy.clone() }
    }

    /// Checks whether the take would probably finish only after the end of the run, and if so, warns once for each kind
    /// of request (model, length and size of the clip).
    pub(super) fn is_late(&self, take: &Take) -> bool {
        let is_late = outlook::is_late(&self.world.stop, &self.lane, self.times.durations().as_deref());
        if is_late {
            self.world.stop.out_of_time();
            let RenderKind { model, class } = RenderKind::of(&take.request);
            let which = if class.is_empty() { model.to_string() } else { format!("{model}, {class}") };
            self.world.warn_once(format!(
                "{which}: no more requests are sent, because they would probably end after --max-time"
            ));
        }
        is_late
    }

    /// Waits until the take's poll is due, polls, and learns from the answer.
    pub(super) async fn poll_in_time(
        &self,
        take: &Take,
        due: Timestamp,
        stop: &CancellationToken,
        heard: &mut Heard,
    ) -> Next {
        if let Some(file) = self.clip_put_back(take).await? {
            return self.record(take, Event::WasPlaced(file), None, None).await;
        }
        let at = self.world.clock.tick();
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
        let at = self.world.clock.tick();
        heard.patience.note(at.now, &polled);
        self.learn(at, take, &polled, heard);
        Ok(polled)
    }

    /// Returns the size and hash of the clip if the task was certainly charged and the clip is already at its path. Its
    /// sidecar (the JSON file next to the clip) must prove that.
    ///
    /// A person may have put the clip back, or mounted its disk, after `verify --repair` queued a new download. By then
    /// the link of the clip may have expired.
    async fn clip_put_back(&self, take: &Take) -> Result<Option<ClipFile>, Failure> {
        if !matches!(&take.state, State::Running { task, .. } if task.charged) {
            return Ok(None);
        }
        let (tree, path, id) = (self.world.tree.clone(), take.path.clone(), take.id.clone());
        blocking(move || tree.clip_of(&path, &id)).await
    }

    /// Waits until the take's poll is due, which becomes earlier if other tasks of the same kind finish meanwhile.
    ///
    /// If the provider answers batched polls, another take's poll may also ask about this take's task. That can happen
    /// in the last quarter of the wait. Returns the answer from the other poll, or `None` if the take must be polled
    /// now.
    async fn until_asked(
        &self,
        take: &Take,
        mut due: Timestamp,
        stop: &CancellationToken,
    ) -> Result<Option<Answer>, Left> {
        let State::Running { task, counters, .. } = &take.state else { return Err(Left::Changed) };
        // Other waits have their own reasons, and a time that the user has set is kept.
        let PollCounters { setbacks, missing, empty, mistaken, troubles, .. } = *counters;
        let is_rendering = setbacks == 0 && missing == 0 && empty == 0 && mistaken == 0 && troubles == 0;
        let is_told = counters.polls == 0 && self.lane.policy.polls.first.is_some();
        let at = self.world.clock.tick();
        let quarter = Tick::new(due, 0.0).since(at.now) / 4;
        let from = SignedDuration::try_from(quarter).ok().and_then(|quarter| due.checked_sub(quarter).ok());
        let bulk = self.account.provider.bulk().filter(|_| is_rendering);
        let mut along = bulk.zip(from).map(|(_, from)| {
            self.account.waiting_polls.enter(&self.account.card(&take.request.model), task, from)
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
                    let at = self.world.clock.tick();
                    let pause = self.policy().poll_pause(counters.polls, at.since(task.accepted), at.jitter);
                    due = due.min(at.after(pause));
                }
            }
        }
    }

    /// Learns the rendering time from a poll. `before` is the take before the poll, `polled` the take after it.
    fn learn(&self, at: Tick, before: &Take, polled: &Result<Take, Left>, heard: &mut Heard) {
        let (State::Running { task, counters, .. }, Ok(moved)) = (&before.state, polled) else { return };
        match &moved.state {
            State::Running { counters: now, .. } if now.polls > counters.polls => {
                heard.running = Some(at.now);
            }
            State::Downloading { .. } => {
                if let Some(running) = heard.running.take() {
                    let running = Tick::new(running, 0.0).since(task.accepted);
                    self.times.note(running, at.since(task.accepted));
                }
            }
            _ => {}
        }
    }

    /// Returns the answer to a poll that found no task, with the likely reason if the task was accepted at another
    /// address or with another key.
    pub(super) fn explained(&self, said: Said, task: &Task) -> Said {
        let other = self.account.key_use.get().filter(|key| key.replaced && task.accepted < key.since);
        match other {
            Some(_) => {
                let name = self.account.provider.name();
                let text = format!(
                    "{}; the address or API key of {name} has changed since it accepted this task: with the earlier \
                     ones it may still be there",
                    said.text
                );
                Said { text, ..said }
            }
            None => said,
        }
    }
}
