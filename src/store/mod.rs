//! SQLite and the ledger: what was ordered, what was sent, what it cost, where the clips are.
//!
//! A state folder holds one database (`state.db`) and one append-only record of money (`ledger.jsonl`). [`Store`] writes
//! both through one lane, [`Reader`] reads the database and never blocks. Who drives (submits, collects, rebuilds)
//! holds the [`Lock`]; small verbs beside a run open the store without it, and every write is a compare-and-set: it
//! fails with `Changed` where another process was faster.

mod adjust;
mod admit;
mod agreement;
mod apply;
mod checks;
mod clips;
mod dismissed;
mod durations;
mod error;
mod events;
mod folder;
mod lane;
mod ledger;
mod ledger_file;
mod lock;
mod look;
mod meta;
mod money;
mod pauses;
mod read;
mod recover;
mod repair;
mod reviews;
mod rollout;
mod rows;
mod runs;
mod schema;
mod signatures;
mod standings;
mod takes;
#[cfg(test)]
mod testing;
mod work;
mod worksheet;
mod write;
mod writer;

pub use adjust::{Adjustment, Costs};
pub use admit::{Admission, Admitted, Jobs, NewTake};
pub use apply::{Details, owned_elsewhere};
pub use clips::{Clip, ClipsFrom};
pub use error::{ApplyError, Cap, ClaimError, Kept, OverCap, StoreError};
pub use folder::{Folder, create as make_folder};
pub use ledger::{Entry, Kind};
pub use ledger_file::remarks;
pub use lock::{Holder, Lock, LockError};
pub use look::{Examined, Run, examine};
pub use meta::{Elsewhere, Place};
pub use money::{By, Group, Since};
pub use pauses::Pause;
pub use read::checks::Check;
pub use read::{Attempt, Count, History, JobRecord, Reader, ReviewCounts, TakeHistory, TakeRecord};
pub use recover::{Clips, Rebuilt, Recovery};
pub use repair::Repair;
pub use reviews::{NewReview, ReviewError};
pub use rollout::Canary;
pub use runs::{Caps, RunId, Spent, Window};
pub use signatures::Signatures;
pub use standings::KeptAs;
pub use work::{Cursor, Queue, Queued};
pub use worksheet::{Book, Decided, Gone, Template, Waiting, Worksheet};
pub use write::Renewal;
pub use writer::{Rehearsal, Step};

use crate::domain::key::ModelName;
use crate::domain::policy::Policy;
use jiff::Timestamp;
use lane::Lane;
use ledger_file::Ledger;
use rusqlite::Connection;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use writer::Writer;

/// Name of the ledger in a state folder.
const LEDGER: &str = "ledger.jsonl";

/// What the store may be opened for.
pub enum Mode<'a> {
    /// To submit, collect or rebuild: creates what is missing and repairs what a crash left.
    Drive {
        /// Held until the store is dropped.
        lock: Lock,
        /// The numbers of a model, for takes that a crash left on the wire.
        policy: &'a dyn Fn(&ModelName) -> Policy,
    },
    /// For a small verb, perhaps beside a run of another process.
    Beside,
}

/// What differs from the usual.
#[derive(Clone, Default)]
pub struct Options {
    /// Open a state whose ledger has a damaged line that the database may know nothing about. Whoever sends must not.
    pub trust_damaged_ledger: bool,
    /// Where the state is driven from now on.
    pub place: Option<Place>,
    /// Accept a network file system: its user promises that one computer alone writes.
    pub allow_network: bool,
    /// A rehearsal of failing disks.
    pub rehearsal: Option<Rehearsal>,
    /// Counts the steps of every statement, to see what work grows with.
    pub meter: Option<Arc<AtomicU64>>,
}

impl Options {
    fn meter(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let Some(meter) = self.meter.clone() else { return Ok(()) };
        let count = move || {
            meter.fetch_add(1, Ordering::Relaxed);
            // Whether the statement is to be interrupted.
            false
        };
        db.progress_handler(1, Some(count))
    }
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// Sentences for people: files that were open to others.
    pub warnings: Vec<String>,
    /// What a crash had left, and what became of it.
    pub repairs: Vec<Repair>,
    /// Another place where this state was driven last, with what waits in both.
    pub elsewhere: Option<Elsewhere>,
}

