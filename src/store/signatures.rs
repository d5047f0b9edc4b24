//! Stores the visual signatures of pictures, by the hashes of the pictures' bytes, in a separate file in the state
//! folder.
//!
//! Signatures outlive the pictures, so that a picture of an earlier rendering can be compared with its successor after
//! its file is gone. Rehearsals use the same file.

use super::error::StoreError;
use super::folder::open_private;
use crate::domain::digest::Sha256;
use crate::domain::signature::Signature;
use rusqlite::{Connection, OptionalExtension as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The table of signatures. An empty signature means that the picture cannot be decoded.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS signatures (sha256 BLOB PRIMARY KEY, signature BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

const BUSY: Duration = Duration::from_secs(5);

/// The open file with the signatures of pictures.
pub struct Signatures {
    db: Connection,
    path: PathBuf,
}

impl Signatures {
    /// Opens the file of signatures, and creates it if it is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        drop(open_private(path)?);
        let open = || {
            let db = Connection::open(path)?;
            db.busy_timeout(BUSY)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            // A signature that is lost in a crash is computed again.
            db.pragma_update(None, "synchronous", "NORMAL")?;
            db.execute_batch(TABLE)?;
            Ok(db)
        };
        let db = open().map_err(|e| StoreError::sql(path, &e))?;
        Ok(Self { db, path: path.to_owned() })
    }

    /// Returns the signature of a picture; `None` if none is saved or if the picture could not be decoded.
    pub fn get(&self, sha256: Sha256) -> rusqlite::Result<Option<Signature>> {
        Ok(self.stored(sha256)?.and_then(|bytes| Signature::from_bytes(&bytes)))
    }

    /// Computes and saves the visual signature of a picture, unless the file already has a signature of this picture.
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
