//! Keeps the bytes of an unfinished download on the disk.
//!
//! Bytes go to `partial/<take>.part`, or next to the target if the target is on another file system. If a download can
//! be resumed, it also gets a notes file, `partial/<take>.part.json`, as soon as it is long or was interrupted. The
//! notes never count bytes that are not durable. Such bytes are dropped when the download resumes, so a power cut
//! cannot leave a hole in a clip.

use super::folders::Folders;
use super::received::{End, ReceiveFault, Received};
use super::resume::{self, Admission, LARGEST_CLIP};
use super::steps::{Stamp, start_writing, sync};
use super::tree::{Arrived, Tree, notes_name, part_name, target_part_name};
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

/// The number of new bytes after which a running download is made durable and its notes are written. If the download
/// can be resumed, a crash loses no more than this. Most clips are shorter, and are made durable once.
const STRIDE: u64 = 16 * MIB;

/// The number of new bytes after which the system is asked to start writing them, while the download continues.
const AHEAD: u64 = MIB;

/// The least number of new bytes with which a download attempt that broke off counts as progress.
const PROGRESS: u64 = MIB;

/// The content of a download's notes file, which describes the received bytes that are certainly on the disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DownloadNotes {
    /// The digest of the address from which the bytes came; empty in the notes of older versions.
    #[serde(default)]
    source: String,
    /// The `ETag` or `Last-Modified` to send as `If-Range`; without one, the download cannot be resumed.
    validator: Option<String>,
    /// The clip's length in bytes.
    total: u64,
    /// The number of bytes that are certainly on the disk.
    durable: u64,
    /// The SHA-256 of the first `durable` bytes, with which a later attempt checks that these bytes are unchanged.
    #[serde(default)]
    sha256: String,
}

/// The bytes of one download that were received so far.
#[derive(Debug)]
pub(super) struct Stored {
    take: TakeId,
    target: String,
    /// The digest of the address from which the clip is downloaded.
    source: Sha256,
    /// The open file of the download; `None` before the first bytes arrive.
    file: Option<File>,
    /// True if the file is in the target's folder, not in the folder of unfinished downloads.
    is_in_target_folder: bool,
    /// True if the `Content-Type` of the answer announces text.
    is_text: bool,
    /// The notes about the download; `None` while the clip's length is unknown.
    notes: Option<Box<DownloadNotes>>,
    /// True if a notes file may exist on the disk.
    has_notes: bool,
    length: u64,
    /// The number of bytes received in this attempt to download the clip.
    came: u64,
    /// The number of bytes that the system was asked to start writing.
    started: u64,
    hash: sha2::Sha256,
}

impl Stored {
    /// Returns a download of which no bytes were received yet.
    pub(super) fn new(take: &TakeId, target: &str, source: Sha256) -> Self {
        Self {
            take: take.clone(),
            target: target.to_owned(),
            source,
            file: None,
            is_in_target_folder: false,
            is_text: false,
            notes: None,
            has_notes: false,
            length: 0,
            came: 0,
            started: 0,
            hash: sha2::Sha256::new(),
        }
    }

    /// Checks whether there are notes about an earlier download of the take.
    pub(super) fn has_notes(&self, tree: &Tree) -> io::Result<bool> {
        tree.has_notes(&self.take)
    }

