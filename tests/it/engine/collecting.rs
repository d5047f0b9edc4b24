//! Collection of paid clips: polls, links, downloads.

use super::bench::{Bench, ECHO, PROJECT, ZAI, is_in_place, seconds};
use super::test_server::{Fetch, Poll};
use shotlist::domain::fault::Refusal;
use shotlist::domain::lifecycle::{Charged, HeldReason, State};
use shotlist::domain::notice::Notice;
use shotlist::engine::Work;
use shotlist::engine::stop::StopReason;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_slow_task_is_asked_for_ever_more_rarely() {
    let mut bench = Bench::new(ZAI);
    bench.limits.poll_every = Some(Duration::from_secs(30));
    bench.server.renders_for(Duration::from_mins(90));
    bench.run(&["a"]).await.expect_all_done();
    let polled = bench.server.polled();
    let first = polled[0];
    assert!(seconds(first, polled[1]) < 37.0);
    let late: Vec<f64> = polled
        .windows(2)
        .filter(|pair| seconds(first, pair[0]) > 3_700.0)
        .map(|pair| seconds(pair[0], pair[1]))
        .collect();
    assert!(!late.is_empty() && late.iter().all(|pause| *pause >= 240.0), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_renders_longer_than_a_run_waits_is_collected_by_a_later_one() {
    let mut bench = Bench::new(ZAI);
    bench.limits.poll_every = Some(Duration::from_mins(1));
    bench.server.renders_for(Duration::from_hours(5));
    let ran = bench.run(&["a"]).await;
    assert_eq!((ran.outcome.overdue.len(), ran.states(&["a"]).await), (1, vec!["running"]));
    drop(ran);
    bench.later(Duration::from_hours(4)).await;
    let ran = bench.collect().await;
    ran.expect_all_done();
    assert_eq!((ran.states(&["a"]).await, bench.server.charges().len()), (vec!["done"], 1));
    // When it ended in those hours was not seen.
    assert_eq!(ran.world.store.durations().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn many_tasks_are_asked_for_with_one_call_where_the_provider_takes_that() {
    let items: Vec<String> = (0..20).map(|n| format!("i{n}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut polled = Vec::new();
    for model in [ZAI, ECHO] {
        let mut bench = Bench::new(model);
        bench.limits.concurrency = NonZeroU32::new(20);
        bench.limits.poll_rate = Some(super::bench::rate(2, Duration::from_secs(1)));
        bench.run(&items).await.expect_all_done();
        polled.push(bench.server.polled().len());
    }
    assert!(polled[0] >= 20 && polled[1] * 2 < polled[0], "{polled:?}");
}

#[tokio::test(start_paused = true)]
async fn a22_a_task_that_is_missing_at_first_is_not_lost() {
    for model in [ZAI, ECHO] {
        let mut bench = Bench::new(model);
        (bench.limits.first_poll, bench.limits.poll_every) = (None, None);
        bench.server.polls([Poll::Missing; 2]);
        let began = bench.clock.now();
        bench.run(&["a"]).await.expect_all_done();
        assert!(is_in_place(&bench, "a", "task-1"));
        // It renders for 5 s, and denials so early prove nothing that would have to be waited for.
        assert!(seconds(began, bench.clock.now()) < 12.0, "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn a23_a_task_that_stays_missing_is_for_a_person() {
    let bench = Bench::new(ZAI);
    bench.server.polls(vec![Poll::Missing; 500]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::TaskLost, task: Some(_), .. }), "{held:?}");
    let polled = bench.server.polled();
    assert!(
        seconds(bench.server.seen()[0].at, *polled.last().unwrap()) >= 240.0,
        "two minutes, and twice one"
    );
}

#[tokio::test(start_paused = true)]
async fn a23_a_task_that_is_missing_after_the_key_was_exchanged_is_told_so() {
    let bench = Bench::new(ZAI);
    bench.server.polls(vec![Poll::Running; 500]);
    let stopped = bench.run_beside(&["a"], async |world| {
        tokio::time::sleep(Duration::from_mins(2)).await;
        world.stop.everything(StopReason::Interrupted);
    });
    drop(stopped.await);
    // As if the first run had used another key.
    bench.store().key_in_use("zai", 7, bench.clock.now()).await.unwrap();
    bench.server.clear_faults();
    bench.server.polls(vec![Poll::Missing; 500]);
    let ran = bench.collect().await;
    let held = ran.take("a").await;
    assert!(matches!(held.state, State::Held { reason: HeldReason::TaskLost, .. }), "{held:?}");
    let said = ran.told.iter().find_map(|notice| match notice {
        Notice::Moved { to, said: Some(said), .. } if **to == held.state => Some(said.text.as_str()),
        _ => None,
    });
    assert!(said.unwrap().contains("the address or API key of zai has changed"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a39_a_poll_that_comes_too_fast_waits_as_long_as_it_was_asked_to() {
    let bench = Bench::new(ZAI);
    bench.server.polls([Poll::Refuse(429, "1302", Some(90)), Poll::Refuse(502, "", None)]);
    bench.run(&["a"]).await.expect_all_done();
    let polled = bench.server.polled();
    assert!(seconds(polled[0], polled[1]) >= 90.0, "{polled:?}");
}

#[tokio::test(start_paused = true)]
async fn a09_a_poll_that_is_forbidden_once_is_asked_again_after_five_seconds() {
    let bench = Bench::new(ZAI);
    bench.server.polls([Poll::Refuse(401, "1000", None)]);
    bench.run(&["a"]).await.expect_all_done();
    let polled = bench.server.polled();
    assert!((5.0..6.0).contains(&seconds(polled[0], polled[1])), "{polled:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_even_read_ends_the_collecting_and_the_ordering_and_loses_nothing() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(2);
    bench.server.polls(vec![Poll::Refuse(401, "1000", None); 100]);
    // The key is refused from the first poll on: for any task, and after the free question at the start.
    bench.server.probes([[Poll::Missing].as_slice(), &[Poll::Refuse(401, "1000", None); 10]].concat());
    let items = ["a", "b", "c", "d"];
    let ran = bench.run(&items).await;
    assert_eq!(ran.states(&items).await, ["running", "running", "pending", "pending"]);
    assert_eq!(ran.said(), ["zai: Provider(Auth)"]);
    assert_eq!(ran.world.polls_refused().len(), 1);
    assert!(bench.server.polled().len() <= 4, "each twice at the most: {:?}", bench.server.polled());
    drop(ran);
    bench.server.clear_faults();
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.charges().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_may_have_been_charged_and_is_not_sent_again() {
    let bench = Bench::new(ECHO);
    bench.server.polls([Poll::Failed]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    let failed = ran.take("a").await.state;
    assert!(
        matches!(failed, State::Failed { refusal: Refusal::Generation, charged: Charged::Unknown, .. }),
        "{failed:?}"
    );
    drop(ran);
    bench.resume().await.expect_all_done();
    assert_eq!(bench.server.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a19_a_success_without_a_clip_is_asked_again_and_then_left_to_a_person() {
    for (empty, state) in [(3, "done"), (50, "held")] {
        let bench = Bench::new(ZAI);
        bench.server.polls(vec![Poll::Empty; empty]);
        let ran = bench.run(&["a"]).await;
        ran.expect_all_done();
        assert_eq!(ran.states(&["a"]).await, [state], "{empty}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_is_exchanged_for_a_fresh_one_by_a_free_poll() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Dead, Fetch::Dead]);
    bench.run(&["a"]).await.expect_all_done();
    assert!(is_in_place(&bench, "a", "task-1"));
    assert_eq!((bench.server.fetched().len(), bench.server.seen().len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_dead_again_and_again_is_for_a_person() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Dead; 9]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::UrlExpired, .. }), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn a_download_that_breaks_off_or_brings_a_page_is_tried_again() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Broken, Fetch::Page, Fetch::Unreachable, Fetch::Unreachable]);
    bench.run(&["a", "b"]).await.expect_all_done();
    assert!(is_in_place(&bench, "a", "task-1") && is_in_place(&bench, "b", "task-2"));
    assert_eq!(bench.server.fetched().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_host_of_clips_that_is_busy_is_asked_again_when_it_said_and_as_often_as_it_takes() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Busy(90); 10]);
    let began = bench.clock.now();
    bench.run(&["a"]).await.expect_all_done();
    let all = seconds(began, bench.clock.now());
    assert!(is_in_place(&bench, "a", "task-1") && (900.0..1_010.0).contains(&all), "{all}");
    assert_eq!(bench.server.fetched().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn collecting_submits_nothing() {
    let bench = Bench::new(ECHO);
    let store = bench.store();
    bench.order(&store, &["a", "b"]).await;
    drop(store);
    let ran = bench.collect().await;
    assert_eq!((ran.states(&["a", "b"]).await, bench.server.seen().len()), (vec!["pending"; 2], 0));
}

#[test]
fn stalled_downloads_keep_no_accepted_task_from_being_saved() {
    let threads = 2;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(threads)
        .build()
        .unwrap();
    let stalled = threads + 1;
    let waited = runtime.block_on(async {
        let mut bench = Bench::new(ZAI);
        bench.limits.concurrency = NonZeroU32::new(3);
        bench.limits.downloads = NonZeroU32::new(3);
        bench.limits.first_poll = Some(Duration::from_millis(10));
        bench.server.renders_for(Duration::ZERO);
        bench.server.fetches([Fetch::Stalled; 3]);
        let store = bench.store();
        let submit = bench.order(&store, &["a", "b", "c"]).await;
        let world = bench.world(store, &Arc::default()).await;
        let paid = async {
            while bench.server.fetched().len() < stalled {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // What an accepted task needs: a transaction of its own.
            world.store.begin_run(PROJECT, "run", bench.caps, bench.clock.now()).await.unwrap();
            world.stop.everything(StopReason::Interrupted);
        };
        let run = async { tokio::join!(bench.drive(&world, Work { submit, ..Work::default() }), paid) };
        tokio::time::timeout(Duration::from_secs(10), run).await.is_ok()
    });
    runtime.shutdown_background();
    assert!(waited, "nothing could be saved while downloads waited for their host");
}

#[tokio::test(start_paused = true)]
async fn a_host_of_clips_that_is_down_keeps_nothing_from_being_ordered() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(2);
    bench.server.fetches(vec![Fetch::Unreachable; 10_000]);
    let items = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let ran = bench.run_beside(&items, async |world| {
        tokio::time::sleep(Duration::from_mins(2)).await;
        world.stop.everything(StopReason::Interrupted);
    });
    drop(ran.await);
    assert_eq!(bench.server.charges().len(), 12);
    bench.server.clear_faults();
    bench.collect().await.expect_all_done();
}
