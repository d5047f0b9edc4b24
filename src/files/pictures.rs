//! Examines local pictures when a plan is made, and reads them again when a request is sent.

use super::dir::hash;
use super::names;
use crate::domain::digest::Sha256;
use crate::domain::lifecycle::ClipFile;
use crate::domain::request::{MediaFile, PictureFacts};
use crate::media::image::{self, Header, PictureFault};
use crate::wire::{Body, Part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};

/// The number of bytes that are read at the start of a file to find the picture's size. Photos have previews and colour
/// profiles before the size.
const HEAD: u64 = 1024 * 1024;

/// The number of bytes that are read at the end of a file, to check that the picture is complete.
const TAIL: u64 = 64 * 1024;

/// The reason why a picture cannot be sent, worded as a clause.
#[derive(Debug, thiserror::Error)]
pub enum PictureTrouble {
    /// The file does not exist.
    #[error("there is no such file")]
    Missing,
    /// The path leads outside the manifest's folder.
    #[error("it is outside the manifest's folder")]
    Outside,
    /// The path is a link to a file outside the manifest's folder.
    #[error("it is only a link to a file outside the manifest's folder")]
    LinkOutside,
    /// Two files have names that differ only in the form of accented letters.
    #[error(
        "two different files have names that look the same, with an accented letter as one character or as two"
    )]
    AmbiguousName,
    /// The path leads to a folder, not to a picture.
    #[error("it is a folder")]
    Folder,
    /// The path leads to a pipe or a device.
    #[error("it is a special file, not a picture")]
    NotAFile,
    /// The file is not a picture, or not a complete one.
    #[error(transparent)]
    Broken(PictureFault),
    /// The disk or the file's permissions do not allow reading the file.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

impl PictureTrouble {
    /// Returns what the user can do about the picture, in words.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Missing => {
                "check the path, including upper and lower case; paths are relative to the manifest's folder"
            }
            Self::Outside | Self::LinkOutside => {
                "put a copy of the picture into the manifest's folder, and write the path of the copy"
            }
            Self::AmbiguousName => "remove one of the two files, or rename it",
            Self::Folder => "write the path of a picture in that folder",
            Self::NotAFile => "write the path of a picture",
            Self::Broken(fault) => fault.remedy(),
            Self::Unreadable(_) => "make sure that you have permission to read the picture",
        }
    }
}

/// The error that a picture has changed since it was checked; the request was not sent.
#[derive(Debug, thiserror::Error)]
#[error("the picture `{path}` {why}. {remedy}")]
pub struct PictureChanged {
    /// The picture's path as written in the manifest.
    pub path: String,
    /// The change in words, which follow the picture's path in the error message.
    pub why: String,
    /// The sentence that says what to do.
    pub remedy: &'static str,
}

/// Examines a picture: hashes all its bytes, and reads its format and size from its first and last bytes.
///
/// `written` is relative to `root`, the manifest's folder, and must not leave it, even through symbolic links.
pub fn inspect(root: &Path, written: &str) -> Result<PictureFacts, PictureTrouble> {
    facts(&open(&real(root, written)?)?)
}

/// Returns the properties of an open picture file.
pub(super) fn facts(file: &File) -> Result<PictureFacts, PictureTrouble> {
    let unreadable = PictureTrouble::Unreadable;
    let ClipFile { size: bytes, sha256 } = hash(file).map_err(unreadable)?;
    let head = slice(file, 0, bytes.min(HEAD)).map_err(unreadable)?;
    let tail = slice(file, bytes.saturating_sub(TAIL), bytes.min(TAIL)).map_err(unreadable)?;
    let Header { format, width, height, traits, .. } =
        image::picture(&head, &tail, bytes).map_err(PictureTrouble::Broken)?;
    Ok(PictureFacts { format, bytes, sha256, width, height, traits })
}

/// Returns the bytes of a request's body with every local picture inserted, after a check that each is unchanged.
pub fn assemble(root: &Path, body: &Body) -> Result<Bytes, PictureChanged> {
    let length = usize::try_from(body.len()).unwrap_or_default();
    let mut bytes = Vec::with_capacity(length);
    for part in &body.parts {
        match part {
            Part::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Part::Base64(file) => {
                let picture = picture(root, file)?;
                bytes.extend_from_slice(STANDARD.encode(picture).as_bytes());
            }
        }
    }
    Ok(bytes.into())
}

/// Reads a local picture's bytes, and checks that they have not changed since the picture was examined.
pub fn picture(root: &Path, file: &MediaFile) -> Result<Vec<u8>, PictureChanged> {
    let changed = |why: String, remedy| PictureChanged { path: file.path.clone(), why, remedy };
    let unusable = |why| changed(why, "Put a picture there, then run again");
    let opened = real(root, &file.path).and_then(|path| open(&path));
    let opened = opened.map_err(|trouble| unusable(format!("can no longer be used: {trouble}")))?;
    let mut picture = Vec::new();
    // One byte more than expected shows that the file has grown, and limits the read of an endless file.
    opened
        .take(file.facts.bytes + 1)
        .read_to_end(&mut picture)
        .map_err(|error| unusable(format!("cannot be read: {error}")))?;
    if picture.len() as u64 == file.facts.bytes && Sha256::of(&picture) == file.facts.sha256 {
        Ok(picture)
    } else {
        let why = "has changed since it was checked".to_owned();
        Err(changed(why, "Run again to submit the picture as it is now"))
    }
}

/// Returns a picture's path with all symbolic links resolved, which must be in `root`.
fn real(root: &Path, written: &str) -> Result<PathBuf, PictureTrouble> {
    within(&root.canonicalize().map_err(trouble)?, written)
}

/// Returns a picture's path with all symbolic links resolved, as [`real`] does. The path of `root` itself must have no
/// links.
fn within(root: &Path, written: &str) -> Result<PathBuf, PictureTrouble> {
    inside(root, written, &names::find(root, written))
}

/// Resolves all symbolic links of a picture's path. Returns an error if the result is outside `root`.
pub(super) fn inside(root: &Path, written: &str, path: &Path) -> Result<PathBuf, PictureTrouble> {
    let real = path.canonicalize().map_err(trouble)?;
    if real.starts_with(root) {
        return Ok(real);
    }
    let leads = !Path::new(written)
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    Err(if leads { PictureTrouble::LinkOutside } else { PictureTrouble::Outside })
}

/// Opens a regular file. Anything else, such as a folder or a pipe, is refused without waiting.
pub(super) fn open(real: &Path) -> Result<File, PictureTrouble> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file =
        File::from(rustix::fs::open(real, flags, Mode::empty()).map_err(|error| trouble(error.into()))?);
    match file.metadata().map_err(trouble)?.file_type() {
        kind if kind.is_file() => Ok(file),
        kind if kind.is_dir() => Err(PictureTrouble::Folder),
        _ => Err(PictureTrouble::NotAFile),
    }
}

pub(super) fn trouble(error: io::Error) -> PictureTrouble {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PictureTrouble::Missing,
        _ => PictureTrouble::Unreadable(error),
    }
}

fn slice(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}
