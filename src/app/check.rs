//! Automatic checks of clips: every clip gets a verdict for its bytes and for the settings of the manifest.
//!
//! A check reads the clip's own data; where `ffmpeg` is installed it looks at the frames as well and makes posters. A verdict
//! never buys or sends anything, and a check that fails never fails a run.

use super::checker::{Checker, Tally};
use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::open_folder;
use super::places::show_typed;
use super::project::Project;
use super::reporter::News;
use super::session::reader;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::verdict::{Checked, Verdict};
use crate::files::{self, Poster};
use crate::manifest::Checks;
use crate::store::{Check, Clip, ClipsFrom, Reader, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Number of clips read from the database in one page.
const PAGE: u32 = 256;

/// Number of verdicts that are kept in one write.
const BATCH: usize = 32;

/// The verdicts about the clips of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Clips with their verdicts: those of the jobs first, then earlier versions.
    pub clips: Vec<CheckedClip>,
    /// Number of clips by verdict.
    pub tally: Tally,
    /// Number of clips that were checked just now.
    pub new: usize,
    /// True if `ffmpeg` is installed, works and may be used.
    pub frames: bool,
    /// Reason for which frames were not looked at although `ffmpeg` is installed.
    pub fault: Option<String>,
    /// Exit code; 3 if a clip failed.
    pub exit: Exit,
    /// Command to type next.
    pub next: String,
}

/// A clip with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedClip {
    /// Job of the clip.
    pub key: JobKey,
    /// Take of the clip.
    pub take: TakeId,
    /// Path of the clip below the output folder.
    pub path: String,
    /// True for an earlier version, which made room for a newer one.
    pub older: bool,
    /// Findings; `None` if the clip could not be checked because it is missing or altered.
    pub checked: Option<Checked>,
}

impl Project {
    /// Checks every clip that has no verdict for its bytes and for the settings of the manifest.
    ///
    /// It takes no lock and is safe beside a run. It sends nothing.
    pub async fn check_clips(&self) -> Result<CheckReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let manifest = manifest(places);
        let named = manifest.as_ref().map(|manifest| manifest.project.clone());
        let settings = manifest.map(|manifest| manifest.checks).unwrap_or_default();
        let clips = clips(&reader, named.as_deref()).await?;
        let mut known = reader.checks().await?;
        let out = places.clips(reader.output().await?.as_deref());
        let checker = self.checker(&reader, settings, &out, named.as_deref()).await?;
        let due: Vec<&Clip> = match &checker {
            Some(checker) => {
                clips.iter().filter(|clip| checker.is_due(&clip.filed, known.get(&clip.filed.take))).collect()
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
            self.tell(&News::Warning(&format!("clips are checked without their frames: {why}")));
        }
        let digest = checker.as_ref().map(|checker| checker.settings.digest());
        let frames = checker.is_some_and(|checker| checker.ffmpeg().is_some());
        Ok(self.check_report(clips, &known, digest, CheckFacts { new, frames, fault }))
    }

    /// Returns the posters of the clip with that hash; `None` where there are none.
    #[must_use]
    pub fn poster(&self, clip: Sha256) -> Option<Poster> {
        files::poster(&self.places.state, clip)
    }

    /// Returns a checker of the clips of a project; `None` where no clip was ever saved.
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

    /// Checks clips one after the other and keeps their verdicts.
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
                let Clip { key, filed, older, .. } = clip;
                let check = known.get(&filed.take);
                let check = check.filter(|check| check.is_about(filed.file.sha256, settings));
                let checked = check.map(|check| check.checked.clone());
                if !older {
                    tally.add(checked.as_ref());
                }
                CheckedClip { key, take: filed.take, path: filed.path, older, checked }
            })
            .collect();
        let worst = |verdict| {
            clips
                .iter()
                .find(|clip| !clip.older && clip.checked.as_ref().map(Checked::verdict) == Some(verdict))
        };
        let next = match worst(Verdict::Fail).or_else(|| worst(Verdict::Warn)) {
            Some(clip) => show_typed(&self.places, &clip.key),
            None => self.places.typed("status"),
        };
        let exit = if tally.failed > 0 { Exit::SomeFailed } else { Exit::Done };
        let CheckFacts { new, frames, fault } = facts;
        CheckReport { clips, tally, new, frames, fault, exit, next }
    }
}

/// Returns the verdicts about the clips that stand under the names of wanted jobs.
pub(crate) async fn tally(
    reader: &Reader,
    project: Option<&str>,
    settings: Option<Sha256>,
) -> Result<Tally, StoreError> {
    let known = reader.checks().await?;
    let mut tally = Tally::default();
    for Clip { filed, .. } in clips(reader, project).await?.iter().filter(|clip| clip.wanted) {
        let check = known.get(&filed.take).filter(|check| check.is_about(filed.file.sha256, settings));
        tally.add(check.map(|check| &check.checked));
    }
    Ok(tally)
}

/// Facts about one call of the checks.
struct CheckFacts {
    new: usize,
    frames: bool,
    fault: Option<String>,
}

/// Ends the check that is under way when its caller stops waiting.
struct StopOnDrop<'a>(&'a Arc<Checker>);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Returns every clip of a project that the database knows.
async fn clips(reader: &Reader, project: Option<&str>) -> Result<Vec<Clip>, StoreError> {
    let (mut clips, mut from) = (Vec::new(), Some(ClipsFrom::default()));
    while let Some(start) = from {
        let (page, next) = reader.clips(project, start, PAGE).await?;
        clips.extend(page);
        from = next;
    }
    Ok(clips)
}
