//! Finds, before anything is paid, why a clip could not be saved under its file name. It only reads the disk.

use super::dir::{Dir, NameState, is_obstructed};
use super::place::TAKES;
use super::sidecars::{self, SidecarState, sidecar_name};
use super::tree::{Tree, prefixes, split};
use crate::domain::lifecycle::ClipFile;
use rustix::io::Errno;
use std::cell::OnceCell;
use std::io;

/// A reason why a clip cannot be saved under its file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The path of the clip that cannot be saved, relative to the output folder.
    pub target: String,
    /// A description of the obstacle in words.
    pub what: String,
    /// True if the disk or the machine prevents saving the clip, for example because a folder is not writable. False if
    /// a file or a wrong folder is in the way.
    pub is_disk: bool,
}

/// A search for obstacles to saving many clips. The folders of one clip stay open for the next clip.
#[derive(Debug)]
pub struct ObstacleSearch {
    tree: Tree,
    /// The open folders on the path of the last clip, from the output folder to the deepest folder that exists.
    way: Vec<Step>,
    /// The path of the first missing folder of the clip that was examined last; `None` if all its folders exist.
    missing: Option<String>,
}

/// An open folder on the path of a clip.
#[derive(Debug)]
struct Step {
    /// The folder's path relative to the output folder, which itself has an empty path.
    path: String,
    dir: Dir,
    /// The reason why the folder is not writable; `None` if the folder is writable. The value is set by the first
    /// check.
    unwritable: OnceCell<Option<String>>,
}

impl Step {
    fn new(path: &str, dir: Dir) -> Self {
        Self { path: path.to_owned(), dir, unwritable: OnceCell::new() }
    }
}

impl ObstacleSearch {
    /// Returns a search for obstacles in the output folder of `tree`.
    #[must_use]
    pub fn new(tree: Tree) -> Self {
        Self { tree, way: Vec::new(), missing: None }
    }

    /// Returns the obstacle to saving a clip at the path `target`; `None` if there is none. A file there is no obstacle
    /// if it is one of the clips `may_stand`. Must be called before anything is paid.
    pub fn obstacle(&mut self, target: &str, may_stand: &[ClipFile]) -> Option<Obstacle> {
        let (what, is_disk) = match self.look(target, may_stand) {
            Ok(Some(what)) => (what, false),
            Ok(None) => (self.unwritable()?, true),
            Err(error) => (words(&error), is_of_machine(&error)),
        };
        Some(Obstacle { target: target.to_owned(), what, is_disk })
    }

    fn look(&mut self, target: &str, may_stand: &[ClipFile]) -> io::Result<Option<String>> {
        let (step, name, is_missing) = self.reach(target)?;
        if !is_missing {
            let standing = standing(&step.dir, name, may_stand)?;
            if standing == NameState::Other {
                let what = if may_stand.is_empty() {
                    "a file with that name already exists"
                } else {
                    "the existing file is not, or is no longer, the clip that shotlist saved there"
                };
                return Ok(Some(what.to_owned()));
            }
            if let Some(what) = sidecar_obstacle(&step.dir, target, name, standing == NameState::Same)? {
                return Ok(Some(what));
            }
        }
        Ok(None)
    }

    /// Returns the reason why no file can be written to the deepest existing folder of the clip that was examined last.
    /// Returns `None` if the folder is writable.
    fn unwritable(&self) -> Option<String> {
        let step = self.way.last()?;
        let unwritable = step.unwritable.get_or_init(|| {
            let refused = step.dir.may_write().err()?;
            Some(format!("the clip's folder is not writable: {refused}"))
        });
        unwritable.clone()
    }

    /// Opens the deepest existing folder on the clip path `target`. Returns it, the clip's file name, and true if the
    /// clip's own folder is missing.
    fn reach<'t>(&mut self, target: &'t str) -> io::Result<(&mut Step, &'t str, bool)> {
        let (folders, name) = split(target)?;
        let is_on_the_way = |path: &str| prefixes(folders).any(|prefix| prefix == path);
        if self.way.is_empty() {
            self.way.push(Step::new("", self.tree.root()?));
        }
        self.way.retain(|step| step.path.is_empty() || is_on_the_way(&step.path));
        self.missing = self.missing.take().filter(|path| is_on_the_way(path));
        for path in prefixes(folders).skip(self.way.len() - 1) {
            if self.missing.is_some() {
                break;
            }
            let Some(step) = self.way.last() else { break };
            match self.tree.enter(&step.dir, path)? {
                Some(dir) => self.way.push(Step::new(path, dir)),
                None => self.missing = Some(path.to_owned()),
            }
        }
        let is_missing = self.missing.is_some();
        let step = self.way.last_mut().ok_or_else(|| io::Error::other("the output folder is not open"))?;
        Ok((step, name, is_missing))
    }
}

/// Checks whether an error is about the disk or the machine, and not about a wrong file or folder on the clip's path.
pub(super) fn is_of_machine(error: &io::Error) -> bool {
    // A link or a socket with the name of a file.
    let of_name = [Errno::LOOP, Errno::NXIO].iter().any(|of_name| is_errno(error, *of_name));
    error.kind() == io::ErrorKind::PermissionDenied || !(of_name || is_obstructed(error))
}

fn is_errno(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

fn words(error: &io::Error) -> String {
    if is_errno(error, Errno::MFILE) || is_errno(error, Errno::NFILE) {
        format!("{error}; `ulimit -n 1024` before the command allows more")
    } else {
        error.to_string()
    }
}

/// Returns the obstacle to saving a clip's sidecar; `None` if there is none. If `makes_room` is true, an older clip
/// must move to the folder `_takes/`, so that folder is checked too.
fn sidecar_obstacle(dir: &Dir, target: &str, name: &str, makes_room: bool) -> io::Result<Option<String>> {
    if sidecars::sidecar_state(dir, name)? == SidecarState::Foreign {
        return Ok(Some(format!("{} already exists and is not a clip's sidecar", sidecar_name(target))));
    }
    if !makes_room {
        return Ok(None);
    }
    match dir.child(TAKES, false) {
        Err(error) if is_of_machine(&error) && error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Ok(Some(error.to_string())),
        _ => Ok(None),
    }
}

/// Compares the file `name` with the clips `may_stand`, which may have that name. Returns `Same` if the file is one of
/// these clips, `Other` if it is not, and `Nothing` if there is no file.
fn standing(dir: &Dir, name: &str, may_stand: &[ClipFile]) -> io::Result<NameState> {
    if !dir.has(name)? {
        return Ok(NameState::Nothing);
    }
    for clip in may_stand {
        if dir.compare(name, clip)? == NameState::Same {
            return Ok(NameState::Same);
        }
    }
    Ok(NameState::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p25_a_limit_of_the_machine_is_not_a_foreign_file() {
        let of_machine = |errno: Errno| is_of_machine(&errno.into());
        for errno in [Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOMEM, Errno::ACCESS] {
            assert!(of_machine(errno), "{errno}");
        }
        for errno in [Errno::NOTDIR, Errno::ISDIR, Errno::NAMETOOLONG, Errno::LOOP] {
            assert!(!of_machine(errno), "{errno}");
        }
        let told = words(&Errno::MFILE.into());
        assert!(told.contains("Too many open files") && told.contains("`ulimit -n 1024`"), "{told}");
    }
}
