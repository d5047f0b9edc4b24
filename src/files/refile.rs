//! Gives a saved clip another name, or gives a second job a copy of it, free of charge.

use super::dir::NameState;
use super::place::{PlaceFault, staged_name, taken, write_sidecar};
use super::sidecars::{SidecarState, sidecar_name, sidecar_state};
use super::tree::Tree;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use std::io;

/// The choice of what happens to the old name of a clip that gets a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refile {
    /// The clip is moved: only the new name remains, because the job's path has changed.
    Move,
    /// The clip is copied, and the old name remains, for example because two jobs share the clip. The copy is a
    /// separate file, so that editing one file does not change the other.
    Copy,
}

impl Tree {
    /// Moves or copies a saved clip to another name, never over an existing file.
    ///
    /// The sidecar goes with the clip, unless `sidecar` contains a new one. The function may be called again after a
    /// crash at any point. It returns [`PlaceFault::PartLost`] if the clip under the old name is missing or differs
    /// from its record.
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
            None => NameState::Nothing,
        };
        let arrived = match new_dir.compare(new_name, clip)? {
            NameState::Other => return Err(PlaceFault::NameTaken(to.to_owned())),
            NameState::Same => true,
            NameState::Nothing => false,
        };
        if !arrived && there != NameState::Same {
            return Err(PlaceFault::PartLost);
        }
        let there_beside = sidecar_state(&new_dir, new_name)?;
        let has_foreign = there_beside == SidecarState::Foreign;
        if has_foreign && !arrived {
            return Err(PlaceFault::NameTaken(sidecar_name(to)));
        }
        let leaves_foreign = match &old {
            Some((dir, name)) => sidecar_state(dir, name)? == SidecarState::Foreign,
            None => false,
        };
        // The sidecar comes first, so that the clip appears as the last step.
        let known = match (sidecar, &old) {
            (Some(bytes), _) => Some(bytes.to_vec()),
            // The sidecar next to another clip belongs to that clip.
            (None, Some((dir, name))) if there != NameState::Other && !leaves_foreign => {
                dir.read(&sidecar_name(name))?
            }
            (None, _) => None,
        };
        if let Some(bytes) = known.filter(|_| !has_foreign) {
            write_sidecar(&new_dir, new_name, clip, &bytes, there_beside)
                .map_err(|error| taken(error, &sidecar_name(to)))?;
        }
        let mut left = arrived && there == NameState::Same;
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
            // The old name may remain after a crash or a copy. A file there that is not this clip belongs to the user.
            if left {
                dir.remove(name)?;
            }
            if !leaves_foreign && (there == NameState::Same || !dir.has(name)?) {
                dir.remove(&sidecar_name(name))?;
            }
            dir.sync()?;
        }
        Ok(())
    }
}
