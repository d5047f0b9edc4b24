//! Reads reviews of clips: all reviews, their counts, the reviewers' feedback, and the rejections that a plan needs.

use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::money::Usd;
use crate::domain::review::{Reason, Review, ReviewState, words};
use crate::domain::take::Fingerprint;
use crate::plan::known::Rejection;
use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::store::takes;
use rusqlite::{Connection, Row};
use std::collections::HashMap;

/// The columns that the function [`review`] reads, in the order in which it reads them.
pub(in crate::store) const COLUMNS: &str =
    "revision, take, clip, fingerprint, outcome, reasons, note, redo, who, at";

/// Reads a review from the columns in [`COLUMNS`], which begin at column `first`.
pub(in crate::store) fn review(row: &Row<'_>, first: usize) -> rusqlite::Result<Review> {
    let names = row.get_ref(first + 5)?.as_str()?;
    let reasons = names.split(',').filter(|name| !name.is_empty()).map(str::parse::<Reason>);
    let reasons = reasons.collect::<Result<_, ()>>();
    Ok(Review {
        revision: row.get::<_, i64>(first)?.cast_unsigned(),
        take: TakeId(row.get(first + 1)?),
        clip: takes::parsed(row, first + 2)?,
        fingerprint: takes::parsed(row, first + 3)?,
        outcome: takes::parsed(row, first + 4)?,
        reasons: reasons.map_err(|()| {
            takes::unreadable(first + 5, format!("this version does not know the reasons `{names}`"))
        })?,
        note: row.get(first + 6)?,
        redo: row.get(first + 7)?,
        who: row.get(first + 8)?,
        at: takes::moment(row, first + 9)?,
    })
}

/// The reviews of all jobs.
pub(in crate::store) struct Reviews {
    /// The reviews by row number of the job, oldest first. Each review comes with the newest take of the job at the
    /// time of the review.
    of_job: HashMap<i64, Vec<(Review, Option<TakeId>)>>,
    /// The newest review for each clip and fingerprint, with the row number of the reviewed job.
    of_clip: HashMap<(Sha256, Fingerprint), (i64, Review)>,
}

impl Reviews {
    pub(in crate::store) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut select =
            db.prepare_cached(&format!("SELECT {COLUMNS}, job, latest FROM reviews ORDER BY revision"))?;
        let mut rows = select.query([])?;
        let mut reviews = Self { of_job: HashMap::new(), of_clip: HashMap::new() };
        while let Some(row) = rows.next()? {
            let (review, job): (_, i64) = (review(row, 0)?, row.get(10)?);
            let latest = row.get::<_, Option<String>>(11)?.map(TakeId);
            reviews.of_clip.insert((review.clip, review.fingerprint), (job, review.clone()));
            reviews.of_job.entry(job).or_default().push((review, latest));
        }
        Ok(reviews)
    }

    /// Returns the newest review that holds for a job: a review of this job, or of another job with the same clip and
    /// fingerprint.
    pub(in crate::store) fn newest(
        &self,
        job: i64,
        clip: Option<&Sha256>,
        order: Fingerprint,
    ) -> Option<&Review> {
        let own = self.of_job(job).last().map(|(review, _)| review);
        let shared = clip.and_then(|clip| self.of_clip.get(&(*clip, order))).map(|(_, review)| review);
        own.into_iter().chain(shared).max_by_key(|review| review.revision)
    }

    /// Returns the newest of a job's reviews that are about this take; `None` if there is none.
    pub(in crate::store) fn of_take(&self, job: i64, take: &TakeId) -> Option<&Review> {
        self.of_job(job).iter().rev().map(|(review, _)| review).find(|review| review.take == *take)
    }

    /// Checks whether a job's newest review asks for another rendering of the job, and this rendering was not ordered
    /// yet.
    ///
    /// `newest` is the newest review of the job or of another job with the same clip, and `latest` is the job's newest
    /// take. If `newest` is a review of another job, returns false, because both jobs can use one new rendering.
    pub(in crate::store) fn is_queued(&self, job: i64, newest: &Review, latest: Option<&TakeId>) -> bool {
        let own = self.of_job(job).last();
        own.is_some_and(|(own, then)| own == newest && own.redo && then.as_ref() == latest)
    }

    /// Returns the newest of a job's reviews that asked for another rendering. Skips a review that a later one replaced
    /// before the rendering was ordered.
    fn asking(&self, job: i64) -> Option<&Review> {
        let reviews = self.of_job(job);
        (0..reviews.len()).rev().find_map(|at| {
            let (review, latest) = &reviews[at];
            let is_kept = reviews.get(at + 1).is_none_or(|(_, then)| then != latest);
            Some(review).filter(|review| review.redo && is_kept)
        })
    }

    fn of_job(&self, job: i64) -> &[(Review, Option<TakeId>)] {
        self.of_job.get(&job).map_or(&[], Vec::as_slice)
    }
}

