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
    Task { id: task(number), intent: Intent { attempt: 1, request_id, at }, accepted: at, charged: false }
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
    let _receivers = [(0, soon), (1, NOW)].map(|(number, from)| polls.enter(&card(), &paid(number), from));
    assert_eq!(numbers(&polls.take(&task(1), 9, NOW)), ["1"]);
    let _receiver = polls.enter(&card(), &paid(2), NOW);
    assert_eq!(numbers(&polls.take(&task(2), 9, soon)), ["2", "0"]);
}

#[test]
fn each_gets_its_own_answer_and_who_was_left_alone_learns_that() {
    let polls = WaitingPolls::default();
    let (mut first, mut second) = (polls.enter(&card(), &paid(1), NOW), polls.enter(&card(), &paid(2), NOW));
    let mut asked = polls.take(&task(1), 2, NOW).into_iter();
    asked.next().unwrap().answer(Ok(Progress::Empty { cost: crate::provider::Cost::Untold }));
    assert_eq!(first.try_recv().unwrap(), Ok(Progress::Empty { cost: crate::provider::Cost::Untold }));
    drop(asked);
    assert!(second.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
}
