//! Writes to the database and the ledger: commits one transaction, then appends its lines to the ledger.

use super::error::StoreError;
use super::folder;
use super::ledger::{Entry, Kind};
use super::ledger_file::Ledger;
use super::lock::Lock;
use super::takes;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A callback that simulates a failing disk in tests. It is called before each [`Step`], and an error makes the step
/// fail.
pub type Rehearsal = Arc<dyn Fn(Step) -> io::Result<()> + Send + Sync>;

/// A step in which a batch of writes is made durable on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The commit to the database.
    Commit,
    /// The append to the ledger.
    Append,
}

/// An open transaction, which collects the ledger lines of its writes.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    seq: u64,
}

impl Batch<'_> {
    /// Adds a line that is appended to the ledger after the transaction is committed. Returns the line's `seq` number.
    pub(super) fn note(&mut self, entry: Entry) -> rusqlite::Result<u64> {
        let intent = entry.kind == Kind::Intent;
        self.put(entry, intent)
    }

    /// Adds a line that the ledger has lost. If this process is killed before it has appended the line to the ledger,
    /// the next start appends the line. The next start also appends a line of kind `Intent` that this function added,
    /// unlike one that [`note`](Self::note) added.
    pub(super) fn restore(&mut self, entry: Entry) -> rusqlite::Result<()> {
        self.put(entry, false).map(drop)
    }

    /// Returns the lines that still must be appended to the ledger. Lines of kind `Intent` (a submission is about to be
    /// sent) are left out, because only the transaction that added such a line appends it.
    pub(super) fn waiting(&self) -> rusqlite::Result<Vec<Entry>> {
        let mut select = self.db.prepare_cached("SELECT line FROM outbox WHERE NOT intent ORDER BY seq")?;
        let lines = select.query_map([], |row| row.get::<_, String>(0))?;
        lines.map(|line| serde_json::from_str(&line?).map_err(|e| takes::unreadable(0, e))).collect()
    }

    fn put(&mut self, mut entry: Entry, intent: bool) -> rusqlite::Result<u64> {
        self.seq += 1;
        entry.seq = self.seq;
        self.db.prepare_cached("INSERT INTO outbox (seq, intent, line) VALUES (?1, ?2, ?3)")?.execute((
            self.seq.cast_signed(),
            intent,
            entry.line(),
        ))?;
        Ok(self.seq)
    }

    /// Adds a ledger line about a change that the database refused. The next start imports the line into the database.
    pub(super) fn note_refused(&mut self, entry: Entry) -> rusqlite::Result<()> {
        mark_ahead(self.db)?;
        self.note(entry).map(drop)
    }

    /// Records that the database has imported every line of the ledger.
    pub(super) fn unmark_ahead(&self) -> rusqlite::Result<()> {
        self.db.execute("DELETE FROM meta WHERE key = 'ahead'", []).map(drop)
    }
}

/// Records that the ledger has a line that the database lacks. Until the next start imports it, no process records that
/// the database and the ledger agree.
fn mark_ahead(db: &Connection) -> rusqlite::Result<()> {
    db.execute("INSERT OR IGNORE INTO meta VALUES ('ahead', 1)", []).map(drop)
}

/// The connection and the file through which the database and the ledger are written.
pub(super) struct Writer {
    pub(super) db: Connection,
    pub(super) ledger: Ledger,
    pub(super) dir: PathBuf,
    /// The lock of the state folder; `None` if this process does not submit, collect or rebuild. Only such a process,
    /// which has repaired both files, may record that the database and the ledger agree.
    pub(super) lock: Option<Lock>,
    /// True if the ledger has a line that the database lacks. Then this process no longer records that the database and
    /// the ledger agree.
    pub(super) ahead: bool,
    /// The last `seq` number that was given to a ledger line.
    pub(super) seq: u64,
    pub(super) rehearsal: Option<Rehearsal>,
    pub(super) commits: Arc<AtomicU64>,
}

/// The longest time for which [`Writer::close`] waits until a reader in another process has finished.
const LAST_WAIT: Duration = Duration::from_secs(1);

