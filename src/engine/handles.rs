//! Limits the files that a run has open to the number that the system allows this process.
//!
//! A lack of file descriptors is a problem of this machine, never an outage of a provider. With few descriptors, less
//! is done concurrently.

use super::lock;
pub(super) use crate::transport::is_out_of_files as is_out;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The number of file descriptors that one call uses: one for its connection.
pub(super) const CALL: u32 = 1;
/// The number of file descriptors that a submission uses: for its connection, and for the picture that it reads.
pub(super) const SUBMISSION: u32 = 2;
/// The number of file descriptors that a download uses: for its connection, for the file of received bytes, and for the
/// folders of its path.
pub(super) const CLIP: u32 = 6;

/// The number of file descriptors that are left free for idle connections, name resolution and logs.
const MARGIN: u64 = 8;
/// The number of times that a call is tried while the system is out of file descriptors. With the pauses between them,
/// this takes half a minute; then the call fails.
pub(super) const ATTEMPTS: usize = 60;
/// The first pause after a clip could not be saved because the system was out of file descriptors.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause after a clip could not be saved because the system was out of file descriptors.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The largest number of files that a run has open at the same time.
const MOST: u64 = 4096;
/// The smallest limit on open files with which a run can open its records.
const LEAST: u64 = 20;

/// The permits for open files, one for each file that a run may have open at the same time.
#[derive(Debug)]
pub(super) struct Handles {
    free: Semaphore,
    /// The number of permits to open a file, whether free or in use.
    all: Mutex<u32>,
    /// The number of clips in a row that could not be saved because the system was out of file descriptors.
    refusals: AtomicU32,
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
        Self { free: Semaphore::new(all as usize), all: Mutex::new(all), refusals: AtomicU32::new(0) }
    }

    /// Waits until `count` files may be opened.
    pub(super) async fn take(&self, count: u32) -> SemaphorePermit<'_> {
        self.free.acquire_many(count).await.expect("the semaphore is never closed")
    }

    /// Halves the number of permits after the system was out of file descriptors, but keeps enough for one download.
    /// Only free permits are removed.
    pub(super) fn halve(&self) {
        let mut all = lock(&self.all);
        let less = (*all / 2).min(*all - CLIP);
        let forgotten = self.free.forget_permits(less as usize);
        *all -= u32::try_from(forgotten).unwrap_or(less);
    }

    /// Records that a clip could not be saved because the system was out of file descriptors. Returns the pause before
    /// the next attempt, which doubles each time, up to [`LONGEST_PAUSE`].
    pub(super) fn refused(&self) -> Duration {
        let refusals = self.refusals.fetch_add(1, Ordering::Relaxed).min(16);
        FIRST_PAUSE.saturating_mul(1 << refusals).min(LONGEST_PAUSE)
    }

    /// Records that a clip was saved, so that [`Handles::refused`] returns the shortest pause next time.
    pub(super) fn saved(&self) {
        self.refusals.store(0, Ordering::Relaxed);
    }

    #[cfg(test)]
    fn all(&self) -> u32 {
        *lock(&self.all)
    }
}

/// Raises the system's limit on the files that this process may open, as far as the system allows it.
fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = MOST + 256;
    let wanted = maximum.map_or(most, |maximum| maximum.min(most));
    if current.is_some_and(|current| current < wanted) {
        // Where that is not allowed, less is done concurrently.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Returns the warning that the limit on open files slows the run down.
pub(super) fn words() -> String {
    let most = getrlimit(Resource::Nofile).current;
    let most =
        most.map_or_else(|| "no more files".to_owned(), |most| format!("{most} files at once (`ulimit -n`)"));
    format!("this process may open {most}: fewer jobs run at the same time; nothing is lost; {ADVICE}")
}

/// The advice if the system allows too few open files.
const ADVICE: &str = "`ulimit -n 1024` before the command allows more";

/// Raises the limit on open files as far as the system allows it. Returns in words why the program cannot work if the
/// limit stays too low for the files that each command opens; `None` if it is high enough.
#[must_use]
pub fn too_few_files() -> Option<String> {
    raise();
    let most = getrlimit(Resource::Nofile).current.filter(|most| *most < LEAST)?;
    Some(format!(
        "this process may open only {most} files at once (`ulimit -n`), but shotlist needs at least {LEAST}; nothing was \
         sent; {ADVICE}"
    ))
}

/// Returns the number of files that this process can still open, without the [`MARGIN`] that is left free.
fn room() -> u64 {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // If the open files cannot be counted, the number that a run has open at its start is used.
    let open = std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd"));
    let open = open.map_or(32, |files| files.count() as u64);
    most.saturating_sub(open + MARGIN)
}

#[cfg(test)]
mod tests;
