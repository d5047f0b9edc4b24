//! Renames a downloaded clip to its final name as the last step, so that the output folder shows only complete clips.

use super::dir::{Dir, NameState, full, is_full, is_obstructed};
use super::folders::Folders;
use super::sidecars::{self, SidecarState, sidecar_name};
use super::steps::{Stamp, start_writing};
use super::tree::{Arrived, Tree, notes_name, part_name, target_part_name};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use sha2::Digest as _;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// A downloaded clip that is to be renamed to its final file name, with its sidecar.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The take whose clip was downloaded.
    pub take: TakeId,
    /// The clip's path relative to the output folder, with `/` between its parts.
    pub target: String,
    /// The recorded size and hash of the clip.
    pub clip: ClipFile,
    /// The content of the sidecar `<target>.json`.
    pub sidecar: Vec<u8>,
    /// The older clip of the same job that is recorded at the path `target`, if there is one.
    pub older: Option<Older>,
}

/// An older clip that is moved to `_takes/` when a newer clip takes over its file name.
#[derive(Debug, Clone)]
pub struct Older {
    /// The take that made the clip.
    pub take: TakeId,
    /// The recorded size and hash of the clip; a file that differs must not be moved.
    pub clip: ClipFile,
}

/// The reason why a downloaded clip was not renamed to its final file name.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFault {
    /// The name belongs to a file that is not the job's clip; the file was not changed.
    #[error("`{0}` already exists and was not created by shotlist; the file was not changed")]
    NameTaken(String),
    /// The downloaded bytes of the clip are missing.
    #[error("the downloaded clip is missing; it must be downloaded again")]
    PartLost,
    /// The disk is full, or the file reached its largest size.
    #[error("{}: {}", full(.0), .0)]
    NoSpace(io::Error),
    /// A part of the path to the clip's folder is not a folder, or is not writable.
    #[error("the clip's folder cannot be used: {0}")]
    Obstructed(io::Error),
    /// The disk reported another error.
    #[error("the clip cannot be saved under its name: {0}")]
    Io(io::Error),
}

impl From<io::Error> for PlaceFault {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::NoSpace(error)
        } else if is_obstructed(&error) {
            Self::Obstructed(error)
        } else {
            Self::Io(error)
        }
    }
}

/// The name of the folder next to a clip in which the job's older clips are kept.
pub(super) const TAKES: &str = "_takes";

/// The number of characters at the end of a take's id that distinguish a job's takes. An id begins with the time.
const SHORT_TAKE: usize = 8;

impl Tree {
    /// Renames a downloaded clip to its final file name and writes its sidecar.
    ///
    /// It may be called again after a crash at any point: a clip that is already in place is accepted.
    pub fn place(&self, placement: &Placement) -> Result<(), PlaceFault> {
        let mut placed = Ok(());
        place_all(self, &[placement], self.patience(), |outcome| placed = outcome);
        placed
    }

    /// Moves a file that differs from the recorded clip into the folder `_takes/` next to it. Returns the new path.
    pub fn keep_altered(&self, target: &str) -> Result<String, PlaceFault> {
        let (dir, name) = self.locate(target, false)?;
        let _lock = self.lock(&dir)?;
        let takes = dir.child(TAKES, true)?;
        for number in 1.. {
            let kept = marked(name, &format!("altered-{number}"));
            match dir.rename_new(name, &takes, &kept) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                renamed => {
                    renamed?;
                    takes.sync()?;
                    dir.sync()?;
                    return Ok(sibling(target, &kept));
                }
            }
        }
        Err(PlaceFault::NameTaken(target.to_owned()))
    }
}

