//! Adds the jobs that the manifest asks for to the temporary tables of a plan, and attaches the state database.

use super::LockedTables;
use crate::domain::digest::Sha256;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::signature::Signature;
use crate::domain::take::Wanted;
use crate::plan::expand::Placed;
use crate::plan::rollout;
use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::store::read::reviews;
use crate::store::signatures::Signatures;
use crate::store::{rows, schema, takes};
use rusqlite::{Connection, Statement, params};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl LockedTables {
    /// Removes every job that [`take`](Self::take) has added.
    pub fn clear(&mut self) {
        (self.taken, self.is_urgent) = (0, false);
        let cleared = self.db.execute_batch("DELETE FROM wanted");
        self.note(cleared);
    }

    /// Adds a job that the manifest asks for to the plan's tables. Jobs with a higher urgency are submitted first.
    ///
    /// If adding fails, a later call of [`know`](Self::know) returns the error.
    pub fn take(&mut self, wanted: &Wanted, placed: Placed) {
        if self.trouble.is_some() {
            return;
        }
        self.is_urgent |= placed.urgency != 0;
        let at = self.taken;
        self.taken += 1;
        let inserted = insert(&self.db, at, wanted, placed);
        self.note(inserted);
    }

    /// Opens the file for the signatures of pictures, by which a picture is recognised in another encoding.
    /// [`picture`](Self::picture) fills the file.
    ///
    /// If opening fails, a later call of [`know`](Self::know) returns the error.
    pub fn keep_signatures(&mut self, file: &Path) {
        match Signatures::open(file) {
            Ok(signatures) => self.signatures = Some(signatures),
            Err(error) => drop(self.trouble.get_or_insert(error)),
        }
    }

    /// Computes and saves the visual signature of a picture, if [`keep_signatures`](Self::keep_signatures) was called
    /// and the signature is missing.
    pub fn picture(&mut self, sha256: Sha256, signature: &mut dyn FnMut() -> Option<Signature>) {
        if let Some(Err(error)) = self.signatures.as_ref().map(|kept| kept.learn(sha256, signature)) {
            self.trouble.get_or_insert(error);
        }
    }

    fn note(&mut self, done: rusqlite::Result<()>) {
        if let Err(error) = done {
            self.trouble.get_or_insert(StoreError::sql(&self.path, &error));
        }
    }

    /// Attaches the database with the project's history, after all wanted jobs were added. If adding a job failed,
    /// returns the first of these errors.
    ///
    /// `state` is `None` if the state folder has no database yet. `is_live` returns true for another project that a
    /// manifest still names.
    pub fn know(
        &mut self,
        project: &str,
        state: Option<&Reader>,
        is_live: &dyn Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        project.clone_into(&mut self.project);
        self.arrange().map_err(|e| StoreError::sql(&self.path, &e))?;
        match state {
            Some(reader) => {
                reader.path().clone_into(&mut self.path);
                let uri = schema::still(&self.path).unwrap_or_else(|| read_only(&self.path));
                let attached = self.db.execute("ATTACH ?1 AS known", [uri]);
                attached.map_err(|e| StoreError::sql(&self.path, &e))?;
            }
            None => schema::migrate(&mut self.db, &self.path)?,
        }
        self.look_around(is_live).map_err(|e| StoreError::sql(&self.path, &e))
    }

    /// Sorts the jobs by urgency, and finds the fingerprints (hashes of requests) that several jobs share.
    fn arrange(&self) -> rusqlite::Result<()> {
        if self.is_urgent {
            self.db.execute_batch(
                "CREATE TABLE ordered AS SELECT * FROM wanted ORDER BY urgency DESC, at;
                 DELETE FROM wanted;
                 INSERT INTO wanted SELECT rowid - 1, shot, item, variant, title, fingerprint, price, path, request,
                     likeness, tags, urgency, template, kind, draw FROM ordered;
                 DROP TABLE ordered;",
            )?;
        }
        self.db.execute_batch(
            "CREATE INDEX wanted_by_key ON wanted (shot, item, variant);
             INSERT INTO leaders (fingerprint)
                 SELECT fingerprint FROM wanted GROUP BY fingerprint HAVING count(*) > 1;
             COMMIT;",
        )?;
        self.has_leaders.set(self.exists("SELECT 1 FROM leaders")?);
        Ok(())
    }

    /// Finds out which kinds of data the history has (jobs, takes, rejections, other projects). Look-ups of data that
    /// it does not have are then skipped.
    pub(super) fn look_around(&mut self, is_live: &dyn Fn(&str) -> bool) -> rusqlite::Result<()> {
        self.has_takes = self.exists("SELECT 1 FROM takes")?;
        let jobs = "SELECT 1 FROM jobs WHERE project = ?1";
        self.has_jobs = self.db.prepare(jobs)?.exists([&self.project])?;
        self.rejections = reviews::rejections(&self.db, &self.project)?;
        // Steps from one project to the next, without a look at each of its jobs.
        let mut next = self.db.prepare("SELECT min(project) FROM jobs WHERE project > ?1")?;
        let mut project = String::new();
        while let Some(found) = next.query_row([&project], |row| row.get::<_, Option<String>>(0))? {
            if found != self.project {
                self.others.push((found.clone(), is_live(&found)));
            }
            project = found;
        }
        // The projects that a manifest names.
        self.db.execute("DELETE FROM projects", [])?;
        let mut insert = self.db.prepare("INSERT INTO projects VALUES (?1, ?2)")?;
        insert.execute((&self.project, true))?;
        for (other, _) in self.others.iter().filter(|(_, live)| *live) {
            insert.execute((other, false))?;
        }
        Ok(())
    }
}

fn insert(db: &Connection, at: i64, wanted: &Wanted, placed: Placed) -> rusqlite::Result<()> {
    let Wanted { key, title, tags, request, fingerprint, likeness, price, path } = wanted;
    let mut insert: rusqlite::CachedStatement<'_> = db.prepare_cached(
        "INSERT INTO wanted VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    let insert: &mut Statement<'_> = &mut insert;
    let price = price.map(Usd::micros);
    let request = rows::request_json(request);
    let likeness = likeness.as_ref().map(|likeness| &likeness.0.0[..]);
    let fingerprint = &fingerprint.0.0[..];
    let tags = takes::tags_json(tags);
    let Placed { urgency, template } = placed;
    let kind = template.map(|_| rollout::kind(key, &wanted.request));
    let draw = template.map(|template| rollout::draw(&template, key));
    let template = template.as_ref().map(|template| &template.0[..]);
    let JobKey { shot, item, variant } = key;
    insert
        .execute(params![
            at,
            shot,
            item,
            variant,
            title,
            fingerprint,
            price,
            path,
            request,
            likeness,
            tags,
            urgency,
            template,
            kind,
            draw
        ])
        .map(|_| ())
}

/// Returns a URI with which SQLite opens the database at a path read-only.
fn read_only(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in OsStr::as_bytes(path.as_os_str()) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02x}");
            }
        }
    }
    uri + "?mode=ro"
}
