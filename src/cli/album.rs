//! The pictures beside a manifest, which are read once as long as they stay as they are. What is known of them is kept
//! beside the state; rehearsals know it, too, for the pictures are the same.

use super::settings::Places;
use crate::engine::clock::Clock;
use crate::files::{Album, Stamp};
use crate::load::{Loaded, load_with};
use crate::plan::order::LinkBook;
use crate::store::Folder;
use std::collections::BTreeMap;

/// How the pictures stand that were looked at; `None` where one of them cannot be told from what it may become.
pub(super) type Looked = Option<BTreeMap<String, Stamp>>;

/// Reads everything that a manifest says.
#[must_use]
pub(super) fn load(places: &Places) -> Loaded {
    load_and_look(places, &LinkBook::new()).0
}

/// The same, with what is known of linked pictures; and how the pictures stand that were looked at, where they can be
/// told from what they may become.
#[must_use]
pub(super) fn load_and_look(places: &Places, links: &LinkBook) -> (Loaded, Option<BTreeMap<String, Stamp>>) {
    let file = places.shared_state().join("pictures.json");
    let mut album = Album::kept_in(file, &places.folder, Clock::system().now());
    let loaded = load_with(&places.manifest, links, &mut album);
    let pictures = album.looked_at().cloned();
    // What cannot be kept is read again by the next command, and nothing else.
    if album.is_news() && Folder::make(&places.shared_state()).is_ok() {
        let _ = album.save();
    }
    (loaded, pictures)
}
