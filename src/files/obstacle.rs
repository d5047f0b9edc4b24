//! Finds what keeps a clip from its name, before anything is paid. Reads only.

use super::dir::{Dir, Standing};
use super::place::TAKES;
use super::sidecars::{has_foreign_sidecar, sidecar_name};
use super::tree::Tree;
use crate::domain::lifecycle::ClipFile;
use std::io;

/// A name that a clip cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The target, as it was asked for.
    pub target: String,
    /// What is in the way.
    pub what: String,
}

impl Tree {
    /// Returns what keeps a clip from getting this name: something else than the clips that may stand there, or something
    /// on the way. To be asked before anything is paid.
    #[must_use]
    pub fn obstacle(&self, target: &str, may_stand: &[ClipFile]) -> Option<Obstacle> {
        let writable = || match self.nearest(target).and_then(|dir| dir.may_write()) {
            Ok(()) => None,
            Err(error) => Some(format!("its folder cannot be written to: {error}")),
        };
        let what = match self.standing(target, may_stand) {
            Ok(Standing::Nothing) => self.beside(target, false).or_else(writable)?,
            Ok(Standing::Same) => self.beside(target, true).or_else(writable)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => writable()?,
            Ok(Standing::Other) if may_stand.is_empty() => "a file of that name is there already".to_owned(),
            Ok(Standing::Other) => {
                "the file there is not, or no longer, the clip that was put there".to_owned()
            }
            Err(error) => error.to_string(),
        };
        Some(Obstacle { target: target.to_owned(), what })
    }

    /// Returns what keeps a clip's sidecar from its name, or an older clip that stands there from its place below `_takes/`.
    fn beside(&self, target: &str, makes_room: bool) -> Option<String> {
        let look = || {
            let (dir, name) = self.locate(target, false)?;
            if has_foreign_sidecar(&dir, name)? {
                return Ok(Some(format!(
                    "{} is there already, and is no sidecar of a clip",
                    sidecar_name(target)
                )));
            }
            match dir.child(TAKES, false) {
                Err(error) if makes_room && error.kind() != io::ErrorKind::NotFound => {
                    Ok(Some(error.to_string()))
                }
                _ => Ok(None),
            }
        };
        look().unwrap_or_else(|error: io::Error| Some(error.to_string()))
    }

    /// Compares what stands under a name with the clips that may stand there.
    fn standing(&self, target: &str, may_stand: &[ClipFile]) -> io::Result<Standing> {
        let (dir, name) = self.locate(target, false)?;
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

    /// Returns the first folder on the way to a target that is missing; `None` where all are there.
    #[must_use]
    pub fn missing_folder<'t>(&self, target: &'t str) -> Option<&'t str> {
        let mut dir = self.root().ok()?;
        for (end, _) in target.match_indices('/') {
            let folder = target[..end].rsplit('/').next().unwrap_or_default();
            match dir.child(folder, false) {
                Ok(child) => dir = child,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(&target[..end]),
                Err(_) => return None,
            }
        }
        None
    }

    /// Opens the deepest directory on the way to a target that is there already.
    fn nearest(&self, target: &str) -> io::Result<Dir> {
        let mut dir = self.root()?;
        let folders = target.rsplit_once('/').map_or("", |(folders, _)| folders);
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            match dir.child(folder, false) {
                Ok(child) => dir = child,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(dir)
    }
}
