//! Manages the output folder and the folder of unfinished downloads.

use super::dir::{Dir, free_space, hash};
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

/// The output folder of a project, with its folder of unfinished downloads. Clones share the same data.
#[derive(Debug, Clone)]
pub struct Tree {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    partial: PathBuf,
    /// The device and inode number that the output folder had when the run started.
    identity: (Dev, u64),
    /// The longest time to wait for a folder that another program holds locked.
    patience: Duration,
    /// The clips that this process has downloaded and not yet renamed to their final names.
    arrived: Mutex<HashMap<TakeId, Arrived>>,
    /// The identities of the opened folders, by their paths relative to the output folder. If an identity changes, a
    /// disk was mounted or unmounted.
    entered: Mutex<HashMap<String, (Dev, u64)>>,
    /// The folders on which a disk was mounted when clips were saved there.
    disks: BTreeSet<String>,
}

/// The facts about a clip that this process has downloaded. With them, the clip is neither searched for nor read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    /// The stamp of the file after it was hashed, which shows whether it is unchanged.
    pub(super) stamp: Stamp,
    /// True if the clip is in its target's folder, not in the folder of unfinished downloads.
    pub(super) is_in_target_folder: bool,
    /// True if the download may have a notes file, which describes the received bytes so that the download can be
    /// resumed.
    pub(super) has_notes: bool,
}

/// The name of the output folder itself in a set of folders with mounted disks.
pub(super) const ROOT: &str = ".";

/// The error text for a folder that was replaced during the run.
const SWAPPED: &str = "is no longer the folder that the run began with: was its disk unmounted?";

/// The error text for a folder whose disk is not mounted any more.
const BARE: &str = "was on a separate disk when clips were saved there, and that disk is not mounted now. Mount it; \
                    or, if its clips were moved to the disk of the parent folder, confirm that with \
                    `run --accept-changes`";

/// The longest time to wait for a folder that another program holds locked.
const PATIENCE: Duration = Duration::from_secs(10);

impl Tree {
    /// Opens the output folder `root`, and the folder `partial/` in the state folder. Makes both if they are missing.
    pub fn open(state: &Path, root: &Path) -> io::Result<Self> {
        let partial = state.join("partial");
        DirBuilder::new().recursive(true).mode(0o700).create(&partial)?;
        create_dir_all(root)?;
        Self::look_at(state, root)
    }

    /// Opens the existing output folder `root` without making any folder. Returns an error if `root` is missing.
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

    /// Sets the folders on which a disk must be mounted, because a disk was mounted there when clips were saved.
    pub fn on_disks(self, disks: BTreeSet<String>) -> io::Result<Self> {
        let Inner { root, partial, identity, patience, .. } = &*self.inner;
        if disks.contains(ROOT) && identity.0 == self.state()?.identity()?.0 {
            return Err(io::Error::other(format!("the folder {} {BARE}", root.display())));
        }
        Ok(Self::with(root.clone(), partial.clone(), *identity, *patience, disks))
    }

    /// Returns the folders, among those opened so far, on which a disk is mounted.
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

    /// Returns the number of bytes that this user may still write to the fullest disk of the output folder and of the
    /// folders opened so far. A folder that is gone does not count.
    pub fn free_space(&self) -> io::Result<u64> {
        let root = &self.inner.root;
        let below = self.disks()?.into_iter().filter_map(|folder| free_space(&root.join(folder)).ok());
        Ok(below.fold(free_space(root)?, u64::min))
    }

