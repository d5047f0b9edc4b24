//! Reads the database without writing. Readers and writers never block each other.

use super::error::StoreError;
use super::{agreement, folder, takes};
use crate::domain::key::{JobKey, RequestId, TakeId, TaskId};
use crate::domain::lifecycle::{ClipFile, Phase};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::plan::known::Filed;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) mod checks;
mod history;
pub(super) mod records;
pub(super) mod reviews;
pub use history::{Attempt, History, TakeHistory};
pub use records::{JobRecord, TakeRecord};
pub use reviews::ReviewCounts;

/// A read-only view of the database in a state folder, with one connection for all its queries.
pub struct Reader {
    db: Arc<Mutex<Connection>>,
    path: PathBuf,
    /// A message for each damaged line of the ledger that was found when the state folder was opened.
    damage: Arc<[String]>,
}

/// The number of takes in one phase of the life cycle, with the sum of their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// The number of takes in the phase.
    pub takes: u64,
    /// The amount spent, reserved or perhaps charged; zero for takes that cost nothing.
    pub usd: Usd,
}

impl Reader {
    pub(super) fn new(db: Connection, path: PathBuf) -> Self {
        Self { db: Arc::new(Mutex::new(db)), path, damage: Arc::default() }
    }

    /// Returns a message for each damaged line of the ledger that was found when the state folder was opened.
    #[must_use]
    pub fn damage(&self) -> &[String] {
        &self.damage
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database of a state folder for reading; returns `None` if nothing was ever run there. Creates no
    /// database.
    ///
    /// Returns an error for a database that is older than its ledger, because it would report less than was paid.
    pub fn open(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder::database(dir);
        let mut db = super::open_found(&path, false)?;
        if db.is_none() && agreement::compare(dir, None).is_err() {
            // The first run may have made it between the two looks.
            db = super::open_found(&path, false)?;
        }
        let tail = agreement::compare(dir, db.as_ref())?;
        let damage: Arc<[String]> = agreement::damage(&tail).collect();
        Ok(db.map(|db| Self { damage, ..Self::new(db, path) }))
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader =
            Self { db: Arc::clone(&self.db), path: self.path.clone(), damage: Arc::clone(&self.damage) };
        let work = move || reader.read_here(read);
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Ending)?
    }

