//! Adds reviews of clips to the database and the ledger in one transaction, and imports reviews from ledger lines.
//!
//! Reviews are never changed or removed. A review holds for its job, and for every job with the same clip and the same
//! fingerprint.

use super::Store;
use super::apply::{Change, settle};
use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind};
use super::read::Reader;
use super::read::reviews::{COLUMNS, review};
use super::writer::Batch;
use super::{takes, write};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{CancelledBy, Event, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
use crate::domain::review::{Outcome, Reason, Review};
use crate::domain::take::{Fingerprint, Take};
use crate::plan::known::Filed;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, named_params};
use std::collections::{HashMap, HashSet};

/// A review to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// The project of the job.
    pub project: String,
    /// The key of the job.
    pub key: JobKey,
    /// The rendering that was reviewed.
    pub take: TakeId,
    /// The revision number of the job's newest review when the reviewer looked; 0 if there was none.
    pub seen: u64,
    /// The outcome of the review.
    pub outcome: Outcome,
    /// The reasons for a rejection; empty for other outcomes.
    pub reasons: Vec<Reason>,
    /// The note of the reviewer, if there is one.
    pub note: Option<String>,
    /// True if the review asks for another rendering, which the next run then orders.
    pub redo: bool,
    /// The name of the reviewer.
    pub who: String,
}

/// The reason why none of the reviews was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewError {
    /// Jobs that have a newer review or another clip than the reviewer saw, each with its newest review.
    Conflicts(Vec<(JobKey, Option<Review>)>),
    /// The database or the ledger could not be written.
    Store(StoreError),
}

impl From<StoreError> for ReviewError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A job with its present clip, and with the finished take that made the clip.
struct Shown {
    job: i64,
    project: String,
    key: JobKey,
    fingerprint: Fingerprint,
    take: Take,
    clip: Sha256,
}

impl Store {
    /// Adds all of the given reviews or none. The result also has the reviews that were added for other jobs with the
    /// same clip and fingerprint.
    ///
    /// Nothing is written if a job has a newer review or another clip than the reviewer saw.
    pub async fn review(
        &self,
        reviews: Vec<NewReview>,
        now: Timestamp,
    ) -> Result<Vec<(JobKey, Review)>, ReviewError> {
        self.lane
            .write(None, move |batch| {
                let (mut shown, mut conflicts) = (Vec::new(), Vec::new());
                for new in &reviews {
                    let found = shown_by(batch.db, &new.project, &new.key)?;
                    let newest = match &found {
                        Some(found) => newest(batch.db, found)?,
                        None => None,
                    };
                    let seen = newest.as_ref().map_or(0, |review| review.revision);
                    match found.filter(|found| found.take.id == new.take && seen == new.seen) {
                        Some(found) => shown.push((new, found)),
                        None => conflicts.push((new.key.clone(), newest)),
                    }
                }
                // One clip cannot be approved for one job and rejected for another.
                let mut outcomes = HashMap::new();
                for (new, shown) in &shown {
                    let outcome = *outcomes.entry((shown.clip, shown.fingerprint)).or_insert(new.outcome);
                    if outcome != new.outcome {
                        conflicts.push((new.key.clone(), newest(batch.db, shown)?));
                    }
                }
                if !conflicts.is_empty() {
                    return Ok(Err(ReviewError::Conflicts(conflicts)));
                }
                let mut made = Vec::new();
                let mut covered: HashSet<i64> = shown.iter().map(|(_, shown)| shown.job).collect();
                for (new, shown) in &shown {
                    // The named job comes last: its review is the newest, and only it orders another rendering.
                    for sharing in sharing(batch.db, shown)? {
                        if covered.insert(sharing.job) {
                            made.push((sharing.key.clone(), add(batch, new, &sharing, now)?));
                        }
                    }
                    made.push((shown.key.clone(), add(batch, new, shown, now)?));
                }
                Ok(Ok(made))
            })
            .await
    }
}

impl Store {
    /// Records that a person chose an earlier version of a job's clip, which then counts as made for the job's request.
    ///
    /// Returns [`ApplyError::Changed`] if the job or the take is not known.
    pub async fn choose(
        &self,
        project: &str,
        key: &JobKey,
        filed: Filed,
        moved_from: Option<String>,
        who: String,
        now: Timestamp,
    ) -> Result<(), ApplyError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.lane
            .write(None, move |batch| {
                let (from, who) = (moved_from.as_deref(), Some(who.clone()));
                let job = match write::file(batch, &project, &key, &filed, from, who, now)? {
                    Ok(job) => job,
                    Err(error) => return Ok(Err(error)),
                };
                let order: String = batch
                    .db
                    .prepare_cached("SELECT fingerprint FROM jobs WHERE id = ?1")?
                    .query_row([job], |row| row.get(0))?;
                let order =
                    order.parse::<Fingerprint>().map_err(|()| takes::unreadable(0, "not a fingerprint"))?;
                batch
                    .db
                    .prepare_cached("INSERT OR IGNORE INTO aliases (take, likeness) VALUES (?1, ?2)")?
                    .execute((&filed.take.0, &order.0.0[..]))?;
                // The order may have a likeness that differs from its fingerprint.
                batch
                    .db
                    .prepare_cached(
                        "INSERT OR IGNORE INTO aliases (take, likeness)
                         SELECT ?1, likeness FROM aliases a JOIN takes t ON t.id = a.take
                         WHERE t.job = ?2 AND t.fingerprint = ?3",
                    )?
                    .execute((&filed.take.0, job, order.to_string()))?;
                Ok(Ok(()))
            })
            .await
    }
}

