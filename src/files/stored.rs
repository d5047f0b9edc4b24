//! Keeps the bytes of a download on the disk.
//!
//! Bytes go to `partial/<take>.part`, or beside the target where that is another file system. A download that breaks off,
//! or that is long, has notes in `partial/<take>.part.json`; one that arrives in one go has none. The notes never claim more
//! than is durable: bytes beyond what they say are dropped when the download is taken up again, so that a power cut cannot
//! leave a hole in a clip.

use super::folders::Folders;
use super::received::{End, ReceiveFault, Received};
use super::resume::{self, Admission, LARGEST_CLIP};
use super::steps::{Stamp, start_writing, sync};
use super::tree::{Arrived, Tree, beside_name, notes_name, part_name};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use crate::media::mp4;
use crate::wire::{ClipHead, Span};
use bytes::Bytes;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Seek as _, SeekFrom, Write as _};

const MIB: u64 = 1024 * 1024;

/// New bytes that are made durable, with notes, while the rest is on its way: a crash loses at most so many of a download
/// that can be taken up again. Most clips are shorter, and are made durable once.
const STRIDE: u64 = 16 * MIB;

/// New bytes that the system starts to write while the rest is on its way.
const AHEAD: u64 = MIB;

/// New bytes of a download that broke off that are called progress.
const PROGRESS: u64 = MIB;

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

/// The bytes of one download.
#[derive(Debug)]
pub(super) struct Stored {
    take: TakeId,
    target: String,
    /// Absent before the first bytes.
    file: Option<File>,
    /// Whether the file lies beside the target.
    is_beside: bool,
    /// True where the answer calls itself text.
    is_text: bool,
    /// Absent while the clip's length is not known.
    notes: Option<Notes>,
    /// Whether there may be notes on the disk.
    has_notes: bool,
    length: u64,
    /// Bytes that came this time.
    came: u64,
    /// Bytes that the system has started to write.
    started: u64,
    hash: sha2::Sha256,
}

impl Stored {
    /// Returns a download of which nothing has come.
    pub(super) fn new(take: &TakeId, target: &str) -> Self {
        Self {
            take: take.clone(),
            target: target.to_owned(),
            file: None,
            is_beside: false,
            is_text: false,
            notes: None,
            has_notes: false,
            length: 0,
            came: 0,
            started: 0,
            hash: sha2::Sha256::new(),
        }
    }

    /// Opens what there is of the download, made ready for the rest, or as the clip that it is already.
    pub(super) fn take_up(mut self, tree: &Tree) -> Result<(Self, Option<Received>), ReceiveFault> {
        self.open(&mut Folders::new(tree), OFlags::empty())?;
        self.has_notes = true;
        let length = self.opened()?.metadata()?.len();
        let notes = tree.partial()?.read(&notes_name(&self.take)?)?;
        let notes = notes.and_then(|bytes| serde_json::from_slice::<Notes>(&bytes).ok());
        let usable = notes.filter(|notes| {
            notes.durable <= length && (notes.validator.is_some() || notes.durable == notes.total)
        });
        match usable {
            Some(notes) => self.keep(tree, notes)?,
            None => self.discard(tree)?,
        }
        let is_whole = self.notes.as_ref().is_some_and(|notes| notes.total > 0 && self.length == notes.total);
        if !is_whole {
            return Ok((self, None));
        }
        match self.check(tree, None) {
            Ok(received) => {
                self.remember(tree)?;
                Ok((self, Some(received)))
            }
            Err(ReceiveFault::NotAClip(_)) => Ok((self, None)),
            Err(fault) => Err(fault),
        }
    }

    /// Returns what to ask the host for.
    pub(super) fn span(&self) -> Span {
        match &self.notes {
            Some(Notes { validator: Some(validator), .. }) if self.length > 0 => {
                Span::From { offset: self.length, validator: validator.clone() }
            }
            _ => Span::Whole,
        }
    }

    /// Returns whether there is something on the disk, so that [`Stored::begin`] may block.
    pub(super) fn is_on_disk(&self) -> bool {
        self.file.is_some()
    }