    /// Runs a query on the calling thread, and blocks it. `Reader::read` runs queries on the thread pool instead.
    pub(super) fn read_here<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        // One transaction, so that several statements see the same state.
        let transaction = db.unchecked_transaction().map_err(|e| StoreError::sql(&self.path, &e))?;
        read(&transaction).map_err(|e| StoreError::sql(&self.path, &e))
    }

    /// Returns at most `limit` takes of a project (`None`: of all projects) that must be collected.
    ///
    /// Clips to download come first, by the expiry of their links. Then come tasks to poll and unanswered submissions
    /// to look up, by their due times.
    pub async fn owed(&self, project: Option<&str>, limit: usize) -> Result<Vec<Take>, StoreError> {
        self.page(
            project,
            "t.state IN ('placing', 'downloading', 'running', 'doubtful')
             ORDER BY t.state NOT IN ('placing', 'downloading'), t.expires NULLS LAST, t.due, t.place",
            limit,
        )
        .await
    }

    /// Returns the takes of a project (`None`: of all projects) that need a person's decision, oldest first.
    ///
    /// Includes a take of another project if a job of this project asks for the same clip. This job cannot be rendered
    /// before the decision. That happens when a project was renamed.
    pub async fn held(&self, project: Option<&str>) -> Result<Vec<Take>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM {} WHERE t.state = 'held' AND (?1 IS NULL OR j.project = ?1 OR EXISTS (
                     SELECT 1 FROM jobs b WHERE b.project = ?1 AND b.wanted AND b.fingerprint = t.fingerprint
                     AND NOT EXISTS (SELECT 1 FROM takes o WHERE o.fingerprint = b.fingerprint
                         AND o.state <> 'cancelled' AND (o.job = b.id OR o.id = b.filed_take))))
                 ORDER BY t.place",
                takes::COLUMNS,
                takes::TABLES
            );
            db.prepare_cached(&sql)?.query_map([&project], takes::take)?.collect()
        })
        .await
    }

    /// Returns the takes of all projects that need a person's decision and whose jobs the manifest no longer asks for.
    pub async fn held_unwanted(&self) -> Result<HashSet<TakeId>, StoreError> {
        let sql =
            "SELECT t.id FROM takes t JOIN jobs j ON j.id = t.job WHERE t.state = 'held' AND NOT j.wanted";
        self.read(move |db| db.prepare_cached(sql)?.query_map([], |row| row.get(0).map(TakeId))?.collect())
            .await
    }

    /// Returns a job's present clip; `None` if the job is unknown or has no clip.
    pub async fn filed(&self, project: &str, key: &JobKey) -> Result<Option<Filed>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let found = db
                .prepare_cached(
                    "SELECT filed_take, filed_path, filed_size, filed_sha256 FROM jobs
                     WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
                )?
                .query_row((&project, &key.shot, &key.item, &key.variant), |row| takes::filed(row, 0))
                .optional()?;
            Ok(found.flatten())
        })
        .await
    }

    /// Returns the other jobs that wait for the clip of a take. The manifest asks for the same request in these jobs
    /// (the fingerprint is that of the take), and none of these jobs has a clip of this request yet.
    pub async fn followers(&self, take: &TakeId) -> Result<Vec<JobKey>, StoreError> {
        let take = take.clone();
        self.read(move |db| {
            let mut select = db.prepare_cached(
                "SELECT j.shot, j.item, j.variant FROM takes t
                 JOIN jobs j ON j.wanted AND j.fingerprint = t.fingerprint AND j.id <> t.job
                 LEFT JOIN takes c ON c.id = j.filed_take
                 WHERE t.id = ?1 AND c.fingerprint IS NOT t.fingerprint ORDER BY j.priority",
            )?;
            select.query_map([&take.0], |row| takes::key(row, 0))?.collect()
        })
        .await
    }

    /// Returns the paths of a take's clip, one for each job that has the clip.
    pub async fn standing(&self, take: &TakeId) -> Result<Vec<String>, StoreError> {
        let take = take.clone();
        self.read(move |db| {
            let mut select = db.prepare_cached("SELECT filed_path FROM jobs WHERE filed_take = ?1")?;
            select.query_map([&take.0], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Finds a finished take whose clip has the same bytes as `file`, the file at `path`. Returns `None` if there is no
    /// such take, or if the file is where it belongs: a wanted job has this path, and this file is its clip.
    ///
    /// Searches every take, so it is only for a path with an unexpected file. After a crash, such a file may be a
    /// finished clip that was not recorded.
    pub async fn clip_at(&self, path: &str, file: ClipFile) -> Result<Option<Filed>, StoreError> {
        let path = path.to_owned();
        self.read(move |db| clip_at(db, &path, file, "f.wanted AND f.path = ?1")).await
    }

    /// Returns every job of a project (`None`: of all projects) as `(project, key)`, in no particular order.
    pub async fn keys(&self, project: Option<&str>) -> Result<Vec<(String, JobKey)>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let mut select = db.prepare_cached(
                "SELECT project, shot, item, variant FROM jobs WHERE ?1 IS NULL OR project = ?1",
            )?;
            select.query_map([&project], |row| Ok((row.get(0)?, takes::key(row, 1)?)))?.collect()
        })
        .await
    }

    /// Returns the number of submissions that reached a provider, or may have, since the given time.
    pub async fn attempts_since(&self, provider: &str, since: Timestamp) -> Result<u32, StoreError> {
        let (provider, since) = (provider.to_owned(), since.as_millisecond());
        self.read(move |db| {
            db.prepare_cached(
                "SELECT count(*) FROM attempts a JOIN takes t ON t.id = a.take
                 WHERE t.provider = ?1 AND a.at >= ?2 AND coalesce(a.outcome, '') != 'never_sent'
                 AND NOT (coalesce(a.outcome, '') = 'sent_back' AND a.http IS NULL)",
            )?
            .query_row((&provider, since), |row| row.get(0))
        })
        .await
    }

    pub(super) async fn page(
        &self,
        project: Option<&str>,
        condition: &str,
        limit: usize,
    ) -> Result<Vec<Take>, StoreError> {
        let (project, condition) = (project.map(str::to_owned), condition.to_owned());
        self.read(move |db| {
            let mine = if project.is_some() { "j.project = ?1" } else { "?1 IS NULL" };
            // A cross join keeps its order: from the takes, by their index, to their jobs. The other way round, each
            // page would sort all takes that wait.
            let sql = format!(
                "SELECT {} FROM takes t CROSS JOIN jobs j ON j.id = t.job WHERE {mine} AND {condition}",
                takes::COLUMNS
            );
            db.prepare_cached(&sql)?.query_map([&project], takes::take)?.take(limit).collect()
        })
        .await
    }

    /// Returns the newest take of a job; `None` if it has none.
    pub async fn take(&self, project: &str, key: &JobKey) -> Result<Option<Take>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM {} WHERE j.project = ?1 AND j.shot = ?2 AND j.item = ?3 AND j.variant = ?4
                 ORDER BY t.place DESC LIMIT 1",
                takes::COLUMNS,
                takes::TABLES
            );
            db.prepare_cached(&sql)?
                .query_row((&project, &key.shot, &key.item, &key.variant), takes::take)
                .optional()
        })
        .await
    }

    /// Returns a take by its id; `None` if the id is unknown.
    pub async fn take_by_id(&self, id: &TakeId) -> Result<Option<Take>, StoreError> {
        let id = id.clone();
        self.read(move |db| takes::by_id(db, &id)).await
    }

    /// Returns the whole history of a job; `None` if the database does not know the job.
    pub async fn history(&self, project: &str, key: &JobKey) -> Result<Option<History>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| history::of(db, &project, &key)).await
    }

    /// Returns the number and the cost of the takes of a project (`None`: of all projects) in each phase of their life
    /// cycle.
    pub async fn counts(&self, project: Option<&str>) -> Result<BTreeMap<Phase, Count>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let mut select = db.prepare_cached(
                "SELECT t.state, count(*), sum(t.amount) FROM takes t JOIN jobs j ON j.id = t.job
                 WHERE ?1 IS NULL OR j.project = ?1 GROUP BY t.state",
            )?;
            let count = |row: &Row<'_>| {
                let takes = row.get::<_, i64>(1)?.cast_unsigned();
                Ok((takes::parsed(row, 0)?, Count { takes, usd: Usd::from_micros(row.get(2)?) }))
            };
            select.query_map([&project], count)?.collect()
        })
        .await
    }

    /// Checks whether one of these request ids is from a submission of this state folder, of any project. Submissions
    /// that were recorded before `since` do not count.
    pub async fn any_attempt(&self, ids: Vec<RequestId>, since: Timestamp) -> Result<bool, StoreError> {
        self.read(move |db| {
            let mut select =
                db.prepare_cached("SELECT 1 FROM attempts WHERE request_id = ?1 AND at >= ?2")?;
            for RequestId(id) in &ids {
                if select.exists((id, since.as_millisecond()))? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    /// Returns the takes of a project (`None`: of all projects) that wait to be sent or are in flight, oldest first.
    pub async fn open_takes(&self, project: Option<&str>) -> Result<Vec<Take>, StoreError> {
        let open = format!("t.state IN {} ORDER BY t.place", takes::list(&Phase::OPEN));
        self.page(project, &open, usize::MAX).await
    }

    /// Returns the job whose clip a provider's task renders, with the title of its item; `None` if no take of this
    /// state folder has the task.
    ///
    /// Reads from disk on the calling thread, so it is only for threads that may block.
    pub fn whose(&self, provider: &str, task: &TaskId) -> Result<Option<(JobKey, String)>, StoreError> {
        self.read_here(|db| takes::owner(db, provider, task))
    }

    /// Returns a number that changes whenever another connection, of this process or another, has written something.
    ///
    /// It does not show that the database file was replaced by another.
    pub async fn data_version(&self) -> Result<i64, StoreError> {
        self.read(|db| db.query_row("PRAGMA data_version", [], |row| row.get(0))).await
    }

    /// Returns a number that grows whenever another process writes without the lock of the state folder, as `approve`
    /// does. If it has grown, data in memory may be out of date.
    pub async fn changes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = 'visits'";
        self.read(move |db| db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0)))
            .await
            .map(i64::cast_unsigned)
    }
}

/// Finds a finished take whose clip has the same bytes as `file`, the file at `path`. Returns `None` if there is no
/// such take.
///
/// Also returns `None` if a job still needs the file, because the file is then where it belongs. The file is needed if
/// a row of the table `jobs` records this path and these bytes as the job's clip, and if the SQL condition `is_needed`
/// is true for the row. The condition calls the row `f`.
pub(super) fn clip_at(
    db: &Connection,
    path: &str,
    file: ClipFile,
    is_needed: &str,
) -> rusqlite::Result<Option<Filed>> {
    let sql = format!(
        "SELECT t.id FROM takes t WHERE t.state = 'done' AND instr(t.data, ?2) AND NOT EXISTS (
             SELECT 1 FROM jobs f WHERE f.filed_path = ?1 AND f.filed_sha256 = ?2 AND {is_needed}) LIMIT 1"
    );
    let named = |row: &Row<'_>| Ok(Filed { take: TakeId(row.get(0)?), path: path.to_owned(), file });
    db.prepare_cached(&sql)?.query_row((path, file.sha256.to_string()), named).optional()
}

#[cfg(test)]
mod tests;
