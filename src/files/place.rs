//! Gives a clip its name: the last act, after which whoever sees it sees it whole.

use super::dir::{Dir, Standing, is_full, is_obstructed};
use super::sidecars::{has_foreign_sidecar, sidecar_name};
use super::tree::{Tree, beside_name, notes_name, part_name};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use std::fs::File;
use std::io;

/// What is to get which name.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'a> {
    /// The take whose download it is.
    pub take: &'a TakeId,
    /// Relative to the output folder, with `/`.
    pub target: &'a str,
    /// What the clip is, as recorded.
    pub clip: &'a ClipFile,
    /// What goes to `<target>.json` beside it.
    pub sidecar: &'a [u8],
    /// The same job's clip that stands there now, as recorded.
    pub older: Option<Older<'a>>,
}

/// A clip that makes room.
#[derive(Debug, Clone, Copy)]
pub struct Older<'a> {
    /// The take it came from.
    pub take: &'a TakeId,
    /// What it is, as recorded; a file that differs is nobody's to move.
    pub clip: &'a ClipFile,
}

/// Why a clip did not get its name.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFault {
    /// A file that is not the job's own has the name; it was not touched.
    #[error("`{0}` is taken by a file that shotlist did not put there; it was left as it is")]
    NameTaken(String),
    /// The bytes are not where they were left.
    #[error("the clip's bytes are gone; it must be downloaded again")]
    PartLost,
    /// The disk is full.
    #[error("the disk is full: {0}")]
    NoSpace(io::Error),
    /// A folder on the way is none, or may not be written to.
    #[error("the clip's folder cannot be used: {0}")]
    Obstructed(io::Error),
    /// The disk fails.
    #[error("the clip cannot be given its name: {0}")]
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

/// The folder beside a clip in which its older takes are kept.
pub(super) const TAKES: &str = "_takes";

/// Characters of a take's id that tell takes of one job apart; its end, since its beginning is the time.
const SHORT_TAKE: usize = 8;

impl Tree {
    /// Gives a received clip its name and writes its sidecar.
    ///
    /// May be called again after a crash at any line: a clip that already stands there is fine.
    pub fn place(&self, placement: &Placement) -> Result<(), PlaceFault> {
        let Placement { take, target, clip, sidecar, older } = *placement;
        let (dir, name) = self.locate(target, true)?;
        let _lock = self.lock(&dir)?;
        let is_foreign = has_foreign_sidecar(&dir, name)?;
        let replace = match dir.compare(name, clip)? {
            Standing::Same => {
                if !is_foreign {
                    write_sidecar(&dir, name, sidecar)?;
                }
                return Ok(self.tidy(&dir, take)?);
            }
            _ if is_foreign => return Err(PlaceFault::NameTaken(sidecar_name(target))),
            Standing::Nothing => false,
            Standing::Other => match older {
                Some(older) if dir.compare(name, older.clip)? == Standing::Same => {
                    set_aside(&dir, name, older)?;
                    true
                }
                _ => return Err(PlaceFault::NameTaken(target.to_owned())),
            },
        };
        let Some((from, part)) = self.received(take, &dir, clip)? else {
            // Whatever is there now is not what came: it must not be taken up as if it were.
            self.tidy(&dir, take)?;
            return Err(PlaceFault::PartLost);
        };
        let written = write_sidecar(&dir, name, sidecar)?;
        let bytes = from.file(&part, OFlags::RDONLY, 0)?;
        open_up(&bytes, &written)?;
        let named = match give_name(&from, &part, &dir, name, replace) {
            // Another mount of the same disk cannot be renamed across; the bytes are copied beside the target.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let near = staged_name(name);
                dir.stage_copy(&near, &bytes)?;
                give_name(&dir, &near, &dir, name, replace)
            }
            named => named,
        };
        named.map_err(|error| taken(error, target))?;
        Ok(self.tidy(&dir, take)?)
    }

    /// Keeps a file that is no clip of ours any more below `_takes/` beside it, and returns where.
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
                    return Ok(beside(target, &kept));
                }
            }
        }
        Err(PlaceFault::NameTaken(target.to_owned()))
    }

    /// Where a take's clip waits for its name, if it is there as recorded.
    fn received(&self, take: &TakeId, dir: &Dir, clip: &ClipFile) -> io::Result<Option<(Dir, String)>> {
        for (dir, name) in [(self.partial()?, part_name(take)?), (dir.again()?, beside_name(take)?)] {
            if dir.compare(&name, clip)? == Standing::Same {
                return Ok(Some((dir, name)));
            }
        }
        Ok(None)
    }

    /// Makes the new name durable, then forgets the download.
    fn tidy(&self, dir: &Dir, take: &TakeId) -> io::Result<()> {
        dir.sync()?;
        let partial = self.partial()?;
        partial.remove(&notes_name(take)?)?;
        partial.remove(&part_name(take)?)?;
        dir.remove(&beside_name(take)?)
    }
}

