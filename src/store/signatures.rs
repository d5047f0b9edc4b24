//! Signatures of pictures, by the hashes of their bytes, in a file of their own beside the state.
//!
//! They outlive the pictures: a take's picture is compared with its successor when its file is gone. Rehearsals share them.

use super::error::StoreError;
use super::folder::open_private;
use crate::domain::digest::Sha256;
use crate::domain::signature::Signature;
use rusqlite::{Connection, OptionalExtension as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A picture that cannot be decoded has an empty signature.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS signatures (sha256 BLOB PRIMARY KEY, signature BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// How long a write waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The signatures of the pictures of a folder.
pub struct Signatures {
    db: Connection,
    path: PathBuf,
}

impl Signatures {
    /// Opens the file, and creates it where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        drop(open_private(path)?);
        let open = || {
            let db = Connection::open(path)?;
            db.busy_timeout(BUSY)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            // One that is lost in a crash is taken again.
            db.pragma_update(None, "synchronous", "NORMAL")?;
            db.execute_batch(TABLE)?;
            Ok(db)
        };
        let db = open().map_err(|e| StoreError::sql(path, &e))?;
        Ok(Self { db, path: path.to_owned() })
    }

    /// Returns the signature of a picture, where it has one.
    pub fn get(&self, sha256: Sha256) -> rusqlite::Result<Option<Signature>> {
        Ok(self.stored(sha256)?.and_then(|bytes| Signature::from_bytes(&bytes)))
    }

    /// Keeps the signature of a picture that is not known yet.
    pub fn learn(
        &self,
        sha256: Sha256,
        take: &mut dyn FnMut() -> Option<Signature>,
    ) -> Result<(), StoreError> {
        let mut learn = || {
            if self.stored(sha256)?.is_none() {
                let bytes = take().map(|signature| signature.to_bytes()).unwrap_or_default();
                self.db
                    .prepare_cached("INSERT OR IGNORE INTO signatures VALUES (?1, ?2)")?
                    .execute((&sha256.0[..], bytes))?;
            }
            Ok(())
        };
        learn().map_err(|e| StoreError::sql(&self.path, &e))
    }

    fn stored(&self, sha256: Sha256) -> rusqlite::Result<Option<Vec<u8>>> {
        self.db
            .prepare_cached("SELECT signature FROM signatures WHERE sha256 = ?1")?
            .query_row([&sha256.0[..]], |row| row.get(0))
            .optional()
    }
}