    /// Returns the file with the bytes.
    pub(super) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// Makes the download ready for what the answer announces.
    pub(super) fn begin(mut self, tree: &Tree, head: &ClipHead) -> Result<Self, ReceiveFault> {
        let total = self.notes.as_ref().map(|notes| notes.total);
        let validator = self.notes.as_ref().and_then(|notes| notes.validator.as_deref());
        self.is_text = resume::announces_text(head);
        match resume::admit(head, self.length, total, validator) {
            Admission::Append => Ok(self),
            Admission::Restart { total, validator } => {
                self.discard(tree)?;
                self.notes = total.map(|total| Notes { validator, total, durable: 0, sha256: String::new() });
                Ok(self)
            }
            Admission::Discard(why) => {
                self.discard(tree)?;
                Err(self.broken(why))
            }
            Admission::Refuse(why) => Err(ReceiveFault::NotAClip(why)),
        }
    }

    /// Writes pieces that have come.
    pub(super) fn append(mut self, folders: &mut Folders, pieces: &[Bytes]) -> Result<Self, ReceiveFault> {
        for piece in pieces {
            self.write(folders, piece)?;
        }
        let durable = self.notes.as_ref().map_or(0, |notes| notes.durable);
        if self.length - durable >= STRIDE && self.can_go_on() {
            self.settle(folders.tree())?;
        } else if self.length - self.started >= AHEAD {
            start_writing(self.opened()?, self.started);
            self.started = self.length;
        }
        Ok(self)
    }

    /// Ends the download with its last pieces: checks the clip, or keeps what can be gone on with.
    pub(super) fn end(
        mut self,
        folders: &mut Folders,
        pieces: &[Bytes],
        end: End,
    ) -> Result<(Self, Received), ReceiveFault> {
        // The whole of a small clip is at hand: it is written at once, and needs not be read back.
        let whole = (self.length == 0).then(|| joined(pieces));
        match &whole {
            Some(bytes) if !bytes.is_empty() => self.write(folders, bytes)?,
            Some(_) => {}
            None => self = self.append(folders, pieces)?,
        }
        let total = self.notes.as_ref().map(|notes| notes.total);
        if self.length == 0 && self.is_text && matches!(end, End::Over) {
            return Err(ReceiveFault::Page(String::new()));
        }
        let why = match end {
            End::Over => total.filter(|total| self.length < *total).map(|total| {
                let why = format!("the host sent {} of {total} bytes", self.length);
                self.broken(why)
            }),
            // All that was announced has come.
            End::Broken(_) | End::Stopped if total == Some(self.length) => None,
            End::Broken(why) => Some(self.broken(why)),
            End::Stopped => Some(ReceiveFault::Stopped),
        };
        let tree = folders.tree();
        if let Some(why) = why {
            if self.length > 0 && self.can_go_on() {
                self.settle(tree)?;
            }
            return Err(why);
        }
        let received = self.check(tree, whole.as_deref())?;
        Ok((self, received))
    }

    /// Makes a whole clip durable.
    pub(super) fn arrive(mut self, tree: &Tree) -> Result<(), ReceiveFault> {
        self.sync(tree)?;
        self.remember(tree)
    }

    fn remember(&self, tree: &Tree) -> Result<(), ReceiveFault> {
        let stamp = Stamp::of(self.opened()?)?;
        let Self { is_beside, has_notes, .. } = *self;
        tree.remember(&self.take, Arrived { stamp, is_beside, has_notes });
        Ok(())
    }

