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

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use std::path::Path;

    #[test]
    fn whatever_decides_leaves_its_mark_and_what_only_tells_of_the_past_does_not() {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db, Path::new("memory")).unwrap();
        db.execute_batch(
            "INSERT INTO jobs (project, shot, item, variant, title, wanted, priority, fingerprint, path)
             VALUES ('shop', 'hero', '1', '', 'mug', 1, 0, 'v1:1', '1.mp4');
             INSERT INTO takes (id, place, job, fingerprint, request, provider, model, price, path, created, state, data, due,
                 account) VALUES ('A', 1, 1, 'v1:1', '{}', 'zai', 'vidu2-image', 1, '1.mp4', 0, 'done', '{}', 0, 'free');",
        )
        .unwrap();
        let mut seen = vec![imprint(&db).unwrap()];
        for decisive in [
            "UPDATE jobs SET wanted = 0",
            "UPDATE jobs SET fingerprint = 'v1:2'",
            "UPDATE jobs SET filed_take = 'A', filed_path = '1.mp4', filed_size = 1, filed_sha256 = '00'",
            "UPDATE takes SET state = 'written_off'",
            "INSERT INTO takes SELECT 'B', 2, job, fingerprint, request, provider, model, price, path, created, 0, 'pending',
                 data, due, expires, task_id, account, queue, run, day, settled, instead_of, approved
                 FROM takes WHERE id = 'A'",
            "INSERT INTO pauses (project, provider, since) VALUES ('shop', '', 0)",
            "DELETE FROM takes WHERE id = 'B'",
        ] {
            db.execute(decisive, []).unwrap();
            let now = imprint(&db).unwrap();
            assert!(!seen.contains(&now), "{decisive}");
            seen.push(now);
        }
        db.execute("INSERT INTO runs (chain, project, command, started) VALUES (1, 'shop', 'run', 0)", [])
            .unwrap();
        db.execute("UPDATE jobs SET title = 'cup'", []).unwrap();
        assert_eq!(imprint(&db).unwrap(), *seen.last().unwrap());
    }
}
