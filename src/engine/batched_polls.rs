//! Combines the waiting polls of a provider into one call, if the provider answers for many tasks in one call.
//!
//! The first poll that is due also asks about other waiting tasks that are due soon, up to the provider's limit. No
//! poll waits longer in a batch than it would wait alone.

use crate::domain::fault::Fault;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Task;
use crate::provider::Progress;
use crate::provider::card::ModelCard;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot::{self, Receiver, Sender};

/// The result of polling one task.
pub(super) type Answer = Result<Progress, Fault>;

pub(super) struct WaitingPoll {
    pub(super) task: TaskId,
    pub(super) card: Arc<ModelCard>,
    /// The request id of the submission that created the task.
    pub(super) ours: RequestId,
    /// The earliest time at which this task may be included in a poll that is sent for another task.
    from: Timestamp,
    answer: Sender<Answer>,
}

impl WaitingPoll {
    /// Sends the answer about the task to the code that waits for it.
    pub(super) fn answer(self, answer: Answer) {
        // If the work on the take was stopped, the answer is dropped: a free query can be repeated.
        let _ = self.answer.send(answer);
    }
}

/// The polls of one provider that wait to be sent.
#[derive(Default)]
pub(super) struct WaitingPolls(Mutex<Vec<WaitingPoll>>);

impl WaitingPolls {
    /// Adds a task to the tasks that wait for a poll, and returns the receiver of the answer. From the time `from` on,
    /// the task may be included in a poll that is sent for another task. If such a poll is stopped, the receiver gets
    /// no answer.
    pub(super) fn enter(&self, card: &Arc<ModelCard>, task: &Task, from: Timestamp) -> Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let ours = task.intent.request_id.clone();
        let (task, card) = (task.id.clone(), Arc::clone(card));
        self.waiting().push(WaitingPoll { task, card, ours, from, answer });
        receiver
    }

    /// Removes and returns the polls to send in one call: the poll of `task`, and the oldest others that may be sent at
    /// `now`. At most `most` polls are returned; none if the poll of `task` is already being sent.
    pub(super) fn take(&self, task: &TaskId, most: usize, now: Timestamp) -> Vec<WaitingPoll> {
        let mut waiting = self.waiting();
        waiting.retain(|poll| !poll.answer.is_closed());
        let Some(at) = waiting.iter().position(|poll| poll.task == *task) else { return Vec::new() };
        let own = waiting.remove(at);
        let mut left = most.saturating_sub(1);
        let others = waiting.extract_if(.., |poll| {
            let is_taken = left > 0 && poll.from <= now;
            left -= usize::from(is_taken);
            is_taken
        });
        std::iter::once(own).chain(others).collect()
    }

    /// Locks the list of waiting polls, even if a thread that held the lock has panicked: the list is still right.
    fn waiting(&self) -> MutexGuard<'_, Vec<WaitingPoll>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
