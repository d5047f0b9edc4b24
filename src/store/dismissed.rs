//! What a person has said is meant to stay as it is: failed, written off or missing, and nobody is alarmed again.
//!
//! It is said of a take, and so of its order: an edited row orders another one, and a retry is another take.

use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind};
use super::read::Reader;
use super::{Store, takes};
use crate::domain::key::TakeId;
use crate::domain::take::{Fingerprint, Take};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::HashSet;

impl Store {
    /// Notes that what became of a take is meant, or with `undo` that it is not any more.
    ///
    /// [`ApplyError::Changed`] where the take is no longer as the caller saw it.
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
    /// The takes of which a person has said that they are meant to stay as they are.
    pub async fn dismissed(&self) -> Result<HashSet<TakeId>, StoreError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT id FROM takes WHERE dismissed IS NOT NULL")?;
            select.query_map([], |row| Ok(TakeId(row.get(0)?)))?.collect()
        })
        .await
    }

    /// The newest take with that order that was not cancelled: another job's, where a job shares what that one has.
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

/// Takes over what a line of the ledger says; whether it is about that at all.
pub(super) fn heard(db: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    match entry.kind {
        Kind::Dismissed => set(db, &entry.take, Some(entry.at)).map(|()| true),
        Kind::Recalled => set(db, &entry.take, None).map(|()| true),
        _ => Ok(false),
    }
}

fn set(db: &Connection, take: &str, since: Option<Timestamp>) -> rusqlite::Result<()> {
    let since = since.map(Timestamp::as_millisecond);
    db.prepare_cached("UPDATE takes SET dismissed = ?2 WHERE id = ?1")?.execute((take, since)).map(drop)
}
