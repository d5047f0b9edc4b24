use super::*;
use crate::domain::durations::RenderKind;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::lifecycle::Intent;
use crate::domain::request::Request;
use jiff::Timestamp;

const fn cents(count: i64) -> Usd {
    Usd::from_micros(count * 10_000)
}

fn level(cap: Cap, limit: i64, settled: i64, in_doubt: i64) -> Level {
    let spent = Spent { settled: cents(settled), reserved: Usd::ZERO, in_doubt: cents(in_doubt) };
    Level { cap, limit: cents(limit), spent }
}

#[test]
fn a_budget_that_runs_low_is_told_once_and_one_that_was_low_is_not() {
    let intent = Intent { attempt: 1, request_id: RequestId("sl-1".into()), at: Timestamp::UNIX_EPOCH };
    let sent = |take: usize, to: State| Notice::Moved {
        take: TakeId(take.to_string()),
        key: JobKey::new("hero", "a"),
        kind: RenderKind::of(&Request::new("zai/vidu2-image".parse().unwrap())),
        price: cents(20),
        path: String::new(),
        from: crate::domain::lifecycle::Phase::Pending,
        to: Box::new(to),
        said: None,
    };
    let submitting = || State::Submitting { intent: intent.clone(), tries_left: 5, setbacks: 0 };
    let pending = State::Pending { tries_left: 4, setbacks: 1, due: Timestamp::UNIX_EPOCH };
    let levels = [level(Cap::Run, 100, 0, 0), level(Cap::Day, 100, 80, 0)];
    let mut monitor = BudgetMonitor::new(&levels, Some(cents(120)));
    let mut reported: Vec<usize> = (0..3).map(|take| monitor.hear(&sent(take, submitting())).len()).collect();
    reported.push(monitor.hear(&sent(2, pending)).len());
    reported.extend((3..6).map(|take| monitor.hear(&sent(take, submitting())).len()));
    assert_eq!(reported, [0, 0, 0, 0, 0, 1, 0]);
    // The plan fits, so only more than its price is reported.
    let mut monitor = BudgetMonitor::new(&levels[..1], Some(cents(80)));
    let reported: Vec<usize> = (0..6).map(|take| monitor.hear(&sent(take, submitting())).len()).collect();
    assert_eq!(reported, [0, 0, 0, 0, 1, 0]);
}