/// Renames several downloaded clips to their final names, and calls `tell` with each outcome, in their order.
///
/// The system starts to write all sidecars before the first is synced; each folder is synced once for all its clips.
pub(super) fn place_all(
    tree: &Tree,
    placements: &[&Placement],
    patience: Duration,
    mut tell: impl FnMut(Result<(), PlaceFault>),
) {
    let mut folders = Folders::new(tree);
    let mut underway = Vec::new();
    for placement in placements {
        underway.push(Renaming::begin(&mut folders, placement, patience));
    }
    if underway.len() > 1 {
        for sidecar in underway.iter().flatten().filter_map(|it| it.sidecar.as_ref()) {
            start_writing(sidecar, 0);
        }
    }
    underway = underway.into_iter().map(|it| it.and_then(Renaming::sync_sidecar)).collect();
    underway = underway.into_iter().map(|it| it.and_then(|it| it.give_names(&mut folders))).collect();
    folders.sync();
    for it in underway {
        tell(it.and_then(|it| it.end(&mut folders)));
    }
}

/// The state of renaming one downloaded clip to its final file name.
struct Renaming<'a> {
    placement: &'a Placement,
    dir: Rc<Dir>,
    name: &'a str,
    /// The facts about the download; `None` if another process downloaded the clip, or if the clip is in place.
    arrived: Option<Arrived>,
    /// The open sidecar, with a temporary name. `None` if the clip is in place but the sidecar's name is taken.
    sidecar: Option<File>,
    /// The kind of file that had the sidecar's name before this renaming began.
    sidecar_state: SidecarState,
    /// The clip's downloaded bytes; `None` if the clip is already in place.
    part: Option<Waiting>,
}

/// The downloaded bytes of a clip that does not have its final file name yet.
struct Waiting {
    from: Rc<Dir>,
    name: String,
    file: File,
    /// True if an older clip has the final file name now. A copy of it is under `_takes/`, so it may be replaced.
    replace: bool,
    /// True if the bytes were copied to the target's folder, so that the downloaded file must still be removed.
    is_left: bool,
}

impl<'a> Renaming<'a> {
    /// Checks that a clip may take its final name, keeps an older clip in `_takes/`, and writes the sidecar.
    fn begin(
        folders: &mut Folders,
        placement: &'a Placement,
        patience: Duration,
    ) -> Result<Self, PlaceFault> {
        let Placement { take, target, clip, sidecar, older } = placement;
        let (dir, name) = folders.locate(target)?;
        folders.lock(target, patience)?;
        let arrived = folders.tree().recall(take);
        let sidecar_state = sidecars::sidecar_state(&dir, name)?;
        let is_foreign = sidecar_state == SidecarState::Foreign;
        let staged = staged_name(name, clip);
        let replace = match dir.compare(name, clip)? {
            NameState::Same => {
                let sidecar = (!is_foreign).then(|| dir.stage(&staged, sidecar, 0o666)).transpose()?;
                return Ok(Self { placement, dir, name, arrived: None, sidecar, sidecar_state, part: None });
            }
            _ if is_foreign => return Err(PlaceFault::NameTaken(sidecar_name(target))),
            NameState::Nothing => false,
            NameState::Other => match older {
                Some(older) if dir.compare(name, &older.clip)? == NameState::Same => {
                    set_aside(&dir, name, older)?;
                    true
                }
                _ => return Err(PlaceFault::NameTaken(target.clone())),
            },
        };
        let Some((from, part, file)) = received(folders, &dir, placement, arrived)? else {
            // The present bytes are not the received ones, and must not be used as if they were.
            forget(&folders.partial()?.0, &dir, take)?;
            return Err(PlaceFault::PartLost);
        };
        let sidecar = Some(dir.stage(&staged, sidecar, 0o666)?);
        let part = Some(Waiting { from, name: part, file, replace, is_left: false });
        Ok(Self { placement, dir, name, arrived, sidecar, sidecar_state, part })
    }

    fn sync_sidecar(self) -> Result<Self, PlaceFault> {
        if let Some(sidecar) = &self.sidecar {
            self.dir.sync_staged(&staged_name(self.name, &self.placement.clip), sidecar)?;
        }
        Ok(self)
    }

