//! Keeps folders open while a group of files is saved. Each folder is opened, locked and synced only once for the
//! group.

use super::dir::Dir;
use super::tree::{Tree, last, prefixes, split};
use rustix::fs::Dev;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// The open folders for a group of files that are saved together.
pub(super) struct Folders {
    tree: Tree,
    partial: Option<(Rc<Dir>, Dev)>,
    /// The open folders by their paths relative to the output folder, which itself has the empty path.
    open: HashMap<String, Rc<Dir>>,
    locked: HashMap<String, Dir>,
    /// The folders that contain new names which are not durable yet.
    changed: BTreeSet<String>,
    /// The errors of folders that could not be synced, by path.
    failed: HashMap<String, io::Error>,
}

/// The choice of what to do about a folder that does not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    /// Stop at the nearest existing folder above the missing one.
    Stop,
}

impl Folders {
    /// Returns an empty set of open folders, for files in the output folder of `tree`.
    pub(super) fn new(tree: &Tree) -> Self {
        Self {
            tree: tree.clone(),
            partial: None,
            open: HashMap::new(),
            locked: HashMap::new(),
            changed: BTreeSet::new(),
            failed: HashMap::new(),
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Returns the open folder of unfinished downloads, and the device that it is on.
    pub(super) fn partial(&mut self) -> io::Result<(Rc<Dir>, Dev)> {
        if let Some((dir, device)) = &self.partial {
            return Ok((Rc::clone(dir), *device));
        }
        let dir = Rc::new(self.tree.partial()?);
        let device = dir.identity()?.0;
        self.partial = Some((Rc::clone(&dir), device));
        Ok((dir, device))
    }

    /// Returns the open folder of the clip path `target`, and the clip's name in it. Makes the folder if it is missing.
    ///
    /// The name of a new folder is durable only after [`Folders::sync`].
    pub(super) fn locate<'t>(&mut self, target: &'t str) -> io::Result<(Rc<Dir>, &'t str)> {
        self.walk(target, Missing::Make)
    }

    /// Returns the device of a clip path's folder. For a missing folder, it is the device on which it would be made.
    pub(super) fn device(&mut self, target: &str) -> io::Result<Dev> {
        Ok(self.walk(target, Missing::Stop)?.0.identity()?.0)
    }

    fn walk<'t>(&mut self, target: &'t str, missing: Missing) -> io::Result<(Rc<Dir>, &'t str)> {
        let (folders, name) = split(target)?;
        let mut dir = match self.open.get("") {
            Some(root) => Rc::clone(root),
            None => self.keep("", self.tree.root()?),
        };
        let mut above = "";
        for path in prefixes(folders) {
            dir = if let Some(known) = self.open.get(path) {
                Rc::clone(known)
            } else {
                let child = match self.tree.enter(&dir, path)? {
                    Some(child) => child,
                    None if missing == Missing::Stop => return Ok((dir, name)),
                    None => {
                        if dir.make(last(path))? {
                            self.changed.insert(above.to_owned());
                        }
                        self.tree.enter(&dir, path)?.ok_or(io::ErrorKind::NotFound)?
                    }
                };
                self.keep(path, child)
            };
            above = path;
        }
        Ok((dir, name))
    }

    fn keep(&mut self, path: &str, dir: Dir) -> Rc<Dir> {
        let dir = Rc::new(dir);
        self.open.insert(path.to_owned(), Rc::clone(&dir));
        dir
    }

    /// Locks the folder of the clip path `target` until this set of folders is dropped.
    pub(super) fn lock(&mut self, target: &str, patience: Duration) -> io::Result<()> {
        let (dir, _) = self.locate(target)?;
        let folder = split(target)?.0;
        if !self.locked.contains_key(folder) {
            self.locked.insert(folder.to_owned(), dir.lock(patience)?);
        }
        Ok(())
    }

    /// Records that the folder of the clip path `target` contains a new name, for the next [`Folders::sync`].
    pub(super) fn changed(&mut self, target: &str) -> io::Result<()> {
        self.changed.insert(split(target)?.0.to_owned());
        Ok(())
    }

    /// Makes new names durable by syncing each changed folder once. [`Folders::failure`] returns the errors.
    pub(super) fn sync(&mut self) {
        for folder in std::mem::take(&mut self.changed) {
            if let Some(Err(error)) = self.open.get(&folder).map(|dir| dir.sync()) {
                self.failed.insert(folder, error);
            }
        }
    }

    /// Returns the error of a failed sync of the folder of the clip path `target`, or of a folder above it; `None` if
    /// none failed. After such an error, the clip's name is not durable.
    pub(super) fn failure(&self, target: &str) -> Option<io::Error> {
        let (folders, _) = split(target).ok()?;
        let failed = std::iter::once("").chain(prefixes(folders)).find_map(|path| self.failed.get(path))?;
        Some(failed.raw_os_error().map_or_else(|| failed.kind().into(), io::Error::from_raw_os_error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_from_the_top() {
        assert_eq!(prefixes("").count(), 0);
        assert_eq!(prefixes("a").collect::<Vec<_>>(), ["a"]);
        assert_eq!(prefixes("a/bc/d").collect::<Vec<_>>(), ["a", "a/bc", "a/bc/d"]);
    }
}
