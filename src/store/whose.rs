//! From a provider's task back to the job that it renders.

use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TaskId};
use rusqlite::OptionalExtension as _;

impl Reader {
    /// The job that a task of a provider renders, and what people call its item; `None` for a task that is not ours.
    /// Reads from disk before it returns: for threads that may block.
    pub fn whose(&self, provider: &str, task: &TaskId) -> Result<Option<(JobKey, String)>, StoreError> {
        self.read_here(|db| {
            let sql = "SELECT j.shot, j.item, j.variant, j.title FROM takes t JOIN jobs j ON j.id = t.job
                       WHERE t.provider = ?1 AND t.task_id = ?2";
            let whose = |row: &rusqlite::Row<'_>| Ok((takes::key(row, 0)?, row.get(3)?));
            db.prepare_cached(sql)?.query_row([provider, &task.0], whose).optional()
        })
    }
}
