//! Gives a placed clip another name, or a second job the same clip: free of charge.

use super::dir::Standing;
use super::place::{PlaceFault, staged_name, taken, write_sidecar};
use super::sidecars::{Beside, beside, sidecar_name};
use super::tree::Tree;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use std::io;

/// What becomes of the old name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refile {
    /// It goes: the job is called otherwise now.
    Move,
    /// It stays: another job shares the clip. The copy is a file of its own, so that edits do not show in both.
    Copy,
}

impl Tree {
    /// Files a placed clip under another name, and never over a file that is there.
    ///
    /// Its sidecar comes along, or `sidecar` takes that one's place. May be called again after a crash at any line.
    /// [`PlaceFault::PartLost`] if the clip does not stand under its old name as recorded.
    pub fn refile(
        &self,
        from: &str,
        to: &str,
        clip: &ClipFile,
        how: Refile,
        sidecar: Option<&[u8]>,
    ) -> Result<(), PlaceFault> {
        if from == to {
            return if self.is_placed(from, clip) { Ok(()) } else { Err(PlaceFault::PartLost) };
        }
        let (new_dir, new_name) = self.locate(to, true)?;
        let _lock = self.lock(&new_dir)?;
        let old = match self.locate(from, false) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let there = match &old {
            Some((dir, name)) => dir.compare(name, clip)?,
            None => Standing::Nothing,
        };
        let arrived = match new_dir.compare(new_name, clip)? {
            Standing::Other => return Err(PlaceFault::NameTaken(to.to_owned())),
            Standing::Same => true,
            Standing::Nothing => false,
        };
        if !arrived && there != Standing::Same {
            return Err(PlaceFault::PartLost);
        }
        let there_beside = beside(&new_dir, new_name)?;
        let has_foreign = there_beside == Beside::Foreign;
        if has_foreign && !arrived {
            return Err(PlaceFault::NameTaken(sidecar_name(to)));
        }
        let leaves_foreign = match &old {
            Some((dir, name)) => beside(dir, name)? == Beside::Foreign,
            None => false,
        };
        // The sidecar first, so that the clip's appearance stays the last act.
        let known = match (sidecar, &old) {
            (Some(bytes), _) => Some(bytes.to_vec()),
            // A sidecar beside another clip is that clip's.
            (None, Some((dir, name))) if there != Standing::Other && !leaves_foreign => {
                dir.read(&sidecar_name(name))?
            }
            (None, _) => None,
        };
        if let Some(bytes) = known.filter(|_| !has_foreign) {
            write_sidecar(&new_dir, new_name, clip, &bytes, there_beside)
                .map_err(|error| taken(error, &sidecar_name(to)))?;
        }
        let mut left = arrived && there == Standing::Same;
        if let (Some((dir, name)), false) = (&old, arrived) {
            let moved = match how {
                Refile::Move => dir.rename_new(name, &new_dir, new_name),
                Refile::Copy => Err(io::ErrorKind::CrossesDevices.into()),
            };
            let filed = match moved {
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    left = true;
                    let staged = staged_name(new_name, clip);
                    new_dir.stage_copy(&staged, &dir.file(name, OFlags::RDONLY, 0)?)?;
                    new_dir.rename_new(&staged, &new_dir, new_name)
                }
                moved => moved,
            };
            filed.map_err(|error| taken(error, to))?;
        }
        new_dir.sync()?;
        if let (Some((dir, name)), Refile::Move) = (&old, how) {
            // The old name may be left after a crash or a copy; a file there that is not this clip is somebody's.
            if left {
                dir.remove(name)?;
            }
            if !leaves_foreign && (there == Standing::Same || !dir.has(name)?) {
                dir.remove(&sidecar_name(name))?;
            }
            dir.sync()?;
        }
        Ok(())
    }
}
