//! Submissions without an answer, and paid tasks that bring nothing.

use super::bench::{Bench, ECHO, PRICE, PROJECT, ZAI, rate, seconds};
use super::test_server::{Fetch, Poll, Submit};
use Submit::{Accept, AcceptUnheard, Bare};
use shotlist::engine::Outcome;
use shotlist::engine::stop::StopReason;
use shotlist::store::Window;
use std::num::NonZeroU32;
use std::time::Duration;

const SIX: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A provider that takes one task at a time.
fn bench() -> Bench {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench
}

fn items(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("i{n}")).collect()
}

fn names(items: &[String]) -> Vec<&str> {
    items.iter().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn a11_three_silent_submissions_pause_the_provider_and_a_probe_lets_it_go_on() {
    let bench = bench();
    bench.server.submits([AcceptUnheard; 4]);
    let ran = bench.run(&SIX).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&SIX).await, ["held", "held", "held", "held", "done", "done"]);
    let seen = bench.server.seen();
    let pause = |at: usize| seconds(seen[at].at, seen[at + 1].at);
    assert!(pause(0) < 5.0 && pause(1) < 5.0 && pause(4) < 15.0, "{seen:?}");
    assert!((30.0..40.0).contains(&pause(2)) && (60.0..70.0).contains(&pause(3)), "{seen:?}");
    let question = |at: &jiff::Timestamp| (seen[2].at..seen[3].at).contains(at);
    assert_eq!(bench.server.probed().into_iter().filter(question).count(), 1, "a free question goes first");
    let words = "zai: too many submissions without an answer; the next one follows in";
    let said = [30, 60].map(|pause| format!("{words} {pause} s, after a free test request"));
    assert_eq!(ran.said(), said);
}

#[tokio::test(start_paused = true)]
async fn submissions_that_are_found_leave_room_for_others() {
    let mut bench = Bench::new(ECHO);
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench.max_in_doubt = PRICE.times(3);
    bench.server.submits([AcceptUnheard, AcceptUnheard, Accept, AcceptUnheard, AcceptUnheard]);
    bench.server.renders_for(Duration::from_mins(1));
    let ran = bench.run(&SIX).await;
    ran.expect_all_done();
    assert_eq!((ran.states(&SIX).await, bench.server.charges().len()), (vec!["done"; 6], 6));
}

#[tokio::test(start_paused = true)]
async fn a11_no_more_is_ever_in_doubt_than_the_manifest_lets() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(64);
    bench.limits.rate = Some(rate(10_000, Duration::from_secs(1)));
    bench.max_in_doubt = PRICE.times(5);
    bench.server.submits([AcceptUnheard; 100]);
    let ran = bench.run(&names(&items(40))).await;
    assert_eq!(bench.server.charges().len(), 5);
    let spent = ran.world.store.spent(Window::Ever).await.unwrap();
    assert_eq!((spent.in_doubt, spent.reserved), (PRICE.times(5), PRICE.times(0)));
    assert_eq!((ran.world.stop.reason(), ran.outcome.waiting), (Some(StopReason::InDoubt), 35));
    insta::assert_snapshot!(ran.said().join("\n"), @r"
    zai: too many submissions without an answer; the next one follows in 30 s, after a free test request
    nothing more is submitted: $1.00 is in doubt (it may have been charged), and `guards.max_in_doubt` is $1.00
    ");
}

#[tokio::test(start_paused = true)]
async fn a27_answers_that_name_one_task_again_and_again_are_in_doubt_and_end_submissions() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = Some(NonZeroU32::MIN);
    bench.max_in_doubt = PRICE.times(3);
    bench.server.submits([[Accept].as_slice(), &[Submit::NameTheFirst; 20]].concat());
    let ran = bench.run(&names(&items(12))).await;
    assert_eq!((bench.server.seen().len(), ran.world.stop.reason()), (4, Some(StopReason::InDoubt)));
}

