//! The state of a project on disk: an SQLite database and a ledger of submissions, charges and clips.
//!
//! A state folder holds one database (`state.db`) and one append-only record of money (`ledger.jsonl`). [`Store`]
//! writes both through one queue; [`Reader`] reads the database and never blocks. A process that submits, collects or
//! rebuilds holds the [`Lock`]. Small commands, such as `approve`, may run at the same time without the lock. So a
//! write to a take is a compare-and-set: it fails with `Changed` if another process has changed the take first.
//!
//! - `plan_tables` holds the jobs of a plan in temporary tables. `admit` records jobs with the takes to send.
//! - `work` lists the takes that a run must work on.
//! - `write` records each submission before it is sent. `apply` saves the effect of each later event on a take.
//! - `write_queue` and `writer` group writes into transactions, commit them, and append their lines to the ledger.
//! - `ledger` defines the lines, `ledger_file` writes them, and `events` reads them back as events.
//! - `agreement` and `repair` compare and repair both files at the start. `restore` finds the lines that the ledger has
//!   lost, and `recover` rebuilds a lost database.
//! - `schema` defines the tables, and `rows` converts states to and from rows. `read`, `look` and `money` answer
//!   queries.

mod adjust;
mod admit;
mod agreement;
mod apply;
mod buckets;
mod checks;
mod clips;
mod dismissed;
mod durations;
mod ended;
mod error;
mod events;
mod folder;
mod ledger;
mod ledger_file;
mod lock;
mod look;
mod meta;
mod money;
mod pauses;
mod plan_tables;
mod read;
mod recover;
mod repair;
mod restore;
mod reviews;
mod rollout;
mod rows;
mod runs;
mod schema;
mod signatures;
mod takes;
#[cfg(test)]
mod testing;
mod work;
mod write;
mod write_queue;
mod writer;

pub use adjust::{Adjustment, Costs};
pub use admit::{Admission, Admitted, Jobs, NewTake};
pub use apply::{Details, owned_elsewhere};
pub use buckets::ChangedJobs;
pub use clips::{Clip, ClipsFrom};
pub use error::{ApplyError, Cap, ClaimError, Kept, OverCap, StoreError};
pub use folder::{Folder, create as make_folder};
pub use ledger::{Entry, Kind};
pub use ledger_file::remarks;
pub use lock::{Holder, Lock, LockError};
pub use look::{Examined, Run, examine};
pub use meta::{KeyUse, OtherCopy, Place};
pub use money::{By, Group, Since};
pub use pauses::Pause;
pub use plan_tables::{Decided, Gone, LockedTables, PlanTables, Taken, Template, Waiting};
pub use read::checks::Check;
pub use read::{Attempt, Count, History, JobRecord, Reader, ReviewCounts, TakeHistory, TakeRecord};
pub use recover::{ClipFinder, Rebuilt, Recovery};
pub use repair::Repair;
pub use reviews::{NewReview, ReviewError};
pub use rollout::Canary;
pub use runs::{Caps, RunId, Spent, Window};
pub use signatures::Signatures;
pub use work::{Cursor, Queue, Queued};
pub use write::Renewal;
pub use writer::{Rehearsal, Step};

use crate::domain::key::ModelName;
use crate::domain::policy::Policy;
use jiff::Timestamp;
use ledger_file::Ledger;
use rusqlite::Connection;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use write_queue::WriteQueue;
use writer::Writer;

/// The name of the ledger in a state folder.
const LEDGER: &str = "ledger.jsonl";

/// The purpose for which the store is opened.
pub enum Mode<'a> {
    /// Opens the store to submit, collect or rebuild. Creates missing files, and repairs the records after a crash.
    Drive {
        /// The lock of the folder, held until the store is dropped.
        lock: Lock,
        /// The function that returns a model's retry policy, for takes whose submission a crash interrupted.
        policy: &'a dyn Fn(&ModelName) -> Policy,
    },
    /// Opens the store for a small command such as `approve`, which may run at the same time as a run in another
    /// process.
    Concurrent,
}

/// The settings with which a store is opened.
#[derive(Clone, Default)]
pub struct Options {
    /// True to open the store although the ledger has a damaged line whose content the database may lack. A process
    /// that submits must not set it.
    pub trust_damaged_ledger: bool,
    /// The machine and folder in which commands submit and collect for the project from now on; `None` does not change
    /// the record.
    pub place: Option<Place>,
    /// True to accept a state folder on a network file system. The user promises that only one computer writes to the
    /// folder.
    pub allow_network: bool,
    /// A callback that simulates a failing disk, for tests; `None` outside tests.
    pub rehearsal: Option<Rehearsal>,
    /// A counter of the steps of SQLite's virtual machine. Tests measure with it how the work grows with the data.
    pub meter: Option<Arc<AtomicU64>>,
}

impl Options {
    fn meter(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let Some(meter) = self.meter.clone() else { return Ok(()) };
        let count = move || {
            meter.fetch_add(1, Ordering::Relaxed);
            // `false` lets the statement go on.
            false
        };
        db.progress_handler(1, Some(count))
    }
}

/// The warnings and repairs that opening a store produced.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opened {
    /// Messages for the user, for example about files that were open to other users.
    pub warnings: Vec<String>,
    /// The repairs that were made after a crash.
    pub repairs: Vec<Repair>,
    /// The other machine or folder in which commands last submitted or collected for this project. `None` if there is
    /// none, or if no job waits to be sent.
    pub elsewhere: Option<OtherCopy>,
}

/// The database and the ledger of one state folder, for reading and writing. All methods of [`Reader`] can be called on
/// it.
pub struct Store {
    /// The connection for reading, which must be closed before the write queue. The last connection to close moves
    /// SQLite's log into the database, and a read-only connection cannot do that.
    reader: Reader,
    lane: WriteQueue,
    commits: Arc<AtomicU64>,
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the database and the ledger in a state folder (`.shotlist`, or a folder below it).
    ///
    /// Blocks the thread, because [`Mode::Drive`] reads every page of the database. If the database or the ledger is
    /// refused, for example as damaged, both stay unchanged, but other users lose their access to the files.
    pub fn open(
        dir: &Path,
        mode: Mode<'_>,
        options: &Options,
        now: Timestamp,
    ) -> Result<(Self, Opened), StoreError> {
        let path = folder::database(dir);
        let (lock, policy) = match mode {
            Mode::Drive { lock, policy } => (Some(lock), Some(policy)),
            // Checked before anything is touched, so that a small command in the wrong folder leaves no trace.
            Mode::Concurrent if !path.exists() => {
                agreement::compare(dir, None)?;
                return Err(StoreError::Absent { path: dir.to_owned() });
            }
            Mode::Concurrent => (None, None),
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
                        "{} was upgraded from version {older} to version {}; {} is a copy of the old version, kept \
                         until a run ends successfully",
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
            // The next start must also meet a line that could not be read.
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
        Ok((Self { lane: WriteQueue::new(writer), reader, commits }, Opened { warnings, repairs, elsewhere }))
    }

    /// Removes the copies of the database that were made before its tables were upgraded to a new version.
    pub fn drop_copies(&self) {
        if let Some(dir) = self.reader.path().parent() {
            schema::drop_copies(dir);
        }
    }

    /// Returns the number of transactions that this store has committed. A small number shows that writes are grouped
    /// well.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

/// Opens the existing database for reading; returns `None` if there is none, or if it has no tables. With `examine`,
/// every page is checked.
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
