//! What local pictures were when they were looked at last: one that is as it was need not be read again.
//!
//! A picture is known by its path and its `Stamp`. The time of its last change is part of that because no program can
//! set it back, as copying tools do with the time of the last modification. Whatever is remembered here decides only
//! what is ordered: the bytes that are sent are hashed once more when they are sent.

use super::dir::atomic_write;
use super::names::{Names, Twins};
use super::pictures::{PictureTrouble, facts, inside, open, trouble};
use crate::domain::request::{PictureFacts, PictureFormat, PictureTraits};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{Metadata, symlink_metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How old the last change of a file must be for its times to tell it from the next one. The coarsest file systems in use
/// (FAT) count in steps of two seconds.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// What the file system tells of a file that nobody needs to read: the same twice means the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// In bytes.
    size: u64,
    /// When its bytes were written last, as far as programs tell the truth; nanoseconds since 1970.
    modified: i128,
    /// When anything about it changed last, as the kernel saw it; nanoseconds since 1970.
    changed: i128,
    /// Its number on its disk: a file that was put in its place has another.
    inode: u64,
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            size: file.len(),
            modified: nanos(file.mtime(), file.mtime_nsec()),
            changed: nanos(file.ctime(), file.ctime_nsec()),
            inode: file.ino(),
        }
    }

    /// Whether a file that is changed from now on is sure to get another stamp.
    fn is_settled(&self, now: Timestamp) -> bool {
        self.modified.max(self.changed) <= now.as_nanosecond() - SETTLED.as_nanos()
    }
}

/// The pictures of a folder, and what is known of them.
#[derive(Debug)]
pub struct ImageCache {
    /// Without symbolic links in its path, where it is there at all.
    root: PathBuf,
    /// Where what is known is kept.
    file: Option<PathBuf>,
    /// When this look at the pictures began.
    now: Timestamp,
    known: BTreeMap<String, Known>,
    /// The pictures that were looked at since then and can be told from what comes after them.
    settled: BTreeSet<String>,
    names: Names,
    /// Whether more is known than the file has.
    is_news: bool,
}

/// A picture that was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    format: String,
    width: u32,
    height: u32,
    turned: bool,
    cmyk: bool,
    deep: bool,
    sha256: String,
}

impl Known {
    fn new(stamp: Stamp, facts: &PictureFacts) -> Self {
        let &PictureFacts { format, bytes: _, sha256, width, height, traits } = facts;
        let PictureTraits { turned, cmyk, deep } = traits;
        let (format, sha256) = (format.name().to_owned(), sha256.to_string());
        Self { stamp, format, width, height, turned, cmyk, deep, sha256 }
    }

    /// `None` where somebody else wrote it.
    fn facts(&self) -> Option<PictureFacts> {
        let &Self { stamp: Stamp { size: bytes, .. }, width, height, turned, cmyk, deep, .. } = self;
        let traits = PictureTraits { turned, cmyk, deep };
        let format = PictureFormat::ALL.into_iter().find(|format| format.name() == self.format)?;
        Some(PictureFacts { format, bytes, sha256: self.sha256.parse().ok()?, width, height, traits })
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Page<P> {
    /// The version of the program, which another one may contradict.
    shotlist: String,
    /// By path, as written.
    pictures: P,
}

impl ImageCache {
    /// The pictures of a folder of which nothing is known, and nothing will be.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            file: None,
            now: Timestamp::MIN,
            known: BTreeMap::new(),
            settled: BTreeSet::new(),
            names: Names::default(),
            is_news: false,
        }
    }

    /// The pictures of a folder, with what that file knows of them. One that cannot be read, or that another version
    /// wrote, knows nothing.
    #[must_use]
    pub fn kept_in(file: PathBuf, root: &Path, now: Timestamp) -> Self {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let page = serde_json::from_slice(&bytes).ok();
        let page = page.filter(|page: &Page<_>| page.shotlist == env!("CARGO_PKG_VERSION"));
        let known = page.map_or_else(BTreeMap::new, |page| page.pictures);
        Self { file: Some(file), now, known, ..Self::new(root) }
    }

    /// What a picture is. It is read only if it is not known, or no longer as it was.
    pub fn look(&mut self, written: &str) -> Result<PictureFacts, PictureTrouble> {
        let path = self.names.find(&self.root, written).map_err(|Twins| PictureTrouble::Twins)?;
        let real = inside(&self.root, written, &path)?;
        let stamp = Stamp::of(&symlink_metadata(&real).map_err(trouble)?);
        let known = self.known.get(written).filter(|known| known.stamp == stamp);
        if let Some(facts) = known.and_then(Known::facts) {
            self.settled.insert(written.to_owned());
            return Ok(facts);
        }
        let file = open(&real)?;
        let stamp = |file: &std::fs::File| Ok(Stamp::of(&file.metadata()?));
        let before = stamp(&file).map_err(PictureTrouble::Unreadable)?;
        let facts = facts(&file)?;
        let after = stamp(&file).map_err(PictureTrouble::Unreadable)?;
        if self.file.is_none() || before != after || facts.bytes != after.size || !after.is_settled(self.now)
        {
            return Ok(facts);
        }
        self.known.insert(written.to_owned(), Known::new(after, &facts));
        self.settled.insert(written.to_owned());
        self.is_news = true;
        Ok(facts)
    }

    fn stamp(&mut self, written: &str) -> Option<Stamp> {
        let path = self.names.find(&self.root, written).ok()?;
        let real = inside(&self.root, written, &path).ok()?;
        Some(Stamp::of(&symlink_metadata(real).ok()?))
    }

    /// Whether there is something to save.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.is_news
    }

    /// Replaces the file by what is known now. Pictures of which nobody asked are forgotten if they are not as they were.
    pub fn save(mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let mut known = std::mem::take(&mut self.known);
        let settled = std::mem::take(&mut self.settled);
        known.retain(|written, known| settled.contains(written) || self.stamp(written) == Some(known.stamp));
        let page = Page { shotlist: env!("CARGO_PKG_VERSION").to_owned(), pictures: known };
        atomic_write(&file, &serde_json::to_vec(&page)?, 0o600)
    }
}
