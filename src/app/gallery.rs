//! Every job of a project with its renderings, reviews and verdicts: the data of reports, reviews, lists and exports.

use super::budget::{Level, caps, levels};
use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::lost::found;
use super::names::Names;
use super::project::Project;
use super::reporter::News;
use super::session::reader;
use super::standing::kept_as;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::loss::Loss;
use crate::domain::problem::did_you_mean;
use crate::domain::review::{Review, Standing};
use crate::domain::verdict::Verdict;
use crate::manifest::OnMissing;
use crate::plan::bucket::{Bucket, Buckets};
use crate::store::{JobRecord, Spent, TakeRecord, Window};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Every job of a project.
pub struct Gallery {
    /// Time of the report.
    pub now: Timestamp,
    /// Name of the project; `None` for all projects of the folder if the manifest cannot be read.
    pub project: Option<String>,
    /// True if the clips were made in the sandbox.
    pub sandbox: bool,
    /// Folder of the clips.
    pub out: PathBuf,
    /// Wanted jobs in the order of the manifest.
    pub jobs: Vec<GalleryJob>,
    /// Number of jobs in each bucket.
    pub buckets: Buckets,
    /// Amount spent today (UTC).
    pub today: Spent,
    /// Amount spent this month (UTC).
    pub month: Spent,
    /// Budgets of the manifest; empty if it cannot be read.
    pub budget: Vec<Level>,
}

/// A job with the state of its clip and of its review.
pub struct GalleryJob {
    /// Everything that is recorded about the job.
    pub record: JobRecord,
    /// State of the job.
    pub bucket: Bucket,
    /// State of its review.
    pub standing: Standing,
}

impl GalleryJob {
    /// Returns the name of the job.
    #[must_use]
    pub fn key(&self) -> &JobKey {
        &self.record.key
    }

    /// Returns the rendering whose clip stands under the name of the job.
    ///
    /// It is `None` if there is no clip, and if the clip is of another job that the two share.
    #[must_use]
    pub fn current(&self) -> Option<&TakeRecord> {
        let filed = self.record.filed.as_ref()?;
        self.record.takes.iter().find(|take| take.take.id == filed.take)
    }

    /// Returns the verdict of the automatic checks about the clip of the job; `None` if it was not checked.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        Some(self.current()?.checked.as_ref()?.verdict())
    }

    /// Returns the review that queues another rendering, as long as none was ordered since.
    #[must_use]
    pub fn queued_redo(&self) -> Option<&Review> {
        let review = self.record.review.as_ref().filter(|_| self.record.is_redo_queued)?;
        (self.standing != Standing::Outdated).then_some(review)
    }
}

impl Project {
    /// Returns every job of the project with its renderings, reviews and verdicts.
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
        let mut stands: HashMap<JobKey, Bucket> =
            reader.job_buckets(named, kept_as(manifest)).await?.into_iter().collect();
        if is_watched {
            match found(places, &out, &reader, named).await {
                Ok(found) => {
                    let dismissed = reader.dismissed().await?;
                    let is_meant =
                        |take: &TakeId, loss: Loss| loss == Loss::Missing && dismissed.contains(take);
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
            let standing = Standing::of(record.review.as_ref(), clip, &record.fingerprint);
            jobs.push(GalleryJob { record, bucket, standing });
        }
        let (today, month) = (reader.spent(Window::Day(now)).await?, reader.spent(Window::Month(now)).await?);
        Ok(Gallery { now, project, sandbox: places.sandbox, out, jobs, buckets, today, month, budget })
    }
}

/// Returns the names and patterns of a filter, each of which matches a job.
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
