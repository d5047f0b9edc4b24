//! The queue through which all writes of a process go. Writes that arrive during a commit share the next commit.
//!
//! A batch of writes is committed to the database, then its lines are appended to the ledger, then its callers
//! continue. If the commit or the append fails, every caller of the batch gets the error and sends nothing. A write in
//! the queue is made even if its caller stops waiting.

use super::error::{Kept, StoreError};
use super::folder;
use super::ledger::Entry;
use super::writer::{Batch, Step, Writer};
use crate::domain::key::TaskId;
use rusqlite::ErrorCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The result of a write. The outer error is a failure of SQLite. With the inner error, only this write is refused, and
/// it changes nothing.
pub(super) type Verdict<T, E> = rusqlite::Result<Result<T, E>>;

/// An accepted task whose id must not be lost, with the ledger line that saves it if the database cannot.
#[derive(Clone)]
pub(super) struct MustPersist {
    pub(super) task: TaskId,
    pub(super) line: Entry,
}

trait Job: Send {
    /// Runs the write in a transaction. Returns true if its changes are to be kept.
    fn run(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<bool>;
    fn refuse(&mut self, error: StoreError);
    fn must_persist(&self) -> Option<&MustPersist>;
    /// Sends the result of this write to its caller, or the error of the whole batch if the batch failed.
    fn wake(self: Box<Self>, batch: Result<(), StoreError>);
}

struct Waiting<T, E, F> {
    write: F,
    must_persist: Option<MustPersist>,
    verdict: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Waiting<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnMut(&mut Batch<'_>) -> Verdict<T, E> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<bool> {
        let verdict = (self.write)(batch)?;
        let keep = verdict.is_ok();
        self.verdict = Some(verdict);
        Ok(keep)
    }

    fn refuse(&mut self, error: StoreError) {
        self.verdict = Some(Err(error.into()));
    }

    fn must_persist(&self) -> Option<&MustPersist> {
        self.must_persist.as_ref()
    }

    fn wake(self: Box<Self>, batch: Result<(), StoreError>) {
        let verdict = match (batch, self.verdict) {
            (Ok(()), Some(verdict)) => verdict,
            (Ok(()), None) => Err(StoreError::Ending.into()),
            (Err(error), _) => Err(error.into()),
        };
        // A caller that no longer waits needs no answer; its write is durable all the same.
        let _ = self.caller.send(verdict);
    }
}

impl Writer {
    /// Commits the writes of a batch to the database. Returns the `seq` number before the batch's first ledger line;
    /// `None` if nothing was written.
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Option<u64>, StoreError> {
        if let [job] = jobs {
            return self.commit_alone(&mut **job);
        }
        let path = folder::database(&self.dir);
        let mut only_in_ledger = false;
        let ((), first) = self.transact(|batch| {
            for job in jobs {
                batch.db.prepare_cached("SAVEPOINT one")?.execute([])?;
                let verdict = job.run(batch);
                if let Err(e) = &verdict
                    && fails_all(e)
                {
                    return verdict.map(|_| ());
                }
                if !matches!(verdict, Ok(true)) {
                    batch.db.prepare_cached("ROLLBACK TO one")?.execute([])?;
                }
                batch.db.prepare_cached("RELEASE one")?.execute([])?;
                if let Err(e) = verdict {
                    let cause = StoreError::sql(&path, &e);
                    if let Some(line) = refuse(&mut **job, cause) {
                        batch.note_refused(line)?;
                        only_in_ledger = true;
                    }
                }
            }
            Ok(())
        })?;
        self.ahead |= only_in_ledger;
        Ok(Some(first))
    }

    /// Commits a batch of one write; returns `None` if nothing was written. The write needs no savepoint, because there
    /// is nothing else to commit if the write is refused.
    fn commit_alone(&mut self, job: &mut dyn Job) -> Result<Option<u64>, StoreError> {
        let mut verdict = None;
        let committed = self.transact(|batch| {
            let ran = job.run(batch);
            let keep = matches!(ran, Ok(true));
            verdict = Some(ran);
            // Undoes the transaction; the caller gets the verdict instead of this error.
            if keep { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
        });
        let path = folder::database(&self.dir);
        match verdict {
            None | Some(Ok(true)) => committed.map(|((), first)| Some(first)),
            Some(Ok(false)) => Ok(None),
            Some(Err(e)) if fails_all(&e) => Err(StoreError::sql(&path, &e)),
            Some(Err(e)) => {
                let Some(line) = refuse(job, StoreError::sql(&path, &e)) else { return Ok(None) };
                let ((), first) = self.transact(|batch| batch.note_refused(line))?;
                self.ahead = true;
                Ok(Some(first))
            }
        }
    }

    /// Commits a batch, appends its lines to the ledger, and answers its callers.
    fn settle(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let mut committed = self.commit(&mut jobs);
        if self.may_use_reserve(&committed, &jobs) {
            // The reserve is for what is already paid for. Other writes would only fill the disk again.
            let (must_persist, others): (Vec<_>, Vec<_>) =
                jobs.into_iter().partition(|job| job.must_persist().is_some());
            wake(others, &committed);
            jobs = must_persist;
            committed = self.commit(&mut jobs);
        }
        let first = match committed {
            Ok(Some(first)) => first,
            Ok(None) => return wake(jobs, &Ok(())),
            Err(error) => return self.save_in_ledger(jobs, &error),
        };
        let mut appended = self.append(first);
        if self.may_use_reserve(&appended, &jobs) {
            appended = self.append(first);
        }
        let (must_persist, others): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.must_persist().is_some());
        wake(others, &appended);
        for job in must_persist {
            let kept = |cause: &StoreError| unsaved(&*job, Kept::Database, cause);
            let outcome = appended.as_ref().map(|_| ()).map_err(kept);
            job.wake(outcome);
        }
    }

