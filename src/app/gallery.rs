//! All jobs of a project with their renderings, reviews and verdicts: the data of reports, lists, reviews and exports.

use super::budget::{Level, caps, levels};
use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::found;
use super::names::Names;
use super::project::Project;
use super::project_status::kept_as;
use super::reporter::News;
use super::session::reader;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::problem::did_you_mean;
use crate::domain::review::{Review, ReviewState};
use crate::domain::verdict::Verdict;
use crate::manifest::OnMissing;
use crate::plan::bucket::{Bucket, Buckets};
use crate::store::{JobRecord, Spent, TakeRecord, Window};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// The jobs of a project with their renderings, reviews and verdicts.
pub struct Gallery {
    /// Time of the report.
    pub now: Timestamp,
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// True if the clips come from a rehearsal with fake providers.
    pub sandbox: bool,
    /// Output folder, which the paths of clips are relative to.
    pub out: PathBuf,
    /// Jobs of the manifest as the database last recorded it, in its order.
    pub jobs: Vec<GalleryJob>,
    /// Number of jobs by status (bucket).
    pub buckets: Buckets,
    /// Amount spent today (UTC).
    pub today: Spent,
    /// Amount spent this month (UTC).
    pub month: Spent,
    /// Budgets of the manifest with the amounts spent against them; empty if the manifest cannot be read.
    pub budget: Vec<Level>,
}

/// A job with its status and the state of its review.
pub struct GalleryJob {
    /// Everything that is recorded about the job.
    pub record: JobRecord,
    /// Status of the job in reports.
    pub bucket: Bucket,
    /// State of the job's review, such as approved or undecided.
    pub standing: ReviewState,
    /// Status of a redo (another rendering) that failed, was written off or needs a decision while the job keeps its
    /// clip.
    ///
    /// It is `None` if there is no redo in one of these states.
    pub open_redo: Option<Bucket>,
}

impl GalleryJob {
    /// Returns the key of the job.
    #[must_use]
    pub fn key(&self) -> &JobKey {
        &self.record.key
    }

    /// Returns the rendering of the job's current clip.
    ///
    /// It is `None` if there is no clip, and if the clip belongs to another job that shares it.
    #[must_use]
    pub fn current(&self) -> Option<&TakeRecord> {
        let filed = self.record.filed.as_ref()?;
        self.record.takes.iter().find(|take| take.take.id == filed.take)
    }

    /// Returns the status of the job in words, followed by the status of its open redo: `done, redo failed`.
    #[must_use]
    pub fn state_words(&self) -> String {
        let state = self.bucket.words(1);
        self.open_redo.map_or_else(|| state.to_owned(), |redo| format!("{state}, redo {}", redo.words(1)))
    }

    /// Returns the verdict of the automatic checks about the job's clip.
    ///
    /// It is `None` if the clip was not checked, or if it belongs to another job that shares it.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        Some(self.current()?.checked.as_ref()?.verdict())
    }

    /// Returns the review that asks for another rendering, if that rendering was not submitted yet.
    #[must_use]
    pub fn queued_redo(&self) -> Option<&Review> {
        let review = self.record.review.as_ref().filter(|_| self.record.is_redo_queued)?;
        (self.standing != ReviewState::Outdated).then_some(review)
    }
}

impl Project {
    /// Returns all jobs of the project with their renderings, reviews and verdicts.
    ///
    /// It sends nothing and changes nothing.
    pub async fn gallery(&self) -> Result<Gallery, Error> {
        let places = &self.places;
        let reader = reader(places)?;
        let (manifest, now) = (manifest(places), self.clock.now());
        let project = manifest.as_ref().map(|manifest| manifest.project.clone());
        let named = project.as_deref();
        let settings = manifest.as_ref().map(|manifest| manifest.checks.digest());
        let budget = match &manifest {
            Some(manifest) => levels(&reader, &manifest.project, "run", caps(manifest, None), now).await?,
            None => Vec::new(),
        };
        let is_watched = manifest.as_ref().is_none_or(|manifest| manifest.on_missing != OnMissing::Ignore);
        let out = places.clips(reader.output().await?.as_deref());
        let dismissed = reader.dismissed().await?;
        let ended = reader.ended(named, kept_as(manifest.clone())).await?.into_iter();
        let ended: HashSet<TakeId> = ended.map(|take| take.id).filter(|id| !dismissed.contains(id)).collect();
        let mut stands: HashMap<JobKey, Bucket> =
            reader.job_buckets(named, kept_as(manifest)).await?.into_iter().collect();
        if is_watched {
            match found(places, &out, &reader, named).await {
                Ok(found) => {
                    let is_meant = |take: &TakeId, loss: ClipDamage| {
                        loss == ClipDamage::Missing && dismissed.contains(take)
                    };
                    for (clip, loss) in found.lost.iter().filter(|(clip, _)| clip.wanted) {
                        let is_meant = is_meant(&clip.filed.take, *loss);
                        let bucket = if is_meant { Bucket::Dismissed } else { Bucket::lost(*loss) };
                        stands.entry(clip.key.clone()).and_modify(|stands| {
                            if *stands == Bucket::Done {
                                *stands = bucket;
                            }
                        });
                    }
                }
                Err(error) => self.tell(&News::Failed(&error)),
            }
        }
        let (mut jobs, mut buckets) = (Vec::new(), Buckets::default());
        for record in reader.records(named, settings).await?.into_iter().filter(|record| record.wanted) {
            let bucket = stands.get(&record.key).copied().unwrap_or(Bucket::ToRender);
            buckets.add(bucket, 1);
            let clip = record.filed.as_ref().map(|filed| &filed.file.sha256);
            let standing = ReviewState::of(record.review.as_ref(), clip, &record.fingerprint);
            let open_redo = open_redo(&record, bucket, &ended);
            jobs.push(GalleryJob { record, bucket, standing, open_redo });
        }
        let (today, month) = (reader.spent(Window::Day(now)).await?, reader.spent(Window::Month(now)).await?);
        Ok(Gallery { now, project, sandbox: places.sandbox, out, jobs, buckets, today, month, budget })
    }
}

/// Returns the status of a redo (another rendering) that failed, was written off or needs a decision.
///
/// It is `None` if there is none, or if the job has no clip. `ended` are the failed and written-off takes that no run
/// sends again.
fn open_redo(record: &JobRecord, bucket: Bucket, ended: &HashSet<TakeId>) -> Option<Bucket> {
    if matches!(bucket, Bucket::Held | Bucket::Failed | Bucket::WrittenOff) || record.filed.is_none() {
        return None;
    }
    let decisive = &record.decisive()?.take;
    let is_open = matches!(decisive.state, State::Held { .. }) || ended.contains(&decisive.id);
    is_open.then(|| Bucket::after(&decisive.state))
}

/// Reads the names and patterns of a filter; it is an error if one of them matches no job.
pub(crate) fn named(only: &[String], jobs: &[GalleryJob]) -> Result<Names, Error> {
    let known: HashSet<String> = if only.is_empty() {
        HashSet::new()
    } else {
        jobs.iter().flat_map(|job| [job.key().to_string(), job.key().item.raw().to_owned()]).collect()
    };
    let names = Names::of(only, |name| Ok::<_, Error>(known.contains(name)))?;
    for job in jobs {
        names.has(job.key());
    }
    match names.unmatched() {
        Some(unmatched) => {
            let near = did_you_mean(unmatched, known.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Err(Error::new(Exit::Usage, format!("no job matches `{unmatched}`{near}")).money("not charged"))
        }
        None => Ok(names),
    }
}
