//! Counts the calls of each kind that the sandbox received.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The counters of the calls that this server received since its start.
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

    /// Returns the current values of the counters. `max_running` gives, for each model, the largest number of tasks
    /// that ever ran at the same time.
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

/// The numbers of calls of each kind since this server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// The number of requests for a new task, whatever the answer was.
    pub submits: u64,
    /// The number of polls of a single task, whatever the answer was.
    pub polls: u64,
    /// The number of calls that poll many tasks at once, which only the provider `echo` supports.
    pub bulk_polls: u64,
    /// The number of requests that list the tasks of a given period, which only the provider `echo` supports.
    pub lists: u64,
    /// The number of requests to cancel a task, which only the provider `echo` supports.
    pub cancels: u64,
    /// The number of requests for a clip, whatever the answer was.
    pub downloads: u64,
    /// The number of requests for a cover, which is a picture of a clip.
    pub covers: u64,
    /// The number of accepted TCP connections, for calls of any kind.
    pub connections: u64,
    /// The number of requests for a file that had an `Authorization` header, unless the same link was refused without
    /// it.
    ///
    /// The number must stay 0, because the host of a clip is not the provider and must not get the API key.
    pub authorized_downloads: u64,
    /// The largest number of tasks that ever ran at the same time, for each model. Tasks before this start of the
    /// server count too.
    pub max_running: BTreeMap<String, u32>,
}
