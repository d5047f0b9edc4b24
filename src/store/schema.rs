//! The tables, how they came to be, and how the database is opened.

use super::error::StoreError;
use super::folder;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// The version that this program writes: the number of migrations.
pub(super) const VERSION: i64 = 6;

/// How long a write waits for another process before it says that the database is busy.
const BUSY: Duration = Duration::from_secs(5);

/// Moments in columns are milliseconds since 1970 in UTC, money is in millionths of a dollar.
///
/// `takes.data` is the whole state; `state`, `due`, `expires`, `task_id`, `account` and `queue` repeat parts of it to be
/// searched. `queue` is the job's priority as long as the take may be submitted. `place` grows: the newest take of a
/// job has the highest. `tallies` is kept by the trigger, so that no write can forget it.
const V1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('seq', 0), ('agreed', 0), ('visits', 0);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL,
    project TEXT NOT NULL,
    command TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    exit INTEGER,
    cap_invocation INTEGER,
    cap_run INTEGER,
    cap_day INTEGER,
    cap_month INTEGER
) STRICT;
CREATE INDEX runs_of_a_chain ON runs (chain);
CREATE INDEX runs_of_a_project ON runs (project, command);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    shot TEXT NOT NULL,
    item TEXT NOT NULL,
    variant TEXT NOT NULL,
    title TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    path TEXT NOT NULL,
    filed_take TEXT REFERENCES takes (id),
    filed_path TEXT,
    filed_size INTEGER,
    filed_sha256 TEXT,
    UNIQUE (project, shot, item, variant)
) STRICT;

