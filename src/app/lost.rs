//! Finds saved clips that are missing or altered, and reports them in `plan`, `run` and `status`.

use super::disks;
use super::error::Error;
use super::exit::Exit;
use super::moved::{is_at, leave_out_arrived};
use super::names::Names;
use super::places::{Places, quoted};
use super::session::Session;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::{JobKey, TakeId};
use crate::engine::lost::{Back, Copies, Found, bring_back, look, newer};
use crate::files::Tree;
use crate::manifest::{Manifest, OnChange, OnMissing};
use crate::plan::decide::Decision;
use crate::plan::filing::there;
use crate::plan::known::Filed;
use crate::store::{Clip, ClipsFrom, History, PlanTables, Reader, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

mod recorded;
mod saved_clips;

pub(crate) use saved_clips::SavedClips;

/// The jobs whose saved clips are missing or altered.
#[derive(Default)]
pub struct Lost {
    pub(crate) clips: BTreeMap<JobKey, (Clip, ClipDamage)>,
    /// Jobs with a missing clip that a person has accepted as missing.
    accepted: BTreeSet<JobKey>,
    dismissed: HashSet<TakeId>,
    /// Jobs whose missing clip is not recorded under any job of this project, for example because the project was
    /// renamed.
    ///
    /// Only a run can record the clip for its job, and only a recorded clip can be restored.
    unfiled: BTreeSet<JobKey>,
    /// Every missing or altered clip, whether a job still wants it or not, by its take and path.
    all: HashMap<(TakeId, String), (Clip, ClipDamage)>,
    /// Output folder, in which the clips are; `None` if it does not exist, or if `on_missing` is `ignore` in the
    /// manifest.
    tree: Option<Tree>,
}

impl Lost {
    /// Returns whether the job's clip is missing or altered; `None` if it is fine.
    ///
    /// It is also `None` if `decision` (the planned action) does not keep the clip.
    #[must_use]
    pub(crate) fn of(&self, key: &JobKey, decision: &Decision) -> Option<ClipDamage> {
        self.clips.get(key).filter(|_| keeps(decision)).map(|(_, loss)| *loss)
    }

    /// Returns whether a person has accepted that the job stays failed, written off or missing.
    #[must_use]
    pub(crate) fn is_dismissed(&self, key: &JobKey, decision: &Decision) -> bool {
        match decision {
            Decision::Failed { take, .. } => self.dismissed.contains(take),
            decision => keeps(decision) && self.accepted.contains(key),
        }
    }

    pub(crate) fn accepted(&self) -> impl Iterator<Item = &JobKey> {
        self.accepted.iter()
    }

    /// Returns the number of jobs whose clips have this problem: missing or altered.
    #[must_use]
    pub(crate) fn count(&self, loss: ClipDamage) -> usize {
        self.clips.values().filter(|(_, found)| *found == loss).count()
    }

    /// Returns the jobs whose clips are missing or altered, each with the problem.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (&JobKey, ClipDamage)> {
        self.clips.iter().map(|(key, (_, loss))| (key, *loss))
    }

    /// Returns whether the clip of a job is missing or altered.
    #[must_use]
    pub(crate) fn has(&self, key: &JobKey) -> bool {
        self.clips.contains_key(key) || self.accepted.contains(key)
    }

    /// Limits the missing and altered clips to those that the plan keeps, moves or copies.
    ///
    /// It leaves out the clips of jobs that are rendered again anyway. It adds missing and altered clips that the plan
    /// would move or copy to the path of a job, for example after a product was renamed.
    pub(crate) fn keep(&mut self, plan_tables: &PlanTables) -> Result<(), Error> {
        let tables = plan_tables.lock();
        let mut kept = BTreeMap::new();
        for (key, clip) in std::mem::take(&mut self.clips) {
            if tables.find(&key)?.is_some_and(|job| keeps(&job.decision)) {
                kept.insert(key, clip);
            }
        }
        self.clips = kept;
        let mut others = Vec::new();
        tables.each_named::<Error>(&["moved", "renamed", "shared", "kept", "asks"], |_, job| {
            let Some(from) = there(&job.decision) else { return Ok(()) };
            // The run only records the new path of a clip that is there already.
            let tree = self.tree.as_ref();
            if self.is_missing(&job.wanted.key, from)
                && tree.is_some_and(|tree| is_at(tree, &job.wanted.path, from))
            {
                self.clips.remove(&job.wanted.key);
            } else if !self.add(&job.wanted.key, from) {
                others.push((job.wanted.key.clone(), job.wanted.path.clone(), from.clone()));
            }
            Ok(())
        })?;
        drop(tables);
        self.look_elsewhere(others)
    }

    /// Looks for the clips that jobs get from another project, for example because the project was renamed. A search of
    /// the project's own clips does not find them.
    fn look_elsewhere(&mut self, clips: Vec<(JobKey, String, Filed)>) -> Result<(), Error> {
        let Some(tree) = self.tree.clone() else { return Ok(()) };
        let losses = tree.losses(clips.iter().map(|(_, _, from)| (from.path.as_str(), &from.file)));
        let losses = losses.map_err(|error| folder_error(&format!("could not be read: {error}")))?;
        for ((key, path, filed), loss) in clips.into_iter().zip(losses) {
            let Some(loss) = loss else { continue };
            if loss == ClipDamage::Missing && is_at(&tree, &path, &filed) {
                continue;
            }
            if loss == ClipDamage::Missing {
                self.unfiled.insert(key.clone());
            }
            self.note(Clip { key, filed, wanted: true, older: false }, loss);
        }
        Ok(())
    }

    /// Returns whether the clip `from`, which the job `key` will get, is among the known missing clips.
    fn is_missing(&self, key: &JobKey, from: &Filed) -> bool {
        let at = (from.take.clone(), from.path.clone());
        let known = self.all.get(&at).or_else(|| self.clips.get(key));
        known.is_some_and(|(clip, loss)| *loss == ClipDamage::Missing && clip.filed == *from)
    }

    /// Records that the clip `from`, which the job `key` will get, is missing or altered.
    ///
    /// Returns `false`, and records nothing, if `from` is not among the known missing and altered clips.
    fn add(&mut self, key: &JobKey, from: &Filed) -> bool {
        let at = (from.take.clone(), from.path.clone());
        let (clip, loss) = match self.all.get(&at) {
            Some((clip, loss)) => (Clip { key: key.clone(), ..clip.clone() }, *loss),
            // The take's clip was gone when a newer clip got its name.
            None if from.path.is_empty() => {
                self.unfiled.insert(key.clone());
                (
                    Clip { key: key.clone(), filed: from.clone(), wanted: true, older: false },
                    ClipDamage::Missing,
                )
            }
            None => return false,
        };
        self.note(clip, loss);
        true
    }

    fn note(&mut self, clip: Clip, loss: ClipDamage) {
        if loss == ClipDamage::Missing && self.dismissed.contains(&clip.filed.take) {
            self.accepted.insert(clip.key);
        } else {
            self.clips.insert(clip.key.clone(), (clip, loss));
        }
    }

    /// Returns every altered clip, whether the plan keeps it or renders its job again.
    pub(crate) fn all_altered(&self) -> impl Iterator<Item = &Clip> {
        self.all.values().filter(|(_, loss)| *loss == ClipDamage::Altered).map(|(clip, _)| clip)
    }

    #[must_use]
    pub(crate) fn is_altered(&self, key: &JobKey) -> bool {
        matches!(self.clips.get(key), Some((_, ClipDamage::Altered)))
    }

    /// Returns the command that restores the clips; `None` if no clip is missing or altered.
    #[must_use]
    pub(crate) fn next(&self, places: &Places) -> Option<String> {
        let altered = if self.count(ClipDamage::Missing) == 0 { " --replace-altered" } else { "" };
        (!self.clips.is_empty()).then(|| places.typed(&format!("verify --repair{altered}")))
    }

    /// Returns the command that restores the missing and altered clips of a plan; `None` if there are no such clips.
    ///
    /// If no clip is recorded for its job yet, the command is `run`, which records the clips. Otherwise it is `verify
    /// --repair`.
    #[must_use]
    pub(crate) fn next_planned(&self, places: &Places) -> Option<String> {
        let is_unfiled = |(key, (_, loss)): (&JobKey, &(Clip, ClipDamage))| {
            *loss == ClipDamage::Missing && self.unfiled.contains(key)
        };
        if !self.clips.is_empty() && self.clips.iter().all(is_unfiled) {
            return Some(places.typed("run"));
        }
        self.next(places)
    }
}

