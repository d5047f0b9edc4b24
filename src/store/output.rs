//! Where the clips of a state folder are: paths in the database are relative to that.

use super::Store;
use super::error::StoreError;
use super::read::Reader;
use rusqlite::{Connection, OptionalExtension as _};

impl Store {
    /// The output folder that holds: the one that was named first, as long as a clip stands there or is on its way
    /// there; otherwise this one, which is remembered.
    pub async fn keep_output(&self, root: &str) -> Result<String, StoreError> {
        let root = root.to_owned();
        self.lane.write(None, move |batch| keep(batch.db, &root).map(Ok)).await
    }
}

impl Reader {
    /// The output folder of which [`Store::keep_output`] took note; `None` before the first run.
    pub async fn output(&self) -> Result<Option<String>, StoreError> {
        self.read(root).await
    }
}

/// The folder of which note was taken.
pub(super) fn root(db: &Connection) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT root FROM output")?.query_row([], |row| row.get(0)).optional()
}

fn keep(db: &Connection, wanted: &str) -> rusqlite::Result<String> {
    if let Some(known) = root(db)?
        && (known == wanted || in_use(db)?)
    {
        return Ok(known);
    }
    db.execute("DELETE FROM output", [])?;
    db.execute("INSERT INTO output (root) VALUES (?1)", [wanted])?;
    Ok(wanted.to_owned())
}

fn in_use(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE filed_take IS NOT NULL) OR EXISTS (SELECT 1 FROM takes WHERE state
         IN ('submitting', 'doubtful', 'running', 'downloading', 'placing', 'held'))",
        [],
        |row| row.get(0),
    )
}
