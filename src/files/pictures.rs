//! Local pictures: looked at when planning, read when sending.

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

/// Bytes of a picture's beginning in which its size must be found: photos carry previews and colour profiles first.
const HEAD: u64 = 1024 * 1024;

/// Bytes of a picture's end in which its trailer must be found.
const TAIL: u64 = 64 * 1024;

/// Why a picture cannot be sent, as a clause about it.
#[derive(Debug, thiserror::Error)]
pub enum PictureTrouble {
    /// Nothing is there.
    #[error("there is no such file")]
    Missing,
    /// It is outside the folder of the manifest.
    #[error("it is outside the manifest's folder")]
    Outside,
    /// It leads there.
    #[error("it is only a link to a file outside the manifest's folder")]
    LinkOutside,
    /// Two files have names that differ only in how their letters are composed.
    #[error(
        "two files have this name, one with composed letters and one with accents apart, and they differ"
    )]
    Twins,
    /// A folder.
    #[error("it is a folder")]
    Folder,
    /// A pipe, a device.
    #[error("it is a special file, not a picture")]
    NotAFile,
    /// It is no picture, or not a whole one.
    #[error(transparent)]
    Broken(PictureFault),
    /// The disk or its permissions.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

impl PictureTrouble {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Missing => {
                "check its name, also upper and lower case; paths are seen from the manifest's folder"
            }
            Self::Outside | Self::LinkOutside => {
                "put a copy of the picture into the manifest's folder, and write that path"
            }
            Self::Twins => "remove one of the two files, or give it another name",
            Self::Folder => "write the path of a picture in it",
            Self::NotAFile => "write the path of a picture",
            Self::Broken(fault) => fault.remedy(),
            Self::Unreadable(_) => "see to it that you may read it",
        }
    }
}

/// A picture is no longer what was promised; nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the picture `{path}` {why}; nothing was sent. Run again to order with the picture as it is now")]
pub struct PictureChanged {
    /// As written.
    pub path: String,
    /// What is different.
    pub why: String,
}

/// Looks at a picture: all its bytes are hashed, only its header and its trailer are understood.
///
/// `written` is relative to `root`, the manifest's folder, and must stay in it also through symbolic links.
pub fn inspect(root: &Path, written: &str) -> Result<PictureFacts, PictureTrouble> {
    facts(&open(&real(root, written)?)?)
}

/// What an open picture is.
pub(super) fn facts(file: &File) -> Result<PictureFacts, PictureTrouble> {
    let unreadable = PictureTrouble::Unreadable;
    let ClipFile { size: bytes, sha256 } = hash(file).map_err(unreadable)?;
    let head = slice(file, 0, bytes.min(HEAD)).map_err(unreadable)?;
    let tail = slice(file, bytes.saturating_sub(TAIL), bytes.min(TAIL)).map_err(unreadable)?;
    let Header { format, width, height, traits, .. } =
        image::picture(&head, &tail, bytes).map_err(PictureTrouble::Broken)?;
    Ok(PictureFacts { format, bytes, sha256, width, height, traits })
}

/// The bytes to send: the body with every picture in its place, each exactly as it was promised.
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

/// Reads a picture's bytes, if they are the promised ones.
pub fn picture(root: &Path, file: &MediaFile) -> Result<Vec<u8>, PictureChanged> {
    let changed = |why: String| PictureChanged { path: file.path.clone(), why };
    let opened = real(root, &file.path).and_then(|path| open(&path));
    let opened = opened.map_err(|trouble| changed(format!("can no longer be used: {trouble}")))?;
    let mut picture = Vec::new();
    // One byte more than promised shows that it has grown, and a file that grows without end does no harm.
    opened
        .take(file.facts.bytes + 1)
        .read_to_end(&mut picture)
        .map_err(|error| changed(format!("cannot be read: {error}")))?;
    if picture.len() as u64 == file.facts.bytes && Sha256::of(&picture) == file.facts.sha256 {
        Ok(picture)
    } else {
        Err(changed("has changed since it was looked at".to_owned()))
    }
}

/// Where a picture is when every symbolic link is followed: somewhere in `root`.
fn real(root: &Path, written: &str) -> Result<PathBuf, PictureTrouble> {
    within(&root.canonicalize().map_err(trouble)?, written)
}

/// The same, of a root that has no symbolic links in its path.
fn within(root: &Path, written: &str) -> Result<PathBuf, PictureTrouble> {
    inside(root, written, &names::find(root, written))
}

/// Where a picture is that stands under that path, when every symbolic link is followed.
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

/// Opens a regular file, and waits for no pipe.
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
