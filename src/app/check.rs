//! Automatic checks of saved clips: every clip gets the verdict passed, warned or failed.
//!
//! A verdict is valid as long as the clip's bytes and the manifest's check settings stay the same. The checks read the
//! clip's file; if `ffmpeg` is installed, they also compare the frames and make posters. They cost and send nothing,
//! and a failed check does not make a run fail.

use super::checker::{Checker, Tally};
use super::disks::not_mounted;
use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::open_folder;
use super::places::{Places, show_typed};
use super::project::Project;
use super::reporter::News;
use super::session::reader;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::verdict::{Checked, Verdict};
use crate::engine::lost::{newer, on_other_disks};
use crate::files::{self, Poster, Tree};
use crate::manifest::{Checks, OnMissing};
use crate::store::{Check, Clip, ClipsFrom, Reader, StoreError};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Number of clips read from the database in one page.
const PAGE: u32 = 256;

/// Number of verdicts that are saved in one write.
const BATCH: usize = 32;

/// The verdicts of the automatic checks about the clips of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Clips with their verdicts: the current clips of the jobs first, then earlier versions.
    pub clips: Vec<CheckedClip>,
    /// Number of the jobs' current clips by verdict; earlier versions do not count.
    pub tally: Tally,
    /// Number of clips that had no valid verdict and were checked by this call.
    pub new: usize,
    /// True if the frames can be checked: `ffmpeg` is installed, works and is not switched off.
    pub frames: bool,
    /// Reason why frames were not checked although `ffmpeg` is installed.
    pub fault: Option<String>,
    /// Exit code: 3 if the current clip of a job failed a check, is missing or is altered.
    ///
    /// Earlier versions of clips do not count, and neither do missing clips that a person has dismissed. With
    /// `on_missing: ignore` in the manifest, missing and altered clips do not count.
    pub exit: Exit,
    /// Command to type next.
    pub next: String,
}

/// A saved clip with the verdict of the automatic checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedClip {
    /// Job that the clip belongs to.
    pub key: JobKey,
    /// Take (paid rendering) that made the clip.
    pub take: TakeId,
    /// Path of the clip below the output folder.
    pub path: String,
    /// True for an earlier version of the clip, which a newer one has replaced.
    pub older: bool,
    /// Problem with the clip's file (missing or altered); `None` if there is none.
    pub loss: Option<ClipDamage>,
    /// Findings of the checks; `None` if the clip has no current verdict, for example because it is missing or altered.
    pub checked: Option<Checked>,
}

