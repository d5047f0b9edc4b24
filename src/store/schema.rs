//! The tables, how they came to be, and how the database is opened.

mod migrations;

use self::migrations::MIGRATIONS;
use super::error::StoreError;
use super::folder;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version that this program writes: the number of migrations.
pub(super) const VERSION: i64 = 7;

/// Pages that the writer may hold in memory, in KiB: what a large catalog changes at once must not be read again and again.
const WRITER_CACHE: i64 = 4 << 10;

/// The name of a database while it is made.
const STAGED: &str = "state.db.new";

/// The name of a copy of a database of an earlier version, without that version's number.
const KEPT: &str = "state.db.version-";

/// How long a write waits for another process before it says that the database is busy.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the database for reading. Never creates one, never changes it.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    // SQLite follows a link in the place of the database; it follows none in the place of its logs.
    drop(folder::open_to_read(path).map_err(|e| StoreError::io(path, &e))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |name: &Path, flags: OpenFlags| {
        let db = Connection::open_with_flags(name, flags)?;
        db.busy_timeout(BUSY)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    let opened = match still(path) {
        Some(uri) => open(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI),
        None => open(path, flags),
    };
    opened.map_err(|e| StoreError::sql(path, &e))
}

/// Returns the address under which SQLite reads a database without the files that it would make beside it, where it
/// cannot make them and there is no log to be read with it.
pub(super) fn still(path: &Path) -> Option<String> {
    use rustix::fs::{Access, access};
    if access(path.parent()?, Access::WRITE_OK).is_ok() {
        return None;
    }
    let log = fs::metadata(format!("{}-wal", path.display()));
    if log.is_ok_and(|log| log.len() > 0) {
        return None;
    }
    let name = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(format!("file:{name}?immutable=1"))
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
        // The signed link of a clip must not stay in free bytes once its take is done.
        db.pragma_update(None, "secure_delete", true)?;
        // What a write of a batch that is refused must undo is kept in memory, not in a file for each batch.
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    open().map_err(|e| StoreError::sql(path, &e))
}

/// Makes a database with its tables where there is none: under another name, durable, then renamed. Killed anywhere,
/// the next start begins again.
pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
    let (staged, path) = (dir.join(STAGED), folder::database(dir));
    remove_with_logs(&staged)?;
    let mut db = open_to_write(&staged)?;
    migrate(&mut db, &staged)?;
    db.close().map_err(|(_, e)| StoreError::sql(&staged, &e))?;
    File::open(&staged).and_then(|file| file.sync_all()).map_err(|e| StoreError::io(&staged, &e))?;
    // Logs of a database that is gone would be taken for those of the new one.
    remove_with_logs(&path)?;
    fs::rename(&staged, &path).map_err(|e| StoreError::io(&path, &e))?;
    folder::sync(dir)
}

/// Removes a database and what SQLite keeps beside it, as far as it is there.
fn remove_with_logs(path: &Path) -> Result<(), StoreError> {
    for end in ["-journal", "-wal", "-shm", ""] {
        let file = PathBuf::from(format!("{}{end}", path.display()));
        match fs::remove_file(&file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(&file, &e)),
            _ => {}
        }
    }
    Ok(())
}

/// Undoes a transaction that a process left behind when it was killed before the database had a log of its own. Nothing
/// was ever saved by such a transaction.
pub(super) fn roll_back(path: &Path) -> Result<(), StoreError> {
    let journal = PathBuf::from(format!("{}-journal", path.display()));
    if !journal.exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    open().map(drop).map_err(|e| StoreError::sql(path, &e))
}

/// Keeps a copy of a database of an earlier version, before its tables are brought up to date. Returns its path.
pub(super) fn keep_copy(dir: &Path, version: i64) -> Result<PathBuf, StoreError> {
    let (path, kept) = (folder::database(dir), dir.join(format!("{KEPT}{version}")));
    if kept.exists() {
        return Ok(kept);
    }
    let staged = dir.join(STAGED);
    remove_with_logs(&staged)?;
    drop(folder::open_private(&staged)?);
    let db = open_to_read(&path)?;
    db.execute("VACUUM INTO ?1", [staged.to_string_lossy()]).map_err(|e| StoreError::sql(&path, &e))?;
    File::open(&staged).and_then(|file| file.sync_all()).map_err(|e| StoreError::io(&staged, &e))?;
    fs::rename(&staged, &kept).map_err(|e| StoreError::io(&kept, &e))?;
    folder::sync(dir)?;
    Ok(kept)
}

/// Removes the copies of databases of earlier versions: a run has ended well since.
pub(super) fn drop_copies(dir: &Path) {
    for version in 1..VERSION {
        // One that cannot be removed does no harm.
        let _ = fs::remove_file(dir.join(format!("{KEPT}{version}")));
    }
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