/// Returns whether a job keeps or gets an existing clip.
fn keeps(decision: &Decision) -> bool {
    matches!(decision, Decision::Unchanged { .. } | Decision::Kept { .. }) || there(decision).is_some()
}

/// The input of a search for missing or altered clips.
pub(crate) struct Search<'a> {
    pub(crate) places: &'a Places,
    pub(crate) root: &'a Path,
    pub(crate) manifest: &'a Manifest,
    pub(crate) plan_tables: &'a PlanTables,
    pub(crate) only: &'a [String],
}

impl Search<'_> {
    /// Looks for missing or altered clips of the selected jobs.
    ///
    /// # Errors
    ///
    /// Returns an error if clips are recorded and the output folder is missing: its disk may not be mounted.
    pub(crate) async fn look(&self, reader: &Reader) -> Result<(Lost, Found), Error> {
        let Search { places, root, manifest, .. } = self;
        let dismissed = reader.dismissed().await?;
        let lost = Lost { dismissed, ..Lost::default() };
        if manifest.on_missing == OnMissing::Ignore {
            return Ok((lost, Found::default()));
        }
        let mut found = found(places, root, reader, Some(&manifest.project)).await?;
        let tree = Tree::look_at(&places.state, root).ok();
        if let Some(tree) = &tree {
            leave_out_arrived(&mut found.lost, self.plan_tables, tree)?;
        }
        let lost = self.wanted(Lost { tree, ..lost }, &found)?;
        Ok((lost, found))
    }

    /// Adds the missing and altered clips in `found` to `lost`, and returns `lost`.
    ///
    /// It leaves out clips of jobs that are not selected, and clips that would be rendered again anyway.
    fn wanted(&self, mut lost: Lost, found: &Found) -> Result<Lost, StoreError> {
        let Ok(names) = Names::of_wanted(self.plan_tables, self.only) else { return Ok(lost) };
        let tables = self.plan_tables.lock();
        let at = |clip: &Clip| (clip.filed.take.clone(), clip.filed.path.clone());
        lost.all = found.lost.iter().map(|(clip, loss)| (at(clip), (clip.clone(), *loss))).collect();
        for (clip, loss) in &found.lost {
            let Some(wanted) = tables.wanted(&clip.key)?.filter(|_| names.has(&clip.key)) else { continue };
            let order = tables.known_take(&clip.filed.take)?.map(|take| take.fingerprint);
            let is_kept = self.manifest.rules(&clip.key.shot).on_change != OnChange::Render;
            if *loss == ClipDamage::Missing && lost.dismissed.contains(&clip.filed.take) {
                lost.accepted.insert(clip.key.clone());
            } else if order == Some(wanted.fingerprint) || is_kept {
                lost.clips.insert(clip.key.clone(), (clip.clone(), *loss));
            }
        }
        Ok(lost)
    }

    /// Looks for missing or altered clips like [`look`](Self::look), and restores missing ones if the manifest says so.
    ///
    /// # Errors
    ///
    /// Returns an error if the output folder is on another disk, or if more clips are missing than the safety limit
    /// `max_removed` allows. With `accepted`, the user has agreed to both, and neither is an error.
    pub(crate) async fn check_and_restore(&self, session: &Session, accepted: bool) -> Result<Lost, Error> {
        let (mut lost, found) = self.look(&session.store).await?;
        let Search { root, manifest, places, .. } = self;
        // A clip that is meant to be gone, or that no job asks for any more, is no sign of a lost disk.
        let is_missed = |clip: &Clip| clip.wanted && !lost.dismissed.contains(&clip.filed.take);
        let missing =
            found.lost.iter().filter(|(clip, loss)| *loss == ClipDamage::Missing && is_missed(clip)).count();
        let refused = |folder: &Path, what: String, next: &str| {
            let what = format!(
                "{missing} of {} clips are missing in the folder `{}`, {what}; nothing was downloaded or sent. Mount the \
                 disk of this folder, then type the same command, or add --accept-changes if the clips are really gone",
                found.clips,
                folder.display()
            );
            Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed(next)))
        };
        if accepted {
            disks::accept(session, root, found.disks).await?;
        } else {
            if let Some(folder) = disks::folder(&found.moved, root) {
                return refused(&folder, "which is not on the same disk as before".to_owned(), "run");
            }
            let guard = manifest.guards.max_removed.filter(|_| missing > 0);
            if let Some(most) = guard.filter(|most| !most.allows(missing, found.clips)) {
                let what = format!("and the limit `guards.max_removed` allows only {most}");
                return refused(root, what, "run --accept-changes");
            }
            if found.clips > 0 && session.store.disks()?.as_ref() != Some(&found.disks) {
                session.store.note_disks(&found.disks).await?;
            }
        }
        if manifest.on_missing == OnMissing::Fetch {
            fetch(session, &mut lost).await?;
        }
        Ok(lost)
    }
}