    /// Opens the files of an earlier download to continue it. Also returns the clip if all its bytes are already there.
    pub(super) fn take_up(mut self, tree: &Tree) -> Result<(Self, Option<Received>), ReceiveFault> {
        self.open(&mut Folders::new(tree), OFlags::empty())?;
        self.has_notes = true;
        let length = self.opened()?.metadata()?.len();
        let notes = tree.partial()?.read(&notes_name(&self.take)?)?;
        let notes = notes.and_then(|bytes| serde_json::from_slice::<DownloadNotes>(&bytes).ok());
        let usable = notes.filter(|notes| {
            // A validator holds for one address only: behind a fresh link there may be another clip.
            let can_go_on = notes.validator.is_some() && notes.source == self.source.to_string();
            notes.durable <= length && (can_go_on || notes.durable == notes.total)
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

    pub(super) fn span(&self) -> Span {
        match self.notes.as_deref() {
            Some(DownloadNotes { validator: Some(validator), .. }) if self.length > 0 => {
                Span::From { offset: self.length, validator: validator.clone() }
            }
            _ => Span::Whole,
        }
    }

    /// Checks whether the download has an open file, in which case [`Stored::begin`] may block.
    pub(super) fn is_on_disk(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// Prepares the download for the host's answer: keeps or discards the bytes of earlier attempts, as the answer
    /// requires. Returns an error if the answer is not a clip.
    pub(super) fn begin(mut self, tree: &Tree, head: &ClipHead) -> Result<Self, ReceiveFault> {
        let total = self.notes.as_ref().map(|notes| notes.total);
        let validator = self.notes.as_ref().and_then(|notes| notes.validator.as_deref());
        self.is_text = resume::announces_text(head);
        match resume::admit(head, self.length, total, validator) {
            Admission::Append => Ok(self),
            Admission::Restart { total, validator } => {
                self.discard(tree)?;
                let source = self.source.to_string();
                self.notes = total.map(|total| {
                    Box::new(DownloadNotes { source, validator, total, ..DownloadNotes::default() })
                });
                Ok(self)
            }
            Admission::Discard(why) => {
                self.discard(tree)?;
                Err(self.broken(why))
            }
            Admission::Refuse(why) => Err(ReceiveFault::NotAClip(why)),
        }
    }

    /// Writes received pieces to the file of the download. After [`STRIDE`] new bytes, these bytes are made durable if
    /// the download can be resumed.
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

    /// Ends the download with its last pieces. Returns the checked clip, or an error after keeping the bytes from which
    /// the download can be resumed.
    pub(super) fn end(
        mut self,
        folders: &mut Folders,
        pieces: &[Bytes],
        end: End,
    ) -> Result<(Self, Received), ReceiveFault> {
        // A small clip is complete in memory: it is written in one go and need not be read back.
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
            // All announced bytes have arrived.
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

    /// Makes the bytes of a complete clip durable.
    pub(super) fn arrive(mut self, tree: &Tree) -> Result<(), ReceiveFault> {
        self.sync(tree)?;
        self.remember(tree)
    }

    fn remember(&self, tree: &Tree) -> Result<(), ReceiveFault> {
        let stamp = Stamp::of(self.opened()?)?;
        let Self { is_in_target_folder, has_notes, .. } = *self;
        tree.remember(&self.take, Arrived { stamp, is_in_target_folder, has_notes });
        Ok(())
    }

    /// Checks whether the bytes that are still missing can be requested in a later attempt.
    fn can_go_on(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.validator.is_some())
    }

    fn opened(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the download has no open file"))
    }

    fn open(&mut self, folders: &mut Folders, flags: OFlags) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::CREATE | flags;
        let (partial, device) = folders.partial()?;
        self.is_in_target_folder = folders.device(&self.target)? != device;
        self.file = Some(if self.is_in_target_folder {
            let (folder, _) = folders.locate(&self.target)?;
            // The later placement expects the folder to exist with a durable name.
            folders.sync();
            if let Some(error) = folders.failure(&self.target) {
                return Err(error);
            }
            folder.file(&target_part_name(&self.take)?, flags, 0o600)?
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
            // Existing bytes without notes are useless.
            self.open(folders, OFlags::TRUNC)?;
        }
        let durable = self.notes.as_ref().map_or(0, |notes| notes.durable);
        let mut file = self.opened()?;
        if let Err(error) = file.write_all(bytes) {
            // The remaining space matters on a full disk, and these bytes will be fetched again anyway.
            file.set_len(durable)?;
            return Err(error.into());
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.came += bytes.len() as u64;
        Ok(())
    }

    /// Checks the MP4 boxes of the received clip: in `bytes` if they are given, otherwise in the file. Bytes that are
    /// not a clip are discarded.
    fn check(&mut self, tree: &Tree, bytes: Option<&[u8]>) -> Result<Received, ReceiveFault> {
        let facts = match bytes {
            Some(bytes) => mp4::inspect(&mut Cursor::new(bytes)),
            None => mp4::inspect(&mut BufReader::new(self.opened()?)),
        };
        match facts {
            Ok(facts) => Ok(Received { file: ClipFile { size: self.length, sha256: self.sha256() }, facts }),
            Err(fault) => {
                self.discard(tree)?;
                Err(ReceiveFault::NotAClip(format!("the host did not send a complete clip: {fault}")))
            }
        }
    }

    fn sha256(&self) -> Sha256 {
        Sha256(self.hash.clone().finalize().into())
    }

    fn sync(&mut self, tree: &Tree) -> Result<(), ReceiveFault> {
        if let Err(error) = sync(self.opened()?) {
            // The kernel may have dropped the bytes and may confirm them next time: they must not be trusted.
            self.discard(tree)?;
            return Err(error.into());
        }
        self.started = self.length;
        Ok(())
    }

    /// Makes all bytes received so far durable, then records their number and hash in the download's notes file.
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

    /// Keeps exactly the bytes that the download's notes file describes, or no bytes if their hash differs from the
    /// recorded one.
    fn keep(&mut self, tree: &Tree, notes: DownloadNotes) -> io::Result<()> {
        let mut file = self.opened()?;
        file.set_len(notes.durable)?;
        file.seek(SeekFrom::Start(0))?;
        let mut hash = sha2::Sha256::new();
        let length = io::copy(&mut BufReader::with_capacity(256 * 1024, file), &mut Hashing(&mut hash))?;
        (self.length, self.started, self.hash) = (length, length, hash);
        if self.sha256().to_string() != notes.sha256 {
            return self.discard(tree);
        }
        self.notes = Some(Box::new(notes));
        Ok(())
    }

    /// Discards all received bytes, and the notes file that describes them.
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

/// Joins received pieces into one, copying only if there are several.
fn joined(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [piece] => piece.clone(),
        pieces => pieces.concat().into(),
    }
}

/// A writer that adds everything to a SHA-256 digest.
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
