//! Writes the log of a sandbox. Each request, task and cancellation is on disk before the call is answered.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::held;
use super::tasks::Request;

/// A line of the log, which is one JSON object.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LogEntry {
    /// The port on which the sandbox listens. If the log has several such lines, the last one counts.
    Port(u16),
    /// A submission, with its answer and its task.
    Request(Box<Request>),
    /// The cancellation of the task with this id.
    Cancel(String),
}

/// The log of a sandbox, which survives a crash.
///
/// Lines wait in the queue until a sync writes them all. Lines that are added during a sync are written together by the
/// next one.
pub(super) struct Log {
    queue: Mutex<Queue>,
    file: Mutex<Synced>,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// The number of lines that were queued since the sandbox opened the log.
    lines: u64,
}

struct Synced {
    file: File,
    /// The number of lines that were written to disk since the sandbox opened the log.
    lines: u64,
    /// False if this sandbox must no longer write the file: a write has failed, or the sandbox has stopped. After a
    /// stop, the next sandbox owns the file.
    usable: bool,
}

impl Log {
    /// Opens or creates the log of a state directory, locks it, and reads its lines.
    ///
    /// An incomplete last line is removed. A crash left it, and the call that it describes was never answered.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Vec<LogEntry>)> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let path = dir.join("sandbox.jsonl");
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another sandbox is using {}", dir.display());
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
            file.seek(SeekFrom::End(0))?;
            bytes.truncate(whole);
        }
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(index, line)| {
                serde_json::from_slice(line).map_err(|error| {
                    let message = format!("{}, line {}: {error}", path.display(), index + 1);
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })
            })
            .collect::<io::Result<Vec<LogEntry>>>()?;
        // The directory entry of a new file must be as durable as its first line.
        File::open(dir)?.sync_all()?;
        let file = Mutex::new(Synced { file, lines: 0, usable: true });
        Ok((Self { queue: Mutex::default(), file }, lines))
    }

    /// Queues a line, and returns its number for [`Log::sync`]. The caller must hold the lock that decides the order of
    /// lines.
    pub(super) fn push(&self, line: &LogEntry) -> io::Result<u64> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut queue = held(&self.queue);
        queue.bytes.append(&mut bytes);
        queue.lines += 1;
        Ok(queue.lines)
    }

    /// Blocks until the line whose number is `ticket` is on disk. Returns an error if the log can no longer be written.
    pub(super) fn sync(&self, ticket: u64) -> io::Result<()> {
        let mut synced = held(&self.file);
        if synced.lines >= ticket {
            return Ok(());
        }
        if !synced.usable {
            return Err(io::Error::other("the sandbox's log can no longer be written"));
        }
        let Queue { bytes, lines } = {
            let mut queue = held(&self.queue);
            Queue { bytes: mem::take(&mut queue.bytes), lines: queue.lines }
        };
        synced.usable = false;
        synced.file.write_all(&bytes)?;
        synced.file.sync_data()?;
        synced.usable = true;
        synced.lines = lines;
        Ok(())
    }

    /// Releases the file, so that another sandbox can use the directory immediately.
    pub(super) fn close(&self) -> io::Result<()> {
        let mut synced = held(&self.file);
        synced.usable = false;
        synced.file.unlock()
    }
}