/// The state of one folder, to be read and written. All that a [`Reader`] can do, it can.
pub struct Store {
    /// Closed before the lane: the last one to close empties the log into the database, which a reader may not.
    reader: Reader,
    lane: Lane,
    commits: Arc<AtomicU64>,
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the state of a folder (`.shotlist`, or a folder below it).
    ///
    /// Blocks: reads every page of the database when it is to drive. Changes nothing where it fails, but for the modes
    /// of files that were open to others.
    pub fn open(
        dir: &Path,
        mode: Mode<'_>,
        options: &Options,
        now: Timestamp,
    ) -> Result<(Self, Opened), StoreError> {
        let path = folder::database(dir);
        let (lock, policy) = match mode {
            Mode::Drive { lock, policy } => (Some(lock), Some(policy)),
            // Asked before anything is touched, so that a small verb in the wrong folder leaves no trace.
            Mode::Beside if !path.exists() => {
                agreement::compare(dir, None)?;
                return Err(StoreError::Absent { path: dir.to_owned() });
            }
            Mode::Beside => (None, None),
        };
        let mut warnings = folder::tighten(dir)?;
        if !options.allow_network {
            folder::refuse_network(dir)?;
        }

        let mut ledger = Ledger::open_locked(dir)?;
        let found = open_found(&path, policy.is_some())?;
        let tail = ledger.read_from(found.as_ref().map_or(Ok(0), |db| agreement::agreed(db, &path))?)?;
        agreement::refuse_older(found.as_ref(), &tail, &path)?;
        warnings.extend(agreement::damage(&tail));
        let heard = found.as_ref().map_or(Ok(0), |db| agreement::heard(db, &path))?;
        let unheard = tail.unheard(heard).map(|line| ledger.damaged(line));
        if let Some(damaged) = unheard.clone().filter(|_| policy.is_some() && !options.trust_damaged_ledger) {
            return Err(damaged);
        }
        if found.is_none() && policy.is_none() {
            return Err(StoreError::Absent { path: dir.to_owned() });
        }
        let version = found.as_ref().map_or(Ok(0), |db| schema::version(db, &path))?;
        drop(found);

        if policy.is_some() {
            folder::set_reserve_aside(dir)?;
            match version {
                0 => schema::create(dir)?,
                schema::VERSION => {}
                older => {
                    let kept = schema::keep_copy(dir, older)?;
                    warnings.push(format!(
                        "{} was of version {older} and is of version {} now; {} is a copy of before, kept until a run \
                         ends well",
                        path.display(),
                        schema::VERSION,
                        kept.display()
                    ));
                }
            }
        }
        let mut db = schema::open_to_write(&path)?;
        if policy.is_some() {
            schema::migrate(&mut db, &path)?;
            folder::sync(dir)?;
        }
        let commits = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            db,
            ledger,
            dir: dir.to_owned(),
            lock,
            // A line that nobody could read must meet the next start as well.
            ahead: unheard.is_some(),
            seq: 0,
            rehearsal: options.rehearsal.clone(),
            commits: Arc::clone(&commits),
        };
        if unheard.is_some() {
            let sql = "INSERT OR IGNORE INTO meta VALUES ('unheard', ?1)";
            let noted = writer.db.execute(sql, [heard.cast_signed()]);
            noted.map_err(|e| StoreError::sql(&path, &e))?;
        }
        let repairs = match policy {
            Some(policy) => repair::repair(&mut writer, &tail, policy, now)?,
            None => Vec::new(),
        };
        let place = options.place.as_ref().filter(|_| policy.is_some());
        let elsewhere = place.map_or(Ok(None), |place| meta::drive(&writer.db, place));
        let elsewhere = elsewhere.map_err(|e| StoreError::sql(&path, &e))?;
        writer.ledger.unlock();
        let mut db = schema::open_to_read(&path)?;
        let metered = options.meter(&mut db).and_then(|()| options.meter(&mut writer.db));
        metered.map_err(|e| StoreError::sql(&path, &e))?;
        let reader = Reader::new(db, path);
        Ok((Self { lane: Lane::new(writer), reader, commits }, Opened { warnings, repairs, elsewhere }))
    }

    /// Removes the copies of the database that were made before its tables were brought up to date.
    pub fn drop_copies(&self) {
        if let Some(dir) = self.reader.path().parent() {
            schema::drop_copies(dir);
        }
    }

    /// Transactions that this store committed so far: how well writes are grouped.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

/// The database as it stands, for reading; `None` where there is none, or one without tables.
fn open_found(path: &Path, examine: bool) -> Result<Option<Connection>, StoreError> {
    schema::roll_back(path)?;
    let empty = match std::fs::metadata(path) {
        Ok(meta) => meta.len() == 0,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => true,
        Err(e) => return Err(StoreError::io(path, &e)),
    };
    if empty {
        return Ok(None);
    }
    let db = schema::open_to_read(path)?;
    let version = schema::version(&db, path)?;
    if examine {
        schema::examine(&db, path)?;
    } else if (1..schema::VERSION).contains(&version) {
        return Err(StoreError::Outdated { path: path.to_owned(), found: version, known: schema::VERSION });
    }
    Ok((version > 0).then_some(db))
}
