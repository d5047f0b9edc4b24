//! The kernel lock of a state folder: held by whoever drives, given back by the kernel when that process dies.

use super::error::StoreError;
use super::folder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _};
use std::path::Path;

/// How often a lock that is taken is tried again at once: [`Lock::holder`] takes it for an instant to look.
const TRIES: u32 = 100;

/// The right to drive or rebuild the state of one folder. Given back when dropped, and when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its computer.
    pub host: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// What it does, for example `run`.
    pub command: String,
}

/// Why the lock was not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another process has it. `None` for the instant before it wrote down who it is.
    #[error("{}; nothing was sent", held(.0.as_ref()))]
    Held(Option<Holder>),
    /// The file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn held(holder: Option<&Holder>) -> String {
    match holder {
        Some(Holder { pid, host, started, command }) => {
            format!("`shotlist {command}` is at work here since {started} (process {pid} on {host})")
        }
        None => "another shotlist is beginning its work here".to_owned(),
    }
}

impl Lock {
    /// Takes the lock of that state folder, which is created where it is missing. Never waits for another process.
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

    /// Who drives there now; `None` where nobody does.
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
