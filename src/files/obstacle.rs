//! Finds what keeps a clip from its name, before anything is paid. Reads only.

use super::dir::{Dir, Standing};
use super::place::TAKES;
use super::sidecars::{self, Beside, sidecar_name};
use super::tree::{Tree, prefixes, split};
use crate::domain::lifecycle::ClipFile;
use std::cell::OnceCell;
use std::io;

/// A name that a clip cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The target, as it was asked for.
    pub target: String,
    /// What is in the way.
    pub what: String,
    /// True where the disk is another one than before, or cannot be written to.
    pub is_disk: bool,
}

/// A search for obstacles among many names. Keeps the folders on the way to the last name open for the next one.
#[derive(Debug)]
pub struct ObstacleSearch {
    tree: Tree,
    /// From the output folder to the deepest one that is there.
    way: Vec<Step>,
    /// The folder below them that is missing.
    missing: Option<String>,
}

/// A folder on the way to a name.
#[derive(Debug)]
struct Step {
    /// In the output folder, which itself is the empty one.
    path: String,
    dir: Dir,
    /// Why nothing can be written to it, once that was asked.
    unwritable: OnceCell<Option<String>>,
}

impl Step {
    fn new(path: &str, dir: Dir) -> Self {
        Self { path: path.to_owned(), dir, unwritable: OnceCell::new() }
    }
}

impl ObstacleSearch {
    /// Returns a search in a tree.
    #[must_use]
    pub fn new(tree: Tree) -> Self {
        Self { tree, way: Vec::new(), missing: None }
    }

    /// Returns what keeps a clip from getting this name: something else than the clips that may stand there, or something
    /// on the way. To be asked before anything is paid.
    pub fn obstacle(&mut self, target: &str, may_stand: &[ClipFile]) -> Option<Obstacle> {
        let (what, is_disk) = match self.look(target, may_stand) {
            Ok(Some(what)) => (what, false),
            Ok(None) => (self.unwritable()?, true),
            Err(error) => (error.to_string(), error.kind() == io::ErrorKind::Other),
        };
        Some(Obstacle { target: target.to_owned(), what, is_disk })
    }

    fn look(&mut self, target: &str, may_stand: &[ClipFile]) -> io::Result<Option<String>> {
        let (step, name, is_missing) = self.reach(target)?;
        if !is_missing {
            let standing = standing(&step.dir, name, may_stand)?;
            if standing == Standing::Other {
                let what = if may_stand.is_empty() {
                    "a file of that name is there already"
                } else {
                    "the file there is not, or no longer, the clip that was put there"
                };
                return Ok(Some(what.to_owned()));
            }
            if let Some(what) = beside(&step.dir, target, name, standing == Standing::Same)? {
                return Ok(Some(what));
            }
        }
        Ok(None)
    }

    /// Returns why nothing can be written to the folder that was looked at last.
    fn unwritable(&self) -> Option<String> {
        let step = self.way.last()?;
        let unwritable = step.unwritable.get_or_init(|| {
            let refused = step.dir.may_write().err()?;
            Some(format!("its folder cannot be written to: {refused}"))
        });
        unwritable.clone()
    }

    /// Opens the deepest folder on the way to a target that is there. Returns it, the target's name, and whether the
    /// target's own folder is missing.
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

/// Returns what keeps a clip's sidecar from its name, or an older clip that stands there from its place below `_takes/`.
fn beside(dir: &Dir, target: &str, name: &str, makes_room: bool) -> io::Result<Option<String>> {
    if sidecars::beside(dir, name)? == Beside::Foreign {
        return Ok(Some(format!("{} is there already, and is no sidecar of a clip", sidecar_name(target))));
    }
    if !makes_room {
        return Ok(None);
    }
    match dir.child(TAKES, false) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Ok(Some(error.to_string())),
        _ => Ok(None),
    }
}

/// Compares what stands under a name with the clips that may stand there.
fn standing(dir: &Dir, name: &str, may_stand: &[ClipFile]) -> io::Result<Standing> {
    if !dir.has(name)? {
        return Ok(Standing::Nothing);
    }
    for clip in may_stand {
        if dir.compare(name, clip)? == Standing::Same {
            return Ok(Standing::Same);
        }
    }
    Ok(Standing::Other)
}
