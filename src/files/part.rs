//! A download on its way to the disk.
//!
//! Bytes go to `partial/<take>.part`, or beside the target where that is another file system; what is known about
//! them goes to `partial/<take>.part.json`. The notes never claim more than is durable: bytes beyond what they say
//! are dropped when the download is taken up again, so that a power cut cannot leave a hole in a clip.

use super::dir::{Dir, is_full, is_obstructed};
use super::resume::{self, Admission, LARGEST_CLIP};
use super::tree::{Tree, beside_name, notes_name, part_name};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use crate::media::mp4::{self, ClipFacts};
use crate::wire::{ClipHead, Span};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::pin::pin;
use tokio_util::sync::CancellationToken;

/// So many new bytes are called progress, and are made durable on the way: at most so many are fetched twice.
const STRIDE: u64 = 1024 * 1024;

/// Chunks written to the disk in one piece of work.
const CHUNKS: usize = 16;

/// A download to go on with.
#[derive(Debug)]
pub struct Part {
    stored: Stored,
}

/// What was found of a download.
#[derive(Debug)]
pub enum TakenUp {
    /// Bytes are missing, perhaps all.
    Part(Part),
    /// It had arrived whole before the last run ended: nothing needs to be fetched.
    Whole(Received),
}

/// A clip that has arrived: whole, checked, durable, and not yet under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What it is.
    pub file: ClipFile,
    /// What it shows.
    pub facts: ClipFacts,
}

/// Why no clip came of it.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveFault {
    /// It broke off; what can be kept is kept.
    #[error("{why}")]
    Broken {
        /// Whether at least 1 MiB came this time.
        progress: bool,
        /// For people.
        why: String,
    },
    /// What came is an error page or damaged; it was thrown away.
    #[error("{0}; what came was thrown away")]
    NotAClip(String),
    /// The disk is full; what was durable is kept.
    #[error("the disk is full: {0}")]
    NoSpace(io::Error),
    /// It was asked to stop; what came is kept.
    #[error("the download was stopped; what came is kept")]
    Stopped,
    /// A folder on the way is none, or may not be written to.
    #[error("the clip's folder cannot be used: {0}")]
    Obstructed(io::Error),
    /// The disk fails. What it had not confirmed was thrown away.
    #[error("the clip cannot be written: {0}")]
    Io(io::Error),
}

impl From<io::Error> for ReceiveFault {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::NoSpace(error)
        } else if is_obstructed(&error) {
            Self::Obstructed(error)
        } else {
            Self::Io(error)
        }
    }
}

/// What is known about the bytes on the disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Notes {
    /// For `If-Range`; without one, a part is never taken up again.
    validator: Option<String>,
    /// Length of the clip.
    total: u64,
    /// Bytes that are surely on the disk.
    durable: u64,
    /// The SHA-256 of these: others in their place are not taken for the clip.
    #[serde(default)]
    sha256: String,
}

/// The bytes on the disk, open.
#[derive(Debug)]
struct Stored {
    file: File,
    partial: Dir,
    notes_name: String,
    /// Absent while the clip's length is not known.
    notes: Option<Notes>,
    length: u64,
    /// Bytes that came this time.
    came: u64,
    hash: sha2::Sha256,
}

/// How a stream ended.
enum End {
    Over,
    Broken(String),
    Stopped,
}

impl Tree {
    /// Takes a download up where it was left: a part to go on with, or a clip that had arrived whole.
    pub async fn take_up(&self, take: &TakeId, target: &str) -> Result<TakenUp, ReceiveFault> {
        let (tree, take, target) = (self.clone(), take.clone(), target.to_owned());
        blocking(move || take_up(&tree, &take, &target)).await
    }
}

impl Part {
    /// What to ask for.
    #[must_use]
    pub fn span(&self) -> Span {
        match &self.stored.notes {
            Some(Notes { validator: Some(validator), .. }) if self.stored.length > 0 => {
                Span::From { offset: self.stored.length, validator: validator.clone() }
            }
            _ => Span::Whole,
        }
    }

