//! The wanted jobs of one plan in temporary tables, beside what is known.
//!
//! SQLite keeps them in a private file without a name, which goes away with the connection. The state database is
//! attached read-only; where there is none, empty tables stand in its place, so that every look-up finds them.

mod decisions;
mod lookup;
mod places;

use super::error::StoreError;
use super::read::Reader;
use super::{rows, schema, takes};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Wanted};
use crate::plan::decide::{Decision, Scope, decide};
use lookup::Memo;
use rusqlite::{Connection, Row, Statement};
use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// `wanted.at` is the place in which the job is submitted. `leaders` has a row for each fingerprint that several jobs
/// have, and no other; `first` and `second` are places of jobs that can lead; `leading` has the decisions about
/// these.
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
    urgency INTEGER NOT NULL
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
    ordered TEXT
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

CREATE TABLE taken (take TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

/// Pages of the temporary tables that are held in memory, in KiB.
const CACHE: i64 = 1 << 10;

const WANTED: &str = "w.at, w.shot, w.item, w.variant, w.title, w.fingerprint, w.price, w.path, w.request, \
                      w.likeness";
/// Number of columns in [`WANTED`].
const WIDTH: usize = 10;

/// The wanted jobs of one plan, with what is to be done about each. A clone is another handle to the same tables.
#[derive(Clone)]
pub struct Worksheet {
    book: Arc<Mutex<Book>>,
}

/// The tables, and what is remembered about them.
pub struct Book {
    db: Connection,
    /// The file that errors name.
    path: PathBuf,
    project: String,
    /// Why jobs could not be taken, if so.
    trouble: Option<StoreError>,
    taken: i64,
    is_urgent: bool,
    /// Whether the project has jobs, and whether the folder has takes at all: most look-ups of a first plan need none.
    has_jobs: bool,
    has_takes: bool,
    /// Other projects of the folder, and whether a manifest still names them.
    others: Vec<(String, bool)>,
    has_leaders: Cell<bool>,
    has_reusable: Cell<bool>,
    has_free: Cell<bool>,
    has_taken: Cell<bool>,
    memo: RefCell<Memo>,
    has_standing: Cell<bool>,
    arriving: RefCell<Option<places::Arriving>>,
}

/// A wanted job of which it is decided what is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Its place in the worksheet.
    pub at: i64,
    /// The job.
    pub wanted: Wanted,
    /// What is to be done about it.
    pub decision: Decision,
    /// The new take, where one was ordered by [`Book::order`].
    pub ordered: Option<TakeId>,
}

/// A job with a clip that is no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Which clip.
    pub key: JobKey,
    /// Whether the manifest asked for it when it was last carried out.
    pub wanted: bool,
    /// The clip.
    pub filed: crate::plan::known::Filed,
}

impl Worksheet {
    /// Opens an empty worksheet, in a file without a name: below that folder where it can be written, else where the system
    /// keeps such files. A million jobs take about half a gigabyte there.
    pub fn new(folder: Option<&Path>) -> Result<Self, StoreError> {
        let path = std::env::temp_dir();
        // Its name goes as soon as the connection has the file open: nothing stays of a process that is killed.
        let file = folder.and_then(|folder| tempfile::Builder::new().prefix("plan").tempfile_in(folder).ok());
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
        let book = Book {
            db,
            path,
            project: String::new(),
            trouble: None,
            taken: 0,
            is_urgent: false,
            has_jobs: false,
            has_takes: false,
            others: Vec::new(),
            has_leaders: Cell::new(false),
            has_reusable: Cell::new(false),
            has_free: Cell::new(false),
            has_taken: Cell::new(false),
            memo: RefCell::default(),
            has_standing: Cell::new(false),
            arriving: RefCell::new(None),
        };
        Ok(Self { book: Arc::new(Mutex::new(book)) })
    }

    /// Returns the tables, for this thread alone until the guard is dropped.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the admitted jobs, from the thread that writes them into the state.
    pub(super) fn each_decided(
        &self,
        mut visit: impl FnMut(Decided) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.book().rows(&select_decided(""), |row| visit(decided(row)?))
    }
}