    /// Gives the sidecar its final name first, and then the clip.
    fn give_names(mut self, folders: &mut Folders) -> Result<Self, PlaceFault> {
        let Self {
            placement: Placement { target, clip, .. }, dir, name, sidecar, sidecar_state, part, ..
        } = &mut self;
        folders.changed(target)?;
        let Some(sidecar) = sidecar else { return Ok(self) };
        let staged = staged_name(name, clip);
        name_sidecar(dir, &staged, name, *sidecar_state)
            .map_err(|error| taken(error, &sidecar_name(target)))?;
        let Some(Waiting { from, name: part, file, replace, is_left }) = part else { return Ok(self) };
        open_up(file, sidecar)?;
        let named = match give_name(from, part, dir, name, *replace) {
            // Another mount of the same disk does not allow a rename, so the bytes are copied next to the target.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                *is_left = true;
                dir.stage_copy(&staged, file)?;
                give_name(dir, &staged, dir, name, *replace)
            }
            named => named,
        };
        named.map_err(|error| taken(error, target))?;
        Ok(self)
    }

    /// Removes the remaining files of a download after the clip's name was made durable.
    fn end(self, folders: &mut Folders) -> Result<(), PlaceFault> {
        let Placement { take, target, .. } = self.placement;
        if let Some(error) = folders.failure(target) {
            return Err(error.into());
        }
        match (self.arrived, self.part) {
            (Some(Arrived { has_notes: false, .. }), Some(Waiting { is_left: false, .. })) => {}
            _ => forget(&folders.partial()?.0, &self.dir, take)?,
        }
        Ok(())
    }
}

/// Finds a clip's downloaded bytes, if they match its recorded size and hash. Returns their folder, name and open file.
fn received(
    folders: &mut Folders,
    dir: &Rc<Dir>,
    placement: &Placement,
    arrived: Option<Arrived>,
) -> io::Result<Option<(Rc<Dir>, String, File)>> {
    let Placement { take, clip, .. } = placement;
    let partial = folders.partial()?.0;
    if let Some(Arrived { stamp, is_in_target_folder, .. }) = arrived {
        let (from, name) =
            if is_in_target_folder { (dir, target_part_name(take)?) } else { (&partial, part_name(take)?) };
        // The bytes were hashed on arrival and have not changed since.
        if let Ok(file) = from.file(&name, OFlags::RDONLY, 0)
            && Stamp::of(&file)? == stamp
        {
            return Ok(Some((Rc::clone(from), name, file)));
        }
    }
    for (from, name) in [(&partial, part_name(take)?), (dir, target_part_name(take)?)] {
        if from.compare(&name, clip)? == NameState::Same {
            let file = from.file(&name, OFlags::RDONLY, 0)?;
            return Ok(Some((Rc::clone(from), name, file)));
        }
    }
    Ok(None)
}

/// Removes all files of a take's download: bytes and notes.
fn forget(partial: &Dir, dir: &Dir, take: &TakeId) -> io::Result<()> {
    partial.remove(&notes_name(take)?)?;
    partial.remove(&part_name(take)?)?;
    dir.remove(&target_part_name(take)?)
}

/// Converts the error of a rename to a [`PlaceFault`]: [`PlaceFault::NameTaken`] if another file got the name first.
pub(super) fn taken(error: io::Error, target: &str) -> PlaceFault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => PlaceFault::NameTaken(target.to_owned()),
        _ => error.into(),
    }
}

/// Returns a temporary name that depends only on a clip's name and hash, so that a repeated attempt replaces the file
/// that a crash left.
pub(super) fn staged_name(name: &str, clip: &ClipFile) -> String {
    let mut hash = sha2::Sha256::new();
    hash.update(clip.sha256.0);
    hash.update(name);
    let digest = Sha256(hash.finalize().into()).to_string();
    format!(".shotlist-{}.tmp", &digest[..16])
}

/// Writes the sidecar of a clip, unless a file that is no sidecar has the sidecar's name.
pub(super) fn write_sidecar(
    dir: &Dir,
    name: &str,
    clip: &ClipFile,
    bytes: &[u8],
    sidecar_state: SidecarState,
) -> io::Result<()> {
    let staged = staged_name(name, clip);
    let file = dir.stage(&staged, bytes, 0o666)?;
    dir.sync_staged(&staged, &file)?;
    name_sidecar(dir, &staged, name, sidecar_state)
}

