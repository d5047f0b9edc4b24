//! The tables, how they came to be, and how the database is opened.

mod migrations;

use self::migrations::MIGRATIONS;
use super::error::StoreError;
use super::folder;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// The version that this program writes: the number of migrations.
pub(super) const VERSION: i64 = 7;

/// Pages that the writer may hold in memory, in KiB: what a large catalog changes at once must not be read again and again.
const WRITER_CACHE: i64 = 4 << 10;

/// How long a write waits for another process before it says that the database is busy.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the database for reading. Never creates one, never changes it.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    open().map_err(|e| StoreError::sql(path, &e))
}

/// Opens the database for writing, creating it for its owner alone.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    // SQLite gives the files beside it the mode of this one.
    drop(folder::open_private(path)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // What a write of a batch that is refused must undo is kept in memory, not in a file for each batch.
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    open().map_err(|e| StoreError::sql(path, &e))
}

/// Brings the tables up to date, in one transaction: after a kill in the middle, the old tables are there.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if version(db, path)? == VERSION {
        return Ok(());
    }
    let sql = |e| StoreError::sql(path, &e);
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    // Another process may have migrated since: the version is read where it can no longer change.
    let found = version(&change, path)?;
    let done = usize::try_from(found).map_err(|_| StoreError::Damaged {
        path: path.to_owned(),
        detail: format!("its version is {found}"),
    })?;
    for statements in MIGRATIONS.iter().skip(done).copied().flatten() {
        change.execute_batch(statements).map_err(sql)?;
    }
    change.pragma_update(None, "user_version", VERSION).map_err(sql)?;
    change.commit().map_err(sql)
}

/// The version of the tables; 0 where there are none yet. A newer one than known is refused.
pub(super) fn version(db: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|e| StoreError::sql(path, &e))?;
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    Ok(found)
}

/// Reads every page and refuses a database that contradicts itself.
pub(super) fn examine(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String =
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|e| StoreError::sql(path, &e))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { path: path.to_owned(), detail: verdict })
}

#[cfg(test)]
mod tests;
