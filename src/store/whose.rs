//! From our name for a request back to the job it was sent for.

use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, RequestId};
use rusqlite::OptionalExtension as _;

impl Reader {
    /// The job that a request was sent for, and what people call its item; `None` for a name that is not ours.
    /// Reads from disk before it returns: for threads that may block.
    pub fn whose(&self, request: &RequestId) -> Result<Option<(JobKey, String)>, StoreError> {
        self.read_here(|db| {
            let sql =
                "SELECT j.shot, j.item, j.variant, j.title FROM attempts a JOIN takes t ON t.id = a.take
                       JOIN jobs j ON j.id = t.job WHERE a.request_id = ?1";
            let whose = |row: &rusqlite::Row<'_>| Ok((takes::key(row, 0)?, row.get(3)?));
            db.prepare_cached(sql)?.query_row([&request.0], whose).optional()
        })
    }
}
