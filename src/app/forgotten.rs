//! Clips of a project that its state does not know: what is planned without them was paid before.

use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::places::Places;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::files::{Tree, kept_path};
use crate::store::{Clips, StoreError, Worksheet};
use serde_json::Value;
use std::path::Path;

/// The clips in the output folder, where there is one.
pub(crate) struct PlacedClips {
    /// Output folder; `None` where it is missing.
    tree: Option<Tree>,
    /// True to count only rehearsed clips, false to count only real ones.
    sandbox: bool,
}

impl PlacedClips {
    /// Returns the clips in a folder.
    pub(crate) fn at(state: &Path, root: &Path, sandbox: bool) -> Self {
        Self { tree: Tree::look_at(state, root).ok(), sandbox }
    }
}

/// Returns whether a sidecar belongs to a rehearsal or to a real run, as requested.
///
/// Format 1 does not record this, so the folder decides.
fn counts(sidecar: &Value, sandbox: bool) -> bool {
    sidecar["format"] == 1 || sidecar["sandbox"].as_bool().unwrap_or(false) == sandbox
}

/// Refuses to go on where no state is there, but clips of this project are.
pub(crate) fn refuse_unknown(places: &Places) -> Result<(), Error> {
    let project = manifest(places).map(|manifest| manifest.project);
    let (mut clips, mut sum) = (0, Usd::ZERO);
    for (_, sidecar) in PlacedClips::at(&places.state, &places.out, places.sandbox).sidecars() {
        if project.as_ref().is_none_or(|project| sidecar["project"] == project.as_str()) {
            clips += 1;
            let price = sidecar["settled_usd"].as_str().or_else(|| sidecar["price_usd"].as_str());
            sum += price.and_then(|price| price.parse().ok()).unwrap_or_default();
        }
    }
    unknown(places, clips, sum)
}

/// Refuses orders for clips that exist under their jobs' paths but are unknown to the state.
pub(crate) fn refuse_forgotten(places: &Places, worksheet: &Worksheet) -> Result<(), Error> {
    let Ok(tree) = Tree::look_at(&places.state, &places.out) else { return Ok(()) };
    let (mut clips, mut sum) = (0, Usd::ZERO);
    let told = worksheet.book().each_named::<StoreError>(&["new"], |book, job| {
        let wanted = &job.wanted;
        // A file check without opening anything is cheap, and most jobs have no such file.
        let sidecar = places.out.join(format!("{}.json", wanted.path));
        if sidecar.symlink_metadata().is_ok()
            && let Some(sidecar) = tree.sidecar_of(&wanted.path)
            && sidecar["fingerprint"] == wanted.fingerprint.to_string()
            && counts(&sidecar, places.sandbox)
            && let Some(take) = sidecar["take"].as_str()
            && book.known_take(&TakeId(take.to_owned()))?.is_none()
        {
            clips += 1;
            sum += wanted.price.unwrap_or_default();
        }
        Ok(())
    });
    told?;
    unknown(places, clips, sum)
}

/// Returns an error where there are clips that the state does not know.
fn unknown(places: &Places, clips: usize, sum: Usd) -> Result<(), Error> {
    if clips == 0 {
        return Ok(());
    }
    let (are, them) = if clips == 1 { ("is", "it") } else { ("are", "them") };
    let what = format!(
        "{} of this project {are} in {}, but the state does not know {them} (they cost about {sum}); nothing was sent",
        count(clips, "clip"),
        places.out.display()
    );
    Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("recover")))
}

impl Clips for PlacedClips {
    fn stands(&self, path: &str, file: &ClipFile) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_placed(path, file))
    }

    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String> {
        Some(kept_path(path, take)).filter(|kept| self.stands(kept, file))
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.tree.as_ref()?.clip_of(path, take)
    }

    fn sidecars(&self) -> Vec<(String, Value)> {
        let all = self.tree.as_ref().and_then(|tree| tree.sidecars().ok()).unwrap_or_default();
        all.into_iter().filter(|(_, sidecar)| counts(sidecar, self.sandbox)).collect()
    }
}
