//! Reads the whole history of one job.

use crate::domain::digest::Sha256;
use crate::domain::fault::Said;
use crate::domain::foreign::Foreign;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Take, decisive};
use crate::plan::known::Filed;
use crate::store::takes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

/// The whole history of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The key of the job.
    pub key: JobKey,
    /// The title of the item.
    pub title: Foreign,
    /// True if the manifest asked for the job in the last run.
    pub wanted: bool,
    /// The fingerprint of the request with which the manifest last asked for the job.
    pub fingerprint: Fingerprint,
    /// The path where the job's clip belongs.
    pub path: String,
    /// The clip that the job has now; `None` if it has none.
    pub filed: Option<Filed>,
    /// The takes of the job, newest first.
    pub takes: Vec<TakeHistory>,
}

impl History {
    /// Returns the take that decides the job's status; `None` if the job has no take.
    #[must_use]
    pub fn decisive(&self) -> Option<&TakeHistory> {
        decisive(&self.takes, |entry| &entry.take, self.fingerprint)
    }
}

/// A take with all its attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct TakeHistory {
    /// The take: its request, its price and its state.
    pub take: Take,
    /// The time when the take was ordered.
    pub created: Timestamp,
    /// The charge that the provider or a person reported; `None` if neither did.
    pub settled: Option<Usd>,
    /// The attempts to submit the take, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A recorded attempt to submit a take. Unless `outcome` says otherwise, its request may have been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The number of the attempt of this take, from 1.
    pub number: u32,
    /// The request id that shotlist gave to the submission.
    pub request_id: RequestId,
    /// The digest of the request's bytes.
    pub body: Sha256,
    /// The price that was reserved for the attempt.
    pub price: Usd,
    /// The time when the intent to submit was recorded.
    pub at: Timestamp,
    /// The outcome of the attempt, as the ledger names it, or `never_sent` if a crash came before the request. `None`
    /// if no outcome is known yet.
    pub outcome: Option<String>,
    /// The last message of the provider or of this computer about the attempt; `None` if there was none.
    pub said: Option<Said>,
}

/// Reads the whole history of one job; returns `None` if the job is not known.
pub(super) fn of(db: &Connection, project: &str, key: &JobKey) -> rusqlite::Result<Option<History>> {
    let job = |row: &Row<'_>| {
        let history = History {
            key: key.clone(),
            title: row.get(1)?,
            wanted: row.get(2)?,
            fingerprint: takes::parsed(row, 3)?,
            path: row.get(4)?,
            filed: takes::filed(row, 5)?,
            takes: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, history))
    };
    let found = db
        .prepare_cached(
            "SELECT id, title, wanted, fingerprint, path, filed_take, filed_path, filed_size, filed_sha256 FROM jobs
             WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
        )?
        .query_row((project, &key.shot, &key.item, &key.variant), job)
        .optional()?;
    let Some((id, mut history)) = found else { return Ok(None) };
    let sql = format!(
        "SELECT {}, t.created, t.settled FROM {} WHERE t.job = ?1 ORDER BY t.place DESC",
        takes::COLUMNS,
        takes::TABLES
    );
    let take = |row: &Row<'_>| {
        let settled = row.get::<_, Option<i64>>(takes::WIDTH + 1)?.map(Usd::from_micros);
        let created = takes::moment(row, takes::WIDTH)?;
        Ok(TakeHistory { take: takes::take(row)?, created, settled, attempts: Vec::new() })
    };
    history.takes = db.prepare_cached(&sql)?.query_map([id], take)?.collect::<rusqlite::Result<_>>()?;
    let mut select = db.prepare_cached(
        "SELECT number, request_id, body_sha256, price, at, outcome, said, code, http FROM attempts
         WHERE take = ?1 ORDER BY number",
    )?;
    for take in &mut history.takes {
        take.attempts = select.query_map([&take.take.id.0], attempt)?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(Some(history))
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let said = match row.get::<_, Option<String>>(6)? {
        Some(text) => Some(Said { http: row.get(8)?, code: row.get(7)?, text }),
        None => None,
    };
    Ok(Attempt {
        number: row.get(0)?,
        request_id: RequestId(row.get(1)?),
        body: takes::parsed(row, 2)?,
        price: Usd::from_micros(row.get(3)?),
        at: takes::moment(row, 4)?,
        outcome: row.get(5)?,
        said,
    })
}
