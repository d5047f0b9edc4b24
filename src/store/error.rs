//! What can go wrong with the state on disk, in words for people: what, where, the money, the next step.

use crate::domain::key::TaskId;
use crate::domain::lifecycle::Illegal;
use crate::domain::money::Usd;
use std::io;
use std::path::{Path, PathBuf};

/// The state cannot be read or written. Whoever gets this from a write sends nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the user's share of it, is full.
    #[error(
        "disk full on {}, {} KB free: nothing more is sent, and what is paid is kept; free some space and run the \
         same command again", path.display(), free / 1024
    )]
    DiskFull {
        /// The file or folder.
        path: PathBuf,
        /// Bytes left for this user.
        free: u64,
    },
    /// The database was written by a newer program.
    #[error(
        "{} has state version {found}, this program knows up to {known}: nothing was sent and nothing was changed; \
         install the newer version", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database must be brought up to date first, which only a command that drives may do.
    #[error(
        "{} has state version {found}, this program needs {known}: nothing was sent; `shotlist collect` brings it up \
         to date", path.display()
    )]
    Outdated {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// The file is no database, or a damaged one.
    #[error(
        "{} is damaged ({detail}): nothing was sent and nothing was changed; {}", path.display(), mend(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled over.
        detail: String,
    },
    /// The ledger knows of submissions that the database does not: it was lost, or restored from a backup.
    #[error(
        "{} is older than the ledger beside it: {missing} submissions are missing, of which {paid} may have been paid, up \
         to {sum}; nothing was sent and nothing was changed; `shotlist recover` rebuilds it from the ledger",
        path.display()
    )]
    OlderThanLedger {
        /// The database.
        path: PathBuf,
        /// Submissions in the ledger that the database lacks.
        missing: usize,
        /// Those of them that were not surely turned down.
        paid: usize,
        /// Their prices.
        sum: Usd,
    },
    /// The folder is on a network file system, where the locks of SQLite do not hold.
    #[error(
        "{} is on a network file system ({kind}), where two computers could write at once: nothing was sent; move \
         the project to a local disk", path.display()
    )]
    NetworkFs {
        /// The folder.
        path: PathBuf,
        /// `NFS`, `SMB` and the like.
        kind: &'static str,
    },
    /// Nothing was ever run here.
    #[error("there is no state in {}: nothing was sent from here yet; `shotlist run` begins", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// Another process kept the database to itself for too long.
    #[error("{} is busy: nothing was sent; wait for the other shotlist and try again", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// Anything else that the file system or SQLite refused.
    #[error("cannot use {} ({detail}): nothing more is sent, and what is paid is kept", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A task was accepted, that is paid, and could not be saved where it belongs.
    #[error(
        "task {task} was accepted and is paid, but could not be saved: {cause}; {}",
        kept.advice()
    )]
    Unsaved {
        /// The paid task.
        task: TaskId,
        /// Where it can be found nevertheless.
        kept: Kept,
        /// Why.
        cause: Box<StoreError>,
    },
    /// The program is ending; the write was not made.
    #[error("the program is ending: the state was not written and nothing was sent")]
    Ending,
}

/// What helps against damage. What a ledger has lost comes from the database, as far as that knows it.
fn mend(path: &Path) -> &'static str {
    if path.file_name().is_some_and(|name| name == super::LEDGER) {
        "put back a whole copy of it, or let `shotlist recover` rebuild it from the lines that can be read"
    } else {
        "`shotlist recover` rebuilds it from the ledger beside it"
    }
}

/// Where the id of a paid task stands that could not be saved properly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the database; only the ledger lacks it, and gets it at the next start.
    Database,
    /// In the ledger; the next start takes it from there.
    Ledger,
    /// Nowhere: the person must keep it.
    Nowhere,
}

impl Kept {
    const fn advice(self) -> &'static str {
        match self {
            Self::Database | Self::Ledger => {
                "it is on disk all the same: free some space, and the next run fetches its clip"
            }
            Self::Nowhere => "note the id down, free some space, and give it to `shotlist resolve --task-id`",
        }
    }
}

impl StoreError {
    /// Whether `shotlist recover` can help: the ledger knows, or may know, what the database does not.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        matches!(self, Self::OlderThanLedger { .. } | Self::Damaged { .. })
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::full(path),
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Self::Unusable {
                path: path.to_owned(),
                detail: "it is a symbolic link, and the state is kept in files of its own".to_owned(),
            },
            _ => Self::Unusable { path: path.to_owned(), detail: error.to_string() },
        }
    }

    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::full(&path),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail: error.to_string() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(_) => Self::Unusable { path, detail: error.to_string() },
            // No code of SQLite: a value that is not what this program writes.
            None => Self::Damaged { path, detail: error.to_string() },
        }
    }

    fn full(path: &Path) -> Self {
        let folder = path.parent().unwrap_or(path);
        let free = rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        Self::DiskFull { path: path.to_owned(), free }
    }
}

/// Why a take was not claimed. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another process was faster: look again.
    #[error("the take changed meanwhile; nothing was sent")]
    Changed,
    /// The take is not due, or has no tries left.
    #[error(transparent)]
    NotDue(#[from] Illegal),
    /// A person has put its provider, or the whole project, on hold.
    #[error("it is on hold; nothing was sent")]
    Paused,
    /// A budget does not allow it.
    #[error(transparent)]
    OverCap(#[from] OverCap),
    /// The intent could not be made durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A submission would cost more than is left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{price} is more than the {available} left of {cap}, the budget of this {which}; not charged")]
pub struct OverCap {
    /// Which budget.
    pub which: Cap,
    /// The budget.
    pub cap: Usd,
    /// What is left of it: less what is settled, reserved and in doubt.
    pub available: Usd,
    /// What the take costs.
    pub price: Usd,
}

/// A bound on money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cap {
    /// Of one call of the program: `--max-cost`.
    Invocation,
    /// Of a run, with the interruptions it was resumed from.
    Run,
    /// Of a day in UTC.
    Day,
    /// Of a month in UTC.
    Month,
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Invocation => "invocation",
            Self::Run => "run",
            Self::Day => "day",
            Self::Month => "month",
        })
    }
}

/// Why an event was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The take is no longer in the state that the caller saw.
    #[error("the take changed meanwhile; nothing was written")]
    Changed,
    /// Another take owns that task of that provider.
    #[error("task {0} already belongs to another take; nothing was written")]
    TaskTaken(TaskId),
    /// The event cannot happen in the take's state.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