    /// Sets the longest time to wait for a folder that another program holds locked.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        let Inner { root, partial, identity, disks, .. } = &*self.inner;
        Self::with(root.clone(), partial.clone(), *identity, patience, disks.clone())
    }

    pub(super) fn patience(&self) -> Duration {
        self.inner.patience
    }

    /// Remembers that this process has downloaded a take's clip, which is checked and durable.
    pub(super) fn remember(&self, take: &TakeId, arrived: Arrived) {
        self.arrived().insert(take.clone(), arrived);
    }

    /// Returns the remembered facts about a take's downloaded clip, and forgets them.
    pub(super) fn recall(&self, take: &TakeId) -> Option<Arrived> {
        self.arrived().remove(take)
    }

    fn arrived(&self) -> std::sync::MutexGuard<'_, HashMap<TakeId, Arrived>> {
        self.inner.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks whether a notes file about a take's download exists.
    ///
    /// This is one system call, too little to need a thread that may block.
    pub(super) fn has_notes(&self, take: &TakeId) -> io::Result<bool> {
        self.inner.partial.join(notes_name(take)?).try_exists()
    }

    /// Locks a directory. Waits at most [`Tree::patience`] while another program holds the lock.
    pub(super) fn lock(&self, dir: &Dir) -> io::Result<Dir> {
        dir.lock(self.inner.patience)
    }

    /// Returns the size and hash of the file under that name, if there is one.
    #[must_use]
    pub fn file_at(&self, target: &str) -> Option<ClipFile> {
        let (dir, name) = self.locate(target, false).ok()?;
        hash(&dir.file(name, OFlags::RDONLY, 0).ok()?).ok()
    }

    /// Removes the unfinished download of a take.
    pub fn discard(&self, take: &TakeId, target: &str) -> io::Result<()> {
        let partial = self.partial()?;
        partial.remove(&part_name(take)?)?;
        partial.remove(&notes_name(take)?)?;
        match self.locate(target, false) {
            Ok((dir, _)) => dir.remove(&target_part_name(take)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes all files of unfinished downloads from `partial/`, except those of the takes in `keep`. Returns the
    /// number of removed files.
    pub fn sweep(&self, keep: &HashSet<TakeId>) -> io::Result<usize> {
        let partial = self.partial()?;
        let kept: HashSet<&str> = keep.iter().map(|take| take.0.as_str()).collect();
        let stale: Vec<String> = partial
            .names()?
            .into_iter()
            .filter(|name| {
                // Only files with one of our endings may be removed.
                name.split_once('.').is_some_and(|(take, end)| !kept.contains(take) && ENDINGS.contains(&end))
            })
            .collect();
        stale.iter().try_for_each(|name| partial.remove(name))?;
        Ok(stale.len())
    }

    /// Opens the folder of unfinished downloads, `partial/` in the state folder.
    pub(super) fn partial(&self) -> io::Result<Dir> {
        Dir::open(&self.inner.partial)
    }

    /// Opens the folder of the clip path `target`, and returns it with the clip's name. Makes missing folders if
    /// `create` is true.
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

    /// Opens the folder with this path, whose parent folder is `above`; `None` if it is missing. Returns an error if
    /// the folder was replaced, or if a disk must be mounted on it and is not.
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
            // The user removed the folder, which does not concern disks.
            (Some((device, _)), None) if device == above.identity()?.0 => drop(entered.remove(path)),
            _ => return refused(SWAPPED),
        }
        Ok(opened)
    }

    pub(super) fn state(&self) -> io::Result<Dir> {
        Dir::open(self.inner.partial.parent().unwrap_or(&self.inner.partial))
    }

    /// Opens the output folder, if it is the same folder as at the start of the run. An unmounted disk leaves an empty
    /// folder, into which nothing may be written.
    pub(super) fn root(&self) -> io::Result<Dir> {
        let Inner { root, identity, .. } = &*self.inner;
        let gone = |why: &str| io::Error::other(format!("the output folder {} {why}", root.display()));
        let dir = Dir::open(root).map_err(|error| gone(&format!("cannot be opened: {error}")))?;
        if dir.identity()? == *identity { Ok(dir) } else { Err(gone(SWAPPED)) }
    }
}

/// Splits the clip path `target` into the path of its folder, which may be empty, and its name. Returns an error if it
/// is not a path in the output folder.
pub(super) fn split(target: &str) -> io::Result<(&str, &str)> {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if target.split('/').all(is_plain) {
        Ok(target.rsplit_once('/').unwrap_or(("", target)))
    } else {
        let what = format!("`{target}` is not a path in the output folder");
        Err(io::Error::new(io::ErrorKind::InvalidInput, what))
    }
}

/// Returns the paths `a`, `a/b` and `a/b/c` for `a/b/c`, and nothing for an empty path.
pub(super) fn prefixes(folders: &str) -> impl Iterator<Item = &str> {
    let ends = folders.match_indices('/').map(|(at, _)| at).chain([folders.len()]);
    ends.filter(|end| *end > 0).map(|end| &folders[..end])
}

/// Returns the last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The file extensions in the folder of unfinished downloads: received bytes, the notes about these bytes, and notes
/// that are still being written.
const ENDINGS: [&str; 3] = ["part", "part.json", "part.json.tmp"];

/// Returns the name of the file with a take's received bytes in the folder of unfinished downloads.
pub(super) fn part_name(take: &TakeId) -> io::Result<String> {
    Ok(format!("{}.part", plain(take)?))
}

/// Returns the name of the file with the notes about a take's download.
pub(super) fn notes_name(take: &TakeId) -> io::Result<String> {
    Ok(format!("{}.part.json", plain(take)?))
}

/// Returns the name of the file with a take's received bytes in the folder of the finished clip. It is there only if
/// that folder is on another file system than the folder of unfinished downloads.
pub(super) fn target_part_name(take: &TakeId) -> io::Result<String> {
    Ok(format!(".{}.part", plain(take)?))
}

/// Checks that a take's id is safe as a part of a file name, and returns it.
fn plain(take: &TakeId) -> io::Result<&str> {
    let id = take.0.as_str();
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        Ok(id)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{id}` is not a valid take id")))
    }
}
