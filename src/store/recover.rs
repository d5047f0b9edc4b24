//! A lost, old or damaged database is rebuilt from the ledger, from what the old one knew, and from the clips.
//!
//! The new database is made beside the old one, which is moved aside and never deleted, and takes its name in one
//! rename: killed anywhere, recovery begins again. What it leaves open (a submission without an answer) is what any
//! start after a crash finds and settles.

mod replay;

use super::error::StoreError;
use super::ledger::Kind;
use super::ledger_file::{Ledger, Tail};
use super::lock::Lock;
use super::{folder, look, meta, schema};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::money::Usd;
use crate::domain::policy::Policy;
use jiff::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The new database while it is made.
const NEW: &str = "state.db.new";

/// What SQLite keeps beside a database; it belongs to that one alone.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What must be asked about the output folder.
pub trait Clips {
    /// Whether the clip stands under that name: size and hash as recorded.
    fn stands(&self, path: &str, file: &ClipFile) -> bool;
    /// Where the clip stands that had that name and made room for a newer one, if it does: size and hash as recorded.
    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String>;
    /// The clip under that name, where its sidecar says that it is of that take, and it is as the sidecar says.
    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile>;
}

/// A database that must be rebuilt. Nothing is changed before [`Recovery::rebuild`].
pub struct Recovery {
    dir: PathBuf,
    /// Locked: nobody is between a commit and its lines.
    ledger: Ledger,
    tail: Tail,
    /// What is wrong.
    why: StoreError,
    out: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the old database is now; `None` where there was none.
    pub old: Option<PathBuf>,
    /// Whether nothing could be read of an old database. What it alone knew is lost: who was put on hold, and what waited
    /// to be sent.
    pub bare: bool,
    /// Submissions of which only the ledger knew.
    pub submissions: usize,
    /// What they count for.
    pub sum: Usd,
    /// Takes of which the ledger knew more than the database, these among them.
    pub takes: usize,
    /// Clips that the ledger calls finished, and that do not stand where they should.
    pub missing: usize,
    /// Lines about takes whose order the ledger has lost; they could not be used.
    pub strays: usize,
}

impl Recovery {
    /// Looks what is wrong with the state of a folder; `None` where nothing is, also where nothing was ever sent.
    ///
    /// An error is what cannot be mended: a damaged ledger, a database of a newer program, a damaged database whose
    /// ledger tells of nothing.
    pub fn begin(dir: &Path, _: &Lock) -> Result<Option<Self>, StoreError> {
        folder::refuse_network(dir)?;
        let path = folder::database(dir);
        let why = match look::examine(dir) {
            Ok(_) => return Ok(None),
            Err(why) if why.is_recoverable() => why,
            Err(other) => return Err(other),
        };
        let mut ledger = Ledger::open_locked(dir)?;
        let tail = ledger.read_from(0)?;
        let intents = || tail.entries.iter().filter(|entry| entry.kind == Kind::Intent);
        if intents().next().is_none() {
            return Err(why);
        }
        let known = match readable(&path)? {
            Some(db) => meta::root(&db).map_err(|e| StoreError::sql(&path, &e))?,
            None => None,
        };
        let out = known.or_else(|| intents().rev().find_map(|intent| intent.out.clone()));
        Ok(Some(Self { dir: dir.to_owned(), ledger, tail, why, out }))
    }

    /// What is wrong.
    #[must_use]
    pub const fn why(&self) -> &StoreError {
        &self.why
    }

    /// The output folder in which the clips are, as seen from the manifest; `None` where nobody wrote it down.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.out.as_deref()
    }

    /// Makes the new database and gives it the old one's name.
    pub fn rebuild(
        self,
        policy: &dyn Fn(&ModelName) -> Policy,
        clips: &dyn Clips,
        now: Timestamp,
    ) -> Result<Rebuilt, StoreError> {
        let new = self.dir.join(NEW);
        for name in std::iter::once(String::new()).chain(BESIDE.map(str::to_owned)) {
            // What an earlier recovery did not finish.
            remove(&self.dir.join(format!("{NEW}{name}")))?;
        }
        let (mut db, bare) = self.begin_with_the_old(&new)?;
        schema::migrate(&mut db, &new)?;
        let sql = |e: rusqlite::Error| StoreError::sql(&new, &e);
        let tx = db.transaction().map_err(sql)?;
        let told = replay::replay(&tx, &self.tail.entries, policy, clips, now).map_err(sql)?;
        if let Some(out) = &self.out
            && meta::root(&tx).map_err(sql)?.is_none()
        {
            tx.execute("INSERT INTO output (root) VALUES (?1)", [out]).map_err(sql)?;
        }
        replay::agree(&tx, &self.tail.entries, self.ledger.end()).map_err(sql)?;
        tx.commit().map_err(sql)?;
        // The last to close folds the log into the file, which then stands alone.
        db.close().map_err(|(_, e)| sql(e))?;
        let old = self.give_name(&new, now)?;
        let replay::Told { submissions, sum, takes, missing, strays } = told;
        Ok(Rebuilt { old, bare, submissions, sum, takes, missing, strays })
    }

    /// A copy of the old database, as far as there is one that can be read, else an empty one; and whether it is empty.
    fn begin_with_the_old(&self, new: &Path) -> Result<(Connection, bool), StoreError> {
        let path = folder::database(&self.dir);
        let mut bare = true;
        if let Some(old) = readable(&path)? {
            drop(folder::open_private(new)?);
            let copied = old.execute("VACUUM INTO ?1", [new.to_string_lossy()]);
            match copied.map_err(|e| StoreError::sql(&path, &e)) {
                Ok(_) => bare = false,
                // A page that only a copy reads: the ledger alone has to do.
                Err(StoreError::Damaged { .. }) => remove(new)?,
                Err(other) => return Err(other),
            }
        }
        Ok((schema::open_to_write(new)?, bare))
    }

    /// The new database takes the old one's place, in one step.
    fn give_name(&self, new: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        let path = folder::database(&self.dir);
        let named = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
        let aside = free_name(&path, now);
        let io = |e: io::Error| StoreError::io(&aside, &e);
        let stood = path.exists();
        if stood {
            fold(&path);
            // A second name, so that the first is never without a database.
            fs::hard_link(&path, &aside).or_else(|_| fs::copy(&path, &aside).map(drop)).map_err(io)?;
        }
        // A log that is left beside the new database would be taken for its own.
        for end in BESIDE {
            match fs::rename(named(&path, end), named(&aside, end)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
                _ => {}
            }
        }
        fs::rename(new, &path).map_err(|e| StoreError::io(&path, &e))?;
        folder::sync(&self.dir)?;
        Ok(stood.then_some(aside))
    }
}

/// The database, where it is there and sound.
fn readable(path: &Path) -> Result<Option<Connection>, StoreError> {
    match super::open_found(path, true) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        found => found,
    }
}

/// Moves what SQLite's log holds into the database itself. Where that fails the log is kept beside it.
fn fold(path: &Path) {
    if let Ok(db) = schema::open_to_write(path) {
        let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// A name for the old database that nothing has.
fn free_name(path: &Path, now: Timestamp) -> PathBuf {
    let stem = format!("{}.old-{}", path.display(), now.strftime("%Y%m%dT%H%M%SZ"));
    let later = (2..).map(|n| format!("{stem}-{n}"));
    let mut names = std::iter::once(stem.clone()).chain(later).map(PathBuf::from);
    names.find(|name| !name.exists()).unwrap_or_else(|| PathBuf::from(stem))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, &e)),
        _ => Ok(()),
    }
}
