//! A provider with an undocumented quota, or one that is unavailable again and again.

use super::bench::{Bench, Ran, ZAI, rate, seconds};
use super::test_server::{Away, Poll, Quota, Submit};
use shotlist::domain::notice::Notice;
use std::num::NonZeroU32;
use std::time::Duration;

/// So many items.
fn items(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("i{number}")).collect()
}

async fn run(bench: &Bench, count: usize) -> Ran {
    let items = items(count);
    bench.run(&items.iter().map(String::as_str).collect::<Vec<_>>()).await
}

fn bench() -> Bench {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(100);
    bench.server.takes_its_time();
    bench
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_nobody_told_is_used_and_the_next_run_starts_at_what_was_learned() {
    for (retry_after, least) in [(false, 0.95), (true, 0.97)] {
        let bench = bench();
        bench.server.takes(Quota { per_minute: 60, retry_after });
        let ran = run(&bench, 300).await;
        ran.expect_all_done();
        let charges = bench.server.charges();
        let took = seconds(charges[0].at, charges[299].at);
        let (_, throttled) = bench.server.requests();
        assert_eq!(charges.len(), 300);
        assert!(throttled < 60, "{throttled} refusals");
        assert!(300.0 / took >= least, "{:.3} of the quota are used, {throttled} refusals", 300.0 / took);
        let slower = |notice: &&Notice| matches!(notice, Notice::Warning(text) if text.contains("accepts fewer submissions"));
        assert_eq!(ran.told.iter().filter(slower).count(), 1, "{:?}", ran.said());
        drop(ran);

        bench.later(Duration::from_mins(1)).await;
        let more: Vec<String> = (0..40).map(|number| format!("more{number}")).collect();
        bench.run(&more.iter().map(String::as_str).collect::<Vec<_>>()).await.expect_all_done();
        let again = bench.server.charges();
        let gap = seconds(again[300].at, again[339].at) / 39.0;
        assert!((0.8..1.3).contains(&gap), "one in {gap} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_was_told_is_used_up_and_never_exceeded() {
    let mut bench = bench();
    bench.limits.rate = Some(rate(60, Duration::from_mins(1)));
    // A minute of our pace has one more in it where the ends fall together.
    bench.server.takes(Quota { per_minute: 61, retry_after: false });
    bench.server.submits([Submit::NotSent; 4]);
    run(&bench, 300).await.expect_all_done();
    let charges = bench.server.charges();
    let took = seconds(charges[0].at, charges[299].at);
    assert_eq!(bench.server.requests().1, 0);
    assert!(299.0 / took >= 0.99, "{took} s");
}

#[tokio::test(start_paused = true)]
async fn a39_a_poll_that_comes_too_fast_makes_the_others_wait_as_well() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(20);
    bench.server.polls([Poll::Refuse(429, "1302", Some(30)); 3]);
    run(&bench, 20).await.expect_all_done();
    let polled = bench.server.polled();
    let early = polled.iter().filter(|time| seconds(polled[0], **time) < 29.0).count();
    // Those of the eight at once that were on their way.
    assert!(early <= 8, "{early} polls before the provider wanted one: {polled:?}");
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_a_provider_that_is_away_again_and_again_costs_few_requests_and_no_job() {
    let hour = async |away: Option<Away>| {
        let mut bench = Bench::new(ZAI);
        bench.limits.first_poll = Some(Duration::from_secs(40));
        bench.limits.poll_every = Some(Duration::from_secs(10));
        bench.server.renders_for(Duration::from_mins(1));
        if let Some(away) = away {
            bench.server.flaps(Duration::from_secs(50), Duration::from_secs(10), away);
        }
        let began = bench.clock.now();
        let ran = run(&bench, 200).await;
        ran.expect_all_done();
        let names = items(200);
        let states = ran.states(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(states, ["done"; 200], "{away:?}");
        assert_eq!(bench.server.charges().len(), 200);
        assert!(seconds(began, bench.clock.now()) >= 3_000.0);
        bench.server.requests().0
    };
    let needed = hour(None).await;
    for away in [Away::Unreachable, Away::Busy] {
        let requests = hour(Some(away)).await;
        assert!(requests * 10 <= needed * 12, "{away:?}: {requests} requests, {needed} are needed");
    }
}