    /// Writes what comes to the disk, until the clip is whole, checked and durable.
    ///
    /// Holds no thread while it waits for the host. Dropping the future is safe: what is durable is kept. To go on
    /// after a fault, take the download up again.
    pub async fn receive<E: Display>(
        self,
        head: &ClipHead,
        bytes: impl Stream<Item = Result<Bytes, E>>,
        stop: &CancellationToken,
    ) -> Result<Received, ReceiveFault> {
        let head = head.clone();
        let mut stored = blocking(move || self.stored.begin(&head)).await?;
        let mut bytes = pin!(bytes.ready_chunks(CHUNKS));
        let end = loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => break End::Stopped,
                next = bytes.next() => next,
            };
            let Some(chunks) = next else { break End::Over };
            let (pieces, broken) = until_broken(chunks);
            stored = blocking(move || stored.append_all(&pieces)).await?;
            if let Some(why) = broken {
                break End::Broken(why);
            }
        };
        blocking(move || stored.end(end)).await
    }
}

/// Returns the bytes before a stream broke, and why it did.
fn until_broken<E: Display>(chunks: Vec<Result<Bytes, E>>) -> (Vec<Bytes>, Option<String>) {
    let mut pieces = Vec::new();
    for chunk in chunks {
        match chunk {
            Ok(bytes) => pieces.push(bytes),
            Err(error) => return (pieces, Some(error.to_string())),
        }
    }
    (pieces, None)
}

/// Runs on the threads that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReceiveFault> + Send + 'static,
) -> Result<T, ReceiveFault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(died) => Err(ReceiveFault::Io(io::Error::other(died))),
    }
}

/// Opens what there is of a take's clip, made ready for the rest.
fn take_up(tree: &Tree, take: &TakeId, target: &str) -> Result<TakenUp, ReceiveFault> {
    let partial = tree.partial()?;
    let (beside, _) = tree.locate(target, true)?;
    let flags = OFlags::RDWR | OFlags::CREATE;
    let file = if partial.identity()?.0 == beside.identity()?.0 {
        partial.file(&part_name(take)?, flags, 0o600)?
    } else {
        beside.file(&beside_name(take)?, flags, 0o600)?
    };
    let notes_name = notes_name(take)?;
    let notes = partial.read(&notes_name)?.and_then(|bytes| serde_json::from_slice::<Notes>(&bytes).ok());
    let length = file.metadata()?.len();
    let usable = notes.filter(|notes| {
        notes.durable <= length && (notes.validator.is_some() || notes.durable == notes.total)
    });
    let mut stored =
        Stored { file, partial, notes_name, notes: None, length: 0, came: 0, hash: sha2::Sha256::new() };
    match usable {
        Some(notes) => stored.keep(notes)?,
        None => stored.discard()?,
    }
    match &stored.notes {
        Some(notes) if notes.total > 0 && stored.length == notes.total => match stored.check() {
            Ok(received) => Ok(TakenUp::Whole(received)),
            Err(ReceiveFault::NotAClip(_)) => Ok(TakenUp::Part(Part { stored })),
            Err(fault) => Err(fault),
        },
        _ => Ok(TakenUp::Part(Part { stored })),
    }
}

impl Stored {
    /// Makes the file ready for what the answer announces.
    fn begin(mut self, head: &ClipHead) -> Result<Self, ReceiveFault> {
        let total = self.notes.as_ref().map(|notes| notes.total);
        let validator = self.notes.as_ref().and_then(|notes| notes.validator.as_deref());
        match resume::admit(head, self.length, total, validator) {
            Admission::Append => Ok(self),
            Admission::Restart { total, validator } => {
                self.discard()?;
                self.notes = total.map(|total| Notes { validator, total, durable: 0, sha256: String::new() });
                Ok(self)
            }
            Admission::Discard(why) => {
                self.discard()?;
                Err(self.broken(why))
            }
            Admission::Refuse(why) => Err(ReceiveFault::NotAClip(why)),
        }
    }

    fn append_all(mut self, pieces: &[Bytes]) -> Result<Self, ReceiveFault> {
        pieces.iter().try_for_each(|piece| self.append(piece))?;
        Ok(self)
    }

