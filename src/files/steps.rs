//! Makes files durable, detects whether they have changed, and counts disk operations for clips.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;

/// The identity and times of a file: device, inode, length, status change, modification. While they stay the same, so
/// do its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([i128; 5]);

impl Stamp {
    /// Reads the current stamp of an open file from its metadata.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let it = file.metadata()?;
        let time =
            |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let (changed, modified) = (time(it.ctime(), it.ctime_nsec()), time(it.mtime(), it.mtime_nsec()));
        Ok(Self([it.dev().into(), it.ino().into(), it.len().into(), changed, modified]))
    }
}

/// The function that tests set to observe every sync.
static OBSERVER: OnceLock<fn(BorrowedFd<'_>)> = OnceLock::new();

/// Sets a function that is called for each synced file and folder of clips, in the thread that synced it.
///
/// Tests use the function to simulate a power failure: they note what was synced, and later remove file names and bytes
/// that were not. Returns false if a function was set before.
pub fn observe_syncs(observer: fn(BorrowedFd<'_>)) -> bool {
    OBSERVER.set(observer).is_ok()
}

/// Makes a file's bytes durable, and counts the sync.
pub(super) fn sync(file: &File) -> io::Result<()> {
    file.sync_all()?;
    synced(file.as_fd());
    Ok(())
}

/// Counts the sync of a file or folder, and calls the observer if one is set.
pub(super) fn synced(what: BorrowedFd<'_>) {
    count(|steps| steps.synced += 1);
    if let Some(observer) = OBSERVER.get() {
        observer(what);
    }
}

/// Asks the system to start writing a file from `offset` on, so that a later sync takes less time.
pub(super) fn start_writing(file: &File, offset: u64) {
    #[cfg(target_os = "linux")]
    {
        // Linux writes changed bytes on this advice; a failure does not matter.
        let _ = rustix::fs::fadvise(file, offset, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset);
}

/// The numbers of disk operations that one thread has done for clips and their folders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// The number of files and folders that were opened or made.
    pub opened: u64,
    /// The number of files and folders that were synced.
    pub synced: u64,
    /// The number of files that were renamed.
    pub renamed: u64,
    /// The number of files that the thread tried to remove, even if a file did not exist.
    pub removed: u64,
}

thread_local! {
    static STEPS: Cell<Steps> = const { Cell::new(Steps { opened: 0, synced: 0, renamed: 0, removed: 0 }) };
}

/// Counts a disk operation of the calling thread.
pub(super) fn count(step: impl FnOnce(&mut Steps)) {
    let mut steps = STEPS.get();
    step(&mut steps);
    STEPS.set(steps);
}

impl Steps {
    /// Returns how many files the calling thread has opened, synced, renamed and removed so far.
    #[must_use]
    pub fn of_this_thread() -> Self {
        STEPS.get()
    }
}
