//! Gives existing clips the names that the manifest asks for, by moving or copying them, and never pays again.

use super::Run;
use super::blocking::blocking;
use super::lost::Copies;
use super::world::{Failure, World};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::State;
use crate::domain::notice::Notice;
use crate::files::{Finding, PlaceFault, Refile, kept_path};
use crate::plan::filing::Filing;
use crate::plan::known::Filed;

impl Run<'_> {
    /// Gives the existing clips of a plan their new names, by moving or copying them.
    ///
    /// A clip that is not found is tried once more at the end, because the other moves may show where it is.
    pub(super) async fn file_all(&mut self, filings: Vec<Filing>) {
        let moves = filings.iter().filter(|filing| !filing.copy);
        self.leaving = moves.map(|it| (it.from.path.clone(), it.from.clone())).collect();
        let mut again = Vec::new();
        for filing in filings {
            again.extend(self.file(filing, None).await);
        }
        let copies = Copies::of(self.world.tree.clone());
        for filing in again {
            self.file(filing, Some(&copies)).await;
        }
    }

    /// Moves or copies one clip to its new name. A problem with the clip is reported and does not stop the other moves.
    ///
    /// If the clip does not exist any more, its record gets the new name, so that the clip can be restored there at no
    /// charge. Only the last try gets `copies` (the copies of clips in the output folder) and also looks for the clip
    /// there. An earlier try returns `filing` if the clip was not found.
    async fn file(&mut self, filing: Filing, copies: Option<&Copies>) -> Option<Filing> {
        let key = filing.key.clone();
        let standing = self.leaving.remove(&filing.path);
        match file(self.world, &filing, standing.as_ref(), copies).await {
            Ok(Some(Found::There)) => self.world.tell(&Notice::Filed { key, path: filing.path }),
            Ok(Some(Found::Nowhere)) => {}
            Ok(None) => return Some(filing),
            Err(failure) => self.outcome.unfiled.push((key, failure.to_string())),
        }
        None
    }

    /// Copies a finished clip to the paths of the jobs that waited for it.
    pub(super) async fn file_followers(&mut self, take: &TakeId) {
        let Some(followers) = self.work.filings.with_leader.remove(take) else { return };
        let done = match self.world.store.take_by_id(take).await {
            Ok(done) => done,
            Err(error) => return self.fail(Failure::store(error)),
        };
        let Some(State::Done { file, .. }) = done.as_ref().map(|done| &done.state) else { return };
        let Some(done) = &done else { return };
        let copies = Copies::of(self.world.tree.clone());
        for (key, path) in followers {
            let from = Filed { take: take.clone(), path: done.path.clone(), file: *file };
            self.file(Filing { key, path, from, copy: true }, Some(&copies)).await;
        }
    }
}

/// The result of giving a clip its new name.
enum Found {
    /// The clip is under its new name.
    There,
    /// The clip does not exist any more; only its record has the new name.
    Nowhere,
}

