//! Locks a state folder for the one process that may submit, collect or rebuild. The kernel frees the lock when that
//! process ends.

use super::error::StoreError;
use super::folder;
use crate::domain::units::utc;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _};
use std::path::Path;

/// The number of immediate retries if the lock is taken. They are needed because [`Lock::holder`] takes the lock
/// briefly to find out whether another process holds it.
const TRIES: u32 = 100;

/// The right to submit, collect or rebuild in one state folder. The lock is released when this value is dropped, and
/// when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The process that holds the lock of a state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The name of the computer on which the process runs.
    pub host: String,
    /// The time at which the process took the lock, in RFC 3339 format.
    pub started: String,
    /// The shotlist command that the process runs, for example `run`.
    pub command: String,
}

/// The reason why the lock could not be acquired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another process holds the lock. The holder is `None` until that process has written its details.
    #[error("{}; nothing was sent", held(.0.as_ref()))]
    Held(Option<Holder>),
    /// The lock file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn held(holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder { pid, host, started, command }) => {
            let since = started.parse().map_or_else(|_| started.clone(), utc);
            format!(
                "another `shotlist {command}` has been running here since {since} (process {pid} on {host})"
            )
        }
        None => "another shotlist process is starting in this project".to_owned(),
    }
}

impl Lock {
    /// Acquires the lock of a state folder, and creates the folder if it is missing. Never waits for another process.
    pub fn acquire(dir: &Path, command: &str, now: Timestamp) -> Result<Self, LockError> {
        folder::create(dir)?;
        let path = dir.join(folder::LOCK);
        let mut file = folder::open_private(&path)?;
        if !try_lock(&file, &path)? {
            return Err(LockError::Held(read(&mut file)));
        }
        let holder = Holder {
            pid: std::process::id(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            started: now.to_string(),
            command: command.to_owned(),
        };
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| serde_json::to_writer(&file, &holder).map_err(Into::into));
        written.map_err(|e| StoreError::io(&path, &e))?;
        Ok(Self { _file: file })
    }

    /// Returns the process that holds the lock of a state folder now. Returns `None` if no process holds it, or if the
    /// holder has not written its details yet.
    pub fn holder(dir: &Path) -> Result<Option<Holder>, StoreError> {
        let path = dir.join(folder::LOCK);
        let mut file = match folder::open_to_read(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(StoreError::io(&path, &e)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(read(&mut file)),
            Err(TryLockError::Error(e)) => Err(StoreError::io(&path, &e)),
        }
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            Err(TryLockError::Error(e)) => return Err(StoreError::io(path, &e)),
        }
    }
    Ok(false)
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
