//! Makes an earlier version of a clip the current one.
//!
//! The file of that version moves to the job's path, and the clip that was at the path moves below `_takes/`. Both
//! clips stay on disk even if the program is stopped in between; the same command then finishes the move.

use super::DecideReport;
use crate::app::concurrent::remark;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::find::{job_named, project_name};
use crate::app::places::show_typed;
use crate::app::project::Project;
use crate::app::session::Session;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{ClipFile, State};
use crate::files::{PlaceFault, Refile, Tree, kept_path};
use crate::plan::known::Filed;

impl Project {
    /// Moves the clip of an earlier version to the path of its job, and keeps the clip that is there now.
    ///
    /// This costs nothing and is not a review. No run replaces the moved clip until the job's input changes. `seen` is
    /// the revision number of the newest review that the person knew when choosing. If the job has a newer review,
    /// nothing is changed, and the report lists the job as a conflict.
    ///
    /// # Errors
    ///
    /// Returns an error while a run is active, if `who` is blank, if the job or its version does not exist, or if the
    /// version's clip is missing.
    pub async fn choose(
        &self,
        job: &JobKey,
        take: &TakeId,
        seen: u64,
        who: &str,
    ) -> Result<DecideReport, Error> {
        let refused = |what: &str| {
            let what = format!("no other version of {job} was chosen: {what}; nothing was changed");
            Error::new(Exit::Usage, what).money("not charged").hint(show_typed(&self.places, job))
        };
        let who = remark(Some(who)).ok_or_else(|| refused("the name of the person is missing"))?;
        let session = Session::open(self, "review")?;
        session.keep_output().await?;
        let name = project_name(&self.places);
        let records = session.store.records(name.as_deref(), None).await?;
        let keys: Vec<JobKey> = records.iter().map(|record| record.key.clone()).collect();
        let key = job_named(&job.to_string(), &keys)?;
        let Some(record) = records.into_iter().find(|record| record.key == key) else {
            return Err(refused("there is no such job"));
        };
        let newest = record.review.as_ref();
        if newest.map_or(0, |review| review.revision) != seen {
            let conflicts = vec![(key, record.review)];
            return Ok(DecideReport { conflicts, ..DecideReport::default() });
        }
        if record.filed.as_ref().is_some_and(|filed| filed.take == *take) {
            return Ok(DecideReport::default());
        }
        let version = record.takes.iter().find(|version| version.take.id == *take);
        let version = version.ok_or_else(|| refused(&format!("it has no version {take}")))?;
        let State::Done { file, .. } = version.take.state else {
            return Err(refused(&format!("version {take} has no clip")));
        };
        let tree = session.tree()?;
        let path = record.filed.as_ref().map_or(&record.path, |filed| &filed.path);
        // The clip may be where it was kept, where an earlier attempt put it, or where other jobs have a copy.
        let mut places =
            vec![(version.take.path.clone(), Refile::Move), (kept_path(path, take), Refile::Move)];
        let copies = session.store.standing(take).await?;
        places.extend(copies.into_iter().map(|place| (place, Refile::Copy)));
        let arrived = is_at(&tree, path, file).await?;
        let source = match find(&tree, places, file).await? {
            None if !arrived => return Err(refused(&format!("the clip of version {take} is missing"))),
            source => source,
        };
        let now = session.clock.now();
        if let Some(standing) = record.filed.clone() {
            let kept = kept_path(&standing.path, &standing.take);
            let (from, clip) = (standing.path.clone(), standing.file);
            match refile(&tree, from, kept.clone(), clip, Refile::Move).await? {
                // The clip is gone, or an earlier attempt moved it.
                Ok(()) | Err(PlaceFault::PartLost) => {}
                Err(fault) => return Err(Error::local(fault)),
            }
            session.store.kept(&standing, &kept, now).await?;
        }
        let mut moved_from = None;
        if let Some((from, how)) = source {
            let moved = refile(&tree, from.clone(), path.clone(), file, how).await?;
            moved.map_err(Error::local)?;
            moved_from = Some(from).filter(|_| how == Refile::Move);
        }
        let filed = Filed { take: take.clone(), path: path.clone(), file };
        session.store.choose(&record.project, &key, filed, moved_from, who, now).await?;
        Ok(DecideReport::default())
    }
}

/// Returns the first of `places` (paths) that has the clip, and whether to move or copy the clip; `None` if none has
/// it.
async fn find(
    tree: &Tree,
    places: Vec<(String, Refile)>,
    clip: ClipFile,
) -> Result<Option<(String, Refile)>, Error> {
    for (place, how) in places {
        if !place.is_empty() && is_at(tree, &place, clip).await? {
            return Ok(Some((place, how)));
        }
    }
    Ok(None)
}

async fn is_at(tree: &Tree, path: &str, clip: ClipFile) -> Result<bool, Error> {
    let (tree, path) = (tree.clone(), path.to_owned());
    tokio::task::spawn_blocking(move || tree.is_placed(&path, &clip)).await.map_err(Error::local)
}

async fn refile(
    tree: &Tree,
    from: String,
    to: String,
    clip: ClipFile,
    how: Refile,
) -> Result<Result<(), PlaceFault>, Error> {
    let tree = tree.clone();
    let moving = tokio::task::spawn_blocking(move || tree.refile(&from, &to, &clip, how, None));
    moving.await.map_err(Error::local)
}