impl Book {
    /// Forgets every job.
    pub fn clear(&mut self) {
        (self.taken, self.is_urgent) = (0, false);
        let cleared = self.db.execute_batch("DELETE FROM wanted");
        self.note(cleared);
    }

    /// Takes a wanted job; higher urgency goes first. A failure is told by [`know`](Self::know).
    pub fn take(&mut self, wanted: &Wanted, urgency: i64) {
        if self.trouble.is_some() {
            return;
        }
        self.is_urgent |= urgency != 0;
        let at = self.taken;
        self.taken += 1;
        let inserted = insert(&self.db, at, wanted, urgency);
        self.note(inserted);
    }

    fn note(&mut self, done: rusqlite::Result<()>) {
        if let Err(error) = done {
            self.trouble.get_or_insert(StoreError::sql(&self.path, &error));
        }
    }

    /// Ends the taking of jobs, and begins to look up what is known of the project. `None` where nothing was ever ordered
    /// in the folder. Of other projects it is asked whether a manifest still names them.
    pub fn know(
        &mut self,
        project: &str,
        state: Option<&Reader>,
        is_live: &dyn Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        project.clone_into(&mut self.project);
        self.arrange().map_err(|e| StoreError::sql(&self.path, &e))?;
        match state {
            Some(reader) => {
                reader.path().clone_into(&mut self.path);
                let uri = read_only(&self.path);
                let attached = self.db.execute("ATTACH ?1 AS known", [uri]);
                attached.map_err(|e| StoreError::sql(&self.path, &e))?;
            }
            None => schema::migrate(&mut self.db, &self.path)?,
        }
        self.look_around(is_live).map_err(|e| StoreError::sql(&self.path, &e))
    }

    /// Puts the jobs into their order, and finds those with the same fingerprint.
    fn arrange(&self) -> rusqlite::Result<()> {
        if self.is_urgent {
            self.db.execute_batch(
                "CREATE TABLE ordered AS SELECT * FROM wanted ORDER BY urgency DESC, at;
                 DELETE FROM wanted;
                 INSERT INTO wanted SELECT rowid - 1, shot, item, variant, title, fingerprint, price, path, request,
                     likeness, urgency FROM ordered;
                 DROP TABLE ordered;",
            )?;
        }
        self.db.execute_batch(
            "CREATE INDEX wanted_by_key ON wanted (shot, item, variant);
             INSERT INTO leaders (fingerprint)
                 SELECT fingerprint FROM wanted GROUP BY fingerprint HAVING count(*) > 1;
             COMMIT;",
        )?;
        self.has_leaders.set(self.exists("SELECT 1 FROM leaders")?);
        Ok(())
    }

    /// Finds out which kinds of look-ups can find anything.
    fn look_around(&mut self, is_live: &dyn Fn(&str) -> bool) -> rusqlite::Result<()> {
        self.has_takes = self.exists("SELECT 1 FROM takes")?;
        let jobs = "SELECT 1 FROM jobs WHERE project = ?1";
        self.has_jobs = self.db.prepare(jobs)?.exists([&self.project])?;
        // From one project to the next, without a look at each of its jobs.
        let mut next = self.db.prepare("SELECT min(project) FROM jobs WHERE project > ?1")?;
        let mut project = String::new();
        while let Some(found) = next.query_row([&project], |row| row.get::<_, Option<String>>(0))? {
            if found != self.project {
                self.others.push((found.clone(), is_live(&found)));
            }
            project = found;
        }
        // Those that a manifest names.
        self.db.execute("DELETE FROM projects", [])?;
        let mut insert = self.db.prepare("INSERT INTO projects VALUES (?1, ?2)")?;
        insert.execute((&self.project, true))?;
        for (other, _) in self.others.iter().filter(|(_, live)| *live) {
            insert.execute((other, false))?;
        }
        Ok(())
    }

