//! Checks that the folders for clips and for the state are there and can be written.

use super::machine::{existing_parent, shell, shown};
use super::{Check, Context};
use crate::app::exit::Exit;
use crate::app::lost::SavedClips;
use crate::manifest::Manifest;
use crate::store::Reader;

/// Checks that files can be written in the output folder and the state folder.
///
/// If clips were saved, their folder must be there, on the same disk as before: a run is refused otherwise. If a folder is
/// not created yet, its nearest existing parent is checked. The check writes a test file without a name, which disappears
/// even after a crash.
pub(super) async fn output(
    context: &Context<'_>,
    reader: Option<&Reader>,
    manifest: Option<&Manifest>,
) -> Vec<Check> {
    let places = context.places;
    let away = match reader {
        Some(reader) => SavedClips::problem(places, reader, manifest).await.unwrap_or_else(Some),
        None => None,
    };
    let mount = || "mount the disk of this folder, or make the folder readable".to_owned();
    let is_away = away.is_some();
    let away = away.map(|error| Check::fail("output", error.exit, error.what, mount()));
    let folders = [("output", &places.out), ("state", &places.state)].into_iter();
    let others = folders.filter(|(about, _)| !is_away || *about == "state").filter_map(|(about, dir)| {
        let existing = existing_parent(dir);
        let is_there = existing == dir.as_path();
        let there = if is_there { "" } else { &format!(", where the {about} folder will be created") };
        let trouble = if existing.is_dir() {
            tempfile::tempfile_in(existing).err().map(|error| error.to_string())
        } else {
            Some("it is not a folder".to_owned())
        };
        match trouble {
            Some(trouble) => Some(Check::fail(
                about,
                Exit::Local,
                format!("nothing can be written into {}{there}: {trouble}", shown(existing)),
                format!("ls -ld {}", shell(existing)),
            )),
            // The check of the state reported everything else about it.
            None if about == "state" => None,
            None => {
                let folder = if existing.as_os_str() == "." {
                    "this folder".to_owned()
                } else {
                    format!("the folder {}", shown(existing))
                };
                Some(Check::ok(about, format!("files can be written into {folder}{there}")))
            }
        }
    });
    away.into_iter().chain(others).collect()
}
