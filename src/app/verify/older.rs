//! Finds older versions of clips that are missing: elsewhere in the output folder, or wanted again by the manifest.
//!
//! Only a version that is in neither place is forgotten.

use super::owner::local;
use crate::app::decided::{Choice, Decided};
use crate::app::error::Error;
use crate::app::inputs::load;
use crate::app::plan::{attach_history, worksheet};
use crate::app::selection::Selection;
use crate::app::session::Session;
use crate::domain::key::TakeId;
use crate::files::{Refile, Tree};
use crate::plan::filing::there;
use crate::store::Clip;
use std::collections::{HashMap, HashSet};

/// The missing older versions of clips, sorted by what can be done about them.
#[derive(Default)]
pub(super) struct Sorted {
    /// Versions that were copied to their recorded paths from another path, which is given.
    pub(super) restored: Vec<(Clip, String)>,
    /// Versions that the manifest wants again, or may want because it cannot be read now.
    pub(super) wanted: Vec<Clip>,
    /// Versions that no job of the manifest wants.
    pub(super) unwanted: Vec<Clip>,
}

/// Sorts missing older versions, and restores those that sidecars show elsewhere in the output folder.
///
/// An interrupted run leaves such clips: it moves a clip first, and records the new path after that.
pub(super) async fn sort(session: &Session, tree: &Tree, missing: Vec<Clip>) -> Result<Sorted, Error> {
    let takes: HashSet<TakeId> = missing.iter().map(|clip| clip.filed.take.clone()).collect();
    if takes.is_empty() {
        return Ok(Sorted::default());
    }
    let wanted = wanted(session, &takes);
    let tree = tree.clone();
    let sorted = tokio::task::spawn_blocking(move || {
        let mut places: HashMap<TakeId, Vec<String>> = HashMap::new();
        for (take, path) in tree.clips_of(&takes).map_err(local)? {
            places.entry(take).or_default().push(path);
        }
        let mut sorted = Sorted::default();
        for clip in missing {
            let filed = &clip.filed;
            let found = places.get(&filed.take).into_iter().flatten();
            if let Some(from) = found.into_iter().find(|path| tree.is_placed(path, &filed.file)) {
                tree.refile(from, &filed.path, &filed.file, Refile::Copy, None).map_err(local)?;
                let from = from.clone();
                sorted.restored.push((clip, from));
            } else if wanted.as_ref().is_none_or(|wanted| wanted.contains(&filed.take)) {
                sorted.wanted.push(clip);
            } else {
                sorted.unwanted.push(clip);
            }
        }
        Ok(sorted)
    });
    sorted.await.map_err(local)?
}

/// Returns those of the takes whose clips a run would give to jobs of the manifest; `None` if the manifest exists and
/// cannot be planned.
fn wanted(session: &Session, takes: &HashSet<TakeId>) -> Option<HashSet<TakeId>> {
    let (project, places) = (&session.project, &session.places);
    if !places.manifest.exists() {
        return Some(HashSet::new());
    }
    let worksheet = worksheet(places).ok()?;
    let loaded = load(project, &worksheet);
    let manifest = loaded.manifest.as_ref().filter(|_| !loaded.is_invalid())?;
    attach_history(&worksheet, places, manifest, Some(&session.store)).ok()?;
    let choice = Choice { selection: &Selection::default(), approved: None, accepted: false };
    Decided::of(manifest, &loaded, &worksheet, choice).ok()?;
    let mut wanted = HashSet::new();
    let kinds = ["moved", "renamed", "shared", "kept", "asks"];
    let read = worksheet.book().each_named::<Error>(&kinds, |_, job| {
        let take = there(&job.decision).map(|from| &from.take);
        wanted.extend(take.filter(|take| takes.contains(take)).cloned());
        Ok(())
    });
    read.ok().map(|()| wanted)
}
