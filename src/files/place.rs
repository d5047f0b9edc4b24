//! Gives a clip its name: the last act, after which whoever sees it sees it whole.

use super::dir::{Dir, Standing, is_full, is_obstructed};
use super::folders::Folders;
use super::sidecars::{self, Beside, sidecar_name};
use super::steps::{Stamp, start_writing};
use super::tree::{Arrived, Tree, beside_name, notes_name, part_name};
use crate::domain::digest::Sha256;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::ClipFile;
use rustix::fs::OFlags;
use sha2::Digest as _;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// What is to get which name.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The take whose download it is.
    pub take: TakeId,
    /// Relative to the output folder, with `/`.
    pub target: String,
    /// What the clip is, as recorded.
    pub clip: ClipFile,
    /// What goes to `<target>.json` beside it.
    pub sidecar: Vec<u8>,
    /// The same job's clip that stands there now, as recorded.
    pub older: Option<Older>,
}

/// A clip that makes room.
#[derive(Debug, Clone)]
pub struct Older {
    /// The take it came from.
    pub take: TakeId,
    /// What it is, as recorded; a file that differs is nobody's to move.
    pub clip: ClipFile,
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
        let mut placed = Ok(());
        place_all(self, &[placement], self.patience(), |outcome| placed = outcome);
        placed
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
}

/// Places clips of different names, and tells the outcomes in their order.
///
/// All sidecars are on their way to the disk before the first is waited for; a folder is synced once for all its clips.
pub(super) fn place_all(
    tree: &Tree,
    placements: &[&Placement],
    patience: Duration,
    mut tell: impl FnMut(Result<(), PlaceFault>),
) {
    let mut folders = Folders::new(tree);
    let mut underway = Vec::new();
    for placement in placements {
        underway.push(Underway::begin(&mut folders, placement, patience));
    }
    if underway.len() > 1 {
        for sidecar in underway.iter().flatten().filter_map(|it| it.sidecar.as_ref()) {
            start_writing(sidecar, 0);
        }
    }
    underway = underway.into_iter().map(|it| it.and_then(Underway::sync_sidecar)).collect();
    underway = underway.into_iter().map(|it| it.and_then(|it| it.give_names(&mut folders))).collect();
    folders.sync();
    for it in underway {
        tell(it.and_then(|it| it.end(&mut folders)));
    }
}

/// A placement that has begun.
struct Underway<'a> {
    placement: &'a Placement,
    dir: Rc<Dir>,
    name: &'a str,
    /// Absent where the clip came in another process.
    arrived: Option<Arrived>,
    /// The staged sidecar, open; absent where a foreign file has its name beside a clip that stands there already.
    sidecar: Option<File>,
    /// File that had the sidecar's name.
    beside: Beside,
    /// Absent where the clip stands there already.
    part: Option<Waiting>,
}

/// The bytes of a clip that waits for its name.
struct Waiting {
    from: Rc<Dir>,
    name: String,
    file: File,
    /// Whether an older clip, kept already, has the name.
    replace: bool,
    /// Whether the bytes were copied, and are still there.
    is_left: bool,
}

impl<'a> Underway<'a> {
    /// Looks what stands there, keeps an older clip, and stages the sidecar.
    fn begin(
        folders: &mut Folders,
        placement: &'a Placement,
        patience: Duration,
    ) -> Result<Self, PlaceFault> {
        let Placement { take, target, clip, sidecar, older } = placement;
        let (dir, name) = folders.locate(target)?;
        folders.lock(target, patience)?;
        let arrived = folders.tree().recall(take);
        let beside = sidecars::beside(&dir, name)?;
        let is_foreign = beside == Beside::Foreign;
        let staged = staged_name(name, clip);
        let replace = match dir.compare(name, clip)? {
            Standing::Same => {
                let sidecar = (!is_foreign).then(|| dir.stage(&staged, sidecar, 0o666)).transpose()?;
                return Ok(Self { placement, dir, name, arrived: None, sidecar, beside, part: None });
            }
            _ if is_foreign => return Err(PlaceFault::NameTaken(sidecar_name(target))),
            Standing::Nothing => false,
            Standing::Other => match older {
                Some(older) if dir.compare(name, &older.clip)? == Standing::Same => {
                    set_aside(&dir, name, older)?;
                    true
                }
                _ => return Err(PlaceFault::NameTaken(target.clone())),
            },
        };
        let Some((from, part, file)) = received(folders, &dir, placement, arrived)? else {
            // Whatever is there now is not what came: it must not be taken up as if it were.
            forget(&folders.partial()?.0, &dir, take)?;
            return Err(PlaceFault::PartLost);
        };
        let sidecar = Some(dir.stage(&staged, sidecar, 0o666)?);
        let part = Some(Waiting { from, name: part, file, replace, is_left: false });
        Ok(Self { placement, dir, name, arrived, sidecar, beside, part })
    }

    fn sync_sidecar(self) -> Result<Self, PlaceFault> {
        if let Some(sidecar) = &self.sidecar {
            self.dir.sync_staged(&staged_name(self.name, &self.placement.clip), sidecar)?;
        }
        Ok(self)
    }

