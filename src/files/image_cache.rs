//! Remembers the properties of local pictures (format, size, hash), so that an unchanged picture is not read again.
//!
//! A picture is identified by its path and its `Stamp`. The stamp contains the time of the last status change, which
//! programs cannot set back, unlike the modification time. The cache is only used to plan requests: when a request is
//! sent, the bytes of its pictures are read and hashed again.

use super::dir::atomic_write;
use super::names::{AmbiguousName, Names};
use super::output::read_regular;
use super::pictures::{PictureTrouble, facts, inside, open, trouble};
use crate::domain::request::{PictureFacts, PictureFormat, PictureTraits};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{Metadata, symlink_metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The minimum age of a picture's last change at which its properties are recorded. If another change followed within
/// this time, both could have the same time stamp: FAT, the coarsest file system in use, stores times in steps of two
/// seconds.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// The metadata that identify a file's bytes: while the metadata stay the same, so do the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// The file's size in bytes.
    size: u64,
    /// The time of the last modification in nanoseconds since 1970. Programs can set it to any time.
    modified: i128,
    /// The time of the last status change in nanoseconds since 1970, which the kernel sets.
    changed: i128,
    /// The file's inode number: a file that replaces it has another number.
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

    /// Checks whether the file's last change is at least [`SETTLED`] ago. A later change is then sure to give the file
    /// another time stamp.
    fn is_settled(&self, now: Timestamp) -> bool {
        self.modified.max(self.changed) <= now.as_nanosecond() - SETTLED.as_nanos()
    }
}

/// A cache of the properties of the pictures in one folder.
#[derive(Debug)]
pub struct ImageCache {
    /// The folder of the pictures, without symbolic links in its path if it exists.
    root: PathBuf,
    /// The file that keeps this cache between runs; `None` if the cache is not kept.
    file: Option<PathBuf>,
    /// The time at which this cache was opened to check pictures. The cache records only pictures whose last change was
    /// at least [`SETTLED`] before this time.
    now: Timestamp,
    known: BTreeMap<String, Known>,
    /// The pictures whose recorded properties this cache has confirmed or recorded itself, by their paths in the
    /// manifest.
    settled: BTreeSet<String>,
    names: Names,
    /// True if the cache has properties that are not in its file yet.
    is_news: bool,
}

/// A picture's recorded properties, with the metadata that show whether its file is unchanged.
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

    /// Returns the recorded properties; `None` if they are invalid, which means that another program wrote them.
    fn facts(&self) -> Option<PictureFacts> {
        let &Self { stamp: Stamp { size: bytes, .. }, width, height, turned, cmyk, deep, .. } = self;
        let traits = PictureTraits { turned, cmyk, deep };
        let format = PictureFormat::ALL.into_iter().find(|format| format.name() == self.format)?;
        Some(PictureFacts { format, bytes, sha256: self.sha256.parse().ok()?, width, height, traits })
    }
}

/// The content of the cache file.
#[derive(Serialize, Deserialize)]
struct Page<P> {
    /// The version of shotlist that wrote the file, because another version may read a picture differently.
    shotlist: String,
    /// The recorded properties of the pictures, by their paths as written in the manifest.
    pictures: P,
}

impl ImageCache {
    /// Returns an empty cache for the pictures of a folder. The cache is not saved to a file.
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

    /// Returns a cache for the pictures of the folder `root`, with the properties recorded in `file`. A file that
    /// cannot be read, or that another version of shotlist wrote, is ignored.
    #[must_use]
    pub fn kept_in(file: PathBuf, root: &Path, now: Timestamp) -> Self {
        let bytes = read_regular(&file).unwrap_or_default();
        let page = serde_json::from_slice(&bytes).ok();
        let page = page.filter(|page: &Page<_>| page.shotlist == env!("CARGO_PKG_VERSION"));
        let known = page.map_or_else(BTreeMap::new, |page| page.pictures);
        Self { file: Some(file), now, known, ..Self::new(root) }
    }

    /// Returns the properties of a picture. The picture is read only if it is unknown or has changed.
    pub fn look(&mut self, written: &str) -> Result<PictureFacts, PictureTrouble> {
        let path =
            self.names.find(&self.root, written).map_err(|AmbiguousName| PictureTrouble::AmbiguousName)?;
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

    /// Checks whether the cache has changed and must be saved.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.is_news
    }

    /// Writes the cache to its file, without the pictures that have changed since their properties were recorded.
    pub fn save(mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let mut known = std::mem::take(&mut self.known);
        let settled = std::mem::take(&mut self.settled);
        known.retain(|written, known| settled.contains(written) || self.stamp(written) == Some(known.stamp));
        let page = Page { shotlist: env!("CARGO_PKG_VERSION").to_owned(), pictures: known };
        atomic_write(&file, &serde_json::to_vec(&page)?, 0o600)
    }
}
