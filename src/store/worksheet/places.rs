//! Where clips stand and are to stand, and which finished jobs are no longer wanted.

use super::{Book, Gone, StoreError};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::plan::known::{Filed, Known as _, KnownJob, KnownTake};
use crate::store::{read, takes};
use rusqlite::Row;
use std::collections::HashMap;

/// Places to which clips are on their way, with their jobs.
pub(super) type Arriving = HashMap<String, JobKey>;

impl Book {
    /// Returns a job of the project as it is known.
    pub fn known(&self, key: &JobKey) -> Result<Option<KnownJob>, StoreError> {
        self.run(|| self.by_key(key))
    }

    /// Returns a take of any project as it is known.
    pub fn known_take(&self, id: &TakeId) -> Result<Option<KnownTake>, StoreError> {
        self.run(|| self.take(id))
    }

    /// Number of jobs that were wanted and have a clip.
    pub fn finished(&self) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM jobs WHERE project = ?1 AND wanted AND filed_take IS NOT NULL";
        let count: i64 = self.run(|| self.db.query_row(sql, [&self.project], |row| row.get(0)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Whether the job was wanted and has a clip.
    pub fn is_finished(&self, key: &JobKey) -> Result<bool, StoreError> {
        let known = self.known(key)?;
        Ok(known.is_some_and(|known| known.wanted && known.filed.is_some()))
    }

    /// Visits the jobs that have a clip and are no longer wanted, and whose clip is not taken over by another job.
    pub fn each_gone<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(Gone) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.has_jobs {
            return Ok(());
        }
        self.run(|| {
            self.db.execute_batch(
                "CREATE TABLE IF NOT EXISTS adopted (job INTEGER PRIMARY KEY);
                 DELETE FROM adopted;
                 INSERT OR IGNORE INTO adopted SELECT t.job FROM decided d CROSS JOIN takes t ON t.id = d.take
                     WHERE d.kind = 'renamed';",
            )
        })?;
        let mut select = self.run(|| {
            self.db.prepare(
                "SELECT j.shot, j.item, j.variant, j.wanted, j.filed_take, j.filed_path, j.filed_size, j.filed_sha256
                 FROM jobs j LEFT JOIN wanted w ON w.shot = j.shot AND w.item = j.item AND w.variant = j.variant
                 WHERE j.project = ?1 AND w.at IS NULL AND j.filed_take IS NOT NULL
                 AND j.id NOT IN (SELECT job FROM adopted)",
            )
        })?;
        let mut rows = self.run(|| select.query([&self.project]))?;
        while let Some(row) = self.run(|| rows.next())? {
            let gone = |row: &Row<'_>| {
                let (key, filed): (JobKey, Option<Filed>) = (takes::key(row, 0)?, takes::filed(row, 4)?);
                Ok((key, row.get(3)?, filed))
            };
            if let (key, wanted, Some(filed)) = self.run(|| gone(row))? {
                visit(Gone { key, wanted, filed })?;
            }
        }
        Ok(())
    }

    /// Returns the clip that a file at that path is, unless it is the clip of a wanted job there. Every take is gone through:
    /// this is for a path at which something is in the way.
    pub fn clip_at(&self, path: &str, file: ClipFile) -> Result<Option<Filed>, StoreError> {
        let wanted =
            "SELECT 1 FROM wanted w WHERE w.shot = f.shot AND w.item = f.item AND w.variant = f.variant";
        // Which jobs of the project are wanted is known better here than in the state.
        let is_needed = format!(
            "EXISTS (SELECT 1 FROM projects p WHERE p.project = f.project AND
                 iif(p.own, EXISTS ({wanted} AND w.path = ?1), f.wanted AND f.path = ?1))"
        );
        self.run(|| read::clip_at(&self.db, path, file, &is_needed))
    }

    /// Whether another job, of whatever project, has its clip under that name.
    pub fn has_there(&self, path: &str, key: &JobKey) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM jobs WHERE filed_path = ?1 AND (shot, item, variant) <> (?2, ?3, ?4)";
        self.run(|| self.db.prepare(sql)?.exists((path, &key.shot, &key.item, &key.variant)))
    }

    /// Whether another job has the clip there, is wanted or may be left out, and gets no other clip now.
    pub fn is_needed(
        &self,
        clip: &Filed,
        by: &JobKey,
        is_left_out: &dyn Fn(&JobKey) -> bool,
    ) -> Result<bool, StoreError> {
        if !self.has_jobs {
            return Ok(false);
        }
        self.run(|| {
            if !self.has_standing.replace(true) {
                self.db.execute_batch("CREATE TABLE standing (path TEXT NOT NULL, job INTEGER NOT NULL)")?;
                self.db.execute(
                    "INSERT INTO standing SELECT filed_path, id FROM jobs
                     WHERE project = ?1 AND filed_take IS NOT NULL",
                    [&self.project],
                )?;
                self.db.execute_batch("CREATE INDEX standing_by_path ON standing (path)")?;
            }
            let mut select = self.prepare(
                "SELECT j.shot, j.item, j.variant, w.at IS NOT NULL
                 FROM standing s CROSS JOIN jobs j ON j.id = s.job
                 LEFT JOIN wanted w ON w.shot = j.shot AND w.item = j.item AND w.variant = j.variant
                 LEFT JOIN decided d ON d.at = w.at
                 WHERE s.path = ?1 AND (d.filed_take IS NULL OR d.filed_take = ?2)",
            )?;
            let mut rows = select.query((&clip.path, &clip.take.0))?;
            while let Some(row) = rows.next()? {
                let key = takes::key(row, 0)?;
                if key != *by && (row.get(3)? || is_left_out(&key)) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Returns the job of a clip that is on its way to that place, whatever the project.
    pub fn promised(&self, path: &str) -> Result<Option<JobKey>, StoreError> {
        self.run(|| {
            let mut arriving = self.arriving.borrow_mut();
            if let Some(arriving) = &*arriving {
                return Ok(arriving.get(path).cloned());
            }
            let mut found = Arriving::new();
            let mut select = self.db.prepare(
                "SELECT t.path, j.shot, j.item, j.variant, t.data FROM takes t CROSS JOIN jobs j ON j.id = t.job
                 WHERE t.state IN ('submitting', 'doubtful', 'running', 'downloading', 'placing', 'held')",
            )?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let state = takes::state(row, 4)?;
                if state.is_unsettled() && !state.is_in_doubt() {
                    found.insert(row.get(0)?, takes::key(row, 1)?);
                }
            }
            let job = found.get(path).cloned();
            *arriving = Some(found);
            Ok(job)
        })
    }
}