impl Reader {
    /// Returns the review that a job's newest review replaced; `None` if there is none. Reviews of other jobs with the
    /// same clip count as well. The returned flag is true if the replaced review is of this job itself, and no take of
    /// the job was ordered since.
    pub async fn former_review(
        &self,
        project: &str,
        key: &JobKey,
    ) -> Result<Option<(Review, bool)>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let Some(shown) = shown_by(db, &project, &key)? else { return Ok(None) };
            let sql = format!(
                "SELECT {COLUMNS}, job = ?1 AND latest IS
                     (SELECT id FROM takes WHERE job = ?1 ORDER BY place DESC LIMIT 1)
                 FROM reviews WHERE job = ?1 OR (clip = ?2 AND fingerprint = ?3)
                 ORDER BY revision DESC"
            );
            let mut select = db.prepare_cached(&sql)?;
            let mut rows =
                select.query((shown.job, shown.clip.to_string(), shown.fingerprint.to_string()))?;
            let Some(newest) = rows.next()?.map(|row| review(row, 0)).transpose()? else { return Ok(None) };
            while let Some(row) = rows.next()? {
                let (former, is_open) = (review(row, 0)?, row.get(10)?);
                // One review of a shared clip is a row for each of its jobs.
                let is_same = former.at == newest.at && former.who == newest.who;
                if !is_same {
                    return Ok(Some((former, is_open)));
                }
            }
            Ok(None)
        })
        .await
    }
}

const SHOWN: &str =
    "SELECT id, project, shot, item, variant, fingerprint, filed_take, filed_sha256 FROM jobs";

/// Returns a job with its present clip; `None` if the job is unknown or has no finished clip.
fn shown_by(db: &Connection, project: &str, key: &JobKey) -> rusqlite::Result<Option<Shown>> {
    let Some(job) = takes::job_id(db, project, key)? else { return Ok(None) };
    let sql = format!("{SHOWN} WHERE id = ?1 AND filed_take IS NOT NULL");
    let found = db.prepare_cached(&sql)?.query_row([job], |row| shown(db, row)).optional()?;
    Ok(found.flatten())
}

/// Returns the other wanted jobs that have the same clip and the same fingerprint.
fn sharing(db: &Connection, with: &Shown) -> rusqlite::Result<Vec<Shown>> {
    let sql =
        format!("{SHOWN} WHERE filed_sha256 = ?1 AND fingerprint = ?2 AND id <> ?3 AND wanted ORDER BY id");
    let mut select = db.prepare_cached(&sql)?;
    let rows = select
        .query_map((with.clip.to_string(), with.fingerprint.to_string(), with.job), |row| shown(db, row))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn shown(db: &Connection, row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Shown>> {
    let Some(take) = takes::by_id(db, &TakeId(row.get(6)?))? else { return Ok(None) };
    if !matches!(take.state, State::Done { .. }) {
        return Ok(None);
    }
    Ok(Some(Shown {
        job: row.get(0)?,
        project: row.get(1)?,
        key: takes::key(row, 2)?,
        fingerprint: takes::parsed(row, 5)?,
        take,
        clip: takes::parsed(row, 7)?,
    }))
}

/// Returns the newest review of this job, or of another job with the same clip and fingerprint.
fn newest(db: &Connection, shown: &Shown) -> rusqlite::Result<Option<Review>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reviews WHERE job = ?1 OR (clip = ?2 AND fingerprint = ?3)
         ORDER BY revision DESC LIMIT 1"
    );
    db.prepare_cached(&sql)?
        .query_row((shown.job, shown.clip.to_string(), shown.fingerprint.to_string()), |row| review(row, 0))
        .optional()
}

