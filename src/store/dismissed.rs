//! Records that a person accepts that a take (a paid rendering of a job) failed, was written off, or lost its clip.
//! Such takes cause no further warning.
//!
//! The acceptance holds for one take and its request. A retry or an edit of the product row orders another take, for
//! which the acceptance does not hold.

use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind};
use super::read::Reader;
use super::{Store, takes};
use crate::domain::key::TakeId;
use crate::domain::take::{Fingerprint, Take};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{HashMap, HashSet};

impl Store {
    /// Records that a person accepts the outcome of a take, for example a failure. With `undo`, removes that record.
    ///
    /// Returns [`ApplyError::Changed`] if the take has changed since the caller read it.
    pub async fn dismiss(
        &self,
        take: &Take,
        undo: bool,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<(), ApplyError> {
        let take = take.clone();
        self.lane
            .write(None, move |batch| {
                let Some(row) = takes::current(batch.db, &take)? else { return Ok(Err(ApplyError::Changed)) };
                set(batch.db, &row.id.0, Some(now).filter(|_| !undo))?;
                let kind = if undo { Kind::Recalled } else { Kind::Dismissed };
                batch.note(Entry { note: note.clone(), ..Entry::about(&row, kind, now) })?;
                Ok(Ok(()))
            })
            .await
    }
}

impl Reader {
    /// Returns the ids of the takes whose outcome, for example a failure, a person has accepted.
    pub async fn dismissed(&self) -> Result<HashSet<TakeId>, StoreError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT id FROM takes WHERE dismissed IS NOT NULL")?;
            select.query_map([], |row| Ok(TakeId(row.get(0)?)))?.collect()
        })
        .await
    }

    /// Returns the newest take with this fingerprint that was not cancelled; `None` if there is none. The take may be
    /// of any job, because jobs with the same fingerprint share a clip.
    pub async fn newest_of(&self, fingerprint: &Fingerprint) -> Result<Option<Take>, StoreError> {
        let fingerprint = fingerprint.to_string();
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM {} WHERE t.fingerprint = ?1 AND t.state <> 'cancelled' ORDER BY t.place DESC LIMIT 1",
                takes::COLUMNS,
                takes::TABLES
            );
            db.prepare_cached(&sql)?.query_row([&fingerprint], takes::take).optional()
        })
        .await
    }
}

/// Imports a ledger line by which a person accepted a take's outcome, or took the acceptance back. Returns `true` for
/// such a line, and `false` for a line of another kind.
pub(super) fn heard(db: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    match entry.kind {
        Kind::Dismissed => set(db, &entry.take, Some(entry.at)).map(|()| true),
        Kind::Recalled => set(db, &entry.take, None).map(|()| true),
        _ => Ok(false),
    }
}

/// Builds the ledger lines that `entries` lacks about takes whose outcome a person accepted, such as a failure.
pub(super) fn lost(db: &Connection, entries: &[Entry]) -> rusqlite::Result<Vec<Entry>> {
    let decisions = entries.iter().filter(|entry| matches!(entry.kind, Kind::Dismissed | Kind::Recalled));
    // The newest decision about a take counts.
    let newest: HashMap<&str, Kind> = decisions.map(|entry| (entry.take.as_str(), entry.kind)).collect();
    let sql = format!(
        "SELECT {}, t.dismissed FROM {} WHERE t.dismissed IS NOT NULL ORDER BY t.place",
        takes::COLUMNS,
        takes::TABLES
    );
    let mut select = db.prepare(&sql)?;
    let lines = select.query_map([], |row| {
        Ok(Entry::about(&takes::take(row)?, Kind::Dismissed, takes::moment(row, takes::WIDTH)?))
    })?;
    let is_lost = |line: &Entry| newest.get(line.take.as_str()) != Some(&Kind::Dismissed);
    lines.filter(|line| line.as_ref().map_or(true, is_lost)).collect()
}

fn set(db: &Connection, take: &str, since: Option<Timestamp>) -> rusqlite::Result<()> {
    let since = since.map(Timestamp::as_millisecond);
    db.prepare_cached("UPDATE takes SET dismissed = ?2 WHERE id = ?1")?.execute((take, since)).map(drop)
}
