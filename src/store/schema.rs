//! Opens and migrates the database.

mod migrations;

use self::migrations::MIGRATIONS;
use super::error::StoreError;
use super::folder;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the tables that this program writes: the number of migrations.
pub(super) const VERSION: i64 = 9;

/// The size of the page cache for writes, in KiB: large enough for a change of a large catalog to read each page only
/// once.
const WRITER_CACHE: i64 = 4 << 10;

/// The name of a new database until it is complete.
const STAGED: &str = "state.db.new";

/// The start of the name of a copy of the database from before an upgrade, followed by the number of the old version.
const KEPT: &str = "state.db.version-";

/// The time that a query waits for another process before it fails because the database is busy.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the database for reading, without changing it. SQLite may create its `-wal` and `-shm` files next to the
/// database.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    // SQLite follows a link in the place of the database, but none in the place of its logs.
    drop(folder::open_to_read(path).map_err(|e| StoreError::io(path, &e))?);
    folder::refuse_irregular_logs(path)?;
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

/// Returns a URI by which SQLite can read a database in a read-only folder, without creating files next to it.
///
/// Returns `None` if the folder is writable, or if the database has a log, which SQLite must read as well.
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

/// Opens the database for writing. Creates the file if it is missing, with access for its owner alone.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    // SQLite gives its extra files the mode of this one.
    drop(folder::open_private(path)?);
    folder::refuse_irregular_logs(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // The signed link of a clip must not stay in free bytes once its take is done.
        db.pragma_update(None, "secure_delete", true)?;
        // The undo data of refused writes is kept in memory, not in a file for each batch.
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    open().map_err(|e| StoreError::sql(path, &e))
}

/// Creates a database with its tables under another name, makes it durable, and then renames it. If the process is
/// killed before the rename, the next start begins again.
pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
    let (staged, path) = (dir.join(STAGED), folder::database(dir));
    remove_with_logs(&staged)?;
    let mut db = open_to_write(&staged)?;
    migrate(&mut db, &staged)?;
    close(db, &staged)?;
    // SQLite would take the logs of a database that is gone for those of the new one.
    remove_with_logs(&path)?;
    fs::rename(&staged, &path).map_err(|e| StoreError::io(&path, &e))?;
    folder::sync(dir)
}

/// Closes a new database whose file is complete without its log, so that the file can be renamed. Makes the file
/// durable.
///
/// Returns an error if the log could not be moved into the file, for example because the disk is full. SQLite itself
/// ignores such an error when it closes a database.
pub(super) fn close(db: Connection, path: &Path) -> Result<(), StoreError> {
    let sql = |e| StoreError::sql(path, &e);
    let is_busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(sql)?;
    if is_busy {
        return Err(StoreError::Busy { path: path.to_owned() });
    }
    db.close().map_err(|(_, e)| sql(e))?;
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| StoreError::io(path, &e))
}

/// Removes a database and the log files that SQLite keeps next to it, if they exist.
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

/// Removes the rollback journal of a process that was killed while it created the database, by undoing that process's
/// transaction. Nothing that was saved is lost.
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

/// Copies a database of an earlier version before its tables are upgraded, unless there is a copy of that version.
/// Returns the path of the copy.
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

/// Removes the copies of the database that were made before upgrades. They are not needed after a successful run.
pub(super) fn drop_copies(dir: &Path) {
    for version in 1..VERSION {
        // A copy that cannot be removed does no harm.
        let _ = fs::remove_file(dir.join(format!("{KEPT}{version}")));
    }
}

/// Upgrades the tables in one transaction, so that the old tables stay intact if the process is killed.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if version(db, path)? == VERSION {
        return Ok(());
    }
    let sql = |e| StoreError::sql(path, &e);
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    // Another process may have migrated since: the version is read again under the lock.
    let found = version(&change, path)?;
    let done = usize::try_from(found).map_err(|_| StoreError::Damaged {
        path: path.to_owned(),
        detail: format!("its version {found} is not valid"),
    })?;
    for statements in MIGRATIONS.iter().skip(done).copied().flatten() {
        change.execute_batch(statements).map_err(sql)?;
    }
    change.pragma_update(None, "user_version", VERSION).map_err(sql)?;
    change.commit().map_err(sql)
}

/// Returns the version of the tables; 0 if there are none yet. Returns an error if the version is newer than this
/// program's.
pub(super) fn version(db: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|e| StoreError::sql(path, &e))?;
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    Ok(found)
}

/// Reads every page of the database, and returns an error if it is damaged.
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
