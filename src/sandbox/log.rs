//! The durable log: one JSON line per fact, on disk before its answer leaves.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::held;
use super::tasks::Request;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The port in use from here on.
    Port(u16),
    /// A request for a task.
    Request(Box<Request>),
    /// The task of this id was cancelled.
    Cancel(String),
}

/// Lines wait in the queue until a sync takes them all: while one sync is under way the lines of others gather, and
/// the next sync serves them together.
pub(super) struct Log {
    queue: Mutex<Queue>,
    file: Mutex<Synced>,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Lines queued since the start.
    lines: u64,
}

struct Synced {
    file: File,
    /// Lines on disk since the start.
    lines: u64,
    /// After a failed write nobody knows what is on disk, and after a stop the file belongs to the next sandbox.
    usable: bool,
}

impl Log {
    /// Opens or makes the log of a state directory, locks it, and reads it back. A torn last line is what a crash
    /// leaves of a fact that was never answered: it is cut off.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Vec<Line>)> {
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
            .collect::<io::Result<Vec<Line>>>()?;
        // The directory's entry for a new file must be as durable as its first line.
        File::open(dir)?.sync_all()?;
        let file = Mutex::new(Synced { file, lines: 0, usable: true });
        Ok((Self { queue: Mutex::default(), file }, lines))
    }

    /// Queues a line; the caller holds the lock that decides the order. The ticket is for [`Log::sync`].
    pub(super) fn push(&self, line: &Line) -> io::Result<u64> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut queue = held(&self.queue);
        queue.bytes.append(&mut bytes);
        queue.lines += 1;
        Ok(queue.lines)
    }

    /// Returns once the line of this ticket is on disk. Blocks.
    pub(super) fn sync(&self, ticket: u64) -> io::Result<()> {
        let mut synced = held(&self.file);
        if synced.lines >= ticket {
            return Ok(());
        }
        if !synced.usable {
            return Err(io::Error::other("the sandbox's log cannot be written any more"));
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

    /// Gives the file up, so that another sandbox can take the directory at once.
    pub(super) fn close(&self) -> io::Result<()> {
        let mut synced = held(&self.file);
        synced.usable = false;
        synced.file.unlock()
    }
}
