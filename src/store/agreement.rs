//! Compares a database with its ledger, without changing either.

use super::error::StoreError;
use super::folder;
use super::ledger::{Entry, Kind};
use super::ledger_file::{Ledger, Tail};
use crate::domain::lifecycle::Charged;
use crate::domain::money::Usd;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// Returns the ledger lines that the database of a state folder may lack. Returns an error if the database lacks a
/// submission that the ledger has, because such a database is out of date.
pub(super) fn compare(dir: &Path, db: Option<&Connection>) -> Result<Tail, StoreError> {
    let path = folder::database(dir);
    let at = db.map_or(Ok(0), |db| agreed(db, &path))?;
    // The ledger is read before the database is queried about it: a run at the same time writes them in the opposite
    // order.
    let tail = match Ledger::open_to_read(dir)? {
        Some(mut ledger) => ledger.read_from(at)?,
        None => Tail { cut: at > 0, ..Tail::default() },
    };
    refuse_older(db, &tail, &path)?;
    Ok(tail)
}

/// Returns a message for each damaged line of a ledger: where the line is, and which command repairs the ledger.
pub(super) fn damage(tail: &Tail) -> impl Iterator<Item = String> + '_ {
    tail.damaged.iter().map(|line| {
        format!("the ledger is damaged at {line}; `recover` rebuilds it and keeps the damaged file")
    })
}

/// Returns an error if the ledger has a submission that the database lacks. `db` is `None` if there is no database.
pub(super) fn refuse_older(db: Option<&Connection>, tail: &Tail, path: &Path) -> Result<(), StoreError> {
    let mut missing = BTreeMap::new();
    for entry in &tail.entries {
        let submission = (&entry.take, entry.attempt);
        if entry.kind == Kind::Intent {
            let known = db.map_or(Ok(false), |db| knows(db, entry));
            if !known.map_err(|e| StoreError::sql(path, &e))? {
                missing.insert(submission, Some(entry.usd));
            }
        } else if (entry.kind.is_free() || entry.charged == Some(Charged::No))
            && let Some(usd) = missing.get_mut(&submission)
        {
            *usd = None;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let paid: Vec<Usd> = missing.values().copied().flatten().collect();
    let sum = paid.iter().copied().sum();
    let (path, missing, paid) = (path.to_owned(), missing.len(), paid.len());
    Err(StoreError::OlderThanLedger { path, is_absent: db.is_none(), missing, paid, sum })
}

/// Checks whether the database has the submission of a ledger line: an attempt with the same request id, or with the
/// same take and attempt number.
pub(super) fn knows(db: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM attempts WHERE take = ?1 AND number = ?2 OR request_id = ?3")?.exists((
        &entry.take,
        entry.attempt,
        &entry.request_id,
    ))
}

/// Returns the `seq` number up to which the database has all lines of the ledger. If the ledger has a damaged line that
/// the database may lack, the number remains below that line until `shotlist recover` is run.
pub(super) fn heard(db: &Connection, path: &Path) -> Result<u64, StoreError> {
    let sql = "SELECT min(value) FROM meta WHERE key IN ('seq', 'unheard')";
    let read = db.query_row(sql, [], |row| row.get::<_, i64>(0));
    read.map(i64::cast_unsigned).map_err(|e| StoreError::sql(path, &e))
}

/// Returns the position in the ledger file, in bytes, up to which the database has every line.
pub(super) fn agreed(db: &Connection, path: &Path) -> Result<u64, StoreError> {
    let read = db.query_row("SELECT value FROM meta WHERE key = 'agreed'", [], |row| row.get::<_, i64>(0));
    read.map(i64::cast_unsigned).map_err(|e| StoreError::sql(path, &e))
}
