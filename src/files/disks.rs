//! Disks below the output folder, so that nothing is written where one of them is missing.
//!
//! A disk that is not mounted leaves an empty folder, or none: its clips look as if they were gone, and new ones would be
//! put below the mount point.

use super::dir::Dir;
use super::tree::{ROOT, Tree, prefixes};
use crate::domain::lifecycle::ClipFile;
use crate::domain::loss::Loss;
use rustix::fs::Dev;
use std::collections::{BTreeSet, HashMap};
use std::io;

/// A look at the name of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Loss of the clip there; `None` where it stands as it was placed.
    pub loss: Option<Loss>,
    /// The folder with a disk of its own that the name is in; `None` on the disk of the state.
    pub disk: Option<String>,
}

impl Tree {
    /// Looks whether clips stand under their names with their sizes, and on which disks: one look each, at no byte of
    /// theirs, and one at each folder that is not simply on the disk of the output folder.
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

    /// Returns those of these folders that have disks of their own at present.
    pub fn mounted(&self, folders: &BTreeSet<String>) -> io::Result<BTreeSet<String>> {
        let root = self.root()?;
        let own = root.identity()?.0;
        let is_apart = own != self.state()?.identity()?.0;
        let mut known = HashMap::new();
        let mut mounted = BTreeSet::new();
        for folder in folders {
            // A name in the folder is on its disk.
            let is_there = folder != ROOT
                && disk_of(&root, own, &format!("{folder}/."), &mut known)?.as_ref() == Some(folder);
            if is_there || (folder == ROOT && is_apart) {
                mounted.insert(folder.clone());
            }
        }
        Ok(mounted)
    }
}

/// Returns the deepest folder on the way to a name that is on another device than the one above it.
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

/// Returns the deepest of these folders that a name is in.
#[must_use]
pub fn disk_among(disks: &BTreeSet<String>, target: &str) -> Option<String> {
    let folders = target.rsplit_once('/').map_or("", |(folders, _)| folders);
    let found = prefixes(folders).filter(|path| disks.contains(*path)).last().map(str::to_owned);
    found.or_else(|| disks.get(ROOT).cloned())
}
