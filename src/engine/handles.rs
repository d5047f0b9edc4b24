//! Bounds what a run has open at once by the files that the system lets this process open.
//!
//! Being out of files is this machine's matter, never an outage of a provider: with few files less is done at a time.

use super::lock;
pub(super) use crate::transport::is_out_of_files as is_out;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Files of one call: its connection.
pub(super) const CALL: u32 = 1;
/// Files of a submission: its connection, and the picture that it reads.
pub(super) const SUBMISSION: u32 = 2;
/// Files of a clip on its way to the disk: its connection, its part, and the folders on the way.
pub(super) const CLIP: u32 = 6;

/// Files that are opened and closed beside those that are counted: connections that wait to be used again, names that
/// are resolved, logs.
const MARGIN: u64 = 8;
/// Number of calls that find no file before that counts as no connection; half a minute with the pauses between them.
pub(super) const ATTEMPTS: usize = 60;
/// Nothing needs more than so many.
const MOST: u64 = 4096;

/// The files that may be open at once.
#[derive(Debug)]
pub(super) struct Handles {
    free: Semaphore,
    /// Number of the permits that there are.
    all: Mutex<u32>,
}

impl Default for Handles {
    fn default() -> Self {
        raise();
        Self::of(room())
    }
}

impl Handles {
    fn of(room: u64) -> Self {
        let all = u32::try_from(room.clamp(u64::from(CLIP), MOST)).unwrap_or(CLIP);
        Self { free: Semaphore::new(all as usize), all: Mutex::new(all) }
    }

    /// Waits until so many files may be opened.
    pub(super) async fn take(&self, count: u32) -> SemaphorePermit<'_> {
        self.free.acquire_many(count).await.expect("the semaphore is never closed")
    }

    /// Halves the number of files, down to those of one clip: the system has none left. Takes those that are given
    /// back.
    pub(super) fn halve(&self) {
        let mut all = lock(&self.all);
        let less = (*all / 2).min(*all - CLIP);
        let forgotten = self.free.forget_permits(less as usize);
        *all -= u32::try_from(forgotten).unwrap_or(less);
    }

    /// Returns the number of files that may be open at once.
    #[cfg(test)]
    fn all(&self) -> u32 {
        *lock(&self.all)
    }
}

/// Raises the number of files that this process may open as far as the system lets it.
fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = MOST + 256;
    let wanted = maximum.map_or(most, |maximum| maximum.min(most));
    if current.is_some_and(|current| current < wanted) {
        // Where that is not allowed, less goes on at a time.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Returns the words for a limit that slows a run down.
pub(super) fn words() -> String {
    let most = getrlimit(Resource::Nofile).current;
    let most =
        most.map_or_else(|| "no more files".to_owned(), |most| format!("{most} files at once (`ulimit -n`)"));
    format!(
        "this process may open {most}: less goes on at a time; nothing is lost, and `ulimit -n 1024` before the command \
         lets all go on"
    )
}

/// Returns the number of files that can be opened beside those that are open.
fn room() -> u64 {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Where that cannot be counted, as many as a run has open at its start.
    let open = std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd"));
    let open = open.map_or(32, |files| files.count() as u64);
    most.saturating_sub(open + MARGIN)
}

#[cfg(test)]
mod tests;
