//! Where the clips of a state folder are: paths in the database are relative to that.

use super::Store;
use super::error::StoreError;
use rusqlite::{Connection, OptionalExtension as _};

impl Store {
    /// The output folder that holds: the one that was named first, as long as a clip stands there or is on its way
    /// there; otherwise this one, which is remembered.
    pub async fn keep_output(&self, root: &str) -> Result<String, StoreError> {
        let root = root.to_owned();
        self.lane.write(None, move |batch| keep(batch.db, &root).map(Ok)).await
    }
}

fn keep(db: &Connection, root: &str) -> rusqlite::Result<String> {
    let known: Option<String> = db.query_row("SELECT root FROM output", [], |row| row.get(0)).optional()?;
    if let Some(known) = known
        && (known == root || in_use(db)?)
    {
        return Ok(known);
    }
    db.execute("DELETE FROM output", [])?;
    db.execute("INSERT INTO output (root) VALUES (?1)", [root])?;
    Ok(root.to_owned())
}

fn in_use(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE filed_take IS NOT NULL) OR EXISTS (SELECT 1 FROM takes WHERE state
         IN ('submitting', 'doubtful', 'running', 'downloading', 'placing', 'held'))",
        [],
        |row| row.get(0),
    )
}
