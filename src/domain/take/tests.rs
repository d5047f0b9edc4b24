use super::*;
use crate::domain::fault::Refusal;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{CancelledBy, Charged, ClipFile, HeldReason, Intent, Task};
use jiff::Timestamp;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn intent() -> Intent {
    Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: AT }
}

fn done() -> State {
    let task = Task { id: TaskId("t".into()), intent: intent(), accepted: AT, charged: true };
    State::Done { task, file: ClipFile { size: 1, sha256: Sha256::of(b"clip") } }
}

fn failed() -> State {
    State::Failed { refusal: Refusal::Generation, charged: Charged::No, task: None }
}

fn held() -> State {
    State::Held { reason: HeldReason::AmbiguousSubmit, intent: intent(), task: None, since: AT }
}

fn sending() -> State {
    State::Submitting { intent: intent(), tries_left: 1, setbacks: 0 }
}

fn cancelled() -> State {
    State::Cancelled { by: CancelledBy::User }
}

/// Returns the index of the take that decides the status of a job, given the takes of the job, newest first.
///
/// Each take is given as a word for its request and a state. The job's present request is `A`.
fn decides(takes: Vec<(&str, State)>) -> Option<usize> {
    let take = |(order, state): (&str, State)| Take {
        id: TakeId("take".into()),
        project: "shop".into(),
        key: "hero/mug".parse().unwrap(),
        title: "mug".into(),
        request: Request::new("zai/viduq1-text".parse().unwrap()),
        fingerprint: Fingerprint(Sha256::of(order.as_bytes())),
        price: Usd::ZERO,
        settled: None,
        adjusted: false,
        path: String::new(),
        attempts: 1,
        state,
    };
    let takes: Vec<(usize, Take)> = takes.into_iter().map(take).enumerate().collect();
    decisive(&takes, |(_, take)| take, Fingerprint(Sha256::of(b"A"))).map(|(at, _)| *at)
}

#[test]
fn the_newest_take_of_the_present_request_decides() {
    assert_eq!(decides(vec![]), None);
    assert_eq!(decides(vec![("B", done()), ("A", failed())]), Some(1), "an edit was taken back");
    assert_eq!(decides(vec![("A", failed()), ("A", done())]), Some(0), "a redo failed");
    assert_eq!(decides(vec![("B", failed()), ("C", done())]), Some(0), "nothing was sent for the request");
    assert_eq!(decides(vec![("A", cancelled()), ("A", failed())]), Some(1));
    assert_eq!(decides(vec![("A", cancelled()), ("B", done())]), Some(1));
    assert_eq!(decides(vec![("A", cancelled())]), Some(0));
}

#[test]
fn an_unsettled_take_of_any_request_decides_first() {
    assert_eq!(decides(vec![("A", failed()), ("B", held())]), Some(1));
    assert_eq!(decides(vec![("B", sending()), ("A", failed())]), Some(0));
    assert_eq!(decides(vec![("B", sending()), ("A", held())]), Some(1));
}