impl Reader {
    /// Returns every review as `(project, job key, review)`, oldest first.
    pub async fn reviews(&self) -> Result<Vec<(String, JobKey, Review)>, StoreError> {
        self.read(|db| {
            let sql = "SELECT r.revision, r.take, r.clip, r.fingerprint, r.outcome, r.reasons, r.note, r.redo, r.who, r.at,
                           j.project, j.shot, j.item, j.variant
                       FROM reviews r JOIN jobs j ON j.id = r.job ORDER BY r.revision";
            let read = |row: &Row<'_>| Ok((row.get(10)?, takes::key(row, 11)?, review(row, 0)?));
            db.prepare_cached(sql)?.query_map([], read)?.collect()
        })
        .await
    }

    /// Returns the reviewers' feedback on clips of a project, by job key, for the next renderings.
    ///
    /// The feedback is the note of the newest review that asked for another rendering, or its reasons if there is no
    /// note. A review that was replaced by a later one before the rendering was ordered does not count.
    pub fn feedback(&self, project: &str) -> Result<HashMap<JobKey, String>, StoreError> {
        self.read_here(|db| {
            let reviews = Reviews::read(db)?;
            let mut found = HashMap::new();
            let mut select =
                db.prepare_cached("SELECT id, shot, item, variant FROM jobs WHERE project = ?1")?;
            let mut rows = select.query([project])?;
            while let Some(row) = rows.next()? {
                if let Some(review) = reviews.asking(row.get(0)?) {
                    let text = review.note.clone().unwrap_or_else(|| words(&review.reasons));
                    found.insert(takes::key(row, 1)?, text);
                }
            }
            Ok(found)
        })
    }
}

/// The numbers of clips by the state of their review, and the number of renderings that reviews have queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReviewCounts {
    /// The number of approved clips.
    pub approved: usize,
    /// The number of rejected clips.
    pub rejected: usize,
    /// The number of clips that have no review, or whose newest review is undecided.
    pub undecided: usize,
    /// The number of clips whose review is outdated, because it was about an earlier clip or another fingerprint of the
    /// job.
    pub outdated: usize,
    /// The number of renderings that reviews have queued and that are not ordered yet.
    pub queued: usize,
    /// The estimated price of the queued renderings. It is zero until the caller, which knows the present prices,
    /// adds it.
    pub queued_usd: Usd,
}

impl ReviewCounts {
    /// Reports whether at least one clip counts as approved, rejected or outdated.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.approved + self.rejected + self.outdated > 0
    }
}

