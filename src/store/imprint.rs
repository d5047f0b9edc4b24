//! Whether anything is as it was: a hash over what decides what there is to do.

use super::error::StoreError;
use super::read::Reader;
use crate::domain::digest::Sha256;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::Digest as _;

/// Jobs and where their clips stand; takes, without what can change while a take stays in its state; what is on hold.
/// Of all projects, for one may take over what another has paid.
const DECISIVE: [&str; 3] = [
    "SELECT id, project, shot, item, variant, wanted, fingerprint, path, filed_take, filed_path, filed_size, filed_sha256
     FROM jobs ORDER BY id",
    "SELECT id, place, job, fingerprint, price, path, state, instead_of FROM takes ORDER BY rowid",
    "SELECT project, provider FROM pauses ORDER BY project, provider",
];

impl Reader {
    /// A hash over all that a plan is held against. As long as it stays the same, so does every plan of the same input in
    /// which nothing waits and nothing is on its way.
    pub async fn imprint(&self) -> Result<Sha256, StoreError> {
        self.read(imprint).await
    }
}

fn imprint(db: &Connection) -> rusqlite::Result<Sha256> {
    let mut hash = sha2::Sha256::new();
    for sql in DECISIVE {
        let mut select = db.prepare_cached(sql)?;
        let columns = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                // Each value with its kind and its length, so that no two rows look like one another.
                let (kind, bytes) = match row.get_ref(column)? {
                    ValueRef::Null => (0, &[][..]),
                    ValueRef::Integer(number) => (1, &number.to_le_bytes()[..]),
                    ValueRef::Real(number) => (2, &number.to_le_bytes()[..]),
                    ValueRef::Text(text) => (3, text),
                    ValueRef::Blob(bytes) => (4, bytes),
                };
                hash.update([kind]);
                hash.update((bytes.len() as u64).to_le_bytes());
                hash.update(bytes);
            }
        }
        hash.update([u8::MAX]);
    }
    Ok(Sha256(hash.finalize().into()))
}