/// Renames a staged sidecar, replacing only another sidecar. Returns `AlreadyExists` if its name was taken meanwhile.
fn name_sidecar(dir: &Dir, staged: &str, name: &str, sidecar_state: SidecarState) -> io::Result<()> {
    let name = sidecar_name(name);
    if sidecar_state == SidecarState::Sidecar {
        return dir.rename_over(staged, dir, &name);
    }
    dir.rename_new(staged, dir, &name).or_else(|error| {
        dir.remove(staged)?;
        Err(error)
    })
}

/// Sets the permissions of the file `private` to those of the new file `public`, which has the default permissions.
fn open_up(private: &File, public: &File) -> io::Result<()> {
    match private.set_permissions(public.metadata()?.permissions()) {
        // The file system has no modes, such as that of a memory card.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        set => set,
    }
}

/// Renames a clip to its final file name in one step, so that it becomes visible as a whole.
fn give_name(from: &Dir, part: &str, dir: &Dir, name: &str, replace: bool) -> io::Result<()> {
    if replace { from.rename_over(part, dir, name) } else { from.rename_new(part, dir, name) }
}

/// Keeps an older clip and its sidecar under `_takes/` before a newer clip takes over the file name `name`.
fn set_aside(dir: &Dir, name: &str, older: &Older) -> Result<(), PlaceFault> {
    let takes = dir.child(TAKES, true)?;
    let kept = kept_name(name, &older.take);
    match takes.compare(&kept, &older.clip)? {
        NameState::Same => {}
        NameState::Other => return Err(PlaceFault::NameTaken(format!("{TAKES}/{kept}"))),
        NameState::Nothing => second_name(dir, name, &takes, &kept, &older.clip)?,
    }
    let sidecar = sidecar_name(name);
    let kept = sidecar_name(&kept);
    // A crash may have left the newer take's sidecar here; the older take's is then already in `_takes/`.
    if dir.has(&sidecar)? && !takes.has(&kept)? {
        second_name(dir, &sidecar, &takes, &kept, &older.clip)?;
    }
    Ok(takes.sync()?)
}

/// Returns the path under `_takes/` that keeps a take's clip when a newer clip gets the name `target`.
#[must_use]
pub fn kept_path(target: &str, take: &TakeId) -> String {
    sibling(target, &kept_name(target.rsplit('/').next().unwrap_or(target), take))
}

/// Returns the path of the file `name` in the folder `_takes/` next to the clip `target`.
fn sibling(target: &str, name: &str) -> String {
    match target.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{TAKES}/{name}"),
        None => format!("{TAKES}/{name}"),
    }
}

/// Returns the name under `_takes/` of a kept clip: `hero.mp4` of take `…ABCDEFGH` becomes `hero.ABCDEFGH.mp4`.
fn kept_name(name: &str, take: &TakeId) -> String {
    let id = &take.0;
    let short = id.char_indices().rev().nth(SHORT_TAKE - 1).map_or(id.as_str(), |(at, _)| &id[at..]);
    marked(name, short)
}

/// Inserts a text before the file extension of a name: `hero.mp4` becomes `hero.mark.mp4`.
fn marked(name: &str, mark: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem}.{mark}.{ending}"),
        _ => format!("{name}.{mark}"),
    }
}

/// Gives a file a second name in `to`: a hard link or, if the file system has none, a copy.
fn second_name(dir: &Dir, name: &str, to: &Dir, new: &str, clip: &ClipFile) -> io::Result<()> {
    match dir.link(name, to, new) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let staged = staged_name(new, clip);
            to.stage_copy(&staged, &dir.file(name, OFlags::RDONLY, 0)?)?;
            to.rename_new(&staged, to, new)
        }
        linked => linked,
    }
}

#[cfg(test)]
mod tests;
