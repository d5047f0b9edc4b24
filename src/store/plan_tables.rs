//! Holds the wanted jobs of one plan (the jobs that the manifest asks for) in temporary tables, next to the project's
//! history.
//!
//! SQLite keeps the tables in a private file without a name, which disappears with the connection. The state database
//! is attached read-only. If there is none, empty tables replace it, so that every query still works.

mod cursor;
mod decisions;
mod fill;
mod lookup;
mod places;
mod rendered;
mod rollout;

use super::error::StoreError;
use super::signatures::Signatures;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::decide::{Decision, Scope, decide};
use crate::plan::expand::LeftOut;
use crate::plan::guards::is_in_place;
use crate::plan::known::Rejection;
use rendered::RenderedCache;
pub use rollout::{Template, Waiting};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The temporary tables that hold the jobs of a plan. A canary is the group of jobs that are rendered and reviewed
/// before the other jobs.
///
/// - `wanted`: the wanted jobs; `at` is a job's position in the order of submission, and `template`, `kind` and `draw`
///   help to choose a canary.
/// - `decided`: the plan's decisions about the jobs.
/// - `kept_back`: the positions of the jobs that wait for the review of a canary.
/// - `leaders`: each fingerprint that several jobs share, with the positions `first` and `second` of two jobs whose
///   clip the other jobs can use. The second is for jobs that must not use the clip of the first: variants of its item
///   and shot.
/// - `leading`: the decisions about the jobs `first` and `second`.
const TABLES: &str = "
CREATE TABLE wanted (
    at INTEGER PRIMARY KEY,
    shot TEXT NOT NULL,
    item TEXT NOT NULL,
    variant TEXT NOT NULL,
    title TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    price INTEGER,
    path TEXT NOT NULL,
    request TEXT NOT NULL,
    likeness BLOB,
    tags TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    template BLOB,
    kind TEXT,
    draw INTEGER
) STRICT;

CREATE TABLE decided (
    at INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    costs INTEGER NOT NULL,
    take TEXT,
    key TEXT,
    filed_take TEXT,
    filed_path TEXT,
    filed_size INTEGER,
    filed_sha256 TEXT,
    state TEXT,
    changes TEXT,
    superseded TEXT,
    moves INTEGER NOT NULL,
    ordered TEXT,
    alike TEXT
) STRICT;

CREATE TABLE leading (
    at INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    costs INTEGER NOT NULL,
    take TEXT,
    key TEXT,
    filed_take TEXT,
    filed_path TEXT,
    filed_size INTEGER,
    filed_sha256 TEXT,
    state TEXT,
    changes TEXT,
    superseded TEXT,
    moves INTEGER NOT NULL
) STRICT;

