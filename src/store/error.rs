//! The errors of the database and the ledger. Each message says what failed, in which file, what it means for the
//! money, and the next step.

use crate::domain::key::{JobKey, TaskId};
use crate::domain::lifecycle::Illegal;
use crate::domain::money::Usd;
use std::io;
use std::path::{Path, PathBuf};

/// A failure to read or write the database or the ledger. If a write returns this error, the caller sends no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the user's quota on it, is full.
    #[error(
        "disk full on {}, {} KB free: nothing more is sent, and paid results are kept; free some space and run the \
         same command again", path.display(), free / 1024
    )]
    DiskFull {
        /// The file or folder that could not be written.
        path: PathBuf,
        /// The free space for this user, in bytes.
        free: u64,
    },
    /// A file cannot grow beyond the limit of this process for the size of files.
    #[error(
        "{} cannot grow, because the size limit of files is too low (`ulimit -f`, or `LimitFSIZE=` of a service): \
         nothing more is sent, and paid results are kept; raise the limit and run the same command again",
        path.display()
    )]
    FileLimit {
        /// The file that could not be written.
        path: PathBuf,
    },
    /// The database or the ledger was written by a newer program.
    #[error(
        "{} has version {found}, but this shotlist reads only up to version {known}: nothing was sent and nothing was \
         changed; install a newer version of shotlist", path.display()
    )]
    Newer {
        /// The path of the database or the ledger.
        path: PathBuf,
        /// The version of the file.
        found: i64,
        /// The newest version that this program can read.
        known: i64,
    },
    /// The database must be upgraded first, which only a command that submits or collects may do.
    #[error(
        "{} has version {found}, but this shotlist needs version {known}: nothing was sent; `collect` upgrades it", path.display()
    )]
    Outdated {
        /// The path of the database.
        path: PathBuf,
        /// The version of the database.
        found: i64,
        /// The version that this program needs.
        known: i64,
    },
    /// The database or the ledger is damaged, or the file is not a database.
    #[error(
        "{} is damaged ({detail}): nothing was sent and nothing was changed; {}", path.display(), advice(path)
    )]
    Damaged {
        /// The path of the damaged file.
        path: PathBuf,
        /// The message of the error that occurred while the file was read.
        detail: String,
    },
    /// The ledger has submissions that the database lacks: the database was lost, or restored from a backup.
    #[error(
        "{} {}: {missing} submissions are missing, and {paid} of them may have been charged (up to {sum}); nothing was \
         sent and nothing was changed; `recover` rebuilds it from the ledger",
        path.display(), if *is_absent { "is missing, but its ledger is there" } else { "is older than its ledger" }
    )]
    OlderThanLedger {
        /// The path of the database.
        path: PathBuf,
        /// True if there is no database at all, for example because its file was deleted.
        is_absent: bool,
        /// The number of submissions in the ledger that the database lacks.
        missing: usize,
        /// The number of submissions that the database lacks and that may have been charged, because the ledger does
        /// not show that they were free.
        paid: usize,
        /// The sum of the prices of the submissions that the database lacks and that may have been charged.
        sum: Usd,
    },
    /// The state folder is on a network file system, where the locks of SQLite do not work.
    #[error(
        "{} is on a network file system ({kind}), where two computers could write at once: nothing was sent; move \
         the project to a local disk", path.display()
    )]
    NetworkFs {
        /// The path of the state folder.
        path: PathBuf,
        /// The kind of file system: `NFS`, `SMB` and the like.
        kind: &'static str,
    },
    /// The state folder has no database, because no run was ever started in this project.
    #[error("no records of shotlist found in {}: nothing was sent yet; `run` starts the project", path.display())]
    Absent {
        /// The path of the state folder.
        path: PathBuf,
    },
    /// Another process kept the database locked for too long.
    #[error("{} is in use by another process: nothing was sent; wait until it ends, then try again", path.display())]
    Busy {
        /// The path of the database.
        path: PathBuf,
    },
    /// The file system or SQLite refused to use a file or folder, for a reason that no other variant names.
    #[error("cannot use {} ({detail}): nothing more is sent, and paid results are kept", path.display())]
    Unusable {
        /// The file or folder that cannot be used.
        path: PathBuf,
        /// The error message of the system or of SQLite.
        detail: String,
    },
    /// The provider accepted a task, so it is paid, but its id is missing in the database, the ledger or both.
    #[error(
        "task {task} was accepted by the provider and is paid, but saving it failed: {cause}; {}",
        kept.advice()
    )]
    Unsaved {
        /// The id of the paid task.
        task: TaskId,
        /// The one file in which the task id was saved, if there is one.
        kept: Kept,
        /// The error because of which the task id is missing in the database, the ledger or both.
        cause: Box<StoreError>,
    },
    /// The program is ending, so nothing was read, written or sent.
    #[error("shotlist is ending: its records were not changed and nothing was sent")]
    Ending,
}

/// Returns the advice for a user whose ledger or database is damaged. `shotlist recover` restores lost ledger lines as
/// far as the database has them.
fn advice(path: &Path) -> &'static str {
    if path.file_name().is_some_and(|name| name == super::LEDGER) {
        "restore an undamaged copy of the ledger, or let `recover` rebuild it from its readable lines"
    } else {
        "`recover` rebuilds it from the ledger"
    }
}

/// The place where the id of a paid task was saved, after writing the database, the ledger or both failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The id is in the database. The ledger lacks the id, and gets it at the next start.
    Database,
    /// The id is in the ledger. The database lacks the id, and gets it at the next start.
    Ledger,
    /// The id is not saved: the user must note it.
    Nowhere,
}

