//! The pictures beside a manifest, which are read once as long as they stay as they are. What is known of them is kept
//! beside the state; rehearsals know it, too, for the pictures are the same.

use super::settings::Places;
use crate::engine::clock::Clock;
use crate::files::{Album, Stamp};
use crate::load::{Jobs, Loaded, all_jobs, jobs, open};
use crate::plan::order::LinkBook;
use crate::store::Folder;
use std::collections::BTreeMap;

/// How the pictures stand that were looked at; `None` where one of them cannot be told from what it may become.
pub(super) type Looked = Option<BTreeMap<String, Stamp>>;

/// Reads everything that a manifest says.
#[must_use]
pub(super) fn load(places: &Places) -> Loaded {
    load_and_look(places).0
}

/// The same, and how the pictures stand that were looked at.
#[must_use]
pub(super) fn load_and_look(places: &Places) -> (Loaded, Looked) {
    let mut loaded = open(&places.manifest);
    let looked = with_album(places, |album| all_jobs(&mut loaded, album));
    (loaded, looked)
}

/// Makes the jobs of a manifest that was opened, and hands them on one by one: see [`jobs`].
pub(super) fn hand_on(
    places: &Places,
    loaded: &mut Loaded,
    links: &LinkBook,
    with_links: bool,
    taker: &mut dyn Jobs,
) {
    with_album(places, |album| jobs(loaded, links, album, with_links, taker));
}

fn with_album(places: &Places, work: impl FnOnce(&mut Album)) -> Looked {
    let file = places.shared_state().join("pictures.json");
    let mut album = Album::kept_in(file, &places.folder, Clock::system().now());
    work(&mut album);
    let looked = album.looked_at().cloned();
    // What cannot be kept is read again by the next command, and nothing else.
    if album.is_news() && Folder::make(&places.shared_state()).is_ok() {
        let _ = album.save();
    }
    looked
}
