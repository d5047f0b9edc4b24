//! The output folder, and the folder of unfinished downloads.

use super::dir::{Dir, Standing, hash};
use super::steps::Stamp;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::Dev;
use rustix::fs::OFlags;
use std::collections::{BTreeSet, HashMap, HashSet};
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
    /// The folders in the output folder that were opened, by their paths: another one in the place of one of them is
    /// what an unmounted disk leaves.
    entered: Mutex<HashMap<String, (Dev, u64)>>,
    /// The folders that had disks of their own when clips were put there.
    disks: BTreeSet<String>,
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

/// The name of the output folder itself among the folders with disks of their own.
pub(super) const ROOT: &str = ".";

/// Words for a folder that is another one than before.
const SWAPPED: &str = "is no longer the folder that the run began with: was its disk unmounted?";

/// Words for a folder whose disk is missing.
const BARE: &str = "had a disk of its own when clips were put there, and has none now: mount it; if its clips are on \
                    the disk of the folder above it from now on, `shotlist run --accept-changes` says so";

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
        let (root, partial) = (root.to_owned(), state.join("partial"));
        Ok(Self::with(root, partial, identity, PATIENCE, BTreeSet::new()))
    }

    fn with(
        root: PathBuf,
        partial: PathBuf,
        identity: (Dev, u64),
        patience: Duration,
        disks: BTreeSet<String>,
    ) -> Self {
        let (arrived, entered) = (Mutex::default(), Mutex::default());
        Self { inner: Arc::new(Inner { root, partial, identity, patience, arrived, entered, disks }) }
    }

    /// Refuses these folders where they have no disks of their own: they had them when clips were put there.
    pub fn on_disks(self, disks: BTreeSet<String>) -> io::Result<Self> {
        let Inner { root, partial, identity, patience, .. } = &*self.inner;
        if disks.contains(ROOT) && identity.0 == self.state()?.identity()?.0 {
            return Err(io::Error::other(format!("the folder {} {BARE}", root.display())));
        }
        Ok(Self::with(root.clone(), partial.clone(), *identity, *patience, disks))
    }

    /// Returns the folders with disks of their own, of those that were opened so far.
    pub fn disks(&self) -> io::Result<BTreeSet<String>> {
        let (own, state) = (self.inner.identity.0, self.state()?.identity()?.0);
        let entered = self.inner.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let above = |path: &str| match path.rsplit_once('/') {
            Some((above, _)) => entered.get(above).map_or(own, |(device, _)| *device),
            None => own,
        };
        let below = entered.iter().filter(|(path, (device, _))| *device != above(path));
        let root = (own != state).then(|| ROOT.to_owned());
        Ok(below.map(|(path, _)| path.clone()).chain(root).collect())
    }

    /// Waits for so long where another program holds a folder locked.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        let Inner { root, partial, identity, disks, .. } = &*self.inner;
        Self::with(root.clone(), partial.clone(), *identity, patience, disks.clone())
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
        for path in prefixes(folders) {
            dir = match self.enter(&dir, path)? {
                Some(child) => child,
                None if create => {
                    if dir.make(last(path))? {
                        dir.sync()?;
                    }
                    self.enter(&dir, path)?.ok_or(io::ErrorKind::NotFound)?
                }
                None => return Err(io::ErrorKind::NotFound.into()),
            };
        }
        Ok((dir, name))
    }

    /// Opens the folder with this path, which is in `above`; `None` where it is missing. Refuses another folder than the
    /// one that was there before, and a missing one that was on a disk of its own: a disk was unmounted, or mounted.
    pub(super) fn enter(&self, above: &Dir, path: &str) -> io::Result<Option<Dir>> {
        let opened = match above.child(last(path), false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        let found = opened.as_ref().map(Dir::identity).transpose()?;
        let refused = |why: &str| {
            Err(io::Error::other(format!("the folder {} {why}", self.inner.root.join(path).display())))
        };
        if self.inner.disks.contains(path) {
            let device = found.map(|(device, _)| device);
            if device.is_none() || device == Some(above.identity()?.0) {
                return refused(BARE);
            }
        }
        let mut entered = self.inner.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let before = entered.get(path).copied();
        match (before, found) {
            (None, None) => {}
            (None, Some(found)) => drop(entered.insert(path.to_owned(), found)),
            (Some(before), Some(found)) if before == found => {}
            // Somebody removed it, which says nothing of disks.
            (Some((device, _)), None) if device == above.identity()?.0 => drop(entered.remove(path)),
            _ => return refused(SWAPPED),
        }
        Ok(opened)
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
        if dir.identity()? == *identity { Ok(dir) } else { Err(gone(SWAPPED)) }
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

/// Returns `a`, `a/b` and `a/b/c` for the folders `a/b/c`, and nothing where there are none.
pub(super) fn prefixes(folders: &str) -> impl Iterator<Item = &str> {
    let ends = folders.match_indices('/').map(|(at, _)| at).chain([folders.len()]);
    ends.filter(|end| *end > 0).map(|end| &folders[..end])
}

/// Returns the last name of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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
