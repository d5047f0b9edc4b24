use super::{GIVE_UP, HostPermit, Hosts, Outage};
use crate::domain::policy::{Policy, Tick};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const AT: Tick = Tick { now: Timestamp::UNIX_EPOCH, jitter: 1.0 };

async fn asking(hosts: &Arc<Hosts>, host: &str) -> super::Asking {
    match hosts.turn(host, &CancellationToken::new()).await {
        HostPermit::Go(asking) => asking,
        HostPermit::GivenUp { .. } | HostPermit::Stopping => panic!("no turn"),
    }
}

async fn in_trouble() -> Arc<Hosts> {
    let hosts = Arc::<Hosts>::default();
    let backoff = Policy::standard().fetch_backoff;
    let mut began = Vec::new();
    for _ in 0..3 {
        began.push(asking(&hosts, "a").await.failed(&backoff, None, AT));
    }
    assert_eq!(began, [false, false, true]);
    hosts
}

#[tokio::test(start_paused = true)]
async fn n34_one_download_at_a_time_asks_a_host_in_trouble_after_pauses_that_double() {
    let hosts = in_trouble().await;
    let backoff = Policy::standard().fetch_backoff;
    let probe = asking(&hosts, "a").await;
    let stop = CancellationToken::new();
    let other = hosts.turn("a", &stop);
    assert!(tokio::time::timeout(Duration::from_mins(9), other).await.is_err(), "two at once");
    drop(probe);
    let hosts = in_trouble().await;
    let mut pauses = Vec::new();
    for _ in 0..11 {
        let before = Instant::now();
        asking(&hosts, "a").await.failed(&backoff, None, AT);
        pauses.push(before.elapsed().as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[tokio::test(start_paused = true)]
async fn n34_an_answer_lets_all_go_and_names_the_outage() {
    let hosts = in_trouble().await;
    let probe = asking(&hosts, "a").await;
    sleep(Duration::from_secs(7)).await;
    assert_eq!(probe.answered(), Some(Outage { since: AT.now, length: Duration::from_secs(8) }));
    drop(probe);
    let (first, second) = (asking(&hosts, "a").await, asking(&hosts, "a").await);
    assert_eq!((first.answered(), second.answered()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn n34_other_hosts_are_not_held_up_and_a_probe_that_tells_nothing_leaves_its_turn() {
    let hosts = in_trouble().await;
    let before = Instant::now();
    drop(asking(&hosts, "b").await);
    assert_eq!(before.elapsed(), Duration::ZERO);
    drop(asking(&hosts, "a").await);
    drop(asking(&hosts, "a").await);
    assert_eq!(before.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn n34_a_host_that_is_away_for_an_hour_is_given_up_and_a_stop_ends_the_wait() {
    let hosts = in_trouble().await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(matches!(hosts.turn("a", &stop).await, HostPermit::Stopping));
    sleep(GIVE_UP + Duration::from_secs(1)).await;
    for is_first in [true, false] {
        let turn = hosts.turn("a", &CancellationToken::new()).await;
        assert!(matches!(turn, HostPermit::GivenUp { is_first: first } if first == is_first));
    }
}