/// Returns all saved clips that are missing or altered.
///
/// # Errors
///
/// Returns an error if clips are recorded and their folder is missing.
pub(crate) async fn found(
    places: &Places,
    root: &Path,
    reader: &Reader,
    project: Option<&str>,
) -> Result<Found, Error> {
    let Some(tree) = open_folder(places, root, reader, project).await? else { return Ok(Found::default()) };
    look(reader, &tree, project).await.map_err(|error| folder_error(&format!("could not be read: {error}")))
}

/// Opens the folder of the clips; returns `None` if the folder is missing and no clip was ever saved.
///
/// # Errors
///
/// Returns an error if clips are recorded and their folder is missing.
pub(crate) async fn open_folder(
    places: &Places,
    root: &Path,
    reader: &Reader,
    project: Option<&str>,
) -> Result<Option<Tree>, Error> {
    let shown = root.display();
    match Tree::look_at(&places.state, root) {
        Ok(tree) => Ok(Some(tree)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let first = reader.clips(project, ClipsFrom::default(), 1).await;
            if first?.0.is_empty() {
                return Ok(None);
            }
            let made = quoted(&shown.to_string());
            let what = format!(
                "was not found: `{shown}`; nothing was downloaded or sent. Mount the disk of this folder, then type \
                 the same command. If the clips are really gone: mkdir {made}"
            );
            Err(folder_error(&what).hint(places.typed("doctor")))
        }
        Err(error) => Err(folder_error(&format!("`{shown}` cannot be opened: {error}"))),
    }
}

