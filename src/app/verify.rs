//! Compares the saved clips with their records, and restores missing or altered clips.

use super::disks::not_mounted;
use super::error::Error;
use super::exit::Exit;
use super::find::project_name;
use super::forgotten;
use super::places::quoted;
use super::project::Project;
use super::reporter::News;
use super::session::{Session, reader};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::take::Take;
use crate::engine::lost::on_other_disks;
use crate::files::{Finding, SidecarFault, Tree};
use crate::plan::known::Filed;
use crate::store::{Clip, ClipsFrom, Reader, StoreError};
use futures::StreamExt as _;
use rand::RngExt as _;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

mod compare;
mod moved;
mod older;
mod owner;
mod repair;
mod subset;

use compare::compare;
use moved::MovedClips;
use repair::repair;
pub use subset::Subset;

/// Number of clips read from the database in one page.
const PAGE: u32 = 256;

/// Maximum number of clips hashed concurrently; disks gain little beyond that.
const AT_ONCE: usize = 4;

/// A request to compare the saved clips with their records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifyRequest {
    /// Random sample of clips to compare; `None` to compare all clips.
    pub subset: Option<Subset>,
    /// Kinds of clips to restore after the comparison.
    pub restore: Restore,
}

/// The kinds of clips to restore; restoring is always free of charge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restore {
    /// No clip is restored and nothing is changed.
    #[default]
    Nothing,
    /// Missing clips are restored from a copy; without one, the next `collect` or `run` asks the provider again.
    Missing,
    /// Missing and altered clips are restored; the altered files are kept below `_takes/`.
    MissingAndAltered,
}

/// The result of comparing the saved clips with their records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Number of recorded clips.
    pub all: u64,
    /// Number of clips that were compared.
    pub compared: u64,
    /// Number of bytes in the compared clips.
    pub bytes: u64,
    /// Number of clips that match their records.
    pub same: u64,
    /// Number of clips that are missing.
    pub missing: u64,
    /// Number of missing clips that a person has accepted as missing (dismissed), so they are not reported.
    pub dismissed: u64,
    /// Number of clips whose files are damaged.
    pub damaged: u64,
    /// Number of clips replaced by another file.
    pub foreign: u64,
    /// Number of clips that could not be read.
    pub unreadable: u64,
    /// Number of clips whose sidecar (the JSON file next to the clip) is missing or wrong.
    pub sidecars: u64,
    /// Number of clips that an earlier repair has queued: `collect` or the next run downloads them.
    pub queued: u64,
    /// True if the request was to restore clips, too.
    pub is_repair: bool,
    /// Exit code; 3 if a problem remains, 5 if clips must still be downloaded by `collect`.
    pub exit: Exit,
    /// Command to type next.
    pub next: String,
}

