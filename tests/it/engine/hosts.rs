//! Trouble of the hosts that clips come from: it costs time, and no clip.

use super::bench::{Bench, ZAI, is_in_place, seconds};
use super::test_server::Fetch;
use crate::snapshot::stable;
use shotlist::domain::lifecycle::{HeldReason, State};
use std::time::Duration;

const ITEMS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

#[tokio::test(start_paused = true)]
async fn n34_half_an_hour_without_the_host_of_the_clips_costs_few_requests_and_no_clip() {
    for trouble in [Fetch::Unreachable, Fetch::Broken, Fetch::Busy(1), Fetch::Page] {
        let bench = Bench::new(ZAI);
        bench.server.every_fetch(Duration::from_mins(30), trouble);
        let began = bench.clock.now();
        let ran = bench.run(&ITEMS).await;
        ran.expect_all_done();
        assert_eq!(ran.states(&ITEMS).await, ["done"; 12], "{trouble:?}");
        assert_eq!(bench.server.charges().len(), 12);
        // The breaker waits for five minutes at most, and asks again at once where the host says so.
        let (all, most) =
            (seconds(began, bench.clock.now()), if trouble == Fetch::Busy(1) { 2_000 } else { 60 });
        assert!((1_800.0..2_200.0).contains(&all), "{trouble:?}: {all}");
        assert!(bench.server.fetched().len() < most, "{trouble:?}: {}", bench.server.fetched().len());
        let said = ran.said();
        let [began, ended] = &said[..] else { panic!("{said:?}") };
        insta::assert_snapshot!(format!("{began}\n{}", stable(ended)));
    }
}

#[tokio::test(start_paused = true)]
async fn n34_a_host_that_is_away_for_days_leaves_its_clips_owed_until_a_fresh_link_brings_them() {
    let bench = Bench::new(ZAI);
    bench.server.every_fetch(Duration::from_hours(30), Fetch::Unreachable);
    let ran = bench.run(&ITEMS[..3]).await;
    assert!(ran.outcome.leaves_work() && ran.outcome.left.len() == 3, "{:?}", ran.outcome);
    assert!(ran.outcome.failures.is_empty());
    let said = ran.said();
    let last = said.last().unwrap();
    assert!(
        last.starts_with("clips.example has delivered no clip for an hour: 3 paid clips to download"),
        "{last}"
    );
    assert!(ran.states(&ITEMS[..3]).await.iter().all(|state| ["downloading", "running"].contains(state)));
    drop(ran);
    bench.later(Duration::from_hours(3)).await;
    let ran = bench.collect().await;
    assert_eq!(ran.outcome.left.len(), 3);
    drop(ran);
    // By now the links are dead: none is tried, the provider is asked for fresh ones.
    bench.later(Duration::from_hours(26)).await;
    let (asked, fetched) = (bench.server.polled().len(), bench.server.fetched().len());
    let ran = bench.collect().await;
    ran.expect_all_done();
    assert_eq!(ran.states(&ITEMS[..3]).await, ["done"; 3]);
    assert_eq!((bench.server.polled().len() - asked, bench.server.fetched().len() - fetched), (3, 3));
    assert_eq!(bench.server.charges().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn n33_a_line_that_breaks_thirty_times_in_one_clip_brings_it_all_the_same() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Broken; 30]);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert!(is_in_place(&bench, "a", "task-1"));
    assert_eq!((bench.server.fetched().len(), bench.server.charges().len()), (31, 1));
}

#[tokio::test(start_paused = true)]
async fn n19_a_page_in_place_of_a_clip_is_never_saved_and_its_first_words_are_told() {
    let bench = Bench::new(ZAI);
    bench.server.every_fetch(Duration::from_mins(5), Fetch::Page);
    let ran = bench.run(&["a"]).await;
    ran.expect_all_done();
    assert!(is_in_place(&bench, "a", "task-1"));
    let said = ran.said();
    insta::assert_snapshot!(said[0], @"clips.example delivers no clips: the host sent a page of text instead of a clip: `<html><body>nothing here</body></html>`; 1 paid clip to download free of charge, the first link expires at 2026-11-22 02:14:15 UTC; shotlist tries the host again after pauses of up to 5 min");
    // Each time the provider is asked for a fresh link.
    assert!(bench.server.polled().len() >= bench.server.fetched().len(), "{}", bench.server.polled().len());
}

#[tokio::test(start_paused = true)]
async fn n21_a_link_that_is_redirected_for_ever_is_for_a_person_after_six_tries() {
    let bench = Bench::new(ZAI);
    bench.server.every_fetch(Duration::from_hours(9), Fetch::Redirects);
    let ran = bench.run(&["a"]).await;
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::UnsafeUrl, .. }), "{held:?}");
    assert_eq!(bench.server.fetched().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a25_a_link_that_no_request_can_carry_is_renewed_three_times_and_says_nothing_about_its_host() {
    let bench = Bench::new(ZAI);
    bench.server.fetches([Fetch::Unusable; 3]);
    let ran = bench.run(&ITEMS[..3]).await;
    ran.expect_all_done();
    assert_eq!(ran.states(&ITEMS[..3]).await, ["done"; 3]);
    assert_eq!(ran.said(), Vec::<String>::new());
    drop(ran);
    bench.server.every_fetch(Duration::from_hours(9), Fetch::Unusable);
    let (began, fetched) = (bench.clock.now(), bench.server.fetched().len());
    let ran = bench.run(&["x"]).await;
    let held = ran.take("x").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::UrlExpired, .. }), "{held:?}");
    assert_eq!(bench.server.fetched().len() - fetched, 4);
    assert_eq!(ran.said(), Vec::<String>::new());
    assert!(seconds(began, bench.clock.now()) < 900.0, "the pauses are those of a link, not of an outage");
}

#[tokio::test(start_paused = true)]
async fn n17_only_bytes_that_are_no_clip_six_times_are_for_a_person_whatever_the_host_did_between() {
    let bench = Bench::new(ZAI);
    let steps =
        [Fetch::Damaged, Fetch::Unreachable, Fetch::Damaged, Fetch::Page, Fetch::Damaged, Fetch::Broken];
    bench.server.fetches(steps.into_iter().chain([Fetch::Busy(1), Fetch::Damaged, Fetch::Damaged]));
    bench.server.fetches([Fetch::Damaged; 9]);
    let ran = bench.run(&["a"]).await;
    let held = ran.take("a").await.state;
    assert!(matches!(held, State::Held { reason: HeldReason::NoResult, .. }), "{held:?}");
    assert_eq!(bench.server.fetched().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a26_a_link_that_is_a_day_old_is_renewed_before_it_is_used() {
    let bench = Bench::new(ZAI);
    bench.server.every_fetch(Duration::from_mins(1), Fetch::Unreachable);
    let ran = bench
        .run_beside(&["a", "b"], async |world| {
            tokio::time::sleep(Duration::from_secs(40)).await;
            world.stop.everything(shotlist::engine::stop::StopReason::Interrupted);
        })
        .await;
    drop(ran);
    bench.later(Duration::from_hours(25)).await;
    bench.server.links_live_for(Duration::from_hours(24));
    bench.collect().await.expect_all_done();
    assert_eq!(bench.server.expired(), 0, "a dead link was tried");
}
