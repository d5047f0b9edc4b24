//! Downloads at once: a free place goes to the clip whose link expires first.

use crate::engine::lock;
use jiff::Timestamp;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// The places for downloads of one account, and those that wait for one.
pub(in crate::engine) struct Downloads {
    queue: Mutex<Queue>,
    /// Number of places.
    pub(in crate::engine) width: u32,
}

struct Queue {
    free: u32,
    /// Number of those that ever waited.
    came: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

/// A download that waits for a place.
struct Waiting {
    expires: Timestamp,
    number: u64,
    go: oneshot::Sender<Place>,
}

/// A place for a download, given on when it is dropped.
pub(in crate::engine) struct Place(Arc<Downloads>);

impl Downloads {
    pub(super) fn new(width: u32) -> Arc<Self> {
        let queue = Queue { free: width, came: 0, waiting: BinaryHeap::new() };
        Arc::new(Self { queue: Mutex::new(queue), width })
    }

    /// Waits for a place. A link that never expires comes last, and of two that expire together the first that came goes
    /// first.
    pub(in crate::engine) async fn place(self: &Arc<Self>, expires: Option<Timestamp>) -> Place {
        let came = {
            let mut queue = lock(&self.queue);
            if queue.free > 0 {
                queue.free -= 1;
                return Place(Arc::clone(self));
            }
            let (go, came) = oneshot::channel();
            let expires = expires.unwrap_or(Timestamp::MAX);
            queue.came += 1;
            let number = queue.came;
            queue.waiting.push(Reverse(Waiting { expires, number, go }));
            came
        };
        came.await.expect("the sender waits in the queue, which `self` keeps, until it sends")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut queue = lock(&self.0.queue);
            loop {
                match queue.waiting.pop() {
                    Some(Reverse(waiting)) if waiting.go.is_closed() => {}
                    Some(Reverse(waiting)) => break waiting,
                    None => {
                        queue.free += 1;
                        return;
                    }
                }
            }
        };
        // Where the one that waited has gone meanwhile, the place comes back, is dropped, and goes to the next.
        let _ = next.go.send(Self(Arc::clone(&self.0)));
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.expires, self.number).cmp(&(other.expires, other.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
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
}