impl Project {
    /// Compares the saved clips with their records, and restores the kinds of clips that the request names.
    ///
    /// Each problem is reported immediately.
    pub async fn verify(&self, request: &VerifyRequest) -> Result<VerifyReport, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let name = project_name(places);
        let recorded = reader.output().await?;
        let root = places.clips(recorded.as_deref());
        let tree = Tree::look_at(&places.state, &root).map_err(|error| {
            let root = root.display();
            let what = format!(
                "the clips cannot be compared: the folder `{root}` cannot be opened: {error}; mount its disk, or name \
                 another folder with `--out DIR`"
            );
            Error::new(Exit::Local, what).hint(places.typed("doctor"))
        })?;
        let mut comparison = Comparison::new(self);
        let read = comparison.read(&reader, name.as_deref(), &tree, request.subset).await;
        self.tell(&News::Ended);
        read?;
        comparison.moved.tell();
        let is_repair = request.restore != Restore::Nothing;
        let (unknown, cost) = owner::unknown(&reader, &tree, &comparison.lost, places.sandbox).await?;
        if is_repair {
            forgotten::unknown(places, unknown, cost)?;
        }
        let missing = comparison.lost.iter().filter(|(_, loss)| *loss == ClipDamage::Missing);
        let missing: Vec<Clip> = missing.map(|(clip, _)| clip.clone()).collect();
        let moved = on_other_disks(&reader, &tree, missing).await.map_err(owner::local)?;
        // A folder that the user names may be a copy, which has its own disks.
        let elsewhere = not_mounted(&moved, &root).filter(|_| is_repair || !places.is_out_named);
        let (exit, next) = if let Some(what) = elsewhere {
            if is_repair {
                let run = places.typed("run --accept-changes");
                let what = format!(
                    "{what}, or confirm with `{run}` that its clips are gone; nothing was restored or changed"
                );
                return Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("verify")));
            }
            self.tell(&News::Warning(&what));
            (Exit::SomeFailed, places.typed("verify"))
        } else if is_repair && !comparison.lost.is_empty() {
            let session = Session::open(self, "verify")?;
            session.keep_output().await?;
            let lost = std::mem::take(&mut comparison.lost);
            let repaired = repair(&session, lost, request.restore == Restore::MissingAndAltered).await?;
            // Files that cannot be read, and sidecars, are not repaired.
            let remains = comparison.report.unreadable + comparison.report.sidecars > 0;
            if remains && repaired.0 == Exit::Done {
                (Exit::SomeFailed, places.typed("verify"))
            } else {
                repaired
            }
        } else {
            comparison.verdict(unknown > 0)
        };
        let queued = if is_repair { queued(&reader, name.as_deref()).await? } else { 0 };
        // A clip that waits for its download is not restored yet.
        let (exit, next) = match exit {
            Exit::Done | Exit::SomeFailed if queued > 0 => (Exit::WorkRemains, places.typed("collect")),
            _ => (exit, next),
        };
        Ok(VerifyReport { queued, is_repair, exit, next, ..comparison.report })
    }
}

/// Returns the number of clips that were finished before and are to be downloaded again.
async fn queued(reader: &Reader, project: Option<&str>) -> Result<u64, StoreError> {
    let takes = reader.in_flight(project).await?;
    let is_queued = |take: &&Take| take.state.task().is_some_and(|task| task.charged);
    Ok(takes.iter().filter(is_queued).count() as u64)
}

impl VerifyReport {
    const fn nothing() -> Self {
        Self {
            all: 0,
            compared: 0,
            bytes: 0,
            same: 0,
            missing: 0,
            dismissed: 0,
            damaged: 0,
            foreign: 0,
            unreadable: 0,
            sidecars: 0,
            queued: 0,
            is_repair: false,
            exit: Exit::Done,
            next: String::new(),
        }
    }

    /// Returns the number of compared clips with a problem.
    #[must_use]
    pub const fn wrong(&self) -> u64 {
        self.missing + self.damaged + self.foreign + self.unreadable + self.sidecars
    }
}

/// A running comparison of clips with their records.
struct Comparison<'a> {
    project: &'a Project,
    report: VerifyReport,
    /// First job whose clip has a problem; `None` if no clip has one.
    first: Option<JobKey>,
    /// Takes (renderings) with a missing clip that a person has accepted as missing.
    dismissed: HashSet<TakeId>,
    /// Clips that are missing or altered, each with the problem.
    lost: Vec<(Clip, ClipDamage)>,
    moved: MovedClips<'a>,
}

impl<'a> Comparison<'a> {
    fn new(project: &'a Project) -> Self {
        Self {
            project,
            report: VerifyReport::nothing(),
            first: None,
            dismissed: HashSet::new(),
            lost: Vec::new(),
            moved: MovedClips::new(project),
        }
    }

