//! Reviews of the current clips of jobs that a person names.

use super::{DecideReport, ReviewRequest, refused};
use crate::app::error::Error;
use crate::app::find::job_named;
use crate::app::project::Project;
use crate::app::session::reader;
use crate::domain::key::JobKey;
use crate::domain::review::{Outcome, Reason};
use crate::store::JobRecord;

/// A request to record or undo reviews of the current clips of the named jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobReviewRequest {
    /// Jobs to review by key (`shot/item`), or by item id if the item has only one job.
    pub jobs: Vec<String>,
    /// Outcome of the review; ignored with `undo`.
    pub outcome: Outcome,
    /// Reasons for a rejection; empty for any other outcome.
    pub reasons: Vec<Reason>,
    /// Note of the reviewer.
    pub note: Option<String>,
    /// True to queue another rendering of a rejected clip, which the next run sends.
    pub redo: bool,
    /// True to undo the newest review by restoring the one before it, instead of recording a review.
    pub undo: bool,
}

impl Project {
    /// Records a review of the current clips of the named jobs, or undoes the newest review of each.
    pub async fn review_jobs(&self, request: &JobReviewRequest, who: &str) -> Result<DecideReport, Error> {
        let records = self.shown_records().await?;
        let keys = |wanted: bool| -> Vec<JobKey> {
            let kept = records.iter().filter(|record| record.wanted || !wanted);
            kept.map(|record| record.key.clone()).collect()
        };
        let (wanted, all) = (keys(true), keys(false));
        let mut named = Vec::new();
        for job in &request.jobs {
            // A job that the manifest no longer asks for is found only by its whole name.
            let key = job_named(job, &wanted).or_else(|error| job_named(job, &all).map_err(|_| error));
            let key = key.map_err(|error| error.or_hint(self.places.typed("status")))?;
            named.push(key);
        }
        if request.undo {
            return self.undo_shown(&records, &named, who).await;
        }
        let review = |key: &JobKey| {
            let (record, filed) = self.shown_clip(&records, key)?;
            Ok::<_, Error>(ReviewRequest {
                job: key.clone(),
                take: filed,
                seen: record.review.as_ref().map_or(0, |review| review.revision),
                outcome: request.outcome,
                reasons: request.reasons.clone(),
                note: request.note.clone(),
                redo: request.redo,
            })
        };
        let requests = named.iter().map(review).collect::<Result<Vec<_>, _>>()?;
        self.decide(&requests, who).await
    }

    /// Undoes the newest review of each job by restoring the review before it.
    ///
    /// If the clip had no earlier review for the same input, it becomes undecided. Each job comes with the revision of
    /// the newest review that the person saw. If one of the jobs has another revision, that is a conflict, and no
    /// review is undone. If the restored review asked for a redo, the redo is queued again only if no rendering was
    /// ordered after that review.
    pub async fn undo(&self, jobs: &[(JobKey, u64)], who: &str) -> Result<DecideReport, Error> {
        let records = self.shown_records().await?;
        let stale = |(key, seen): &&(JobKey, u64)| {
            let newest = records.iter().find(|record| record.key == *key)?.review.as_ref();
            (newest.map_or(0, |review| review.revision) != *seen).then(|| (key.clone(), newest.cloned()))
        };
        let conflicts: Vec<_> = jobs.iter().filter_map(|job| stale(&job)).collect();
        if !conflicts.is_empty() {
            return Ok(DecideReport { conflicts, ..DecideReport::default() });
        }
        let keys: Vec<JobKey> = jobs.iter().map(|(key, _)| key.clone()).collect();
        self.undo_shown(&records, &keys, who).await
    }

    async fn undo_shown(
        &self,
        records: &[JobRecord],
        keys: &[JobKey],
        who: &str,
    ) -> Result<DecideReport, Error> {
        let reader = reader(&self.places)?;
        let mut requests = Vec::new();
        for key in keys {
            let (record, take) = self.shown_clip(records, key)?;
            let Some(newest) = &record.review else {
                return Err(refused(&self.places, key, "it has no review to undo"));
            };
            let clip = record.filed.as_ref().map(|filed| filed.file.sha256);
            let former = reader.former_review(&record.project, key).await?;
            let former = former
                .filter(|(former, _)| Some(former.clip) == clip && former.fingerprint == record.fingerprint);
            let (job, seen) = (key.clone(), newest.revision);
            requests.push(match former {
                Some((former, is_open)) => ReviewRequest {
                    job,
                    take,
                    seen,
                    outcome: former.outcome,
                    reasons: former.reasons,
                    note: former.note,
                    redo: former.redo && is_open,
                },
                None => ReviewRequest {
                    job,
                    take,
                    seen,
                    outcome: Outcome::Undecided,
                    reasons: Vec::new(),
                    note: None,
                    redo: false,
                },
            });
        }
        self.decide(&requests, who).await
    }

    async fn shown_records(&self) -> Result<Vec<JobRecord>, Error> {
        let name = crate::app::find::project_name(&self.places);
        Ok(reader(&self.places)?.records(name.as_deref(), None).await?)
    }

    fn shown_clip<'a>(
        &self,
        records: &'a [JobRecord],
        key: &JobKey,
    ) -> Result<(&'a JobRecord, crate::domain::key::TakeId), Error> {
        let record = records.iter().find(|record| record.key == *key);
        let filed = record.and_then(|record| Some((record, record.filed.as_ref()?.take.clone())));
        filed.ok_or_else(|| refused(&self.places, key, "it has no clip yet"))
    }
}