/// Moves or copies one clip to its new name, as `filing` says.
///
/// Only the last try gets `copies` (the copies of clips in the output folder) and also looks for the clip there. An
/// earlier try returns `None` if the clip was not found. If a crash interrupts the move, the next plan contains the
/// same move again, and that move succeeds.
///
/// If another take's clip is at the new path, that clip is first moved to the path for older clips, because two clips
/// may exchange their names.
async fn file(
    world: &World,
    filing: &Filing,
    arriving: Option<&Filed>,
    copies: Option<&Copies>,
) -> Result<Option<Found>, Failure> {
    let Filing { key, path, from, copy } = filing;
    let standing = world.store.filed(&world.project, key).await.map_err(Failure::store)?;
    for standing in standing.as_ref().into_iter().chain(arriving) {
        if standing.path == *path && standing.take != from.take {
            set_aside(world, standing).await?;
        }
    }
    let take = world.store.take_by_id(&from.take).await.map_err(Failure::store)?;
    // The clip's path by the plan, and the paths to which another move, or a move before a crash, has set it aside.
    let mut places = vec![(from.path.clone(), *copy)];
    places.extend(take.map(|take| (take.path, *copy)));
    places.push((kept_path(&from.path, &from.take), *copy));
    let refile = |places: Vec<(String, bool)>| {
        let (tree, target, left, copy) = (world.tree.clone(), path.clone(), from.path.clone(), *copy);
        let clip = from.file;
        blocking(move || {
            let there = places.into_iter().find(|(place, _)| tree.is_placed(place, &clip));
            // The clip may be there already, without a record. Without a recorded path, nothing is left behind.
            let left = if left.is_empty() { target.clone() } else { left };
            let arrived = || tree.is_placed(&target, &clip).then_some((left, copy));
            let (source, copy) = there.or_else(arrived).ok_or(PlaceFault::PartLost)?;
            let how = if copy { Refile::Copy } else { Refile::Move };
            tree.refile(&source, &target, &clip, how, None).map(|()| Some(source).filter(|_| !copy))
        })
    };
    let mut filed = refile(places.clone()).await?;
    if let Err(PlaceFault::NameTaken(_)) = filed
        && let Some(forgotten) = clip_at(world, path).await?
    {
        set_aside(world, &forgotten).await?;
        filed = refile(places).await?;
    }
    if let Err(PlaceFault::PartLost) = filed {
        // Other jobs may have a copy of the same clip.
        let others = world.store.standing(&from.take).await.map_err(Failure::store)?;
        filed = refile(others.into_iter().map(|place| (place, true)).collect()).await?;
    }
    if let (Err(PlaceFault::PartLost), Some(copies)) = (&filed, copies) {
        // A move that a crash ended may have left the clip at a path without a record, with its sidecar. The clip is
        // copied, because a person may have made that copy.
        let (copies, gone) = (copies.clone(), from.clone());
        let look = move || copies.find(&gone.take, &gone.path, &gone.file).unwrap_or_default();
        let found = blocking(look).await?;
        let arrived = refile(found.into_iter().map(|place| (place, true)).collect()).await?;
        filed = arrived.map(|_| Some(from.path.clone()).filter(|left| !copy && !left.is_empty()));
    }
    let (moved_from, found) = match filed {
        Ok(moved_from) => (moved_from, Found::There),
        Err(PlaceFault::PartLost) if copies.is_none() => return Ok(None),
        Err(PlaceFault::PartLost) if is_gone(world, from).await? => {
            (Some(from.path.clone()).filter(|_| !copy), Found::Nowhere)
        }
        Err(fault) => return Err(Failure::local(fault)),
    };
    let filed = Filed { take: from.take.clone(), path: path.clone(), file: from.file };
    let now = world.clock.now();
    world.store.file(&world.project, key, filed, moved_from, now).await.map_err(Failure::store)?;
    Ok(Some(found))
}

/// Returns whether a clip is surely no longer at its recorded path: no file is there, or it is damaged or another file.
/// Returns `false` if the file cannot be read, because it may be the clip.
async fn is_gone(world: &World, clip: &Filed) -> Result<bool, Failure> {
    if clip.path.is_empty() {
        return Ok(true);
    }
    let (tree, clip) = (world.tree.clone(), clip.clone());
    let found = blocking(move || tree.examine(&clip.path, &clip.file)).await?;
    Ok(!matches!(found, Finding::Unreadable(_)))
}

/// Returns a finished take whose clip has the same bytes as the file at `path`; `None` if there is none.
///
/// Also returns `None` if the file is the recorded clip of a wanted job with this path, because the file is then where
/// it belongs.
pub(super) async fn clip_at(world: &World, path: &str) -> Result<Option<Filed>, Failure> {
    let (tree, target) = (world.tree.clone(), path.to_owned());
    match blocking(move || tree.file_at(&target)).await? {
        Some(file) => world.store.clip_at(path, file).await.map_err(Failure::store),
        None => Ok(None),
    }
}

/// Moves a clip to the path for older clips, because another clip needs its path, and records the new path.
async fn set_aside(world: &World, clip: &Filed) -> Result<(), Failure> {
    let kept = kept_path(&clip.path, &clip.take);
    let (tree, from, to) = (world.tree.clone(), clip.clone(), kept.clone());
    let moved = blocking(move || tree.refile(&from.path, &to, &from.file, Refile::Move, None));
    match moved.await? {
        // Gone already: an earlier attempt at this move got further, or a user removed the clip.
        Ok(()) | Err(PlaceFault::PartLost) => {}
        Err(fault) => return Err(Failure::local(fault)),
    }
    world.store.kept(clip, &kept, world.clock.now()).await.map_err(Failure::store)
}
