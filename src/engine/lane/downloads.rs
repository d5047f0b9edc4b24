//! Limits concurrent downloads from a provider: the clip whose link expires first is downloaded first.

use crate::engine::lock;
use jiff::Timestamp;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// The permits for downloading one provider's clips, and the downloads that wait for a permit.
pub(in crate::engine) struct Downloads {
    queue: Mutex<Queue>,
    /// The largest number of concurrent downloads.
    pub(in crate::engine) width: u32,
}

struct Queue {
    free: u32,
    /// The number of downloads that have waited for a permit so far. The number is given to each waiting download, so
    /// that of two links with the same expiry the older download goes first.
    came: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

/// A download that waits for a permit.
struct Waiting {
    expires: Timestamp,
    number: u64,
    go: oneshot::Sender<DownloadPermit>,
}

/// A permit for one download. When it is dropped, the next waiting download gets it.
pub(in crate::engine) struct DownloadPermit(Arc<Downloads>);

impl Downloads {
    pub(super) fn new(width: u32) -> Arc<Self> {
        let queue = Queue { free: width, came: 0, waiting: BinaryHeap::new() };
        Arc::new(Self { queue: Mutex::new(queue), width })
    }

    /// Waits for a permit to download a clip whose link expires at this time; `None` if it never expires.
    ///
    /// The earliest expiry goes first. If links expire at the same time, the download that has waited longest goes
    /// first.
    pub(in crate::engine) async fn place(self: &Arc<Self>, expires: Option<Timestamp>) -> DownloadPermit {
        let came = {
            let mut queue = lock(&self.queue);
            if queue.free > 0 {
                queue.free -= 1;
                return DownloadPermit(Arc::clone(self));
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

impl Drop for DownloadPermit {
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
        // If that download is gone meanwhile, the place comes back, is dropped, and goes to the next.
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
mod tests;