    /// Returns whether the rest can be asked for.
    fn can_go_on(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.validator.is_some())
    }

    fn opened(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the download has no file"))
    }

    fn open(&mut self, folders: &mut Folders, flags: OFlags) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::CREATE | flags;
        let (partial, device) = folders.partial()?;
        self.is_beside = folders.device(&self.target)? != device;
        self.file = Some(if self.is_beside {
            let (beside, _) = folders.locate(&self.target)?;
            // Who places the clip finds the folder there, and takes its name for durable.
            folders.sync();
            if let Some(error) = folders.failure(&self.target) {
                return Err(error);
            }
            beside.file(&beside_name(&self.take)?, flags, 0o600)?
        } else {
            partial.file(&part_name(&self.take)?, flags, 0o600)?
        });
        Ok(())
    }

    fn write(&mut self, folders: &mut Folders, bytes: &[u8]) -> Result<(), ReceiveFault> {
        let is_text = if self.is_text { !resume::is_video(bytes) } else { resume::is_text(bytes) };
        if self.length == 0 && is_text {
            return Err(ReceiveFault::Page(resume::first_words(bytes)));
        }
        let announced = self.notes.as_ref().map_or(LARGEST_CLIP, |notes| notes.total);
        if self.length + bytes.len() as u64 > announced {
            self.discard(folders.tree())?;
            return Err(ReceiveFault::NotAClip(format!("the host sent more than {announced} bytes")));
        }
        if self.file.is_none() {
            // Without notes, what is there is of no use.
            self.open(folders, OFlags::TRUNC)?;
        }
        let durable = self.notes.as_ref().map_or(0, |notes| notes.durable);
        let mut file = self.opened()?;
        if let Err(error) = file.write_all(bytes) {
            // On a full disk every byte counts, and these will be fetched again anyway.
            file.set_len(durable)?;
            return Err(error.into());
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.came += bytes.len() as u64;
        Ok(())
    }

    /// Reads the clip's boxes, from memory where it is there; bytes that are no clip are thrown away.
    fn check(&mut self, tree: &Tree, bytes: Option<&[u8]>) -> Result<Received, ReceiveFault> {
        let facts = match bytes {
            Some(bytes) => mp4::inspect(&mut Cursor::new(bytes)),
            None => mp4::inspect(&mut BufReader::new(self.opened()?)),
        };
        match facts {
            Ok(facts) => Ok(Received { file: ClipFile { size: self.length, sha256: self.sha256() }, facts }),
            Err(fault) => {
                self.discard(tree)?;
                Err(ReceiveFault::NotAClip(format!("what the host sent is no whole clip: {fault}")))
            }
        }
    }

    fn sha256(&self) -> Sha256 {
        Sha256(self.hash.clone().finalize().into())
    }

    fn sync(&mut self, tree: &Tree) -> Result<(), ReceiveFault> {
        if let Err(error) = sync(self.opened()?) {
            // The kernel may have dropped the bytes and may confirm them next time: they are not to be trusted.
            self.discard(tree)?;
            return Err(error.into());
        }
        self.started = self.length;
        Ok(())
    }

    /// Makes everything so far durable, then says so in the notes.
    fn settle(&mut self, tree: &Tree) -> Result<(), ReceiveFault> {
        self.sync(tree)?;
        let sha256 = self.sha256().to_string();
        let Some(notes) = &mut self.notes else { return Ok(()) };
        (notes.durable, notes.sha256) = (self.length, sha256);
        let text = serde_json::to_vec(notes).map_err(io::Error::from)?;
        let (partial, name) = (tree.partial()?, notes_name(&self.take)?);
        let staged = format!("{name}.tmp");
        let file = partial.stage(&staged, &text, 0o600)?;
        partial.sync_staged(&staged, &file)?;
        self.has_notes = true;
        Ok(partial.rename_over(&staged, &partial, &name)?)
    }

    /// Keeps the bytes that the notes vouch for and no others; none where they are not the ones that came.
    fn keep(&mut self, tree: &Tree, notes: Notes) -> io::Result<()> {
        let mut file = self.opened()?;
        file.set_len(notes.durable)?;
        file.seek(SeekFrom::Start(0))?;
        let mut hash = sha2::Sha256::new();
        let length = io::copy(&mut BufReader::with_capacity(256 * 1024, file), &mut Hashing(&mut hash))?;
        (self.length, self.started, self.hash) = (length, length, hash);
        if self.sha256().to_string() != notes.sha256 {
            return self.discard(tree);
        }
        self.notes = Some(notes);
        Ok(())
    }

    /// Starts from nothing.
    fn discard(&mut self, tree: &Tree) -> io::Result<()> {
        if std::mem::take(&mut self.has_notes) {
            tree.partial()?.remove(&notes_name(&self.take)?)?;
        }
        if let Some(mut file) = self.file.as_ref() {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
        }
        (self.notes, self.length, self.started, self.hash) = (None, 0, 0, sha2::Sha256::new());
        Ok(())
    }

    fn broken(&self, why: String) -> ReceiveFault {
        ReceiveFault::Broken { progress: self.came >= PROGRESS, why }
    }
}

/// Returns pieces as one, copied only where there are several.
fn joined(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [piece] => piece.clone(),
        pieces => pieces.concat().into(),
    }
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