CREATE TABLE leaders (
    fingerprint BLOB PRIMARY KEY,
    first INTEGER,
    second INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE reusable (
    owner INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    rank INTEGER NOT NULL,
    place INTEGER NOT NULL,
    take TEXT NOT NULL,
    PRIMARY KEY (owner, fingerprint, rank, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX reusable_by_take ON reusable (take);

CREATE TABLE projects (project TEXT NOT NULL, own INTEGER NOT NULL) STRICT;

CREATE TABLE kept_back (at INTEGER PRIMARY KEY) STRICT;

CREATE TABLE taken (take TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

/// The size of the page cache of the temporary tables, in KiB.
const CACHE: i64 = 1 << 10;

/// The wanted jobs of one plan with the decisions about them, in temporary tables. A clone is another handle to the
/// same tables.
#[derive(Clone)]
pub struct PlanTables {
    tables: Arc<Mutex<LockedTables>>,
}

/// The database connection to the temporary tables of a plan, with cached facts about their content.
pub struct LockedTables {
    db: Connection,
    /// The path that error messages name: the state database or, if there is none, the folder with the file of the
    /// temporary tables.
    path: PathBuf,
    project: String,
    /// The first error that occurred while jobs were added to the tables; `None` if there was no error.
    trouble: Option<StoreError>,
    taken: i64,
    is_urgent: bool,
    /// True if the database has jobs of the project. It is false in a first plan, so that most look-ups can be skipped.
    has_jobs: bool,
    has_takes: bool,
    /// The other projects of the state folder, each with a flag that is true if a manifest still names it.
    others: Vec<(String, bool)>,
    /// The jobs of the project whose present clips a person rejected, with the rejections.
    rejections: HashMap<JobKey, Rejection>,
    has_leaders: Cell<bool>,
    has_reusable: Cell<bool>,
    has_free: Cell<bool>,
    has_taken: Cell<bool>,
    has_kept_back: Cell<bool>,
    memo: RefCell<RenderedCache>,
    has_standing: Cell<bool>,
    arriving: RefCell<Option<places::Arriving>>,
    signatures: Option<Signatures>,
}

/// A job that the manifest asks for, with the plan's decision about the job: for example, to render it or to keep its
/// clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The position of the job in the order of submission.
    pub at: i64,
    /// The job as the manifest asks for it.
    pub wanted: Wanted,
    /// The decision about the job.
    pub decision: Decision,
    /// The new take that [`LockedTables::order`] recorded for the job; `None` if nothing was ordered.
    pub ordered: Option<TakeId>,
    /// The take that counts as a rendering of the job although it was ordered with another fingerprint; `None` if there
    /// is none.
    pub alike: Option<TakeId>,
}

/// A job that has a clip and that the manifest no longer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The key of the job.
    pub key: JobKey,
    /// True if the manifest still asked for the job in the last run.
    pub wanted: bool,
    /// The path, size and digest of the job's clip, and the take that made it.
    pub filed: crate::plan::known::Filed,
    /// True if a wanted job of another project of the state folder has its clip at the same path.
    pub is_used: bool,
}

/// A clip of another project at the path of a wanted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The wanted job.
    pub key: JobKey,
    /// The project that has the clip.
    pub project: String,
    /// The job that has the clip.
    pub owner: JobKey,
    /// The clip of the job `owner`, which is at the path of the wanted job's clip.
    pub filed: crate::plan::known::Filed,
}

impl Gone {
    /// Checks whether no job needs the clip at its path any more. The result is false for a clip in the archive and for
    /// a clip that another project uses. It is also false if the job is absent only because its row has an error.
    #[must_use]
    pub fn is_unwanted(&self, left_out: &LeftOut) -> bool {
        is_in_place(&self.filed) && !self.is_used && !left_out.may_have(self.key.item.raw())
    }
}

impl PlanTables {
    /// Creates empty tables for a plan, in a file without a name: below `folder` if that is writable, else in the
    /// system's temporary folder. A million jobs need about half a gigabyte of disk space.
    pub fn new(folder: Option<&Path>) -> Result<Self, StoreError> {
        // The name is removed as soon as the connection has the file open: a killed process leaves nothing behind.
        let file = folder.and_then(|folder| tempfile::Builder::new().prefix("plan").tempfile_in(folder).ok());
        // An error names the folder, so that a full disk is the one that the message shows.
        let path = folder.filter(|_| file.is_some()).map_or_else(std::env::temp_dir, Path::to_owned);
        let open = || {
            let db = match &file {
                Some(file) => Connection::open(file.path())?,
                None => Connection::open("")?,
            };
            db.pragma_update(None, "temp_store", "FILE")?;
            db.pragma_update(None, "journal_mode", "OFF")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            db.pragma_update(None, "cache_size", -CACHE)?;
            db.set_prepared_statement_cache_capacity(64);
            db.execute_batch(TABLES)?;
            db.execute_batch("BEGIN")?;
            Ok(db)
        };
        let db = open().map_err(|e| StoreError::sql(&path, &e))?;
        let tables = LockedTables {
            db,
            path,
            project: String::new(),
            trouble: None,
            taken: 0,
            is_urgent: false,
            has_jobs: false,
            has_takes: false,
            others: Vec::new(),
            rejections: HashMap::new(),
            has_leaders: Cell::new(false),
            has_reusable: Cell::new(false),
            has_free: Cell::new(false),
            has_taken: Cell::new(false),
            has_kept_back: Cell::new(false),
            memo: RefCell::default(),
            has_standing: Cell::new(false),
            arriving: RefCell::new(None),
            signatures: None,
        };
        Ok(Self { tables: Arc::new(Mutex::new(tables)) })
    }

    /// Locks the plan's temporary tables for the calling thread until the returned guard is dropped.
    pub fn lock(&self) -> MutexGuard<'_, LockedTables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LockedTables {
    fn exists(&self, sql: &str) -> rusqlite::Result<bool> {
        self.db.prepare(sql)?.exists([])
    }

    /// Makes and saves the plan's decision for every job that `scope` selects. `limit` is the largest number of jobs to
    /// submit. It does not limit decisions that cost nothing.
    pub fn decide(&self, scope: Scope<'_>, limit: Option<usize>) -> Result<(), StoreError> {
        // One transaction, so that every look-up sees the same state.
        self.run(|| self.db.execute_batch("BEGIN"))?;
        let decided = decide(self, scope).and_then(|()| limit.map_or(Ok(()), |limit| self.limit(limit)));
        self.run(|| decided.and_then(|()| self.db.execute_batch("COMMIT")))
    }

    /// Keeps the first `limit` decisions that submit a job, and removes the later ones. If such a later job would have
    /// shared its clip with other jobs, also removes the decisions about these other jobs.
    fn limit(&self, limit: usize) -> rusqlite::Result<()> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.db
            .execute_batch("CREATE TABLE IF NOT EXISTS later (at INTEGER PRIMARY KEY); DELETE FROM later")?;
        self.db.execute(
            "INSERT INTO later SELECT at FROM decided WHERE costs ORDER BY at LIMIT -1 OFFSET ?1",
            [limit],
        )?;
        if !self.exists("SELECT 1 FROM later")? {
            return Ok(());
        }
        self.db.execute_batch("DELETE FROM decided WHERE at IN (SELECT at FROM later)")?;
        let mut is_later = self.db.prepare(
            "SELECT 1 FROM wanted w JOIN later USING (at) WHERE w.shot = ?1 AND w.item = ?2 AND w.variant = ?3",
        )?;
        let mut take_back = self.db.prepare("DELETE FROM decided WHERE at = ?1")?;
        let followers = "SELECT at, key FROM decided WHERE kind = 'shared' AND filed_path IS NULL";
        let mut select = self.db.prepare(followers)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let leader: JobKey = takes::parsed(row, 1)?;
            if is_later.exists((&leader.shot, &leader.item, &leader.variant))? {
                take_back.execute([row.get::<_, i64>(0)?])?;
            }
        }
        Ok(())
    }

    /// Returns the projects of the folder that no manifest names any more.
    #[must_use]
    pub fn gone(&self) -> Vec<String> {
        self.others.iter().filter(|(_, live)| !live).map(|(project, _)| project.clone()).collect()
    }

    /// Returns the number of jobs that the manifest asks for.
    #[must_use]
    pub const fn len(&self) -> i64 {
        self.taken
    }

    /// Reports whether the manifest asks for no job.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Returns the number of jobs for which the plan has a decision.
    pub fn decided(&self) -> Result<i64, StoreError> {
        self.run(|| self.db.query_row("SELECT count(*) FROM decided", [], |row| row.get(0)))
    }

    /// Returns the number of jobs for which the plan has a decision of the kind `name`.
    pub fn count(&self, name: &str) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM decided WHERE kind = ?1";
        let count: i64 = self.run(|| self.db.query_row(sql, [name], |row| row.get(0)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Returns the sum of the prices of the jobs that the plan submits. Unknown prices count as zero.
    pub fn price(&self) -> Result<Usd, StoreError> {
        let sql = "SELECT coalesce(sum(w.price), 0) FROM decided d JOIN wanted w USING (at) WHERE d.costs";
        self.run(|| self.db.query_row(sql, [], |row| row.get(0).map(Usd::from_micros)))
    }

    /// Returns the sum of the prices of the jobs that wait for the review of first clips. Unknown prices count as zero.
    pub fn held_back_price(&self) -> Result<Usd, StoreError> {
        let sql = "SELECT coalesce(sum(w.price), 0) FROM decided d JOIN wanted w USING (at) WHERE d.kind = 'held back'";
        self.run(|| self.db.query_row(sql, [], |row| row.get(0).map(Usd::from_micros)))
    }

    /// Checks whether the plan leaves some wanted jobs without a decision, because they are not selected or exceed the
    /// limit.
    pub fn is_partial(&self) -> Result<bool, StoreError> {
        Ok(self.decided()? < self.taken)
    }

    /// Checks whether `name` is the key of a wanted job or the id of an item of a wanted job.
    pub fn has_name(&self, name: &str) -> Result<bool, StoreError> {
        if self.run(|| self.db.prepare("SELECT 1 FROM wanted WHERE item = ?1")?.exists([name]))? {
            return Ok(true);
        }
        name.parse().map_or(Ok(false), |key| Ok(self.wanted(&key)?.is_some()))
    }

    /// Records the id of the new take that is ordered for the job at position `at`.
    pub fn order(&self, at: i64, take: &TakeId) -> Result<(), StoreError> {
        self.run(|| {
            let sql = "UPDATE decided SET ordered = ?2 WHERE at = ?1";
            self.db.prepare_cached(sql)?.execute((at, &take.0)).map(|_| ())
        })
    }

    /// Returns the new take that was ordered for a job; `None` if none was.
    pub fn ordered(&self, key: &JobKey) -> Result<Option<TakeId>, StoreError> {
        self.run(|| {
            let mut select = self.db.prepare_cached(
                "SELECT d.ordered FROM wanted w JOIN decided d USING (at)
                 WHERE w.shot = ?1 AND w.item = ?2 AND w.variant = ?3",
            )?;
            let mut rows = select.query((&key.shot, &key.item, &key.variant))?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(row.get::<_, Option<String>>(0)?.map(TakeId))
        })
    }

    fn run<T>(&self, work: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work().map_err(|e| StoreError::sql(&self.path, &e))
    }

    fn prepare(&self, sql: &str) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        self.db.prepare_cached(sql)
    }
}

#[cfg(test)]
mod tests;
