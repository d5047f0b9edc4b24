//! Reads facts about a whole project or state folder: its runs, the takes in flight, and whether its files are
//! undamaged.

use super::agreement::{compare, heard};
use super::error::StoreError;
use super::read::Reader;
use super::runs::RunId;
use super::{LEDGER, folder, open_found, takes};
use crate::domain::lifecycle::Phase;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::path::Path;

/// A run as the database records it: one start of a command that may spend money or collect clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The number of the run.
    pub id: RunId,
    /// The project of the run's jobs; empty for a run over all projects.
    pub project: String,
    /// The command, for example `run`.
    pub command: String,
    /// The time when the run began.
    pub started: Timestamp,
    /// The time when the run ended; `None` while it lasts, or if it was killed.
    pub ended: Option<Timestamp>,
    /// The exit code with which the run ended; `None` if `ended` is `None`.
    pub exit: Option<u8>,
    /// True if the database was rebuilt after the run began, so that it is unknown how the run ended.
    pub is_rebuilt: bool,
}

const RUN: &str = "id, project, command, started, ended, exit,
    ended IS NULL AND id <= coalesce((SELECT value FROM meta WHERE key = 'rebuilt runs'), 0)";

/// The findings about a state folder that is not damaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examined {
    /// The number of takes in the database.
    pub takes: u64,
    /// The newest time that the database records; `None` if it records none. A clock that shows an earlier time is
    /// wrong.
    pub newest: Option<Timestamp>,
    /// The number of bytes of an incomplete last line of the ledger, which an active run may be writing; 0 if the line
    /// is complete.
    pub torn: u64,
    /// True if the ledger lost lines that the database had seen.
    pub cut: bool,
    /// The error of a ledger line that cannot be read; `None` if all can be read. A run is refused if the database may
    /// lack the line, and warns otherwise.
    pub damaged: Option<StoreError>,
    /// True if a run is refused, because the database may lack what the damaged ledger line recorded.
    pub is_refused: bool,
}

/// Checks every page of the database in a state folder, and its ledger. Returns `None` if nothing was ever run there.
///
/// Changes nothing and never waits. The errors are the same as those of a run: the database is damaged, from a newer
/// program, or older than its ledger.
pub fn examine(dir: &Path) -> Result<Option<Examined>, StoreError> {
    let path = folder::database(dir);
    let db = open_found(&path, true)?;
    let tail = compare(dir, db.as_ref())?;
    let Some(db) = db else { return Ok(None) };
    let (takes, newest) = extent(&db).map_err(|e| StoreError::sql(&path, &e))?;
    let unheard = tail.unheard(heard(&db, &path)?);
    let damaged = unheard.or(tail.damaged.first());
    let damaged =
        damaged.map(|line| StoreError::Damaged { path: dir.join(LEDGER), detail: line.to_string() });
    Ok(Some(Examined {
        takes,
        newest,
        torn: tail.torn,
        cut: tail.cut,
        damaged,
        is_refused: unheard.is_some(),
    }))
}

fn extent(db: &Connection) -> rusqlite::Result<(u64, Option<Timestamp>)> {
    let takes: i64 = db.query_row("SELECT count(*) FROM takes", [], |row| row.get(0))?;
    let newest = "SELECT max(moment) FROM (
         SELECT max(started) AS moment FROM runs UNION ALL SELECT max(ended) FROM runs
         UNION ALL SELECT max(created) FROM takes UNION ALL SELECT max(at) FROM attempts)";
    let newest = db.query_row(newest, [], |row| optional_moment(row, 0))?;
    Ok((takes.cast_unsigned(), newest))
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: RunId(row.get(0)?),
        project: row.get(1)?,
        command: row.get(2)?,
        started: takes::moment(row, 3)?,
        ended: optional_moment(row, 4)?,
        exit: row.get(5)?,
        is_rebuilt: row.get(6)?,
    })
}

fn optional_moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(|_| takes::moment(row, column)).transpose()
}

impl Reader {
    /// Returns the newest run of a project (`None`: of all projects). A run over all projects counts for each project.
    pub async fn last_run(&self, project: Option<&str>) -> Result<Option<Run>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            // A run with an empty project is for the jobs of all projects.
            let sql = &format!(
                "SELECT {RUN} FROM runs
                       WHERE ?1 IS NULL OR project IN (?1, '') ORDER BY id DESC LIMIT 1"
            );
            db.prepare_cached(sql)?.query_row([&project], run).optional()
        })
        .await
    }

    /// Returns all runs of a project (`None`: of all projects), in the order of their numbers. A run over all projects
    /// counts for each project.
    pub async fn runs(&self, project: Option<&str>) -> Result<Vec<Run>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let sql = &format!(
                "SELECT {RUN} FROM runs
                       WHERE ?1 IS NULL OR project IN (?1, '') ORDER BY id"
            );
            db.prepare_cached(sql)?.query_map([&project], run)?.collect()
        })
        .await
    }

    /// Returns the names of the projects that ever had a run. An empty name stands for runs over all projects.
    pub async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            db.prepare_cached("SELECT DISTINCT project FROM runs ORDER BY project")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Returns the unfinished takes of a project (`None`: of all projects) that were sent or may have been, oldest
    /// first.
    pub async fn in_flight(&self, project: Option<&str>) -> Result<Vec<Take>, StoreError> {
        let order = format!("t.state IN {} ORDER BY t.place", takes::list(&Phase::IN_FLIGHT));
        self.page(project, &order, usize::MAX).await
    }

    /// Counts the finished takes whose last submission was made by this run.
    pub async fn done_in(&self, run: RunId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM takes WHERE state = 'done' AND run = ?1";
        self.read(move |db| db.prepare_cached(sql)?.query_row([run.0], |row| row.get::<_, i64>(0)))
            .await
            .map(i64::cast_unsigned)
    }

    /// Returns the average size of a project's clips in bytes; `None` if the project has no clip yet.
    pub async fn clip_size(&self, project: &str) -> Result<Option<u64>, StoreError> {
        let project = project.to_owned();
        let sql = "SELECT CAST(avg(filed_size) AS INTEGER) FROM jobs WHERE project = ?1";
        self.read(move |db| db.prepare_cached(sql)?.query_row([&project], |row| row.get::<_, Option<i64>>(0)))
            .await
            .map(|size| size.map(i64::cast_unsigned))
    }
}
