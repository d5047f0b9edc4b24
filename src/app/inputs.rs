//! Reads a manifest with everything that it names, and keeps the facts about its images in a cache.
//!
//! Each image is read only once until it changes. The cache is in the state folder, and rehearsals share it because
//! they use the same images.

use super::error::Error;
use super::exit::Exit;
use super::namesakes;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::setup::foreign_servers;
use crate::domain::problem::{Place, Problem, Tally};
use crate::engine::clock::Clock;
use crate::files::ImageCache;
use crate::load::{Jobs, Loaded, jobs, open};
use crate::manifest::ImageIdentity;
use crate::plan::order::LinkBook;
use crate::store::{Folder, PlanTables, Reader, StoreError};

/// Reads a manifest with its products, images and reviewers' notes, and adds its jobs to the planning tables.
#[must_use]
pub(crate) fn load(project: &Project, plan_tables: &PlanTables) -> Loaded {
    let mut loaded = open(&project.places.manifest, &project.registry);
    let identity = loaded.manifest.as_ref().map(|manifest| manifest.image_identity);
    let state = project.places.shared_state();
    if identity == Some(ImageIdentity::Pixels) && Folder::make(&state).is_ok() {
        plan_tables.lock().keep_signatures(&state.join("signatures.db"));
    }
    hear_reviewers(&project.places, &mut loaded);
    hand_on(&project.places, &mut loaded, &LinkBook::new(), false, &mut &*plan_tables);
    loaded
}

/// Reads a manifest like [`load`], and adds a warning if another manifest of the folder names the same project.
#[must_use]
pub(crate) fn load_alone(project: &Project, plan_tables: &PlanTables) -> Loaded {
    let mut loaded = load(project, plan_tables);
    loaded.problems.extend(namesakes::problem(&project.places, loaded.manifest.as_ref()));
    loaded
}

/// Adds the reviewers' notes about clips to the manifest, if one of its prompt templates uses them.
///
/// Notes in a database that is damaged or older than its ledger are ignored. The command that needs the manifest
/// refuses such a database itself.
fn hear_reviewers(places: &Places, loaded: &mut Loaded) {
    let Some(manifest) = loaded.manifest.as_mut().filter(|manifest| manifest.reads_feedback()) else {
        return;
    };
    let heard = match Reader::open(&places.state) {
        Ok(Some(reader)) => reader.feedback(&manifest.project),
        Ok(None) => return,
        Err(error) => Err(error),
    };
    match heard {
        Ok(feedback) => manifest.feedback = feedback,
        Err(
            error @ (StoreError::Busy { .. }
            | StoreError::Unusable { .. }
            | StoreError::DiskFull { .. }
            | StoreError::FileLimit { .. }),
        ) => {
            let what = format!("the notes of reviewers could not be read: {error}");
            loaded.problems.push(Problem::error(Place::File(loaded.shown.clone()), what));
        }
        Err(_) => {}
    }
}

/// Creates the jobs of a loaded manifest and passes them to `taker` one by one; see [`jobs`].
pub(crate) fn hand_on(
    places: &Places,
    loaded: &mut Loaded,
    links: &LinkBook,
    with_links: bool,
    taker: &mut dyn Jobs,
) {
    let file = places.shared_state().join("pictures.json");
    let mut image_cache = ImageCache::kept_in(file, &places.folder, Clock::system().now());
    jobs(loaded, links, &mut image_cache, with_links, taker);
    // If the cache cannot be saved, the next command only reads the images again.
    if image_cache.is_news() && Folder::make(&places.shared_state()).is_ok() {
        let _ = image_cache.save();
    }
}

/// Reports the warnings of the loaded manifest and returns it; fails if a problem is an error.
pub(crate) fn valid(project: &Project, mut loaded: Loaded) -> Result<Loaded, Error> {
    loaded.problems.extend(foreign_servers(project, loaded.manifest.as_ref()));
    let is_invalid = loaded.is_invalid();
    let problems = std::mem::take(&mut loaded.problems);
    if !is_invalid {
        project.tell(&News::Problems(&problems));
        return Ok(loaded);
    }
    let what = format!("{}; nothing was sent", Tally::of(&problems));
    let error = Error::new(Exit::Invalid, what).problems(problems);
    Err(error.money("not charged").hint(project.places.typed("validate")))
}

/// Returns the error for a manifest that is missing after it was loaded without an error.
///
/// This cannot happen; the error avoids a panic.
pub(crate) fn invalid() -> Error {
    Error::new(Exit::Invalid, "the manifest could not be read; nothing was sent")
}
