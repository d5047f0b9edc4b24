//! Makes files durable, tells whether they have changed, and counts what a clip costs the disk.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;

/// Identity and times of a file: while they are the same, so are its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([i128; 5]);

impl Stamp {
    /// Reads the stamp of a file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let it = file.metadata()?;
        let time =
            |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let (changed, modified) = (time(it.ctime(), it.ctime_nsec()), time(it.mtime(), it.mtime_nsec()));
        Ok(Self([it.dev().into(), it.ino().into(), it.len().into(), changed, modified]))
    }
}

/// The one who is told what has become durable.
static OBSERVER: OnceLock<fn(BorrowedFd<'_>)> = OnceLock::new();

/// Tells an observer of each file and folder of clips that was synced, in the thread that did it.
///
/// It is for tests, which take from a disk what nothing had made durable. Returns false if there is an observer already.
pub fn observe_syncs(observer: fn(BorrowedFd<'_>)) -> bool {
    OBSERVER.set(observer).is_ok()
}

/// Makes a file's bytes durable.
pub(super) fn sync(file: &File) -> io::Result<()> {
    file.sync_all()?;
    synced(file.as_fd());
    Ok(())
}

/// Notes that a file or a folder has been synced.
pub(super) fn synced(what: BorrowedFd<'_>) {
    count(|steps| steps.synced += 1);
    if let Some(observer) = OBSERVER.get() {
        observer(what);
    }
}

/// Lets the system start to write bytes of a file from `offset` on, so that a sync later has less to wait for.
pub(super) fn start_writing(file: &File, offset: u64) {
    #[cfg(target_os = "linux")]
    {
        // Linux has this advice write what has changed; it is only advice, and so is a failure of it.
        let _ = rustix::fs::fadvise(file, offset, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset);
}

/// Steps on the disk that one thread has made for clips and their folders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// Files and folders opened or made.
    pub opened: u64,
    /// Files and folders synced.
    pub synced: u64,
    /// Names given to files that had another.
    pub renamed: u64,
    /// Names taken away, also where there were none.
    pub removed: u64,
}

thread_local! {
    static STEPS: Cell<Steps> = const { Cell::new(Steps { opened: 0, synced: 0, renamed: 0, removed: 0 }) };
}

/// Counts a step of this thread.
pub(super) fn count(step: impl FnOnce(&mut Steps)) {
    let mut steps = STEPS.get();
    step(&mut steps);
    STEPS.set(steps);
}

impl Steps {
    /// Returns the steps that the calling thread has made so far.
    #[must_use]
    pub fn of_this_thread() -> Self {
        STEPS.get()
    }
}
