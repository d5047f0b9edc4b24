//! Finds the disks that are mounted below the output folder, so that nothing is written while such a disk is missing.
//!
//! An unmounted disk leaves an empty folder, or none: its clips look lost, and new clips would be written into its
//! empty mount point.

use super::dir::Dir;
use super::tree::{ROOT, Tree, prefixes};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::Dev;
use std::collections::{BTreeSet, HashMap};
use std::io;

/// The result of looking for a clip under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The kind of loss if the clip is missing or altered; `None` if the clip is in place.
    pub loss: Option<ClipDamage>,
    /// The mounted folder that contains the clip, `.` for the output folder itself; `None` if the clip is on the same
    /// disk as the state folder.
    pub disk: Option<String>,
}

impl Tree {
    /// Checks whether clips exist under their names with their recorded sizes, and on which disks. It makes one system
    /// call for each clip and for each folder that may be on another disk, and does not read the files.
    pub fn look<'a>(&self, clips: impl Iterator<Item = (&'a str, &'a ClipFile)>) -> io::Result<Vec<Look>> {
        let root = self.root()?;
        let own = root.identity()?.0;
        let is_apart = own != self.state()?.identity()?.0;
        let mut known = HashMap::new();
        let mut looks = Vec::new();
        for (target, clip) in clips {
            let (seen, device) = root.size_of(target)?;
            let disk = if device == Some(own) { None } else { disk_of(&root, own, target, &mut known)? };
            let disk = disk.or_else(|| is_apart.then(|| ROOT.to_owned()));
            looks.push(Look { loss: seen.loss_of(clip), disk });
        }
        Ok(looks)
    }

    /// Returns those of the given folders on which a disk is mounted now.
    pub fn mounted(&self, folders: &BTreeSet<String>) -> io::Result<BTreeSet<String>> {
        let root = self.root()?;
        let own = root.identity()?.0;
        let is_apart = own != self.state()?.identity()?.0;
        let mut known = HashMap::new();
        let mut mounted = BTreeSet::new();
        for folder in folders {
            // The `.` makes the folder itself part of the path.
            let is_there = folder != ROOT
                && disk_of(&root, own, &format!("{folder}/."), &mut known)?.as_ref() == Some(folder);
            if is_there || (folder == ROOT && is_apart) {
                mounted.insert(folder.clone());
            }
        }
        Ok(mounted)
    }
}

/// Returns the deepest mount point on the path of the clip `target`; `None` if there is none. A mount point is a folder
/// that is on another device than its parent folder.
fn disk_of(
    root: &Dir,
    own: Dev,
    target: &str,
    known: &mut HashMap<String, Option<Dev>>,
) -> io::Result<Option<String>> {
    let (mut above, mut disk) = (own, None);
    for path in prefixes(target.rsplit_once('/').map_or("", |(folders, _)| folders)) {
        let device = match known.get(path) {
            Some(device) => *device,
            None => *known.entry(path.to_owned()).or_insert(root.device_of(path)?),
        };
        let Some(device) = device else { break };
        if device != above {
            disk = Some(path.to_owned());
        }
        above = device;
    }
    Ok(disk)
}

/// Returns the deepest of the folders `disks` that contains the clip path `target`; `None` if none of them contains it.
#[must_use]
pub fn disk_among(disks: &BTreeSet<String>, target: &str) -> Option<String> {
    let folders = target.rsplit_once('/').map_or("", |(folders, _)| folders);
    let found = prefixes(folders).filter(|path| disks.contains(*path)).last().map(str::to_owned);
    found.or_else(|| disks.get(ROOT).cloned())
}