    /// Gives the sidecar its name, then the clip.
    fn give_names(mut self, folders: &mut Folders) -> Result<Self, PlaceFault> {
        let Self { placement: Placement { target, clip, .. }, dir, name, sidecar, beside, part, .. } =
            &mut self;
        folders.changed(target)?;
        let Some(sidecar) = sidecar else { return Ok(self) };
        let staged = staged_name(name, clip);
        name_sidecar(dir, &staged, name, *beside).map_err(|error| taken(error, &sidecar_name(target)))?;
        let Some(Waiting { from, name: part, file, replace, is_left }) = part else { return Ok(self) };
        open_up(file, sidecar)?;
        let named = match give_name(from, part, dir, name, *replace) {
            // Another mount of the same disk cannot be renamed across; the bytes are copied beside the target.
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

    /// Forgets the download of a clip whose name is durable.
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

/// Finds a take's clip where it waits for its name, if it is there as recorded.
fn received(
    folders: &mut Folders,
    dir: &Rc<Dir>,
    placement: &Placement,
    arrived: Option<Arrived>,
) -> io::Result<Option<(Rc<Dir>, String, File)>> {
    let Placement { take, clip, .. } = placement;
    let partial = folders.partial()?.0;
    if let Some(Arrived { stamp, is_beside, .. }) = arrived {
        let (from, name) = if is_beside { (dir, beside_name(take)?) } else { (&partial, part_name(take)?) };
        // The bytes were hashed as they came, and have not changed since.
        if let Ok(file) = from.file(&name, OFlags::RDONLY, 0)
            && Stamp::of(&file)? == stamp
        {
            return Ok(Some((Rc::clone(from), name, file)));
        }
    }
    for (from, name) in [(&partial, part_name(take)?), (dir, beside_name(take)?)] {
        if from.compare(&name, clip)? == Standing::Same {
            let file = from.file(&name, OFlags::RDONLY, 0)?;
            return Ok(Some((Rc::clone(from), name, file)));
        }
    }
    Ok(None)
}

/// Removes whatever there is of a take's download.
fn forget(partial: &Dir, dir: &Dir, take: &TakeId) -> io::Result<()> {
    partial.remove(&notes_name(take)?)?;
    partial.remove(&part_name(take)?)?;
    dir.remove(&beside_name(take)?)
}

/// A name that was taken between the look and the rename.
pub(super) fn taken(error: io::Error, target: &str) -> PlaceFault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => PlaceFault::NameTaken(target.to_owned()),
        _ => error.into(),
    }
}

/// Returns the name under which something waits beside a clip until it is complete. It is the same after a crash, and
/// no name that a file of somebody else would have.
pub(super) fn staged_name(name: &str, clip: &ClipFile) -> String {
    let mut hash = sha2::Sha256::new();
    hash.update(clip.sha256.0);
    hash.update(name);
    let digest = Sha256(hash.finalize().into()).to_string();
    format!(".shotlist-{}.tmp", &digest[..16])
}

/// Writes the sidecar of a clip, where nothing but a sidecar has its name.
pub(super) fn write_sidecar(
    dir: &Dir,
    name: &str,
    clip: &ClipFile,
    bytes: &[u8],
    beside: Beside,
) -> io::Result<()> {
    let staged = staged_name(name, clip);
    let file = dir.stage(&staged, bytes, 0o666)?;
    dir.sync_staged(&staged, &file)?;
    name_sidecar(dir, &staged, name, beside)
}

/// Gives a staged sidecar its name, in the place of another sidecar alone. `AlreadyExists` if something has got it since.
fn name_sidecar(dir: &Dir, staged: &str, name: &str, beside: Beside) -> io::Result<()> {
    let name = sidecar_name(name);
    if beside == Beside::Sidecar {
        return dir.rename_over(staged, dir, &name);
    }
    dir.rename_new(staged, dir, &name).or_else(|error| {
        dir.remove(staged)?;
        Err(error)
    })
}

/// Gives a private file the mode of a public one: what the umask, or the folder, lets a new file have.
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
fn set_aside(dir: &Dir, name: &str, older: &Older) -> Result<(), PlaceFault> {
    let takes = dir.child(TAKES, true)?;
    let kept = kept_name(name, &older.take);
    match takes.compare(&kept, &older.clip)? {
        Standing::Same => {}
        Standing::Other => return Err(PlaceFault::NameTaken(format!("{TAKES}/{kept}"))),
        Standing::Nothing => second_name(dir, name, &takes, &kept, &older.clip)?,
    }
    let sidecar = sidecar_name(name);
    let kept = sidecar_name(&kept);
    // After a crash the sidecar here may be the newer take's already; then the older one's is kept already, too.
    if dir.has(&sidecar)? && !takes.has(&kept)? {
        second_name(dir, &sidecar, &takes, &kept, &older.clip)?;
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

    #[test]
    fn s13_a_sidecar_takes_the_name_of_no_file_that_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir::open(folder.path()).unwrap();
        let clip = ClipFile { size: 1, sha256: Sha256([7; 32]) };
        let path = folder.path().join("hero.mp4.json");
        crate::files::atomic_write(&path, b"holiday", 0o644).unwrap();
        let error = write_sidecar(&dir, "hero.mp4", &clip, b"{}", Beside::Nothing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"holiday");
        let names = dir.names().unwrap();
        assert!(names.iter().all(|name| matches!(&**name, "." | ".." | "hero.mp4.json")), "{names:?}");
        write_sidecar(&dir, "hero.mp4", &clip, b"{}", Beside::Sidecar).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
    }
}
