//! The output folder, and the folder of unfinished downloads.

use super::dir::{Dir, Standing, hash};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::Dev;
use rustix::fs::OFlags;
use std::collections::HashSet;
use std::fs::{DirBuilder, create_dir_all};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
}

/// How long a folder that another program holds locked is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

impl Tree {
    /// The tree with its output folder, and `partial/` in the state folder; both are made if they are missing.
    pub fn open(state: &Path, root: &Path) -> io::Result<Self> {
        let partial = state.join("partial");
        DirBuilder::new().recursive(true).mode(0o700).create(&partial)?;
        create_dir_all(root)?;
        let identity = Dir::open(root)?.identity()?;
        Ok(Self { inner: Arc::new(Inner { root: root.to_owned(), partial, identity, patience: PATIENCE }) })
    }

    /// The tree as it is there, to be looked at: nothing is made. An error where the output folder is missing.
    pub fn look_at(state: &Path, root: &Path) -> io::Result<Self> {
        let identity = Dir::open(root)?.identity()?;
        let partial = state.join("partial");
        Ok(Self { inner: Arc::new(Inner { root: root.to_owned(), partial, identity, patience: PATIENCE }) })
    }

    /// Waits for so long where another program holds a folder locked.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        let Inner { root, partial, identity, .. } = &*self.inner;
        let (root, partial, identity) = (root.clone(), partial.clone(), *identity);
        Self { inner: Arc::new(Inner { root, partial, identity, patience }) }
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
        let invalid = || {
            io::Error::new(io::ErrorKind::InvalidInput, format!("`{target}` is no path in the output folder"))
        };
        let mut dir = self.root()?;
        let (folders, name) =
            target.rsplit_once('/').map_or((None, target), |(folders, name)| (Some(folders), name));
        for part in folders.into_iter().flat_map(|folders| folders.split('/')).chain([name]) {
            if matches!(part, "" | "." | "..") || part.contains('\0') {
                return Err(invalid());
            }
        }
        for folder in folders.into_iter().flat_map(|folders| folders.split('/')) {
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