CREATE TABLE takes (
    id TEXT PRIMARY KEY,
    place INTEGER NOT NULL UNIQUE,
    job INTEGER NOT NULL REFERENCES jobs (id),
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    price INTEGER NOT NULL,
    path TEXT NOT NULL,
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    data TEXT NOT NULL,
    due INTEGER NOT NULL,
    expires INTEGER,
    task_id TEXT,
    account TEXT NOT NULL,
    queue INTEGER,
    run INTEGER REFERENCES runs (id),
    day TEXT,
    settled INTEGER,
    amount INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE account WHEN 'free' THEN 0 WHEN 'settled' THEN coalesce(settled, price) ELSE price END
    ) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX one_take_a_task ON takes (provider, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX takes_of_a_job ON takes (job, place);
CREATE INDEX takes_by_state ON takes (state, due);
CREATE INDEX takes_in_the_queue ON takes (queue, place) WHERE queue IS NOT NULL;

CREATE TABLE attempts (
    take TEXT NOT NULL REFERENCES takes (id),
    number INTEGER NOT NULL,
    request_id TEXT NOT NULL UNIQUE,
    body_sha256 TEXT NOT NULL,
    price INTEGER NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    outcome TEXT,
    said TEXT,
    code TEXT,
    http INTEGER,
    PRIMARY KEY (take, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (seq INTEGER PRIMARY KEY, intent INTEGER NOT NULL, line TEXT NOT NULL) STRICT;

CREATE TABLE tallies (
    run INTEGER NOT NULL REFERENCES runs (id),
    day TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    in_doubt INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    PRIMARY KEY (run, day)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER takes_are_tallied AFTER UPDATE OF account, price, settled, run, day ON takes
BEGIN
    UPDATE tallies SET
        reserved = reserved - iif(OLD.account = 'reserved', OLD.amount, 0),
        in_doubt = in_doubt - iif(OLD.account = 'in_doubt', OLD.amount, 0),
        settled = settled - iif(OLD.account = 'settled', OLD.amount, 0)
    WHERE run = OLD.run AND day = OLD.day;
    INSERT INTO tallies (run, day, reserved, in_doubt, settled)
    SELECT NEW.run, NEW.day,
        iif(NEW.account = 'reserved', NEW.amount, 0),
        iif(NEW.account = 'in_doubt', NEW.amount, 0),
        iif(NEW.account = 'settled', NEW.amount, 0)
    WHERE NEW.run IS NOT NULL
    ON CONFLICT (run, day) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        in_doubt = in_doubt + excluded.in_doubt,
        settled = settled + excluded.settled;
END;
";

/// `takes.instead_of` is the take in doubt which the manifest let be ordered again: what all of these cost is bounded.
const V2: &str = "
ALTER TABLE takes ADD COLUMN instead_of TEXT REFERENCES takes (id);
CREATE TABLE output (root TEXT NOT NULL) STRICT;
";

/// What is known to be charged counts from the moment at which it is known, not only once the clip is there: a person may
/// correct the price of a take that is held. A column that is computed cannot be changed, only made anew.
const V3: &str = "
DROP TRIGGER takes_are_tallied;
ALTER TABLE takes DROP COLUMN amount;
ALTER TABLE takes ADD COLUMN amount INTEGER NOT NULL GENERATED ALWAYS AS (
    CASE account WHEN 'free' THEN 0 ELSE coalesce(settled, price) END
) VIRTUAL;

DELETE FROM tallies;
INSERT INTO tallies (run, day, reserved, in_doubt, settled)
SELECT run, day,
    sum(iif(account = 'reserved', amount, 0)),
    sum(iif(account = 'in_doubt', amount, 0)),
    sum(iif(account = 'settled', amount, 0))
FROM takes WHERE run IS NOT NULL GROUP BY run, day;

CREATE TRIGGER takes_are_tallied AFTER UPDATE OF account, price, settled, run, day ON takes
BEGIN
    UPDATE tallies SET
        reserved = reserved - iif(OLD.account = 'reserved', OLD.amount, 0),
        in_doubt = in_doubt - iif(OLD.account = 'in_doubt', OLD.amount, 0),
        settled = settled - iif(OLD.account = 'settled', OLD.amount, 0)
    WHERE run = OLD.run AND day = OLD.day;
    INSERT INTO tallies (run, day, reserved, in_doubt, settled)
    SELECT NEW.run, NEW.day,
        iif(NEW.account = 'reserved', NEW.amount, 0),
        iif(NEW.account = 'in_doubt', NEW.amount, 0),
        iif(NEW.account = 'settled', NEW.amount, 0)
    WHERE NEW.run IS NOT NULL
    ON CONFLICT (run, day) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        in_doubt = in_doubt + excluded.in_doubt,
        settled = settled + excluded.settled;
END;
";

/// What a person has put on hold; an empty provider stands for all of the project's.
const V4: &str = "
CREATE TABLE pauses (
    project TEXT NOT NULL,
    provider TEXT NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (project, provider)
) STRICT, WITHOUT ROWID;
";

/// `takes.approved` is the last run that was allowed to submit the take. Each list that a run works off has an index in
/// its order (`work`).
const APPROVED: &str = "
ALTER TABLE takes ADD COLUMN approved INTEGER REFERENCES runs (id);
DROP INDEX takes_in_the_queue;
CREATE INDEX takes_to_submit ON takes (approved, provider, model, queue, place) WHERE queue IS NOT NULL;
CREATE INDEX takes_to_collect ON takes (coalesce(expires, 9223372036854775807), place)
    WHERE state IN ('placing', 'downloading');
CREATE INDEX takes_to_poll ON takes (due, place) WHERE state IN ('running', 'doubtful');
";

/// A plan looks up takes by what was ordered, and clips by their takes.
const LOOK_UPS: &str = "
CREATE INDEX takes_by_order ON takes (fingerprint);
CREATE INDEX jobs_by_clip ON jobs (filed_take, project) WHERE filed_take IS NOT NULL;
";

/// `output.disks` names the folders of clips that are on another device than the state folder: `.` for the output folder
/// itself, joined by `/`. A disk that is not mounted looks like clips that are gone.
const DISKS: &str = "
ALTER TABLE output ADD COLUMN disks TEXT;
";

/// `takes.dismissed` is when a person said that what became of the take is meant.
const DISMISSED: &str = "
ALTER TABLE takes ADD COLUMN dismissed INTEGER;
CREATE INDEX takes_dismissed ON takes (dismissed) WHERE dismissed IS NOT NULL;
";

/// The one place where the folder was last driven: the machine, its name, and the folder.
const DRIVEN: &str = "
CREATE TABLE driven (machine TEXT NOT NULL, host TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
";

/// A take that serves an order with another fingerprint: its likeness, as 32 bytes.
const ALIASES: &str = "
CREATE TABLE aliases (
    take TEXT NOT NULL REFERENCES takes (id),
    likeness BLOB NOT NULL,
    PRIMARY KEY (take, likeness)
) STRICT, WITHOUT ROWID;
";

/// Durations of renderings, by model, and by length and size as ordered: `weights` are the buckets of a histogram that are
/// not empty, as pairs in JSON.
const DURATIONS: &str = "
CREATE TABLE durations (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    class TEXT NOT NULL,
    finished INTEGER NOT NULL,
    weights TEXT NOT NULL,
    PRIMARY KEY (provider, model, class)
) STRICT, WITHOUT ROWID;
";

/// The migrations in their order; the first leads to version 1. An entry that was released is never changed.
const MIGRATIONS: [&[&str]; 6] =
    [&[V1], &[V2], &[V3], &[V4], &[APPROVED, LOOK_UPS, DISKS, DISMISSED, DRIVEN, ALIASES], &[DURATIONS]];

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
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid_sql_and_lead_to_the_version_that_is_written() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, Path::new("memory")).unwrap();
        assert_eq!(version(&db, Path::new("memory")).unwrap(), VERSION);
        assert_eq!(i64::try_from(MIGRATIONS.len()).unwrap(), VERSION);
        examine(&db, Path::new("memory")).unwrap();
    }

    #[test]
    fn each_older_version_is_brought_up_to_the_same_tables() {
        let tables = |db: &Connection| -> Vec<String> {
            let mut list = db.prepare("SELECT name || ': ' || sql FROM sqlite_schema ORDER BY 1").unwrap();
            list.query_map([], |row| row.get(0)).unwrap().filter_map(Result::ok).collect()
        };
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh, Path::new("memory")).unwrap();
        for (older, migrations) in (0..).zip((0..MIGRATIONS.len()).map(|end| &MIGRATIONS[..end])) {
            let mut db = Connection::open_in_memory().unwrap();
            for statements in migrations.iter().copied().flatten() {
                db.execute_batch(statements).unwrap();
            }
            db.pragma_update(None, "user_version", older).unwrap();
            migrate(&mut db, Path::new("memory")).unwrap();
            assert_eq!(tables(&db), tables(&fresh), "from version {older}");
            assert_eq!(version(&db, Path::new("memory")).unwrap(), VERSION);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_old_tables_and_the_old_version() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(V1).unwrap();
        db.pragma_update(None, "user_version", 1).unwrap();
        // The last migration makes this table; the ones before it succeed.
        db.execute_batch("CREATE TABLE durations (other TEXT)").unwrap();
        migrate(&mut db, Path::new("memory")).unwrap_err();
        assert_eq!(version(&db, Path::new("memory")).unwrap(), 1);
        db.prepare("SELECT * FROM output").unwrap_err();
    }

    #[test]
    fn a_version_below_zero_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", -1).unwrap();
        assert!(matches!(migrate(&mut db, Path::new("memory")), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn sqlite_is_new_enough_not_to_lose_commits_in_wal_mode() {
        // Versions before 3.51.3 could lose a committed write when a checkpoint reset the log.
        assert!(rusqlite::version_number() >= 3_051_003);
    }
}
