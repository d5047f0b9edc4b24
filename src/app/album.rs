//! The pictures beside a manifest, which are read once as long as they stay as they are. What is known of them is kept
//! beside the state; rehearsals know it, too, for the pictures are the same.

use super::places::Places;
use super::project::Project;
use crate::engine::clock::Clock;
use crate::files::Album;
use crate::load::{Jobs, Loaded, jobs, open};
use crate::plan::order::LinkBook;
use crate::store::{Folder, Worksheet};

/// Reads everything that a manifest says; its jobs go to the worksheet.
#[must_use]
pub(crate) fn load(project: &Project, worksheet: &Worksheet) -> Loaded {
    let mut loaded = open(&project.places.manifest, &project.registry);
    hand_on(&project.places, &mut loaded, &LinkBook::new(), false, &mut &*worksheet);
    loaded
}

/// Makes the jobs of a manifest that was opened, and hands them on one by one: see [`jobs`].
pub(crate) fn hand_on(
    places: &Places,
    loaded: &mut Loaded,
    links: &LinkBook,
    with_links: bool,
    taker: &mut dyn Jobs,
) {
    let file = places.shared_state().join("pictures.json");
    let mut album = Album::kept_in(file, &places.folder, Clock::system().now());
    jobs(loaded, links, &mut album, with_links, taker);
    // What cannot be kept is read again by the next command, and nothing else.
    if album.is_news() && Folder::make(&places.shared_state()).is_ok() {
        let _ = album.save();
    }
}