fn folder_error(why: &str) -> Error {
    Error::new(Exit::Local, format!("the folder of the clips {why}")).money("not charged")
}

/// Restores missing clips that can be restored free of charge.
///
/// It removes from `lost` the clips that were copied back and those that will be downloaded again.
async fn fetch(session: &Session, lost: &mut Lost) -> Result<(), Error> {
    let copies = Copies::of(session.tree()?);
    let missing = lost.clips.values().filter(|(_, loss)| *loss == ClipDamage::Missing);
    let missing: Vec<Clip> = missing.map(|(clip, _)| clip.clone()).collect();
    for clip in missing {
        let back =
            bring_back(&session.store, &copies, &session.project.registry, &clip, session.clock.now()).await;
        match back.map_err(|error| Error::new(Exit::Local, error.to_string()))? {
            Back::Copied(_) | Back::Asked => drop(lost.clips.remove(&clip.key)),
            Back::Altered(_) | Back::Gone => {}
        }
    }
    Ok(())
}

/// Returns the problem with the clip of one job: missing or altered.
///
/// It is `None` if the job has no saved clip, and if the clip matches its record or cannot be compared. If the output
/// folder cannot be opened, the clip counts as missing.
pub(crate) async fn loss(
    reader: &Reader,
    places: &Places,
    history: &History,
) -> Result<Option<ClipDamage>, Error> {
    let Some(filed) = &history.filed else { return Ok(None) };
    let recorded = reader.output().await?;
    let Ok(tree) = Tree::look_at(&places.state, &places.clips(recorded.as_deref())) else {
        return Ok(Some(ClipDamage::Missing));
    };
    let losses = tree.losses(std::iter::once((filed.path.as_str(), &filed.file)));
    let loss = losses.unwrap_or_default().pop().flatten();
    let is_newer = loss == Some(ClipDamage::Altered)
        && newer(reader, &tree).await.is_ok_and(|newer| newer.contains_key(&filed.path));
    Ok(loss.filter(|_| !is_newer))
}