    /// Compares the clips with their records page by page, so that a large catalog needs little memory.
    async fn read(
        &mut self,
        reader: &Reader,
        project: Option<&str>,
        tree: &Tree,
        subset: Option<Subset>,
    ) -> Result<(), StoreError> {
        self.report.all = reader.clip_count(project).await?;
        self.dismissed = reader.dismissed().await?;
        let newer = reader.placing().await?.into_iter().map(|clip| (clip.path.clone(), clip));
        let newer: Arc<HashMap<String, Filed>> = Arc::new(newer.collect());
        let mut left = self.report.all;
        let mut wanted = subset.map_or(self.report.all, |subset| subset.of(self.report.all));
        let mut from = Some(ClipsFrom::default());
        while let Some(start) = from {
            let (mut page, next) = reader.clips(project, start, PAGE).await?;
            // Each clip has the same chance, and the number is exact.
            page.retain(|_| {
                let taken = left > 0 && rand::rng().random_range(0..left) < wanted;
                left = left.saturating_sub(1);
                wanted -= u64::from(taken);
                taken
            });
            let mut compared = futures::stream::iter(page)
                .map(|clip| {
                    let (tree, newer) = (tree.clone(), Arc::clone(&newer));
                    async move {
                        let compare = move || (compare(&tree, &clip, newer.get(&clip.filed.path)), clip);
                        tokio::task::spawn_blocking(compare).await
                    }
                })
                .buffered(AT_ONCE);
            while let Some(result) = compared.next().await {
                let (found, clip) = result.map_err(|_| StoreError::Ending)?;
                let found = self.moved.settle(tree, &clip, found);
                self.add(&clip, &found);
                let VerifyReport { compared, all, bytes, .. } = self.report;
                let wrong = self.report.wrong();
                self.project.tell(&News::Compared { compared, all, bytes, wrong });
            }
            from = next;
        }
        Ok(())
    }

    fn add(&mut self, clip: &Clip, (found, sidecar): &(Finding, Option<SidecarFault>)) {
        self.report.compared += 1;
        self.report.bytes += clip.filed.file.size;
        if *found == Finding::Missing && self.dismissed.contains(&clip.filed.take) {
            self.report.dismissed += 1;
            return;
        }
        let loss = match found {
            Finding::Missing => Some(ClipDamage::Missing),
            Finding::Damaged(..) | Finding::Foreign(_) => Some(ClipDamage::Altered),
            Finding::Same | Finding::Unreadable(_) => None,
        };
        self.lost.extend(loss.map(|loss| (clip.clone(), loss)));
        let found = match found {
            Finding::Same => {
                self.report.same += 1;
                None
            }
            Finding::Missing => {
                self.report.missing += 1;
                Some(("missing", String::new()))
            }
            Finding::Damaged(size, why) => {
                self.report.damaged += 1;
                let saved = clip.filed.file.size;
                Some(("damaged", format!("{why}; {size} bytes now, {saved} bytes when it was saved")))
            }
            Finding::Foreign(why) => {
                self.report.foreign += 1;
                Some(("foreign", why.clone()))
            }
            Finding::Unreadable(why) => {
                self.report.unreadable += 1;
                Some(("unreadable", why.clone()))
            }
        };
        if let Some((word, why)) = &found {
            self.tell(clip, word, why);
        }
        // A sidecar without its clip adds nothing to the finding.
        if let (Some(fault), None) = (sidecar, found) {
            self.report.sidecars += 1;
            let why = match fault {
                SidecarFault::Missing => "its sidecar, the .json file next to it, is missing".to_owned(),
                SidecarFault::Damaged(why) => {
                    format!("its sidecar, the .json file next to it, cannot be read: {why}")
                }
                SidecarFault::Foreign => {
                    "its sidecar, the .json file next to it, describes another clip".to_owned()
                }
            };
            self.tell(clip, "sidecar", &why);
        }
    }

    fn tell(&mut self, clip: &Clip, word: &'static str, why: &str) {
        self.project.tell(&News::Wrong { clip, word, why });
        self.first.get_or_insert_with(|| clip.key.clone());
    }

    /// Returns the exit code and the next command after a comparison without repair.
    ///
    /// `has_unknown` is true if the path of a recorded clip holds another paid clip, which the records do not contain.
    fn verdict(&self, has_unknown: bool) -> (Exit, String) {
        let places = &self.project.places;
        let exit = if self.report.wrong() == 0 { Exit::Done } else { Exit::SomeFailed };
        let next = match &self.first {
            Some(_) if has_unknown => places.typed("recover"),
            Some(_) if self.report.missing > 0 => places.typed("verify --repair"),
            Some(_) if !self.lost.is_empty() => places.typed("verify --repair --replace-altered"),
            Some(job) => places.typed(&format!("show {}", quoted(&job.to_string()))),
            None => places.typed("status"),
        };
        (exit, next)
    }
}

#[cfg(test)]
mod tests;
