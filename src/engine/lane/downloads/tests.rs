use super::*;
use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[tokio::test]
async fn the_link_that_expires_first_goes_first() {
    let downloads = Downloads::new(1);
    let held = downloads.place(None).await;
    let waiting = [(0, None), (1, Some(at(30))), (2, Some(at(10))), (3, Some(at(20))), (4, Some(at(10)))];
    let mut waiting: FuturesUnordered<_> = waiting
        .into_iter()
        .map(|(name, expires)| {
            let downloads = Arc::clone(&downloads);
            async move { (name, downloads.place(expires).await) }
        })
        .collect();
    assert!(waiting.next().now_or_never().is_none());
    drop(held);
    let mut order = Vec::new();
    while let Some((name, _place)) = waiting.next().await {
        order.push(name);
    }
    assert_eq!(order, [2, 4, 3, 1, 0]);
}

#[tokio::test]
async fn whoever_goes_away_loses_no_place() {
    let downloads = Downloads::new(2);
    let (first, second) = (downloads.place(Some(at(1))).await, downloads.place(Some(at(1))).await);
    let mut before = Box::pin(downloads.place(Some(at(1))));
    let mut handed = Box::pin(downloads.place(Some(at(2))));
    let mut after = Box::pin(downloads.place(Some(at(3))));
    for waiting in [&mut before, &mut handed, &mut after] {
        assert!(waiting.now_or_never().is_none());
    }
    // One goes before it has a place, one after it was handed one and before it has seen it.
    drop(before);
    drop(first);
    drop(handed);
    let third = after.now_or_never().expect("the place was given on");
    drop((second, third));
    assert_eq!(lock(&downloads.queue).free, 2);
}
