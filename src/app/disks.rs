//! The disks that hold clip folders: the message about one that is not mounted, and the record of the mounted ones.

use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use crate::files::Tree;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Returns the first of the folders `moved`, which are on another disk than recorded; `None` if there is none.
pub(crate) fn folder(moved: &BTreeSet<String>, root: &Path) -> Option<PathBuf> {
    moved.first().map(|folder| if folder == "." { root.to_owned() } else { root.join(folder) })
}

/// Returns the advice for missing clips in folders that are on another disk than recorded; `None` if there is none.
pub(crate) fn not_mounted(moved: &BTreeSet<String>, root: &Path) -> Option<String> {
    let folder = folder(moved, root)?;
    Some(format!(
        "the folder `{}`, in which clips are missing, is not on the same disk as before: mount its disk",
        folder.display()
    ))
}

/// Records the disks that hold clip folders now.
///
/// Disks that are no longer mounted are dropped, because a person has accepted that.
pub(crate) async fn accept(session: &Session, root: &Path, mut disks: BTreeSet<String>) -> Result<(), Error> {
    disks.extend(session.store.disks()?.unwrap_or_default());
    if disks.is_empty() {
        return Ok(());
    }
    let tree = Tree::look_at(&session.places.state, root);
    let mounted = tree.and_then(|tree| tree.mounted(&disks)).map_err(|error| {
        let what = format!("the folder of the clips could not be read: {error}");
        Error::new(Exit::Local, what).money("not charged")
    })?;
    session.store.note_disks(&mounted).await.map_err(Error::from)
}