impl Writer {
    /// Closes the database and the ledger. If this process held the lock, it first empties the log of the database,
    /// because the log contains signed links of finished clips.
    ///
    /// SQLite empties the log automatically when the last connection closes. A reader may stay open longer than this
    /// connection: the server of a review, or a query of a stopped run.
    pub(super) fn close(self) {
        if self.lock.is_some() {
            // A log that cannot be emptied now is emptied by the next run.
            let _ = self.db.busy_timeout(LAST_WAIT);
            let _ = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    pub(super) fn rehearse(&self, step: Step, file: &str) -> Result<(), StoreError> {
        let outcome = self.rehearsal.as_ref().map_or(Ok(()), |rehearsal| rehearsal(step));
        outcome.map_err(|e| StoreError::io(&self.dir.join(file), &e))
    }

    /// Runs and commits one transaction. Returns the result of `write`, and the `seq` number to pass to
    /// [`Writer::append`].
    ///
    /// The ledger must be locked, and the caller must call [`Writer::append`] next.
    pub(super) fn transact<T>(
        &mut self,
        write: impl FnOnce(&mut Batch<'_>) -> rusqlite::Result<T>,
    ) -> Result<(T, u64), StoreError> {
        let path = folder::database(&self.dir);
        let sql = |e: rusqlite::Error| StoreError::sql(&path, &e);
        self.ahead |= self.ledger.catch_up()?;
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).map_err(sql)?;
        let (first, agree) = self.begin(&tx).map_err(sql)?;
        let mut batch = Batch { db: &tx, seq: first };
        let value = write(&mut batch).map_err(sql)?;
        let last = batch.seq;
        tx.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'seq'")
            .and_then(|mut update| update.execute([last.cast_signed()]))
            .map_err(sql)?;
        self.rehearse(Step::Commit, folder::DATABASE)?;
        tx.commit().map_err(sql)?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.seq = last;
        if agree {
            self.ledger.seen.clear();
        }
        Ok((value, first))
    }

    /// Begins a transaction. Returns the highest `seq` number in use, and a flag.
    ///
    /// The flag is true if the transaction also records that the database has all ledger lines that this process has
    /// seen. Only a process with the lock of the state folder may record that. A process without the lock increases a
    /// counter instead, so that an active run notices the transaction.
    fn begin(&self, db: &Connection) -> rusqlite::Result<(u64, bool)> {
        let sql = "SELECT value, EXISTS (SELECT 1 FROM meta WHERE key = 'ahead') FROM meta WHERE key = 'seq'";
        let (seq, is_marked) = db
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, bool>(1)?)))?;
        // Each line is committed before it is appended, unless the commit fails and the line is about a paid task.
        let is_ahead = self.ahead || seq < self.ledger.last();
        if is_ahead && !is_marked {
            mark_ahead(db)?;
        }
        let agree = self.lock.is_some() && !is_ahead && !is_marked;
        if agree && !self.ledger.seen.is_empty() {
            let mut delete = db.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?;
            for seq in &self.ledger.seen {
                delete.execute([seq.cast_signed()])?;
            }
            db.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'agreed'")?
                .execute([self.ledger.end().cast_signed()])?;
        }
        if self.lock.is_none() {
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'visits'", [])?;
        }
        Ok((seq.max(self.ledger.last()), agree))
    }

    /// Appends the lines that the ledger still lacks. Returns how many of these lines are from earlier transactions;
    /// the lines of the last transaction have `seq` numbers above `first`.
    ///
    /// A line of kind `Intent` (a submission is about to be sent) from an earlier transaction is left out, because its
    /// caller got an error and sent nothing.
    pub(super) fn append(&mut self, first: u64) -> Result<usize, StoreError> {
        let path = folder::database(&self.dir);
        let lines = self.lines_to_append(first).map_err(|e| StoreError::sql(&path, &e))?;
        if lines.is_empty() {
            return Ok(0);
        }
        self.rehearse(Step::Append, folder::LEDGER)?;
        self.ledger.append(&lines)?;
        Ok(lines.iter().filter(|(seq, _)| *seq <= first).count())
    }

    fn lines_to_append(&self, first: u64) -> rusqlite::Result<Vec<(u64, String)>> {
        let mut select = self.db.prepare_cached("SELECT seq, intent, line FROM outbox ORDER BY seq")?;
        let mut rows = select.query([])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let (seq, intent) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, bool>(1)?);
            if !self.ledger.seen.contains(&seq) && (seq > first || !intent) {
                lines.push((seq, row.get(2)?));
            }
        }
        Ok(lines)
    }
}
