//! Polls that wait for the pace, answered together where a provider takes many questions at once.
//!
//! Whoever is admitted first asks for all that wait, also for those that are due soon, and hands each its own answer.
//! Nobody waits longer for that than for an admission of its own.

use crate::domain::fault::Fault;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Task;
use crate::provider::Progress;
use crate::provider::card::ModelCard;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot::{self, Receiver, Sender};

/// What a poll brought.
pub(super) type Answer = Result<Progress, Fault>;

/// A task that is to be asked for.
pub(super) struct Question {
    /// Which.
    pub(super) task: TaskId,
    /// The card of its model.
    pub(super) card: Arc<ModelCard>,
    /// Our name for the request that brought it.
    pub(super) ours: RequestId,
    /// Others ask for it from this time on.
    from: Timestamp,
    answer: Sender<Answer>,
}

impl Question {
    /// Hands the answer to whoever waits for it.
    pub(super) fn answer(self, answer: Answer) {
        // Who no longer waits was stopped: a free question can be asked again.
        let _ = self.answer.send(answer);
    }
}

/// The questions of one account that nobody has put yet.
#[derive(Default)]
pub(super) struct Questions(Mutex<Vec<Question>>);

impl Questions {
    /// Lets a task be asked for by whoever is admitted first from that time on. The answer never comes where that one was
    /// stopped.
    pub(super) fn enter(&self, card: &Arc<ModelCard>, task: &Task, from: Timestamp) -> Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let ours = task.intent.request_id.clone();
        let (task, card) = (task.id.clone(), Arc::clone(card));
        self.waiting().push(Question { task, card, ours, from, answer });
        receiver
    }

    /// The question about `task` and the oldest others, `most` in all; none where somebody else is putting it.
    pub(super) fn take(&self, task: &TaskId, most: usize, now: Timestamp) -> Vec<Question> {
        let mut waiting = self.waiting();
        waiting.retain(|question| !question.answer.is_closed());
        let Some(at) = waiting.iter().position(|question| question.task == *task) else { return Vec::new() };
        let own = waiting.remove(at);
        let mut left = most.saturating_sub(1);
        let others = waiting.extract_if(.., |question| {
            let is_taken = left > 0 && question.from <= now;
            left -= usize::from(is_taken);
            is_taken
        });
        std::iter::once(own).chain(others).collect()
    }

    /// A panic while the lock is held leaves a list that is still right.
    fn waiting(&self) -> MutexGuard<'_, Vec<Question>> {
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

    fn numbers(questions: &[Question]) -> Vec<&str> {
        questions.iter().map(|question| question.task.0.raw()).collect()
    }

    #[test]
    fn the_first_to_be_admitted_asks_for_itself_and_for_the_oldest_others() {
        let questions = Questions::default();
        let receivers: Vec<_> = (0..5).map(|number| questions.enter(&card(), &paid(number), NOW)).collect();
        assert_eq!(numbers(&questions.take(&task(3), 3, NOW)), ["3", "0", "1"]);
        assert_eq!(numbers(&questions.take(&task(3), 3, NOW)), [""; 0], "it is being asked for");
        assert_eq!(
            numbers(&questions.take(&task(4), 1, NOW)),
            ["4"],
            "one at a time where that is all there is"
        );
        drop(receivers);
        assert_eq!(
            numbers(&questions.take(&task(2), 3, NOW)),
            [""; 0],
            "nobody waits for an answer any more"
        );
    }

    #[test]
    fn one_that_is_not_due_soon_waits_for_its_time() {
        let questions = Questions::default();
        let soon = NOW + jiff::SignedDuration::from_secs(1);
        let _receivers =
            [(0, soon), (1, NOW)].map(|(number, from)| questions.enter(&card(), &paid(number), from));
        assert_eq!(numbers(&questions.take(&task(1), 9, NOW)), ["1"]);
        let _receiver = questions.enter(&card(), &paid(2), NOW);
        assert_eq!(numbers(&questions.take(&task(2), 9, soon)), ["2", "0"]);
    }

    #[test]
    fn each_gets_its_own_answer_and_who_was_left_alone_learns_that() {
        let questions = Questions::default();
        let (mut first, mut second) =
            (questions.enter(&card(), &paid(1), NOW), questions.enter(&card(), &paid(2), NOW));
        let mut asked = questions.take(&task(1), 2, NOW).into_iter();
        asked.next().unwrap().answer(Ok(Progress::Empty));
        assert_eq!(first.try_recv().unwrap(), Ok(Progress::Empty));
        drop(asked);
        assert!(second.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    }
}
