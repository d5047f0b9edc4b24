//! A run that ends before its work does: by a person, the machine or a defect.

use super::bench::{Bench, ECHO, ZAI, is_in_place, seconds};
use super::test_server::Submit::{Accept, Panic};
use shotlist::domain::notice::Notice;
use shotlist::engine::stop::StopReason;
use shotlist::engine::world::Failure;
use shotlist::store::Step;
use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const SIX: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[tokio::test(start_paused = true)]
async fn without_new_submissions_what_was_sent_is_still_collected() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(2);
    bench.server.renders_for(Duration::from_mins(2));
    let ran = bench
        .run_beside(&SIX, async |world| {
            tokio::time::sleep(Duration::from_secs(30)).await;
            world.stop.no_more_submissions(StopReason::MaxTime);
        })
        .await;
    assert_eq!(ran.states(&SIX).await, ["done", "done", "pending", "pending", "pending", "pending"]);
    assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (2, 4));
    drop(ran);
    bench.resume().await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn p46_with_a_time_box_nothing_is_sent_that_would_be_finished_later() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(2);
    bench.server.renders_for(Duration::from_mins(1));
    bench.run(&["x", "y", "z"]).await.expect_all_done();
    let items: Vec<String> = (0..40).map(|n| format!("i{n}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let began = bench.clock.now();
    bench.deadline = Some(Instant::now() + Duration::from_secs(295));
    let ran = bench.run(&items).await;
    let took = seconds(began, bench.clock.now());
    // Four times two of 60 s and a poll: a fifth pair would be finished after 300 s.
    assert!((240.0..270.0).contains(&took), "{took}");
    assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (3 + 8, 32));
    assert_eq!((ran.outcome.leaves_work(), ran.world.stop.reason()), (true, Some(StopReason::MaxTime)));
    let words =
        "zai/viduq1-text: no more requests are sent, because they would probably end after --max-time";
    let told = ran.told.iter().filter(|notice| **notice == Notice::Warning(words.into())).count();
    assert_eq!(told, 1, "{:?}", ran.told);
    drop(ran);
    bench.deadline = None;
    bench.resume().await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn before_anything_is_learned_the_first_poll_of_the_card_tells_what_is_too_late() {
    let mut bench = Bench::new(ZAI);
    (bench.limits.first_poll, bench.limits.poll_every) = (None, None);
    bench.deadline = Some(Instant::now() + Duration::from_secs(40));
    let ran = bench.run(&["a", "b"]).await;
    assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (0, 2));
    drop(ran);
    bench.deadline = Some(Instant::now() + Duration::from_secs(50));
    bench.resume().await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_every_wait_at_once_and_loses_nothing() {
    for model in [ZAI, ECHO] {
        let bench = Bench::new(model);
        bench.server.renders_for(Duration::from_mins(1));
        let began = bench.clock.now();
        let ran = bench
            .run_beside(&SIX, async |world| {
                tokio::time::sleep(Duration::from_secs(30)).await;
                world.stop.everything(StopReason::Interrupted);
            })
            .await;
        assert!(seconds(began, bench.clock.now()) < 31.0, "the run does not wait for the provider");
        assert_eq!((ran.outcome.left.len(), ran.outcome.waiting), (6, 2), "four are in flight");
        drop(ran);
        bench.resume().await.expect_all_done();
        assert_eq!(bench.server.charges().len(), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_paid_request_is_awaited_and_saved_after_a_stop() {
    let bench = Bench::new(ZAI);
    let ran = bench
        .run_beside(&["a"], async |world| {
            while world.requests_on_wire().0 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            world.stop.everything(StopReason::Terminated);
        })
        .await;
    assert_eq!(ran.states(&["a"]).await, ["running"]);
    assert_eq!((bench.server.charges().len(), ran.world.requests_on_wire().0), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn p18_a_panic_stays_with_its_job() {
    for (model, state) in [(ZAI, "held"), (ECHO, "done")] {
        let bench = Bench::new(model);
        bench.server.submits([Accept, Panic]);
        let ran = bench.run(&["a", "b", "c"]).await;
        assert_eq!(ran.outcome.panicked, 1);
        assert_eq!(ran.states(&["a", "b", "c"]).await, ["done", "submitting", "done"]);
        drop(ran);
        // To the next run it is a request that was on the wire when a process died.
        let ran = bench.resume().await;
        ran.expect_all_done();
        assert_eq!(ran.states(&["a", "b", "c"]).await, ["done", state, "done"]);
        assert_eq!(bench.server.charges().len(), if state == "held" { 2 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_any_more_once_the_disk_fails() {
    for step in [Step::Commit, Step::Append] {
        let mut bench = Bench::new(ECHO);
        bench.limits.concurrency = NonZeroU32::new(2);
        let broken = Arc::new(AtomicBool::new(false));
        let is_broken = Arc::clone(&broken);
        bench.options.rehearsal = Some(Arc::new(move |now| {
            if now == step && is_broken.load(Ordering::Relaxed) {
                return Err(io::Error::other("the disk is gone"));
            }
            Ok(())
        }));
        bench.server.renders_for(Duration::from_mins(1));
        let ran = bench
            .run_beside(&SIX, async |_| {
                tokio::time::sleep(Duration::from_secs(30)).await;
                broken.store(true, Ordering::Relaxed);
            })
            .await;
        assert!(matches!(ran.outcome.failures[..], [Failure::Store(_), ..]), "{:?}", ran.outcome);
        assert_eq!((bench.server.charges().len(), ran.world.stop.reason()), (2, Some(StopReason::Local)));
        drop(ran);
        bench.options.rehearsal = None;
        bench.resume().await.expect_all_done();
        assert_eq!(bench.server.charges().len(), 6);
        assert!(is_in_place(&bench, "a", "task-1"), "{step:?}");
    }
}
