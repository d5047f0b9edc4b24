//! A process that dies at the worst lines, and the run after it.

use super::bench::{Bench, ECHO, ZAI, is_in_place, rate, seconds};
use super::death::{LINES, When};
use super::test_server::{Fetch, Submit, link};
use jiff::SignedDuration;
use shotlist::engine::Work;
use shotlist::engine::clock::Clock;
use shotlist::engine::stop::StopReason;
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn whatever_line_a_process_dies_at_nothing_is_paid_twice_and_nothing_is_lost() {
    for model in [ZAI, ECHO] {
        for line in LINES {
            let mut bench = Bench::new(model);
            let store = bench.store_until(When::Line(line, 1));
            let submit = bench.order(&store, &["a", "b", "c"]).await;
            assert!(
                bench.live(store, Some(Work { submit, ..Work::default() }), async |_| {}).await.is_none(),
                "{line} was never reached"
            );
            let ran = bench.resume().await;
            ran.expect_all_done();
            let charges = bench.server.charges();
            let prompts: std::collections::HashSet<_> = charges.iter().map(|charge| &charge.prompt).collect();
            assert_eq!(prompts.len(), charges.len(), "{model}, {line}: a job was paid twice");
            for (item, state) in ["a", "b", "c"].into_iter().zip(ran.states(&["a", "b", "c"]).await) {
                let prompt = format!("a slow turn around {item}");
                let task = charges.iter().find(|charge| charge.prompt == prompt);
                match state {
                    "done" => {
                        assert!(is_in_place(&bench, item, task.unwrap().task.as_ref().unwrap()));
                    }
                    state => assert_eq!((model, state), (ZAI, "held"), "{line}"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn times_noted_by_a_clock_that_was_ahead_keep_nothing_waiting() {
    let mut bench = Bench::new(ZAI);
    let right = bench.clock.clone();
    bench.clock = Clock::starting_at(right.now() + SignedDuration::from_hours(6));
    bench.server.submits([Submit::Accept].into_iter().chain([Submit::Refuse(429, "1302", None); 20]));
    bench.server.fetches([Fetch::Unreachable; 2]);
    let ran = bench.run_beside(&["a", "b"], async |world| {
        while bench.server.fetched().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.stop.everything(StopReason::Interrupted);
    });
    let ran = ran.await;
    assert_eq!(ran.states(&["a", "b"]).await, ["downloading", "pending"]);
    drop(ran);
    bench.clock = right.clone();
    bench.server.clear_faults();
    let set_right = right.now();
    bench.resume().await.expect_all_done();
    assert!(seconds(set_right, right.now()) < 300.0, "{} s", seconds(set_right, right.now()));
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_before_is_collected_among_new_orders_and_not_behind_them() {
    let mut bench = Bench::new(ZAI);
    let many = |from: u32, to: u32| (from..to).map(|n| format!("i{n}")).collect::<Vec<String>>();
    let (paid, new) = (many(0, 290), many(290, 610));
    bench.limits.concurrency = NonZeroU32::new(300);
    bench.limits.rate = Some(rate(10_000, Duration::from_secs(1)));
    bench.limits.downloads = NonZeroU32::new(64);
    let names: Vec<&str> = paid.iter().map(String::as_str).collect();
    let ran = bench.run_beside(&names, async |world| {
        while bench.server.charges().len() < paid.len() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.stop.everything(StopReason::Interrupted);
    });
    drop(ran.await);
    assert!(bench.server.fetched().is_empty());
    let names: Vec<&str> = new.iter().map(String::as_str).collect();
    bench.run(&names).await.expect_all_done();
    let fetched = bench.server.fetched();
    let owed: HashSet<String> = (1..=paid.len()).map(|n| link(&format!("task-{n}"))).collect();
    let last = fetched.iter().rposition(|url| owed.contains(url)).unwrap();
    assert!(last < fetched.len() - new.len() / 2, "{last} of {}", fetched.len());
}