impl Project {
    /// Checks every saved clip that has no valid verdict yet, and returns all verdicts.
    ///
    /// It takes no lock, is safe while a run is active, and sends nothing.
    pub async fn check_clips(&self) -> Result<CheckReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let manifest = manifest(places);
        let named = manifest.as_ref().map(|manifest| manifest.project.clone());
        let is_watched = manifest.as_ref().is_none_or(|manifest| manifest.on_missing != OnMissing::Ignore);
        let settings = manifest.map(|manifest| manifest.checks).unwrap_or_default();
        let clips = clips(&reader, named.as_deref()).await?;
        let mut known = reader.checks().await?;
        let out = places.clips(reader.output().await?.as_deref());
        let checker = self.checker(&reader, settings, &out, named.as_deref()).await?;
        let mut lost = match &checker {
            Some(_) => lost(places, &out, &reader, &clips).await?,
            None => LostClips::default(),
        };
        if let Some(what) = &lost.not_mounted {
            self.tell(&News::Warning(what));
        }
        lost.is_watched = is_watched;
        let due: Vec<&Clip> = match &checker {
            Some(checker) => {
                let due = clips.iter().filter(|clip| lost.damage(clip).is_none());
                due.filter(|clip| checker.is_due(&clip.filed, known.get(&clip.filed.take))).collect()
            }
            None => Vec::new(),
        };
        let mut new = 0;
        if let Some(checker) = checker.as_ref().filter(|_| !due.is_empty()) {
            let found = self.check_all(&reader, checker, &due).await?;
            new = found.len();
            known.extend(found.into_iter().map(|check| (check.take.clone(), check)));
        }
        let fault = checker.as_ref().and_then(|checker| checker.fault());
        if let Some(why) = &fault {
            self.tell(&News::Warning(&format!("the frames of clips are not checked: {why}")));
        }
        let digest = checker.as_ref().map(|checker| checker.settings.digest());
        let frames = checker.is_some_and(|checker| checker.ffmpeg().is_some());
        Ok(self.check_report(clips, &known, digest, CheckFacts { new, frames, fault, lost }))
    }

    /// Returns the posters (still pictures) of the clip with this hash; `None` if there are none.
    #[must_use]
    pub fn poster(&self, clip: Sha256) -> Option<Poster> {
        files::poster(&self.places.state, clip)
    }

    /// Returns a checker for the clips of a project; `None` if there is no output folder because no clip was ever
    /// saved.
    async fn checker(
        &self,
        reader: &Reader,
        settings: Checks,
        out: &std::path::Path,
        project: Option<&str>,
    ) -> Result<Option<Arc<Checker>>, Error> {
        let Some(tree) = open_folder(&self.places, out, reader, project).await? else { return Ok(None) };
        let (places, registry) = (self.places.clone(), self.registry.clone());
        let made =
            tokio::task::spawn_blocking(move || Checker::new(&places, &registry, settings, tree)).await;
        let made =
            made.map_err(|error| Error::new(Exit::Unexpected, format!("a check ended early: {error}")))?;
        Ok(Some(Arc::new(made)))
    }

    /// Checks these clips one after the other, saves the verdicts in batches, and returns them.
    async fn check_all(
        &self,
        reader: &Reader,
        checker: &Arc<Checker>,
        due: &[&Clip],
    ) -> Result<Vec<Check>, Error> {
        // A clip that several jobs share is checked once.
        let mut seen = HashSet::new();
        let due: Vec<&&Clip> = due.iter().filter(|clip| seen.insert(clip.filed.take.clone())).collect();
        let opened = self.open_concurrent()?;
        let (mut found, mut kept) = (Vec::new(), 0);
        let (all, stopping) = (due.len() as u64, StopOnDrop(checker));
        for (at, clip) in due.into_iter().enumerate() {
            let Some(take) = reader.take_by_id(&clip.filed.take).await? else { continue };
            let (checker, filed) = (Arc::clone(checker), clip.filed.clone());
            let check = tokio::task::spawn_blocking(move || checker.check(&take, &filed)).await;
            found.extend(check.map_err(|_| StoreError::Ending)?);
            self.tell(&News::Checking { checked: at as u64 + 1, all });
            if found.len() - kept == BATCH {
                opened.store.keep_checks(found[kept..].to_vec(), self.clock.now()).await?;
                kept = found.len();
            }
        }
        drop(stopping);
        self.tell(&News::Ended);
        if kept < found.len() {
            opened.store.keep_checks(found[kept..].to_vec(), self.clock.now()).await?;
        }
        Ok(found)
    }

    fn check_report(
        &self,
        clips: Vec<Clip>,
        known: &HashMap<TakeId, Check>,
        settings: Option<Sha256>,
        facts: CheckFacts,
    ) -> CheckReport {
        let mut tally = Tally::default();
        let clips: Vec<CheckedClip> = clips
            .into_iter()
            .filter(|clip| clip.wanted || clip.older)
            .map(|clip| {
                let loss = facts.lost.damage(&clip);
                let Clip { key, filed, older, .. } = clip;
                let check = known.get(&filed.take).filter(|_| loss.is_none());
                let check = check.filter(|check| check.is_about(filed.file.sha256, settings));
                let checked = check.map(|check| check.checked.clone());
                match loss {
                    _ if older => {}
                    Some(loss) => tally.add_lost(loss),
                    None => tally.add(checked.as_ref()),
                }
                CheckedClip { key, take: filed.take, path: filed.path, older, loss, checked }
            })
            .collect();
        let worst = |verdict| {
            clips
                .iter()
                .find(|clip| !clip.older && clip.checked.as_ref().map(Checked::verdict) == Some(verdict))
        };
        let open = facts.lost.open(&clips);
        let next = match worst(Verdict::Fail).or_else(|| worst(Verdict::Warn)) {
            _ if !open.is_empty() && facts.lost.not_mounted.is_some() => self.places.typed("check"),
            _ if open.contains(&ClipDamage::Missing) => self.places.typed("verify --repair"),
            _ if !open.is_empty() => self.places.typed("verify --repair --replace-altered"),
            Some(clip) => show_typed(&self.places, &clip.key),
            None => self.places.typed("status"),
        };
        let is_bad = tally.failed > 0 || !open.is_empty();
        let exit = if is_bad { Exit::SomeFailed } else { Exit::Done };
        let CheckFacts { new, frames, fault, lost: _ } = facts;
        CheckReport { clips, tally, new, frames, fault, exit, next }
    }
}