impl Kept {
    const fn advice(self) -> &'static str {
        match self {
            Self::Database | Self::Ledger => {
                "the task id is on disk: free some space, and the next run downloads the clip"
            }
            Self::Nowhere => {
                "write the task id down, free some space, then give the id to `resolve --task-id`"
            }
        }
    }
}

impl StoreError {
    /// Checks whether `shotlist recover` can repair the error, because the ledger may have the data that the database
    /// lacks.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        matches!(self, Self::OlderThanLedger { .. } | Self::Damaged { .. })
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::full(path),
            io::ErrorKind::FileTooLarge => Self::FileLimit { path: path.to_owned() },
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Self::Unusable {
                path: path.to_owned(),
                detail: "it is a symbolic link, but shotlist's records must be regular files".to_owned(),
            },
            _ => Self::Unusable { path: path.to_owned(), detail: error.to_string() },
        }
    }

    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        Self::sql_on(path, error, free)
    }

    /// Converts an error of SQLite; `free` returns the free space, in bytes, on the disk of a file.
    fn sql_on(path: &Path, error: &rusqlite::Error, free: fn(&Path) -> u64) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::full(&path),
            Some(ErrorCode::SystemIoFailure) if is_refused_write(error) && has_file_limit() => {
                Self::FileLimit { path }
            }
            Some(ErrorCode::SystemIoFailure) if is_refused_write(error) && free(&path) < NEARLY_FULL => {
                Self::full(&path)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail: error.to_string() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(_) => Self::Unusable { path, detail: error.to_string() },
            // SQLite gave no code: the column holds a value that this program does not write.
            None => Self::Damaged { path, detail: error.to_string() },
        }
    }

    fn full(path: &Path) -> Self {
        Self::DiskFull { path: path.to_owned(), free: free(path) }
    }
}

/// The free space, in bytes, below which a refused write counts as a full disk. SQLite reports some writes that a full
/// disk refuses only as a general failure. Even to read, it needs space for its shared-memory file of 32 KiB.
const NEARLY_FULL: u64 = 64 << 10;

/// Returns the free space for this user, in bytes, on the disk of a file or folder; 0 if it cannot be read.
fn free(path: &Path) -> u64 {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Returns whether SQLite could not make a file longer. The error codes of SQLite do not tell the reason.
fn is_refused_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| [SQLITE_IOERR_WRITE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE].contains(&code))
}

/// Returns whether this process has a limit for the size of files.
fn has_file_limit() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
}

/// The reason why a take (a paid rendering) may not be submitted now. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another process has changed the take, so the caller must read it again.
    #[error("another process changed the rendering; nothing was sent")]
    Changed,
    /// The take is not due, or has no attempts left.
    #[error(transparent)]
    NotDue(#[from] Illegal),
    /// A person has paused the take's provider, or the whole project.
    #[error("the provider or the whole project is paused; nothing was sent")]
    Paused,
    /// A budget does not allow the submission.
    #[error(transparent)]
    OverCap(#[from] OverCap),
    /// The intent to submit could not be saved to disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns a budget in words, such as `the $5.00 budget of this month`.
fn budget(which: Cap, cap: Usd) -> String {
    match which {
        Cap::Invocation => format!("--max-cost {cap}"),
        which => format!("the {cap} budget of this {which}"),
    }
}

/// Returns the rest of a budget in words. Charges above the estimate can use more than the budget has.
fn left(available: Usd) -> String {
    if available > Usd::ZERO { format!("only {available}") } else { "nothing".to_owned() }
}

/// A submission that would cost more than is left of a budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the next clip costs {price}, but {} of {} is left; not sent, not charged", left(*available), budget(*which, *cap)
)]
pub struct OverCap {
    /// The budget that is exceeded.
    pub which: Cap,
    /// The amount of the budget.
    pub cap: Usd,
    /// The amount that is left: the budget minus what was charged, may have been charged, or is reserved.
    pub available: Usd,
    /// The price of the take.
    pub price: Usd,
}

/// A kind of budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cap {
    /// The budget of one invocation of the program: `--max-cost`.
    Invocation,
    /// The budget of a run, including the interrupted runs that it resumes.
    Run,
    /// The budget of a day in UTC.
    Day,
    /// The budget of a month in UTC.
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

/// The reason why an event was not applied to a take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The take has changed since the caller read it.
    #[error("another process changed the rendering; nothing was written")]
    Changed,
    /// Another take already owns the provider's task with this id.
    #[error("task {task} already belongs to a rendering of {owner}; nothing was written")]
    TaskTaken {
        /// The task that the event would assign to the take.
        task: TaskId,
        /// The job whose rendering already has the task.
        owner: JobKey,
    },
    /// The event cannot happen in the take's state.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The event could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn p20_a_refused_write_on_a_full_disk_is_not_a_general_failure() {
        let convert = |code, free| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            StoreError::sql_on(Path::new("state.db"), &error, free)
        };
        for code in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE] {
            let full = convert(code, |_| 0);
            assert!(matches!(full, StoreError::DiskFull { .. }), "{full}");
            let other = convert(code, |_| NEARLY_FULL);
            assert!(matches!(other, StoreError::Unusable { .. }), "{other}");
        }
        let other = convert(ffi::SQLITE_IOERR_READ, |_| 0);
        assert!(matches!(other, StoreError::Unusable { .. }), "{other}");
    }
}