    fn exists(&self, sql: &str) -> rusqlite::Result<bool> {
        self.db.prepare(sql)?.exists([])
    }

    /// Decides for every selected job, as far as the limit on submissions goes: what costs nothing is always done.
    pub fn decide(&self, scope: Scope<'_>, limit: Option<usize>) -> Result<(), StoreError> {
        // One transaction, so that every look-up sees one moment.
        self.run(|| self.db.execute_batch("BEGIN"))?;
        let decided = decide(self, scope).and_then(|()| limit.map_or(Ok(()), |limit| self.limit(limit)));
        self.run(|| decided.and_then(|()| self.db.execute_batch("COMMIT")))
    }

    /// Takes back what is beyond the limit, and what would wait for that.
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

    /// Projects of the folder that no manifest names any more.
    #[must_use]
    pub fn gone(&self) -> Vec<String> {
        self.others.iter().filter(|(_, live)| !live).map(|(project, _)| project.clone()).collect()
    }

    /// Number of wanted jobs.
    #[must_use]
    pub const fn len(&self) -> i64 {
        self.taken
    }

    /// Whether no job is wanted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Number of jobs of the plan.
    pub fn decided(&self) -> Result<i64, StoreError> {
        self.run(|| self.db.query_row("SELECT count(*) FROM decided", [], |row| row.get(0)))
    }

    /// Number of jobs of the plan whose decision has this name.
    pub fn count(&self, name: &str) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM decided WHERE kind = ?1";
        let count: i64 = self.run(|| self.db.query_row(sql, [name], |row| row.get(0)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Returns what carrying out the plan costs.
    pub fn price(&self) -> Result<Usd, StoreError> {
        let sql = "SELECT coalesce(sum(w.price), 0) FROM decided d JOIN wanted w USING (at) WHERE d.costs";
        self.run(|| self.db.query_row(sql, [], |row| row.get(0).map(Usd::from_micros)))
    }

    /// Whether some of the wanted jobs are left out by the selection.
    pub fn is_partial(&self) -> Result<bool, StoreError> {
        Ok(self.decided()? < self.taken)
    }

    /// Visits every wanted job, decided or not, in order.
    pub fn each_wanted<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(Wanted) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        let sql = format!("SELECT {WANTED} FROM wanted w ORDER BY w.at");
        let visited = self.rows(&sql, |row| {
            visit(wanted(row)?).map_err(|error| {
                failed = Some(error);
                stopped()
            })
        });
        done(&self.path, visited, failed)
    }

    /// Whether a wanted job, or an item of one, is called so.
    pub fn has_name(&self, name: &str) -> Result<bool, StoreError> {
        if self.run(|| self.db.prepare("SELECT 1 FROM wanted WHERE item = ?1")?.exists([name]))? {
            return Ok(true);
        }
        name.parse().map_or(Ok(false), |key| Ok(self.wanted(&key)?.is_some()))
    }

    /// Returns a wanted job.
    pub fn wanted(&self, key: &JobKey) -> Result<Option<Wanted>, StoreError> {
        let sql =
            format!("SELECT {WANTED} FROM wanted w WHERE w.shot = ?1 AND w.item = ?2 AND w.variant = ?3");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let mut rows = select.query((&key.shot, &key.item, &key.variant))?;
            rows.next()?.map(wanted).transpose()
        })
    }

    /// Visits every job of the plan with what is to be done about it, in order. `visit` may look things up.
    pub fn each<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(&Self, &Decided) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_where("", &mut visit)
    }

    /// Visits the jobs of the plan whose decisions have one of these names, in order.
    pub fn each_named<E: From<StoreError>>(
        &self,
        names: &[&str],
        mut visit: impl FnMut(&Self, &Decided) -> Result<(), E>,
    ) -> Result<(), E> {
        let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        let condition = format!("WHERE d.kind IN ({})", names.join(", "));
        self.each_where(&condition, &mut visit)
    }

    /// Returns the job of the plan with that key, and what is to be done about it.
    pub fn find(&self, key: &JobKey) -> Result<Option<Decided>, StoreError> {
        let sql = select_decided("WHERE w.shot = ?1 AND w.item = ?2 AND w.variant = ?3");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let mut rows = select.query((&key.shot, &key.item, &key.variant))?;
            rows.next()?.map(decided).transpose()
        })
    }

    fn each_where<E: From<StoreError>>(
        &self,
        condition: &str,
        visit: &mut dyn FnMut(&Self, &Decided) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        let visited = self.rows(&select_decided(condition), |row| {
            visit(self, &decided(row)?).map_err(|error| {
                failed = Some(error);
                stopped()
            })
        });
        done(&self.path, visited, failed)
    }

    fn rows(
        &self,
        sql: &str,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    }

    /// Writes down the new take of a job.
    pub fn order(&self, at: i64, take: &TakeId) -> Result<(), StoreError> {
        self.run(|| {
            let sql = "UPDATE decided SET ordered = ?2 WHERE at = ?1";
            self.db.prepare_cached(sql)?.execute((at, &take.0)).map(|_| ())
        })
    }

    /// Returns the new take of a job, where one was ordered.
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