    /// Closes the part as the end of its stream demands.
    fn end(mut self, end: End) -> Result<Received, ReceiveFault> {
        match end {
            End::Over => self.finish(),
            End::Broken(why) => {
                self.settle()?;
                Err(self.broken(why))
            }
            End::Stopped => {
                self.settle()?;
                Err(ReceiveFault::Stopped)
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ReceiveFault> {
        if self.length == 0 && resume::is_text(bytes) {
            return Err(ReceiveFault::NotAClip("the host sent a page of text and no clip".to_owned()));
        }
        let announced = self.notes.as_ref().map_or(LARGEST_CLIP, |notes| notes.total);
        if self.length + bytes.len() as u64 > announced {
            self.discard()?;
            return Err(ReceiveFault::NotAClip(format!("the host sent more than {announced} bytes")));
        }
        let durable = self.notes.as_ref().map_or(0, |notes| notes.durable);
        if let Err(error) = self.file.write_all(bytes) {
            // On a full disk every byte counts, and these will be fetched again anyway.
            self.file.set_len(durable)?;
            return Err(error.into());
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.came += bytes.len() as u64;
        if self.length - durable >= STRIDE && self.notes.is_some() { self.settle() } else { Ok(()) }
    }

    /// The stream is over: is it the clip?
    fn finish(mut self) -> Result<Received, ReceiveFault> {
        if let Some(total) = self.notes.as_ref().map(|notes| notes.total).filter(|total| self.length < *total)
        {
            self.settle()?;
            return Err(self.broken(format!("the host sent {} of {total} bytes", self.length)));
        }
        let received = self.check()?;
        // Its length is known now, whatever the host said.
        let validator = self.notes.take().and_then(|notes| notes.validator);
        self.notes = Some(Notes { validator, total: self.length, durable: 0, sha256: String::new() });
        self.settle()?;
        Ok(received)
    }

    /// Reads the clip's boxes; bytes that are no clip are thrown away.
    fn check(&mut self) -> Result<Received, ReceiveFault> {
        self.file.seek(SeekFrom::Start(0))?;
        match mp4::inspect(&mut BufReader::new(&self.file)) {
            Ok(facts) => {
                let sha256 = Sha256(self.hash.clone().finalize().into());
                Ok(Received { file: ClipFile { size: self.length, sha256 }, facts })
            }
            Err(fault) => {
                self.discard()?;
                Err(ReceiveFault::NotAClip(format!("what the host sent is no whole clip: {fault}")))
            }
        }
    }

    /// Makes everything so far durable, then says so in the notes.
    fn settle(&mut self) -> Result<(), ReceiveFault> {
        if let Err(error) = sync(&self.file) {
            // The kernel may have dropped the bytes and may confirm them next time: they are not to be trusted.
            self.discard()?;
            return Err(error.into());
        }
        let Some(notes) = &mut self.notes else { return Ok(()) };
        notes.durable = self.length;
        notes.sha256 = Sha256(self.hash.clone().finalize().into()).to_string();
        let text = serde_json::to_vec(notes).map_err(io::Error::from)?;
        let staged = format!("{}.tmp", self.notes_name);
        self.partial.stage(&staged, &text, 0o600)?;
        Ok(self.partial.rename_over(&staged, &self.partial, &self.notes_name)?)
    }

    /// Keeps the bytes that the notes vouch for and no others; none where they are not the ones that came.
    fn keep(&mut self, notes: Notes) -> io::Result<()> {
        self.file.set_len(notes.durable)?;
        self.file.seek(SeekFrom::Start(0))?;
        let mut buffer = BufReader::new(&self.file);
        self.length = io::copy(&mut buffer, &mut Hashing(&mut self.hash))?;
        if Sha256(self.hash.clone().finalize().into()).to_string() != notes.sha256 {
            return self.discard();
        }
        self.notes = Some(notes);
        Ok(())
    }

    /// Starts from nothing.
    fn discard(&mut self) -> io::Result<()> {
        self.partial.remove(&self.notes_name)?;
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.notes, self.length, self.hash) = (None, 0, sha2::Sha256::new());
        Ok(())
    }

    fn broken(&self, why: String) -> ReceiveFault {
        ReceiveFault::Broken { progress: self.came >= STRIDE, why }
    }
}

/// Makes a file's bytes durable.
fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// A digest as something to write to.
struct Hashing<'a>(&'a mut sha2::Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