#[tokio::test(start_paused = true)]
async fn what_is_on_the_wire_waits_for_room_and_every_job_is_done() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(16);
    bench.max_in_doubt = PRICE.times(2);
    let ran = bench.run(&names(&items(20))).await;
    ran.expect_all_done();
    assert_eq!((bench.server.charges().len(), ran.said()), (20, Vec::new()));
}

/// A night of so many jobs, of which one in a hundred gets a bare 503.
async fn night(jobs: usize) {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(32);
    bench.limits.rate = Some(rate(10_000, Duration::from_secs(1)));
    bench.limits.poll_rate = Some(rate(10_000, Duration::from_secs(1)));
    // Clips come far more slowly than they are rendered, so that more of them wait than are held in memory.
    bench.limits.downloads = Some(NonZeroU32::MIN);
    bench.limits.first_poll = Some(Duration::from_millis(10));
    bench.server.renders_for(Duration::ZERO);
    // Room for half as many again as there are on average, and for what is on the wire.
    bench.max_in_doubt = PRICE.times(jobs as u64 * 3 / 200 + 32);
    bench.server.submits((0..jobs).map(|n| if n % 100 == 57 { Bare(503) } else { Accept }));
    let ran = bench.run(&names(&items(jobs))).await;
    ran.expect_all_done();
    assert_eq!((ran.world.stop.reason(), ran.said()), (None, Vec::new()));
    let held = ran.world.store.held(Some(PROJECT)).await.unwrap();
    let counts = ran.world.store.counts(Some(PROJECT)).await.unwrap();
    let spent = ran.world.store.spent(Window::Ever).await.unwrap();
    assert_eq!(held.len(), jobs / 100);
    assert_eq!(counts.values().map(|count| count.takes).sum::<u64>(), jobs as u64);
    assert_eq!(counts.len(), 2, "each is done or held: {counts:?}");
    assert!(spent.in_doubt <= bench.max_in_doubt);
}

/// `SHOTLIST_NIGHT=5000` asks for a night of so many jobs.
#[tokio::test(start_paused = true)]
async fn a_night_with_a_silent_submission_in_a_hundred_ends_by_itself() {
    #[expect(clippy::disallowed_methods, reason = "how long the night is is asked of the test itself")]
    let asked = std::env::var("SHOTLIST_NIGHT");
    night(asked.map_or(400, |jobs| jobs.parse().unwrap())).await;
}

/// Checks the rest and the messages of a run in which a provider was closed.
fn closed(outcome: &Outcome, said: &[String], why: &str) {
    assert!(outcome.leaves_work() && outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(said, [format!("zai: {why}")]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_forgets_its_tasks_gets_no_more_of_them() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(4);
    bench.server.every_poll(Poll::Missing);
    let ran = bench.run(&names(&items(60))).await;
    closed(&ran.outcome, &ran.said(), "TasksLost");
    assert!(bench.server.charges().len() <= 4 + 3, "{}", bench.server.charges().len());
}

#[tokio::test(start_paused = true)]
async fn tasks_that_end_without_a_clip_or_fail_alike_end_submissions() {
    for (poll, why) in [(Poll::Empty, "TasksEmpty"), (Poll::Failed, "TasksFail")] {
        let bench = bench();
        bench.server.every_poll(poll);
        let ran = bench.run(&SIX).await;
        closed(&ran.outcome, &ran.said(), why);
        assert_eq!((bench.server.charges().len(), ran.outcome.waiting), (3, 3), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_of_the_clips_host_stops_no_submission() {
    let bench = bench();
    bench.server.fetches([Fetch::Page; 30]);
    let ran = bench.run(&SIX).await;
    assert_eq!(bench.server.charges().len(), 6);
    ran.expect_all_done();
    insta::assert_snapshot!(ran.said().join("\n"), @r"
    clips.example delivers no clips: the host sent a page of text instead of a clip: `<html><body>nothing here</body></html>`; 6 paid clips to download free of charge, the first link expires at 2026-11-22 02:14:15 UTC; shotlist tries the host again after pauses of up to 5 min
    clips.example delivers clips again; it was unavailable for 51m18s, since 2026-11-21 02:14:15 UTC
    ");
}
