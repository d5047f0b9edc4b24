//! Everything that is known of one job.

use crate::domain::digest::Sha256;
use crate::domain::fault::Said;
use crate::domain::foreign::Foreign;
use crate::domain::key::{JobKey, RequestId};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Take};
use crate::plan::known::Filed;
use crate::store::takes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

/// All that is known of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Which clip.
    pub key: JobKey,
    /// What people call the item.
    pub title: Foreign,
    /// Whether the manifest asks for it.
    pub wanted: bool,
    /// Of what was last asked for.
    pub fingerprint: Fingerprint,
    /// Where that clip belongs.
    pub path: String,
    /// Which clip stands there.
    pub filed: Option<Filed>,
    /// Newest first.
    pub takes: Vec<TakeHistory>,
}

impl History {
    /// The take that says where the job stands: one that a person must decide about, else the newest that was not
    /// cancelled.
    #[must_use]
    pub fn decisive(&self) -> Option<&TakeHistory> {
        let held = |entry: &&TakeHistory| matches!(entry.take.state, State::Held { .. });
        let kept = |entry: &&TakeHistory| !matches!(entry.take.state, State::Cancelled { .. });
        let takes = &self.takes;
        takes.iter().find(held).or_else(|| takes.iter().find(kept)).or_else(|| takes.first())
    }
}

/// One take with all that was sent for it.
#[derive(Debug, Clone, PartialEq)]
pub struct TakeHistory {
    /// The take.
    pub take: Take,
    /// When it was ordered.
    pub created: Timestamp,
    /// What the provider says that it charged, where it says so.
    pub settled: Option<Usd>,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
}

/// One submission that was, or may have been, sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the take's first.
    pub number: u32,
    /// Our name for it.
    pub request_id: RequestId,
    /// Of what was sent.
    pub body: Sha256,
    /// What was reserved for it.
    pub price: Usd,
    /// When it was written down.
    pub at: Timestamp,
    /// What became of it, in the words of the ledger; `never_sent` where a crash came before the request.
    pub outcome: Option<String>,
    /// The last words about it.
    pub said: Option<Said>,
}

/// Reads everything that is known of one job.
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