    fn may_use_reserve<T>(&self, outcome: &Result<T, StoreError>, jobs: &[Box<dyn Job>]) -> bool {
        matches!(outcome, Err(StoreError::DiskFull { .. }))
            && jobs.iter().any(|job| job.must_persist().is_some())
            && folder::free_reserve(&self.dir)
    }

    /// Saves accepted tasks in the ledger alone, after the database has failed. The next start imports their lines.
    fn save_in_ledger(&mut self, jobs: Vec<Box<dyn Job>>, error: &StoreError) {
        for job in jobs {
            let outcome = match job.must_persist().cloned() {
                None => error.clone(),
                Some(MustPersist { mut line, .. }) => {
                    self.seq = self.seq.max(self.ledger.last()) + 1;
                    line.seq = self.seq;
                    let line = [(line.seq, line.line())];
                    self.ahead = true;
                    let written = self.rehearse(Step::Append, folder::LEDGER);
                    let kept = match written.and_then(|()| self.ledger.append(&line)) {
                        Ok(()) => Kept::Ledger,
                        Err(_) => Kept::Nowhere,
                    };
                    unsaved(&*job, kept, error)
                }
            };
            job.wake(Err(outcome));
        }
    }
}

/// Records the error of a write that the database refused. If the write is about a paid task, returns the ledger line
/// of the write; otherwise `None`. The caller must save this line in the ledger although the database lacks the write.
fn refuse(job: &mut dyn Job, cause: StoreError) -> Option<Entry> {
    let line = job.must_persist().map(|must_persist| must_persist.line.clone());
    job.refuse(if line.is_some() { unsaved(job, Kept::Ledger, &cause) } else { cause });
    line
}

fn unsaved(job: &dyn Job, kept: Kept, cause: &StoreError) -> StoreError {
    match job.must_persist() {
        Some(MustPersist { task, .. }) => {
            StoreError::Unsaved { task: task.clone(), kept, cause: Box::new(cause.clone()) }
        }
        None => cause.clone(),
    }
}

fn wake<T>(jobs: Vec<Box<dyn Job>>, batch: &Result<T, StoreError>) {
    for job in jobs {
        job.wake(batch.as_ref().map(|_| ()).map_err(Clone::clone));
    }
}

/// Checks whether an error makes all writes of a batch fail. A violated constraint or an unreadable row makes only one
/// write fail.
fn fails_all(error: &rusqlite::Error) -> bool {
    !matches!(error.sqlite_error_code(), None | Some(ErrorCode::ConstraintViolation))
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Box<dyn Job>>,
    flushing: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// The writer; `None` after the queue was closed.
    writer: Mutex<Option<Writer>>,
}

/// The queue of writes. One thread at a time makes them.
pub(super) struct WriteQueue {
    shared: Arc<Shared>,
}

impl WriteQueue {
    pub(super) fn new(writer: Writer) -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::default(), writer: Mutex::new(Some(writer)) }) }
    }

    /// Puts a write into the queue and waits until it is durable. `write` may be called twice if the disk was full.
    pub(super) async fn write<T, E, F>(&self, must_persist: Option<MustPersist>, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut Batch<'_>) -> Verdict<T, E> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let idle = {
            let mut queue = lock(&self.shared.queue);
            queue.jobs.push(Box::new(Waiting { write, must_persist, verdict: None, caller }));
            !std::mem::replace(&mut queue.flushing, true)
        };
        if idle {
            let flush = Flush { shared: Arc::clone(&self.shared), finished: false };
            drop(tokio::task::spawn_blocking(move || flush.run()));
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Ending.into()))
    }
}

impl Drop for WriteQueue {
    /// Makes all writes in the queue, then closes the writer, which releases the lock of the state folder.
    fn drop(&mut self) {
        self.shared.flush();
        if let Some(writer) = lock(&self.shared.writer).take() {
            writer.close();
        }
    }
}

/// Locks a mutex even if a thread has panicked while holding it. If that thread was making a write, SQLite has rolled
/// the write back, and the callers that waited for the write got an error.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn flush(&self) {
        let mut writer = lock(&self.writer);
        let Some(writer) = writer.as_mut() else {
            lock(&self.queue).jobs.clear();
            return;
        };
        while !lock(&self.queue).jobs.is_empty() {
            // Locked before the queue is emptied: writes that arrive while another process writes share the commit.
            let locked = writer.ledger.lock();
            let jobs = std::mem::take(&mut lock(&self.queue).jobs);
            match locked {
                Ok(()) => {
                    writer.settle(jobs);
                    writer.ledger.unlock();
                }
                // Nothing can be committed, but a line of the ledger may still save what is paid for.
                Err(error) => writer.save_in_ledger(jobs, &error),
            }
        }
    }
}

/// The async task that makes the writes in the queue. If it panics or never starts, dropping it empties the queue, and
/// the next write starts another task.
struct Flush {
    shared: Arc<Shared>,
    finished: bool,
}

impl Flush {
    fn run(mut self) {
        while !self.finished {
            self.shared.flush();
            let mut queue = lock(&self.shared.queue);
            queue.flushing = !queue.jobs.is_empty();
            self.finished = !queue.flushing;
        }
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        if !self.finished {
            *lock(&self.shared.queue) = Queue::default();
        }
    }
}
