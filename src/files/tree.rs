//! The output folder, and the folder of unfinished downloads.

use super::dir::{Dir, Standing, hash};
use super::steps::Stamp;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::Dev;
use rustix::fs::OFlags;
use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, create_dir_all};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The output folder, and the folder of unfinished downloads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tree {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    partial: PathBuf,
    /// The directory that was the root when the run began.
    identity: (Dev, u64),
    /// The longest wait for a folder that is locked.
    patience: Duration,
    /// Clips that have arrived in this process and have no name yet.
    arrived: Mutex<HashMap<TakeId, Arrived>>,
}

/// What is known of a clip that arrived in this process, so that it is neither read again nor searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    /// Tells whether the file is still the one that was hashed.
    pub(super) stamp: Stamp,
    /// Whether it lies beside its target, and not in the folder of unfinished downloads.
    pub(super) is_beside: bool,
    /// Whether there may be notes about it.
    pub(super) has_notes: bool,
}

/// How long a folder that another program holds locked is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

impl Tree {
    /// The tree with its output folder, and `partial/` in the state folder; both are made if they are missing.
    pub fn open(state: &Path, root: &Path) -> io::Result<Self> {
        let partial = state.join("partial");
        DirBuilder::new().recursive(true).mode(0o700).create(&partial)?;
        create_dir_all(root)?;
        Self::look_at(state, root)
    }

    /// The tree as it is there, to be looked at: nothing is made. An error where the output folder is missing.
    pub fn look_at(state: &Path, root: &Path) -> io::Result<Self> {
        let identity = Dir::open(root)?.identity()?;
        Ok(Self::with(root.to_owned(), state.join("partial"), identity, PATIENCE))
    }

    fn with(root: PathBuf, partial: PathBuf, identity: (Dev, u64), patience: Duration) -> Self {
        Self { inner: Arc::new(Inner { root, partial, identity, patience, arrived: Mutex::default() }) }
    }

    /// Waits for so long where another program holds a folder locked.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        let Inner { root, partial, identity, .. } = &*self.inner;
        Self::with(root.clone(), partial.clone(), *identity, patience)
    }

    /// The longest wait for a folder that is locked.
    pub(super) fn patience(&self) -> Duration {
        self.inner.patience
    }

    /// Remembers a clip that is checked and durable.
    pub(super) fn remember(&self, take: &TakeId, arrived: Arrived) {
        self.arrived().insert(take.clone(), arrived);
    }

    /// Returns what is remembered of a take's clip, and forgets it.
    pub(super) fn recall(&self, take: &TakeId) -> Option<Arrived> {
        self.arrived().remove(take)
    }

    fn arrived(&self) -> std::sync::MutexGuard<'_, HashMap<TakeId, Arrived>> {
        self.inner.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether there are notes about a take's download.
    ///
    /// One look at a name: it is not worth a thread of its own.
    pub(super) fn has_notes(&self, take: &TakeId) -> io::Result<bool> {
        self.inner.partial.join(notes_name(take)?).try_exists()
    }

    /// Waits until no other program holds a directory locked, as long as this tree has patience.
    pub(super) fn lock(&self, dir: &Dir) -> io::Result<Dir> {
        dir.lock(self.inner.patience)
    }

    /// Whether the clip stands under its name: size and hash as recorded.
    #[must_use]
    pub fn is_placed(&self, target: &str, clip: &ClipFile) -> bool {
        let standing = self.locate(target, false).and_then(|(dir, name)| dir.compare(name, clip));
        matches!(standing, Ok(Standing::Same))
    }

    /// What stands under that name, if it is a file.
    #[must_use]
    pub fn file_at(&self, target: &str) -> Option<ClipFile> {
        let (dir, name) = self.locate(target, false).ok()?;
        hash(&dir.file(name, OFlags::RDONLY, 0).ok()?).ok()
    }

    /// Throws away what was downloaded of a take that no longer needs it.
    pub fn discard(&self, take: &TakeId, target: &str) -> io::Result<()> {
        let partial = self.partial()?;
        partial.remove(&part_name(take)?)?;
        partial.remove(&notes_name(take)?)?;
        match self.locate(target, false) {
            Ok((dir, _)) => dir.remove(&beside_name(take)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Throws away all unfinished downloads but those of `keep`; returns how many files went.
    pub fn sweep(&self, keep: &HashSet<TakeId>) -> io::Result<usize> {
        let partial = self.partial()?;
        let kept: HashSet<&str> = keep.iter().map(|take| take.0.as_str()).collect();
        let stale: Vec<String> = partial
            .names()?
            .into_iter()
            .filter(|name| {
                // Only what bears one of our endings is ours to remove.
                name.split_once('.').is_some_and(|(take, end)| !kept.contains(take) && ENDINGS.contains(&end))
            })
            .collect();
        stale.iter().try_for_each(|name| partial.remove(name))?;
        Ok(stale.len())
    }

    /// The directory of unfinished downloads.
    pub(super) fn partial(&self) -> io::Result<Dir> {
        Dir::open(&self.inner.partial)
    }

    /// The directory of a target, and the target's name in it.
    pub(super) fn locate<'a>(&self, target: &'a str, create: bool) -> io::Result<(Dir, &'a str)> {
        let mut dir = self.root()?;
        let (folders, name) = split(target)?;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            dir = dir.child(folder, create)?;
        }
        Ok((dir, name))
    }

    /// The state folder.
    pub(super) fn state(&self) -> io::Result<Dir> {
        Dir::open(self.inner.partial.parent().unwrap_or(&self.inner.partial))
    }

    /// The output folder, if it is still the one that the run began with: when a disk is unmounted, an empty folder
    /// is left in its place, and nothing must be written there.
    pub(super) fn root(&self) -> io::Result<Dir> {
        let Inner { root, identity, .. } = &*self.inner;
        let gone = |why: &str| io::Error::other(format!("the output folder {} {why}", root.display()));
        let dir = Dir::open(root).map_err(|error| gone(&format!("cannot be opened: {error}")))?;
        if dir.identity()? == *identity {
            Ok(dir)
        } else {
            Err(gone("is no longer the folder that the run began with: was its disk unmounted?"))
        }
    }
}

/// Splits a target into its folders, empty where there are none, and its name. An error if it is no path in the output
/// folder.
pub(super) fn split(target: &str) -> io::Result<(&str, &str)> {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if target.split('/').all(is_plain) {
        Ok(target.rsplit_once('/').unwrap_or(("", target)))
    } else {
        let what = format!("`{target}` is no path in the output folder");
        Err(io::Error::new(io::ErrorKind::InvalidInput, what))
    }
}

/// What follows a take's id in the folder of unfinished downloads: bytes, what is known of them, and that unfinished.
const ENDINGS: [&str; 3] = ["part", "part.json", "part.json.tmp"];

/// Name of a take's bytes in the folder of unfinished downloads.
pub(super) fn part_name(take: &TakeId) -> io::Result<String> {
    Ok(format!("{}.part", plain(take)?))
}

/// Name of what is known about them.
pub(super) fn notes_name(take: &TakeId) -> io::Result<String> {
    Ok(format!("{}.part.json", plain(take)?))
}

/// Name of the bytes beside the target, where that is on another file system.
pub(super) fn beside_name(take: &TakeId) -> io::Result<String> {
    Ok(format!(".{}.part", plain(take)?))
}

/// A take's id as part of a file name.
fn plain(take: &TakeId) -> io::Result<&str> {
    let id = take.0.as_str();
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        Ok(id)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{id}` is no name of a take")))
    }
}
