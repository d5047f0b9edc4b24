//! What a person wants to know beyond single jobs: the last run, what is on its way, and whether the state is sound.

use super::agreement::compare;
use super::error::StoreError;
use super::read::Reader;
use super::runs::RunId;
use super::{folder, open_found, takes};
use crate::domain::lifecycle::Phase;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::path::Path;

/// One call of the program that may spend, or collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Whose jobs; empty for everybody's.
    pub project: String,
    /// What was called, for example `run`.
    pub command: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it lasts, and where it was killed.
    pub ended: Option<Timestamp>,
    /// The exit code it ended with.
    pub exit: Option<u8>,
}

/// A state folder that was examined and found sound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examined {
    /// Takes in the database.
    pub takes: u64,
    /// The newest moment in the database: a clock that says less is behind.
    pub newest: Option<Timestamp>,
    /// Bytes of a last line of the ledger that is not whole. While a run is active it may be about to be.
    pub torn: u64,
    /// The ledger lost lines that the database had seen.
    pub cut: bool,
}

/// Reads every page of a folder's database and what the ledger has beyond it. Changes nothing, waits for nobody;
/// `None` where nothing was ever run.
///
/// Errors are those that a run would meet: a damaged or newer database, one that is older than its ledger.
pub fn examine(dir: &Path) -> Result<Option<Examined>, StoreError> {
    let path = folder::database(dir);
    let db = open_found(&path, true)?;
    let tail = compare(dir, db.as_ref())?;
    let Some(db) = db else { return Ok(None) };
    let (takes, newest) = extent(&db).map_err(|e| StoreError::sql(&path, &e))?;
    Ok(Some(Examined { takes, newest, torn: tail.torn, cut: tail.cut }))
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
    })
}

fn optional_moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(|_| takes::moment(row, column)).transpose()
}

impl Reader {
    /// The newest run of a project, or of all.
    pub async fn last_run(&self, project: Option<&str>) -> Result<Option<Run>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            // A run of an empty name is for everybody's jobs.
            let sql = "SELECT id, project, command, started, ended, exit FROM runs
                       WHERE ?1 IS NULL OR project IN (?1, '') ORDER BY id DESC LIMIT 1";
            db.prepare_cached(sql)?.query_row([&project], run).optional()
        })
        .await
    }

    /// Returns all runs of a project, or of all, in the order of their numbers.
    pub async fn runs(&self, project: Option<&str>) -> Result<Vec<Run>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let sql = "SELECT id, project, command, started, ended, exit FROM runs
                       WHERE ?1 IS NULL OR project IN (?1, '') ORDER BY id";
            db.prepare_cached(sql)?.query_map([&project], run)?.collect()
        })
        .await
    }

    /// Names under which money was ever spent.
    pub async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            db.prepare_cached("SELECT DISTINCT project FROM runs ORDER BY project")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// Takes of a project, or of all, that were sent or may have been, and are not at their end; oldest first.
    pub async fn in_flight(&self, project: Option<&str>) -> Result<Vec<Take>, StoreError> {
        let order = format!("t.state IN {} ORDER BY t.place", takes::list(&Phase::IN_FLIGHT));
        self.page(project, &order, usize::MAX).await
    }

    /// Clips that came of what a run submitted.
    pub async fn done_in(&self, run: RunId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM takes WHERE state = 'done' AND run = ?1";
        self.read(move |db| db.prepare_cached(sql)?.query_row([run.0], |row| row.get::<_, i64>(0)))
            .await
            .map(i64::cast_unsigned)
    }

    /// Bytes of a clip of a project, on average; `None` before the first.
    pub async fn clip_size(&self, project: &str) -> Result<Option<u64>, StoreError> {
        let project = project.to_owned();
        let sql = "SELECT CAST(avg(filed_size) AS INTEGER) FROM jobs WHERE project = ?1";
        self.read(move |db| db.prepare_cached(sql)?.query_row([&project], |row| row.get::<_, Option<i64>>(0)))
            .await
            .map(|size| size.map(i64::cast_unsigned))
    }
}