/// Counts the clips of a project (`None`: of all projects) by the state of their review, and returns the takes whose
/// requests a review has queued to be sent again.
pub(in crate::store) fn review_counts(
    db: &Connection,
    project: Option<&str>,
) -> rusqlite::Result<(ReviewCounts, Vec<TakeId>)> {
    let reviews = Reviews::read(db)?;
    let (mut counts, mut queued) = (ReviewCounts::default(), Vec::new());
    let mut select = db.prepare_cached(
        "SELECT j.id, j.fingerprint, j.filed_sha256, t.id, j.filed_take FROM jobs j
         LEFT JOIN takes t ON t.id = (SELECT id FROM takes WHERE job = j.id ORDER BY place DESC LIMIT 1)
         WHERE j.wanted AND j.filed_take IS NOT NULL AND (?1 IS NULL OR j.project = ?1)",
    )?;
    let mut rows = select.query([project])?;
    while let Some(row) = rows.next()? {
        let (job, order, clip) = (row.get(0)?, takes::parsed(row, 1)?, takes::parsed(row, 2)?);
        let newest = reviews.newest(job, Some(&clip), order);
        let standing = ReviewState::of(newest, Some(&clip), &order);
        let latest = row.get::<_, Option<String>>(3)?.map(TakeId);
        *match standing {
            ReviewState::Approved => &mut counts.approved,
            ReviewState::Rejected => &mut counts.rejected,
            ReviewState::Undecided => &mut counts.undecided,
            ReviewState::Outdated => &mut counts.outdated,
        } += 1;
        if let Some(newest) = newest.filter(|_| standing == ReviewState::Rejected)
            && reviews.is_queued(job, newest, latest.as_ref())
        {
            counts.queued += 1;
            queued.push(TakeId(row.get(4)?));
        }
    }
    Ok((counts, queued))
}

impl Reader {
    /// Counts the clips of a project (`None`: of all projects) by the state of their review. Only clips of wanted jobs
    /// count.
    ///
    /// The second value has the takes whose clips were rejected and whose requests a review has queued to be sent
    /// again.
    pub async fn review_counts(
        &self,
        project: Option<&str>,
    ) -> Result<(ReviewCounts, Vec<TakeId>), StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| review_counts(db, project.as_deref())).await
    }

    /// Returns every review of a job, oldest first.
    pub async fn reviews_of_job(&self, project: &str, key: &JobKey) -> Result<Vec<Review>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let Some(job) = takes::job_id(db, &project, &key)? else { return Ok(Vec::new()) };
            let sql = format!("SELECT {COLUMNS} FROM reviews WHERE job = ?1 ORDER BY revision");
            db.prepare_cached(&sql)?.query_map([job], |row| review(row, 0))?.collect()
        })
        .await
    }
}

/// Returns the rejections of a project's present clips, by job key. A rejection counts only if the job's fingerprint
/// has not changed since.
pub(in crate::store) fn rejections(
    db: &Connection,
    project: &str,
) -> rusqlite::Result<HashMap<JobKey, Rejection>> {
    let mut found = HashMap::new();
    if !db.prepare_cached("SELECT 1 FROM reviews LIMIT 1")?.exists([])? {
        return Ok(found);
    }
    let reviews = Reviews::read(db)?;
    let mut select = db.prepare_cached(
        "SELECT j.id, j.shot, j.item, j.variant, j.fingerprint, j.filed_sha256,
             (SELECT id FROM takes t WHERE t.job = j.id ORDER BY place DESC LIMIT 1)
         FROM jobs j WHERE j.project = ?1 AND j.filed_take IS NOT NULL",
    )?;
    let mut rows = select.query([project])?;
    while let Some(row) = rows.next()? {
        let (job, order, clip) = (row.get(0)?, takes::parsed(row, 4)?, takes::parsed(row, 5)?);
        let Some(review) = reviews.newest(job, Some(&clip), order) else { continue };
        if ReviewState::of(Some(review), Some(&clip), &order) == ReviewState::Rejected {
            let latest = row.get::<_, Option<String>>(6)?.map(TakeId);
            let is_redo_queued = reviews.is_queued(job, review, latest.as_ref());
            let rejection = Rejection { order, why: words(&review.reasons), is_redo_queued };
            found.insert(takes::key(row, 1)?, rejection);
        }
    }
    Ok(found)
}
