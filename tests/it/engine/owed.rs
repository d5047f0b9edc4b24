//! Paid clips are downloaded before their links expire, and have room on the disk.

use super::bench::{Bench, ZAI, rate, seconds};
use super::test_server::Fetch;
use shotlist::domain::owed::DISK_RESERVE;
use shotlist::engine::stop::StopReason;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn items(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("i{n}")).collect()
}

fn names(items: &[String]) -> Vec<&str> {
    items.iter().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn submissions_pause_while_links_would_expire_and_go_on_when_downloads_have_caught_up() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(8);
    bench.limits.downloads = NonZeroU32::new(2);
    // Sixteen clips an hour are rendered and two are fetched, so that 48 come in the day for which links live.
    bench.server.renders_for(HOUR / 2);
    bench.limits.first_poll = Some(HOUR / 2);
    bench.server.fetches_slowly(HOUR, Duration::from_hours(24));
    let items = items(80);
    let ran = bench.run(&names(&items)).await;
    ran.expect_all_done();
    assert_eq!((bench.server.expired(), bench.server.charges().len()), (0, 80));
    // While submissions paused, there was always something to fetch.
    let seen = bench.server.seen();
    let all = seconds(seen[0].at, bench.clock.now()) / 3_600.0;
    assert!((40.5..41.0).contains(&all), "{all}");
    // What was ordered before the first clip had come is half of what can be fetched in time, or a little more.
    let at = |hours: f64| seen.iter().filter(|seen_| seconds(seen[0].at, seen_.at) < hours * 3_600.0).count();
    assert!((24..=40).contains(&at(6.0)) && at(12.0) < 50, "{} {}", at(6.0), at(12.0));
    let said = ran.said();
    let [told] = &said[..] else { panic!("{said:?}") };
    insta::assert_snapshot!(told, @"zai: submissions pause, because downloads are behind: 24 clips to download will take about 12h00m (one every 30m00s). The first of their links expires at 2026-11-22 02:44:07 UTC, and one that expires at 2026-11-22 03:44:07 UTC may expire before its download; submissions continue when downloads have caught up");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_always_too_short_lived_still_gets_its_try() {
    let mut bench = Bench::new(ZAI);
    bench.limits.downloads = NonZeroU32::new(1);
    bench.limits.concurrency = NonZeroU32::new(1);
    bench.server.fetches_slowly(Duration::from_hours(20), Duration::from_hours(24));
    let ran = bench.run(&["a", "b", "c", "d", "e", "f", "g", "h"]).await;
    ran.expect_all_done();
    assert_eq!(bench.server.charges().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_disk_without_room_for_what_is_owed_pauses_submissions() {
    let mut bench = Bench::new(ZAI);
    bench.look_every = Duration::from_secs(1);
    bench.server.fetches_slowly(Duration::from_secs(10), Duration::from_hours(24));
    let free = Arc::new(AtomicU64::new(DISK_RESERVE + 1_000_000));
    bench.free_space = {
        let free = Arc::clone(&free);
        Arc::new(move || Some(free.load(Ordering::Relaxed)))
    };
    let items = items(60);
    let names = names(&items);
    let server = Arc::clone(&bench.server);
    let ran = bench.run_beside(&names, async |_| {
        // The first clips have arrived. There is no room except for those that are still to be downloaded.
        tokio::time::sleep(Duration::from_secs(30)).await;
        free.store(DISK_RESERVE + 1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let before = server.charges().len();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(server.charges().len(), before);
        assert!(before < 60);
        free.store(DISK_RESERVE + 1_000_000, Ordering::Relaxed);
    });
    let ran = ran.await;
    ran.expect_all_done();
    assert_eq!(bench.server.charges().len(), 60);
    let said = ran.said();
    let [told] = &said[..] else { panic!("{said:?}") };
    insta::assert_snapshot!(told, @"submissions pause, because the disk is nearly full: 67.1 MB free on the disk of the clips, 67.1 MB needed for 15 clips still to download, one more, and the reserve; submissions continue when there is room");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_submissions_as_soon_as_everything_is_collected() {
    let mut bench = Bench::new(ZAI);
    bench.look_every = Duration::from_secs(1);
    bench.free_space = Arc::new(|| Some(DISK_RESERVE - 1));
    let ran = bench.run(&["a", "b"]).await;
    assert_eq!((ran.outcome.left.len(), bench.server.seen().len()), (2, 0));
    assert_eq!(ran.world.stop.reason(), Some(StopReason::Local));
    let said = ran.said();
    let [told] = &said[..] else { panic!("{said:?}") };
    insta::assert_snapshot!(told, @"nothing more is submitted, because the disk is nearly full: 67.1 MB free on the disk of the clips, 67.1 MB needed for one more clip and the reserve; free some space, then run again");
    drop(ran);
    bench.free_space = Arc::new(|| Some(DISK_RESERVE));
    bench.resume().await.expect_all_done();
}

#[tokio::test(start_paused = true)]
async fn the_clip_whose_link_expires_first_is_fetched_first() {
    let mut bench = Bench::new(ZAI);
    bench.limits.downloads = NonZeroU32::new(1);
    // All are found ready at about the same time.
    bench.limits.first_poll = Some(Duration::from_secs(6));
    bench.server.fetches_slowly(HOUR, Duration::from_hours(24));
    // The first download breaks off at once. When its clip can be fetched again, two that were rendered later have
    // waited longer for the place of the fourth.
    bench.server.fetches([Fetch::Broken]);
    bench.run(&["a", "b", "c", "d"]).await.expect_all_done();
    let fetched = bench.server.fetched();
    assert_eq!((fetched.len(), &fetched[0]), (5, &fetched[2]), "{fetched:?}");
}

#[tokio::test(start_paused = true)]
async fn clips_that_wait_in_the_store_are_owed_as_well() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(300);
    bench.limits.rate = Some(rate(1_000, Duration::from_secs(1)));
    // In half of a day 288 clips can be fetched, which is more than a run takes up at once and less than there are.
    bench.limits.downloads = NonZeroU32::new(2);
    bench.server.fetches_slowly(Duration::from_mins(5), Duration::from_hours(24));
    let items = items(320);
    let names = names(&items);
    let ran = bench.run_beside(&names[..300], async |world| {
        tokio::time::sleep(Duration::from_mins(1)).await;
        world.stop.everything(StopReason::Interrupted);
    });
    drop(ran.await);
    let store = bench.store();
    bench.order(&store, &names[300..]).await;
    drop(store);
    let began = bench.clock.now();
    let ran = bench.resume().await;
    ran.expect_all_done();
    assert_eq!((bench.server.expired(), bench.server.charges().len()), (0, 320));
    let first = seconds(began, bench.server.seen()[300].at);
    assert!((1_800.0..2_400.0).contains(&first), "{first}");
}

#[tokio::test(start_paused = true)]
async fn each_of_more_clips_than_a_run_drives_at_once_is_fetched_once() {
    let mut bench = Bench::new(ZAI);
    bench.limits.concurrency = NonZeroU32::new(400);
    bench.limits.downloads = NonZeroU32::new(100);
    bench.limits.first_poll = Some(Duration::from_millis(10));
    bench.limits.polls = NonZeroU32::new(100);
    (bench.limits.rate, bench.limits.poll_rate) =
        (Some(rate(100_000, Duration::from_secs(1))), Some(rate(100_000, Duration::from_secs(1))));
    bench.server.renders_for(Duration::ZERO);
    bench.server.fetches_slowly(Duration::from_millis(50), Duration::from_hours(24));
    let items = items(1_500);
    let ran = bench.run(&names(&items)).await;
    ran.expect_all_done();
    assert_eq!((bench.server.charges().len(), bench.server.fetched().len()), (1_500, 1_500));
}