/// Ends a query because its visitor failed; its own error is told instead.
const fn stopped() -> rusqlite::Error {
    rusqlite::Error::QueryReturnedNoRows
}

fn done<E: From<StoreError>>(path: &Path, visited: rusqlite::Result<()>, failed: Option<E>) -> Result<(), E> {
    match (visited, failed) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(StoreError::sql(path, &error).into()),
        (Ok(()), None) => Ok(()),
    }
}

fn insert(db: &Connection, at: i64, wanted: &Wanted, urgency: i64) -> rusqlite::Result<()> {
    let Wanted { key, title, request, fingerprint, likeness, price, path } = wanted;
    let mut insert: rusqlite::CachedStatement<'_> =
        db.prepare_cached("INSERT INTO wanted VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    let insert: &mut Statement<'_> = &mut insert;
    let price = price.map(Usd::micros);
    let request = rows::request_json(request);
    let likeness = likeness.as_ref().map(|likeness| &likeness.0.0[..]);
    let fingerprint = &fingerprint.0.0[..];
    let row =
        (at, &key.shot, &key.item, &key.variant, title, fingerprint, price, path, request, likeness, urgency);
    insert.execute(row).map(|_| ())
}

/// Selects jobs with what is to be done about them, for [`decided`].
fn select_decided(condition: &str) -> String {
    let columns = decisions::COLUMNS;
    format!(
        "SELECT {WANTED}, {columns}, d.ordered FROM decided d JOIN wanted w USING (at) {condition} ORDER BY d.at"
    )
}

fn decided(row: &Row<'_>) -> rusqlite::Result<Decided> {
    Ok(Decided {
        at: row.get(0)?,
        wanted: wanted(row)?,
        decision: decisions::decision(row, WIDTH)?,
        ordered: row.get::<_, Option<String>>(WIDTH + decisions::WIDTH)?.map(TakeId),
    })
}

fn wanted(row: &Row<'_>) -> rusqlite::Result<Wanted> {
    Ok(Wanted {
        key: takes::key(row, 1)?,
        title: row.get(4)?,
        fingerprint: fingerprint(row, 5)?,
        price: row.get::<_, Option<i64>>(6)?.map(Usd::from_micros),
        path: row.get(7)?,
        request: takes::request(row, 8)?,
        likeness: row.get::<_, Option<[u8; 32]>>(9)?.map(|likeness| Fingerprint(Sha256(likeness))),
    })
}

fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Fingerprint> {
    Ok(Fingerprint(Sha256(row.get(column)?)))
}

/// Spells a database's path so that SQLite opens it and never changes it.
fn read_only(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in OsStr::as_bytes(path.as_os_str()) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02x}");
            }
        }
    }
    uri + "?mode=ro"
}

#[cfg(test)]
mod tests;