/// Cancels an unsent rendering of a job, because the new review of the job no longer asks for another rendering.
///
/// The job's previous review asked for this rendering, or `redo --rejected` ordered it. In the second case, it is not
/// cancelled if the new review rejects the clip as well (`is_rejected`). A rendering that was sent is never cancelled.
fn take_back(
    batch: &mut Batch<'_>,
    shown: &Shown,
    is_rejected: bool,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let waiting: Vec<String> = batch
        .db
        .prepare_cached(
            "SELECT t.id FROM takes t,
                 (SELECT redo, outcome, latest FROM reviews WHERE job = ?1 ORDER BY revision DESC LIMIT 1) r
             WHERE (r.redo OR r.outcome = 'rejected' AND ?3) AND t.job = ?1 AND t.state = 'pending' AND t.fingerprint = ?2
             AND t.place > coalesce((SELECT place FROM takes WHERE id = r.latest), -1)",
        )?
        .query_map((shown.job, shown.fingerprint.to_string(), !is_rejected), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let (at, policy) = (Tick { now, jitter: 0.0 }, Policy::standard());
    for id in waiting {
        let Some(take) = takes::by_id(batch.db, &TakeId(id))? else { continue };
        let cancel = Change::plain(Event::Cancel(CancelledBy::User), at, &policy);
        for line in settle(batch.db, &take, cancel)?.into_iter().flat_map(|applied| applied.lines) {
            batch.note(line)?;
        }
    }
    Ok(())
}

/// Adds a review to the database, and its line to the ledger. Only a job that the reviewer named is rendered again.
fn add(batch: &mut Batch<'_>, new: &NewReview, shown: &Shown, now: Timestamp) -> rusqlite::Result<Review> {
    if !new.redo {
        take_back(batch, shown, new.outcome == Outcome::Rejected, now)?;
    }
    let latest: Option<String> = batch
        .db
        .prepare_cached("SELECT id FROM takes WHERE job = ?1 ORDER BY place DESC LIMIT 1")?
        .query_row([shown.job], |row| row.get(0))
        .optional()?;
    // A number is given once, so it cannot be that of a review which only the ledger has.
    let last: Option<i64> = batch
        .db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'reviews'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let review = Review {
        revision: last.unwrap_or(0).cast_unsigned() + 1,
        take: shown.take.id.clone(),
        clip: shown.clip,
        fingerprint: shown.fingerprint,
        outcome: new.outcome,
        reasons: new.reasons.clone(),
        note: new.note.clone(),
        redo: new.redo && (&new.project, &new.key) == (&shown.project, &shown.key),
        who: new.who.clone(),
        at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
    };
    let entry = line(&shown.take, &shown.project, &shown.key, &review, latest);
    insert(batch.db, &entry, shown.job)?;
    batch.note(entry)?;
    Ok(review)
}

/// Builds the ledger line of a review. `latest` is the id of the job's newest take at the time of the review.
fn line(take: &Take, project: &str, key: &JobKey, review: &Review, latest: Option<String>) -> Entry {
    let reasons: Vec<&str> = review.reasons.iter().map(|reason| reason.name()).collect();
    Entry {
        project: project.to_owned(),
        job: key.to_string(),
        usd: Usd::ZERO,
        fingerprint: review.fingerprint.to_string(),
        sha256: Some(review.clip.to_string()),
        why: Some(review.outcome.name().to_owned()),
        note: review.note.clone(),
        revision: Some(review.revision),
        reasons: Some(reasons.join(",")).filter(|reasons| !reasons.is_empty()),
        redo: Some(review.redo),
        who: Some(review.who.clone()),
        latest,
        ..Entry::about(take, Kind::Reviewed, review.at)
    }
}

/// Builds the ledger lines of the database's reviews that `entries` lacks.
pub(super) fn lost(db: &Connection, entries: &[Entry]) -> rusqlite::Result<Vec<Entry>> {
    let reported: HashSet<u64> = entries.iter().filter_map(|entry| entry.revision).collect();
    let sql = "SELECT revision, take, clip, r.fingerprint, outcome, reasons, note, redo, who, at, latest,
                   j.project, j.shot, j.item, j.variant
               FROM reviews r JOIN jobs j ON j.id = r.job ORDER BY revision";
    let mut select = db.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut lost = Vec::new();
    while let Some(row) = rows.next()? {
        let review = review(row, 0)?;
        if !reported.contains(&review.revision)
            && let Some(take) = takes::by_id(db, &review.take)?
        {
            let project: String = row.get(11)?;
            lost.push(line(&take, &project, &takes::key(row, 12)?, &review, row.get(10)?));
        }
    }
    Ok(lost)
}

/// Imports a review from a ledger line if the database lacks it. Returns true if the line is a review.
///
/// A review of an unknown job is not imported, because no job can use it.
pub(super) fn heard(db: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    if entry.kind != Kind::Reviewed {
        return Ok(false);
    }
    if entry.revision.is_some()
        && let Ok(key) = entry.job.parse()
        && let Some(job) = takes::job_id(db, &entry.project, &key)?
    {
        insert(db, entry, job)?;
    }
    Ok(true)
}

fn insert(db: &Connection, entry: &Entry, job: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO reviews
         (revision, job, take, clip, fingerprint, outcome, reasons, note, redo, who, at, latest)
         VALUES (:revision, :job, :take, :clip, :fingerprint, :outcome, :reasons, :note, :redo, :who, :at, :latest)",
    )?
    .execute(named_params! {
        ":revision": entry.revision.map(u64::cast_signed),
        ":job": job,
        ":take": entry.take,
        ":clip": entry.sha256.as_deref().unwrap_or_default(),
        ":fingerprint": entry.fingerprint,
        ":outcome": entry.why.as_deref().unwrap_or_default(),
        ":reasons": entry.reasons.as_deref().unwrap_or_default(),
        ":note": entry.note,
        ":redo": entry.redo.unwrap_or_default(),
        ":who": entry.who.as_deref().unwrap_or_default(),
        ":at": entry.at.as_millisecond(),
        ":latest": entry.latest,
    })
    .map(drop)
}