/// Counts the verdicts about the current clips of the jobs that the manifest asks for.
///
/// The clips in `damaged` are missing or altered, and count as not checked.
pub(crate) async fn tally(
    reader: &Reader,
    project: Option<&str>,
    settings: Option<Sha256>,
    damaged: &[(Clip, ClipDamage)],
) -> Result<Tally, StoreError> {
    let known = reader.checks().await?;
    let damage: HashMap<Place<'_>, ClipDamage> =
        damaged.iter().map(|(clip, loss)| (place(clip), *loss)).collect();
    let mut tally = Tally::default();
    for clip in clips(reader, project).await?.iter().filter(|clip| clip.wanted) {
        let filed = &clip.filed;
        let check = known.get(&filed.take).filter(|check| check.is_about(filed.file.sha256, settings));
        match damage.get(&place(clip)) {
            Some(loss) => tally.add_lost(*loss),
            None => tally.add(check.map(|check| &check.checked)),
        }
    }
    Ok(tally)
}

/// The take and the path of a clip, which together name one file of one rendering.
type Place<'a> = (&'a TakeId, &'a str);

fn place(clip: &Clip) -> Place<'_> {
    (&clip.filed.take, &clip.filed.path)
}

/// The recorded clips that are missing or altered.
#[derive(Default)]
struct LostClips {
    /// Problem of each missing or altered clip, by its take and path.
    damage: HashMap<(TakeId, String), ClipDamage>,
    /// Renderings whose missing clips a person has accepted as missing.
    dismissed: HashSet<TakeId>,
    /// Advice if clips are missing in a folder whose disk is not mounted; `None` otherwise.
    not_mounted: Option<String>,
    /// False with `on_missing: ignore` in the manifest.
    is_watched: bool,
}

impl LostClips {
    /// Returns whether a clip is missing or altered; `None` if it is neither.
    fn damage(&self, clip: &Clip) -> Option<ClipDamage> {
        self.damage.get(&(clip.filed.take.clone(), clip.filed.path.clone())).copied()
    }

    /// Returns the problems of the jobs' current clips that need attention.
    fn open(&self, clips: &[CheckedClip]) -> Vec<ClipDamage> {
        let is_open = |clip: &&CheckedClip| {
            let is_dismissed = clip.loss == Some(ClipDamage::Missing) && self.dismissed.contains(&clip.take);
            self.is_watched && !clip.older && !is_dismissed
        };
        clips.iter().filter(is_open).filter_map(|clip| clip.loss).collect()
    }
}

/// Looks by name and size for clips that are missing or altered.
async fn lost(places: &Places, root: &Path, reader: &Reader, clips: &[Clip]) -> Result<LostClips, Error> {
    let unread = |error: &dyn std::fmt::Display| {
        Error::new(Exit::Local, format!("the folder of the clips could not be read: {error}"))
    };
    let tree = Tree::look_at(&places.state, root).map_err(|error| unread(&error))?;
    let (known, looked) = (clips.to_vec(), tree.clone());
    let look = move || looked.losses(known.iter().map(|clip| (clip.filed.path.as_str(), &clip.filed.file)));
    let losses = tokio::task::spawn_blocking(look).await.map_err(|error| unread(&error))?;
    let losses = losses.map_err(|error| unread(&error))?;
    let mut found: Vec<(&Clip, ClipDamage)> =
        clips.iter().zip(losses).filter_map(|(clip, loss)| Some((clip, loss?))).collect();
    if found.iter().any(|(_, loss)| *loss == ClipDamage::Altered) {
        // A run may have saved a newer clip at the path and not recorded it yet.
        let newer = newer(reader, &tree).await.map_err(|error| unread(&error))?;
        found.retain(|(clip, loss)| *loss != ClipDamage::Altered || !newer.contains_key(&clip.filed.path));
    }
    let missing = found.iter().filter(|(clip, loss)| *loss == ClipDamage::Missing && clip.wanted);
    let missing = missing.map(|(clip, _)| (*clip).clone()).collect();
    let moved = on_other_disks(reader, &tree, missing).await.map_err(|error| unread(&error))?;
    let damage = found.into_iter().map(|(clip, loss)| {
        let (take, path) = place(clip);
        ((take.clone(), path.to_owned()), loss)
    });
    Ok(LostClips {
        damage: damage.collect(),
        dismissed: reader.dismissed().await?,
        not_mounted: not_mounted(&moved, root),
        is_watched: true,
    })
}

/// The values of a [`CheckReport`] that are not derived from its list of clips.
struct CheckFacts {
    new: usize,
    frames: bool,
    fault: Option<String>,
    lost: LostClips,
}

/// A value that stops the checker when it is dropped, for example because the waiting future is cancelled.
struct StopOnDrop<'a>(&'a Arc<Checker>);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Returns every clip that the database records for a project.
async fn clips(reader: &Reader, project: Option<&str>) -> Result<Vec<Clip>, StoreError> {
    let (mut clips, mut from) = (Vec::new(), Some(ClipsFrom::default()));
    while let Some(start) = from {
        let (page, next) = reader.clips(project, start, PAGE).await?;
        clips.extend(page);
        from = next;
    }
    Ok(clips)
}
