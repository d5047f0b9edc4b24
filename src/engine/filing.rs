//! Clips that are there already get the name that is wanted now: moved, adopted, copied; never paid again.

use super::Run;
use super::drive::blocking;
use super::world::{Failure, World};
use crate::domain::key::TakeId;
use crate::domain::lifecycle::State;
use crate::domain::notice::Notice;
use crate::files::{PlaceFault, Refile, kept_path};
use crate::plan::filing::Filing;
use crate::plan::known::Filed;

impl Run<'_> {
    /// Files one clip. A trouble is reported and stops nothing: the clip stays where it is.
    pub(super) async fn file(&mut self, filing: Filing) {
        let key = filing.key.clone();
        match file(self.world, &filing).await {
            Ok(()) => self.world.tell(&Notice::Filed { key, path: filing.path }),
            Err(failure) => self.outcome.unfiled.push((key, failure.to_string())),
        }
    }

    /// Copies a finished clip to the jobs that waited for it.
    pub(super) async fn file_followers(&mut self, take: &TakeId) {
        let Some(followers) = self.work.filings.with_leader.remove(take) else { return };
        let done = match self.world.store.take_by_id(take).await {
            Ok(done) => done,
            Err(error) => return self.fail(Failure::store(error)),
        };
        let Some(State::Done { file, .. }) = done.as_ref().map(|done| &done.state) else { return };
        let Some(done) = &done else { return };
        for (key, path) in followers {
            let from = Filed { take: take.clone(), path: done.path.clone(), file: *file };
            self.file(Filing { key, path, from, copy: true }).await;
        }
    }
}

/// Each step can be repeated: after a crash between any two, the same filing is planned again and finds its way.
async fn file(world: &World, filing: &Filing) -> Result<(), Failure> {
    let Filing { key, path, from, copy } = filing;
    let standing = world.store.filed(&world.project, key).await.map_err(Failure::store)?;
    if let Some(standing) = standing.filter(|standing| standing.path == *path && standing.take != from.take) {
        // The job's own clip of another take stands there: it is kept beside, as every older take is.
        let kept = kept_path(&standing.path, &standing.take);
        let (tree, to, standing_clip) = (world.tree.clone(), kept.clone(), standing.clone());
        let moved =
            blocking(move || tree.refile(&standing_clip.path, &to, &standing_clip.file, Refile::Move, None));
        match moved.await? {
            // Gone already: an earlier attempt at this filing got further, or somebody tidied up.
            Ok(()) | Err(PlaceFault::PartLost) => {}
            Err(fault) => return Err(Failure::local(fault)),
        }
        world.store.kept(&standing.take, &kept, world.clock.now()).await.map_err(Failure::store)?;
    }
    let (tree, source, target) = (world.tree.clone(), from.clone(), path.clone());
    let how = if *copy { Refile::Copy } else { Refile::Move };
    let filed = blocking(move || tree.refile(&source.path, &target, &source.file, how, None));
    filed.await?.map_err(Failure::local)?;
    let filed = Filed { take: from.take.clone(), path: path.clone(), file: from.file };
    world.store.file(&world.project, key, filed, world.clock.now()).await.map_err(Failure::store)
}
