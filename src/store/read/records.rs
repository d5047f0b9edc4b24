//! Reads every job with its renderings, their reviews and their verdicts, as the report shows them.

use crate::domain::digest::Sha256;
use crate::domain::fault::Said;
use crate::domain::foreign::Foreign;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::review::Review;
use crate::domain::take::{Fingerprint, Take, decisive};
use crate::domain::verdict::Checked;
use crate::plan::known::Filed;
use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::store::read::checks::{Check, checks};
use crate::store::read::reviews::Reviews;
use crate::store::takes;
use jiff::Timestamp;
use rusqlite::{Connection, Row};
use std::collections::HashMap;

/// A job with its renderings and reviews.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// The project of the job.
    pub project: String,
    /// The key of the job.
    pub key: JobKey,
    /// The title of the item.
    pub title: Foreign,
    /// The tags of the item.
    pub tags: Vec<String>,
    /// True if the manifest asked for the job in the last run.
    pub wanted: bool,
    /// The fingerprint of the request with which the manifest last asked for the job.
    pub fingerprint: Fingerprint,
    /// The path of the clip relative to the output folder, with `/` between its parts, even if the clip is missing.
    pub path: String,
    /// The job's present clip; `None` if the job has no clip. The clip may come from a take of another job that shares
    /// its clip.
    pub filed: Option<Filed>,
    /// The renderings of the job, newest first.
    pub takes: Vec<TakeRecord>,
    /// The newest review that holds for the job: a review of this job, or of another job with the same clip and
    /// fingerprint.
    pub review: Option<Review>,
    /// True if `review` queues another rendering and no take of the job was ordered since.
    pub is_redo_queued: bool,
}

impl JobRecord {
    /// Returns the rendering that decides the job's status; `None` if the job has no rendering.
    #[must_use]
    pub fn decisive(&self) -> Option<&TakeRecord> {
        decisive(&self.takes, |record| &record.take, self.fingerprint)
    }
}

/// A rendering with its submissions, checks and reviews.
#[derive(Debug, Clone, PartialEq)]
pub struct TakeRecord {
    /// The take of this rendering: its request, its price and its state.
    pub take: Take,
    /// The time when the rendering was ordered.
    pub created: Timestamp,
    /// The time of the last submission; `None` if the rendering was never submitted.
    pub submitted: Option<Timestamp>,
    /// The time at which the take was done, failed, written off or cancelled. `None` if it has not ended, or if an
    /// older version of the program ended it and did not record the time.
    pub ended: Option<Timestamp>,
    /// The day (in UTC) of the last submission, on which budgets count the cost; `None` if the rendering was never
    /// submitted.
    pub day: Option<String>,
    /// The number of the run that submitted the rendering last; `None` if it was never submitted.
    pub run: Option<i64>,
    /// The last message of the provider or of this computer about the last submission; `None` if there was none.
    pub said: Option<Said>,
    /// The verdict of the automatic checks; `None` if the present bytes of the clip were not checked.
    pub checked: Option<Checked>,
    /// The newest review of this rendering; `None` if it was not reviewed.
    pub review: Option<Review>,
}

impl Reader {
    /// Returns every job of a project (`None`: of all projects, one after the other), in the order of submission.
    ///
    /// Jobs that are no longer wanted come last. A verdict is included only if it was made with these `settings` of the
    /// checks; `None` accepts any settings.
    pub async fn records(
        &self,
        project: Option<&str>,
        settings: Option<Sha256>,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| records(db, project.as_deref(), settings)).await
    }
}

/// Returns the content of a verdict if the verdict is about the present bytes of the take's clip and about these
/// settings; otherwise `None`.
fn current(record: &TakeRecord, check: Check, settings: Option<Sha256>) -> Option<Checked> {
    let clip = match &record.take.state {
        State::Done { file, .. } => Some(file.sha256),
        _ => None,
    };
    check.is_about(clip?, settings).then_some(check.checked)
}

fn records(
    db: &Connection,
    project: Option<&str>,
    settings: Option<Sha256>,
) -> rusqlite::Result<Vec<JobRecord>> {
    let reviews = Reviews::read(db)?;
    let mut checks = checks(db)?;
    let mut takes_of = takes_by_job(db, project)?;
    let mut select = db.prepare_cached(
        "SELECT id, project, shot, item, variant, title, wanted, fingerprint, path, filed_take, filed_path, filed_size,
             filed_sha256, tags FROM jobs
         WHERE ?1 IS NULL OR project = ?1 ORDER BY NOT wanted, project, priority, id",
    )?;
    let mut rows = select.query([project])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let job: i64 = row.get(0)?;
        let mut found = takes_of.remove(&job).unwrap_or_default();
        for record in &mut found {
            record.checked =
                checks.remove(&record.take.id).and_then(|check| current(record, check, settings));
            record.review = reviews.of_take(job, &record.take.id).cloned();
        }
        let (filed, fingerprint) = (takes::filed(row, 9)?, takes::parsed(row, 7)?);
        let clip = filed.as_ref().map(|filed| &filed.file.sha256);
        let review = reviews.newest(job, clip, fingerprint).cloned();
        let latest = found.first().map(|newest| &newest.take.id);
        let is_redo_queued = review.as_ref().is_some_and(|review| reviews.is_queued(job, review, latest));
        records.push(JobRecord {
            project: row.get(1)?,
            key: takes::key(row, 2)?,
            title: row.get(5)?,
            tags: takes::tags(row, 13)?,
            wanted: row.get(6)?,
            fingerprint,
            path: row.get(8)?,
            filed,
            takes: found,
            review,
            is_redo_queued,
        });
    }
    Ok(records)
}

fn takes_by_job(db: &Connection, project: Option<&str>) -> rusqlite::Result<HashMap<i64, Vec<TakeRecord>>> {
    let sql = format!(
        "SELECT {}, t.job, t.created, t.ended, t.day, t.run, a.at, a.said, a.code, a.http FROM {}
         LEFT JOIN attempts a ON a.take = t.id AND a.number = t.attempts
         WHERE ?1 IS NULL OR j.project = ?1 ORDER BY t.job, t.place DESC",
        takes::COLUMNS,
        takes::TABLES
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut rows = select.query([project])?;
    let mut found: HashMap<i64, Vec<TakeRecord>> = HashMap::new();
    while let Some(row) = rows.next()? {
        found.entry(row.get(takes::WIDTH)?).or_default().push(take(row)?);
    }
    Ok(found)
}

fn take(row: &Row<'_>) -> rusqlite::Result<TakeRecord> {
    let first = takes::WIDTH + 1;
    let moment = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        match row.get::<_, Option<i64>>(column)? {
            Some(_) => takes::moment(row, column).map(Some),
            None => Ok(None),
        }
    };
    let said = match row.get::<_, Option<String>>(first + 5)? {
        Some(text) => Some(Said { http: row.get(first + 7)?, code: row.get(first + 6)?, text }),
        None => None,
    };
    Ok(TakeRecord {
        take: takes::take(row)?,
        created: takes::moment(row, first)?,
        ended: moment(first + 1)?,
        day: row.get(first + 2)?,
        run: row.get(first + 3)?,
        submitted: moment(first + 4)?,
        said,
        checked: None,
        review: None,
    })
}
