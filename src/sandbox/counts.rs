//! How often each kind of call came in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters since the start of this server.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) submits: AtomicU64,
    pub(super) polls: AtomicU64,
    pub(super) bulk_polls: AtomicU64,
    pub(super) lists: AtomicU64,
    pub(super) cancels: AtomicU64,
    pub(super) downloads: AtomicU64,
    pub(super) covers: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) authorized_downloads: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counters as they stand, with the most tasks of each model that ran at once.
    pub(super) fn read(&self, max_running: BTreeMap<String, u32>) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            submits: read(&self.submits),
            polls: read(&self.polls),
            bulk_polls: read(&self.bulk_polls),
            lists: read(&self.lists),
            cancels: read(&self.cancels),
            downloads: read(&self.downloads),
            covers: read(&self.covers),
            connections: read(&self.connections),
            authorized_downloads: read(&self.authorized_downloads),
            max_running,
        }
    }
}

/// How often each kind of call came in since this server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests for a task, whatever the answer.
    pub submits: u64,
    /// Questions about one task, whatever the answer.
    pub polls: u64,
    /// Questions about many tasks at once, which only echo takes.
    pub bulk_polls: u64,
    /// Questions for what was accepted in a time, which only echo takes.
    pub lists: u64,
    /// Requests to cancel a task, which only echo takes.
    pub cancels: u64,
    /// Requests for a clip, whatever the answer.
    pub downloads: u64,
    /// Requests for a cover picture.
    pub covers: u64,
    /// TCP connections accepted, for calls of any kind.
    pub connections: u64,
    /// Requests for a file that carried an `Authorization` header without having been refused for want of one. Must stay 0:
    /// result hosts are not the provider.
    pub authorized_downloads: u64,
    /// The most tasks of each model that ever ran at once, also before this start.
    pub max_running: BTreeMap<String, u32>,
}
