//! Looks up the present and future paths of clips, and the jobs with clips that the manifest no longer asks for.

use super::{Gone, LockedTables, StoreError, Taken};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::plan::known::{Filed, Known as _, KnownJob, KnownTake};
use crate::store::{read, takes};
use jiff::Timestamp;
use rusqlite::Row;
use std::collections::HashMap;

/// The jobs whose clips are not finished yet, by the path at which the clip will be placed.
pub(super) type Arriving = HashMap<String, JobKey>;

impl LockedTables {
    /// Returns the recorded data of a job of the project; `None` if the history does not have the job.
    pub fn known(&self, key: &JobKey) -> Result<Option<KnownJob>, StoreError> {
        self.run(|| self.by_key(key))
    }

    /// Returns the recorded data of a take of any project; `None` if the history does not have the take.
    pub fn known_take(&self, id: &TakeId) -> Result<Option<KnownTake>, StoreError> {
        self.run(|| self.take(id))
    }

    /// Checks whether a take was ordered later than a time.
    pub fn is_ordered_after(&self, id: &TakeId, time: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM takes WHERE id = ?1 AND created > ?2";
        self.run(|| self.prepare(sql)?.exists((&id.0, time.as_millisecond())))
    }

    /// Returns the number of jobs that were wanted in the last run and have a clip.
    pub fn finished(&self) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM jobs WHERE project = ?1 AND wanted AND filed_take IS NOT NULL";
        let count: i64 = self.run(|| self.db.query_row(sql, [&self.project], |row| row.get(0)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Checks whether a job was wanted in the last run and has a clip.
    pub fn is_finished(&self, key: &JobKey) -> Result<bool, StoreError> {
        let known = self.known(key)?;
        Ok(known.is_some_and(|known| known.wanted && known.filed.is_some()))
    }

    /// Visits the jobs that have a clip and are no longer wanted, except those whose clip the plan gives to another
    /// job.
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
                "SELECT j.shot, j.item, j.variant, j.wanted, j.filed_take, j.filed_path, j.filed_size, j.filed_sha256,
                     j.filed_path IN (SELECT filed_path FROM jobs
                         WHERE project <> ?1 AND wanted AND filed_path IS NOT NULL)
                 FROM jobs j LEFT JOIN wanted w ON w.shot = j.shot AND w.item = j.item AND w.variant = j.variant
                 WHERE j.project = ?1 AND w.at IS NULL AND j.filed_take IS NOT NULL
                 AND j.id NOT IN (SELECT job FROM adopted)",
            )
        })?;
        let mut rows = self.run(|| select.query([&self.project]))?;
        while let Some(row) = self.run(|| rows.next())? {
            let gone = |row: &Row<'_>| {
                let Some(filed) = takes::filed(row, 4)? else { return Ok(None) };
                Ok(Some(Gone { key: takes::key(row, 0)?, wanted: row.get(3)?, filed, is_used: row.get(8)? }))
            };
            if let Some(gone) = self.run(|| gone(row))? {
                visit(gone)?;
            }
        }
        Ok(())
    }

    /// Finds a finished take whose clip has the same bytes as `file`, the file at `path`. Returns `None` if there is no
    /// such take, or if the file is where it belongs: a wanted job has this path, and this file is its clip.
    ///
    /// Searches every take, so it is only for a path with an unexpected file.
    pub fn clip_at(&self, path: &str, file: ClipFile) -> Result<Option<Filed>, StoreError> {
        let wanted =
            "SELECT 1 FROM wanted w WHERE w.shot = f.shot AND w.item = f.item AND w.variant = f.variant";
        // The plan's tables have newer information than the state about which jobs of the project are wanted.
        let is_needed = format!(
            "EXISTS (SELECT 1 FROM projects p WHERE p.project = f.project AND
                 iif(p.own, EXISTS ({wanted} AND w.path = ?1), f.wanted AND f.path = ?1))"
        );
        self.run(|| read::clip_at(&self.db, path, file, &is_needed))
    }

    /// Checks whether a job with another key, of any project, has its clip at this path.
    pub fn has_there(&self, path: &str, key: &JobKey) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM jobs WHERE filed_path = ?1 AND (shot, item, variant) <> (?2, ?3, ?4)";
        self.run(|| self.db.prepare(sql)?.exists((path, &key.shot, &key.item, &key.variant)))
    }

    /// Returns the clips of the other live projects of the folder that are recorded at the paths of wanted jobs.
    pub fn taken_by_others(&self) -> Result<Vec<Taken>, StoreError> {
        let is_live = |name: &str| self.others.iter().any(|(project, live)| *live && project == name);
        if !self.others.iter().any(|(_, live)| *live) {
            return Ok(Vec::new());
        }
        self.run(|| {
            let mut select = self.db.prepare(
                "SELECT w.shot, w.item, w.variant, j.project, j.shot, j.item, j.variant, j.filed_take, j.filed_path,
                     j.filed_size, j.filed_sha256
                 FROM jobs j JOIN wanted w ON w.path = j.filed_path
                 WHERE j.project <> ?1 AND j.wanted AND j.filed_take IS NOT NULL ORDER BY w.at",
            )?;
            let mut rows = select.query([&self.project])?;
            let mut taken = Vec::new();
            while let Some(row) = rows.next()? {
                let (key, project, owner) = (takes::key(row, 0)?, row.get(3)?, takes::key(row, 4)?);
                let Some(filed) = takes::filed(row, 7)? else { continue };
                taken.push(Taken { key, project, owner, filed });
            }
            taken.retain(|taken| is_live(&taken.project));
            Ok(taken)
        })
    }

    /// Checks whether a job other than `by` still needs this clip at its path. A job needs the clip if the job has a
    /// clip at this path, and the plan does not give the job another clip.
    ///
    /// Two kinds of jobs count: jobs that the manifest asks for, and jobs that the plan lacks only because of an error
    /// in their item.
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

    /// Returns the job, of any project, whose unfinished clip will be placed at this path; `None` if there is none.
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
