//! Combines the waiting polls of a provider into one call, if the provider answers for many tasks in one call.
//!
//! The first poll that may be sent also asks about all other waiting tasks, including those that are due soon. Each waiting
//! drive gets the answer about its own task. No poll waits longer in a batch than it would wait alone.

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

/// A task that waits for its poll.
pub(super) struct WaitingPoll {
    /// The id of the task.
    pub(super) task: TaskId,
    /// The card of the task's model.
    pub(super) card: Arc<ModelCard>,
    /// The request id of the submission that created the task.
    pub(super) ours: RequestId,
    /// The time from which the polls of other tasks may include this one.
    from: Timestamp,
    answer: Sender<Answer>,
}

impl WaitingPoll {
    /// Hands the answer about the task to the drive that waits for it.
    pub(super) fn answer(self, answer: Answer) {
        // A drive that no longer waits was stopped: a free query can be repeated.
        let _ = self.answer.send(answer);
    }
}

/// The polls of one provider that wait to be sent.
#[derive(Default)]
pub(super) struct WaitingPolls(Mutex<Vec<WaitingPoll>>);

impl WaitingPolls {
    /// Adds a task to the waiting polls. From the time `from` on, any poll that is sent may include it. The receiver
    /// gets no answer if that poll is stopped.
    pub(super) fn enter(&self, card: &Arc<ModelCard>, task: &Task, from: Timestamp) -> Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let ours = task.intent.request_id.clone();
        let (task, card) = (task.id.clone(), Arc::clone(card));
        self.waiting().push(WaitingPoll { task, card, ours, from, answer });
        receiver
    }

    /// Removes the waiting poll of `task` and the oldest other polls, and returns them to be sent. At most `most` polls
    /// are returned; none if another drive is already sending the poll of `task`.
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
mod tests {
    use super::*;
    use crate::domain::lifecycle::Intent;

    fn task(number: usize) -> TaskId {
        TaskId(number.to_string().into())
    }

    fn card() -> Arc<ModelCard> {
        Arc::new(ModelCard::unlisted("zai/vidu2-image".parse().unwrap()))
    }

    fn paid(number: usize) -> Task {
        let (request_id, at) = (RequestId(format!("sl-{number}")), Timestamp::UNIX_EPOCH);
        Task { id: task(number), intent: Intent { attempt: 1, request_id, at }, accepted: at }
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn numbers(polls: &[WaitingPoll]) -> Vec<&str> {
        polls.iter().map(|poll| poll.task.0.raw()).collect()
    }

    #[test]
    fn the_first_to_be_admitted_asks_for_itself_and_for_the_oldest_others() {
        let polls = WaitingPolls::default();
        let receivers: Vec<_> = (0..5).map(|number| polls.enter(&card(), &paid(number), NOW)).collect();
        assert_eq!(numbers(&polls.take(&task(3), 3, NOW)), ["3", "0", "1"]);
        assert_eq!(numbers(&polls.take(&task(3), 3, NOW)), [""; 0], "it is being asked for");
        assert_eq!(numbers(&polls.take(&task(4), 1, NOW)), ["4"], "one at a time where that is all there is");
        drop(receivers);
        assert_eq!(numbers(&polls.take(&task(2), 3, NOW)), [""; 0], "no caller waits for an answer");
    }

    #[test]
    fn one_that_is_not_due_soon_waits_for_its_time() {
        let polls = WaitingPolls::default();
        let soon = NOW + jiff::SignedDuration::from_secs(1);
        let _receivers =
            [(0, soon), (1, NOW)].map(|(number, from)| polls.enter(&card(), &paid(number), from));
        assert_eq!(numbers(&polls.take(&task(1), 9, NOW)), ["1"]);
        let _receiver = polls.enter(&card(), &paid(2), NOW);
        assert_eq!(numbers(&polls.take(&task(2), 9, soon)), ["2", "0"]);
    }

    #[test]
    fn each_gets_its_own_answer_and_who_was_left_alone_learns_that() {
        let polls = WaitingPolls::default();
        let (mut first, mut second) =
            (polls.enter(&card(), &paid(1), NOW), polls.enter(&card(), &paid(2), NOW));
        let mut asked = polls.take(&task(1), 2, NOW).into_iter();
        asked.next().unwrap().answer(Ok(Progress::Empty));
        assert_eq!(first.try_recv().unwrap(), Ok(Progress::Empty));
        drop(asked);
        assert!(second.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    }
}
