//! Visits the jobs of a plan one by one, with only the current row in memory.

use super::{Decided, LockedTables, PlanTables, decisions};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::money::Usd;
use crate::domain::take::{Fingerprint, Wanted};
use crate::store::error::StoreError;
use crate::store::takes;
use rusqlite::Row;
use std::path::Path;

/// The SQL columns of a wanted job, in the order in which the function [`wanted`] reads them.
pub(super) const WANTED: &str = "w.at, w.shot, w.item, w.variant, w.title, w.fingerprint, w.price, w.path, w.request, \
                      w.likeness, w.tags";
const WIDTH: usize = 11;

impl PlanTables {
    /// Visits the jobs with a decision in the order of submission, on the thread that records the jobs in the state
    /// database.
    pub(in crate::store) fn each_decided(
        &self,
        mut visit: impl FnMut(Decided) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.lock().rows(&select_decided(""), |row| visit(decided(row)?))
    }
}

impl LockedTables {
    /// Returns the number of wanted jobs that have no decision in this plan, and that no earlier run has recorded as
    /// wanted.
    pub(in crate::store) fn unrecorded(&self) -> rusqlite::Result<u64> {
        let sql =
            "SELECT count(*) FROM wanted w LEFT JOIN decided d USING (at) WHERE d.at IS NULL AND NOT EXISTS (
                SELECT 1 FROM jobs j WHERE j.project = ?1 AND j.shot = w.shot AND j.item = w.item
                AND j.variant = w.variant AND j.wanted)";
        self.db.query_row(sql, [&self.project], |row| row.get(0).map(i64::cast_unsigned))
    }

    /// Visits every wanted job, with or without a decision, in the order of submission.
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

    /// Returns the wanted job with this key; `None` if no such job is wanted.
    pub fn wanted(&self, key: &JobKey) -> Result<Option<Wanted>, StoreError> {
        let sql =
            format!("SELECT {WANTED} FROM wanted w WHERE w.shot = ?1 AND w.item = ?2 AND w.variant = ?3");
        self.run(|| {
            let mut select = self.db.prepare_cached(&sql)?;
            let mut rows = select.query((&key.shot, &key.item, &key.variant))?;
            rows.next()?.map(wanted).transpose()
        })
    }

    /// Visits every job about which the plan has decided, with the decision, in the order of submission. `visit` may
    /// query the plan's tables.
    pub fn each<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(&Self, &Decided) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_where("", &mut visit)
    }

    /// Visits the jobs of the plan whose decisions are of one of the kinds in `names`, in the order of submission.
    pub fn each_named<E: From<StoreError>>(
        &self,
        names: &[&str],
        mut visit: impl FnMut(&Self, &Decided) -> Result<(), E>,
    ) -> Result<(), E> {
        let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        let condition = format!("WHERE d.kind IN ({})", names.join(", "));
        self.each_where(&condition, &mut visit)
    }

    /// Returns the job of the plan with this key, and its decision; `None` if the plan has no such job.
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

    pub(super) fn rows(
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
}

/// Returns an error that ends a query because its visitor failed. The caller gets the visitor's error instead.
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

/// Returns the SQL query for the jobs about which the plan has decided, with the decisions. `condition` selects some of
/// the jobs. The function [`decided`] reads the rows.
fn select_decided(condition: &str) -> String {
    let columns = decisions::COLUMNS;
    format!(
        "SELECT {WANTED}, {columns}, d.ordered, d.alike FROM decided d JOIN wanted w USING (at) {condition} ORDER BY d.at"
    )
}

fn decided(row: &Row<'_>) -> rusqlite::Result<Decided> {
    Ok(Decided {
        at: row.get(0)?,
        wanted: wanted(row)?,
        decision: decisions::decision(row, WIDTH)?,
        ordered: row.get::<_, Option<String>>(WIDTH + decisions::WIDTH)?.map(TakeId),
        alike: row.get::<_, Option<String>>(WIDTH + decisions::WIDTH + 1)?.map(TakeId),
    })
}

pub(super) fn wanted(row: &Row<'_>) -> rusqlite::Result<Wanted> {
    Ok(Wanted {
        key: takes::key(row, 1)?,
        title: row.get(4)?,
        fingerprint: fingerprint(row, 5)?,
        price: row.get::<_, Option<i64>>(6)?.map(Usd::from_micros),
        path: row.get(7)?,
        request: takes::request(row, 8)?,
        likeness: row.get::<_, Option<[u8; 32]>>(9)?.map(|likeness| Fingerprint(Sha256(likeness))),
        tags: takes::tags(row, 10)?,
    })
}

fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Fingerprint> {
    Ok(Fingerprint(Sha256(row.get(column)?)))
}