/// A name that was taken between the look and the rename.
pub(super) fn taken(error: io::Error, target: &str) -> PlaceFault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => PlaceFault::NameTaken(target.to_owned()),
        _ => error.into(),
    }
}

/// Name under which something waits beside a clip until it is complete.
pub(super) fn staged_name(clip: &str) -> String {
    format!(".{clip}.tmp")
}

/// Writes the sidecar of a clip. Returns it open: its mode is what the umask, or the folder, lets a file have.
pub(super) fn write_sidecar(dir: &Dir, clip: &str, bytes: &[u8]) -> io::Result<File> {
    let staged = staged_name(clip);
    let file = dir.stage(&staged, bytes, 0o666)?;
    dir.rename_over(&staged, dir, &sidecar_name(clip))?;
    Ok(file)
}

/// Gives a private file the mode of a public one.
fn open_up(private: &File, public: &File) -> io::Result<()> {
    match private.set_permissions(public.metadata()?.permissions()) {
        // A file system without modes, such as that of a memory card.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        set => set,
    }
}

/// The clip appears, in one step.
fn give_name(from: &Dir, part: &str, dir: &Dir, name: &str, replace: bool) -> io::Result<()> {
    if replace { from.rename_over(part, dir, name) } else { from.rename_new(part, dir, name) }
}

/// Keeps an older take, with its sidecar, under `_takes/` before its name goes to a newer one.
fn set_aside(dir: &Dir, name: &str, older: Older) -> Result<(), PlaceFault> {
    let takes = dir.child(TAKES, true)?;
    let kept = kept_name(name, older.take);
    match takes.compare(&kept, older.clip)? {
        Standing::Same => {}
        Standing::Other => return Err(PlaceFault::NameTaken(format!("{TAKES}/{kept}"))),
        Standing::Nothing => second_name(dir, name, &takes, &kept)?,
    }
    let sidecar = sidecar_name(name);
    let kept = sidecar_name(&kept);
    // After a crash the sidecar here may be the newer take's already; then the older one's is kept already, too.
    if dir.has(&sidecar)? && !takes.has(&kept)? {
        second_name(dir, &sidecar, &takes, &kept)?;
    }
    Ok(takes.sync()?)
}

/// Where a clip is kept when its name goes to a newer take: under `_takes/` beside it.
#[must_use]
pub fn kept_path(target: &str, take: &TakeId) -> String {
    beside(target, &kept_name(target.rsplit('/').next().unwrap_or(target), take))
}

/// Returns the path of a name below `_takes/` beside a clip.
fn beside(target: &str, name: &str) -> String {
    match target.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{TAKES}/{name}"),
        None => format!("{TAKES}/{name}"),
    }
}

/// `hero.mp4` of take `…ABCDEFGH` as `hero.ABCDEFGH.mp4`.
fn kept_name(name: &str, take: &TakeId) -> String {
    let id = &take.0;
    let short = id.char_indices().rev().nth(SHORT_TAKE - 1).map_or(id.as_str(), |(at, _)| &id[at..]);
    marked(name, short)
}

/// `hero.mp4` with a mark before its ending.
fn marked(name: &str, mark: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem}.{mark}.{ending}"),
        _ => format!("{name}.{mark}"),
    }
}

/// A second name for a file, or a copy where the file system has no second names.
fn second_name(dir: &Dir, name: &str, to: &Dir, new: &str) -> io::Result<()> {
    match dir.link(name, to, new) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let staged = staged_name(new);
            to.stage_copy(&staged, &dir.file(name, OFlags::RDONLY, 0)?)?;
            to.rename_new(&staged, to, new)
        }
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_take_is_kept_beside_its_successor() {
        let take = TakeId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
        assert_eq!(kept_path("renders/a/hero.mp4", &take), "renders/a/_takes/hero.Q69G5FAV.mp4");
        assert_eq!(kept_path("hero.mp4", &take), "_takes/hero.Q69G5FAV.mp4");
    }

    #[test]
    fn an_older_take_keeps_its_ending() {
        let take = TakeId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
        assert_eq!(kept_name("hero.mp4", &take), "hero.Q69G5FAV.mp4");
        assert_eq!(kept_name("hero", &take), "hero.Q69G5FAV");
        assert_eq!(kept_name(".hidden", &TakeId("t1".into())), ".hidden.t1");
    }
}
