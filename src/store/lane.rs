//! The one way to write: transitions that arrive while a commit is under way share the next one.
//!
//! A batch is committed to the database, then its lines are appended to the ledger, then its callers go on. Where
//! either fails, every caller of the batch gets the error and sends nothing. A write that was handed over is made
//! even if its caller stops waiting.

use super::error::{Kept, StoreError};
use super::folder;
use super::ledger::Entry;
use super::writer::{Batch, Step, Writer};
use crate::domain::key::TaskId;
use rusqlite::ErrorCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// What a write comes to: a failure of SQLite, a refusal for the caller (nothing is written), or success.
pub(super) type Verdict<T, E> = rusqlite::Result<Result<T, E>>;

/// A task that was accepted, and the line that saves it when nothing else can.
#[derive(Clone)]
pub(super) struct Precious {
    pub(super) task: TaskId,
    pub(super) line: Entry,
}

trait Job: Send {
    /// Whether the write is to be kept.
    fn run(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<bool>;
    fn refuse(&mut self, error: StoreError);
    fn precious(&self) -> Option<&Precious>;
    /// Answers the caller: with the batch's failure, or else with its own verdict.
    fn wake(self: Box<Self>, batch: Result<(), StoreError>);
}

struct Waiting<T, E, F> {
    write: F,
    precious: Option<Precious>,
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

    fn precious(&self) -> Option<&Precious> {
        self.precious.as_ref()
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
    /// Commits the writes of a batch. Returns the number after which their lines begin; `None` where nothing was written.
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
                        batch.note(line)?;
                        only_in_ledger = true;
                    }
                }
            }
            Ok(())
        })?;
        self.ahead |= only_in_ledger;
        Ok(Some(first))
    }

    /// Commits one write, which needs no savepoint: where it is refused, there is nothing else to commit.
    fn commit_alone(&mut self, job: &mut dyn Job) -> Result<Option<u64>, StoreError> {
        let mut verdict = None;
        let committed = self.transact(|batch| {
            let ran = job.run(batch);
            let keep = matches!(ran, Ok(true));
            verdict = Some(ran);
            // Undoes the transaction; what is told is the verdict.
            if keep { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
        });
        let path = folder::database(&self.dir);
        match verdict {
            None | Some(Ok(true)) => committed.map(|((), first)| Some(first)),
            Some(Ok(false)) => Ok(None),
            Some(Err(e)) if fails_all(&e) => Err(StoreError::sql(&path, &e)),
            Some(Err(e)) => {
                let Some(line) = refuse(job, StoreError::sql(&path, &e)) else { return Ok(None) };
                let (_, first) = self.transact(|batch| batch.note(line))?;
                self.ahead = true;
                Ok(Some(first))
            }
        }
    }

    /// Makes a batch durable and wakes its callers.
    fn settle(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let mut committed = self.commit(&mut jobs);
        if self.may_use_reserve(&committed, &jobs) {
            // The reserve is for what is paid already. Others would only fill the disk again.
            let (precious, others): (Vec<_>, Vec<_>) =
                jobs.into_iter().partition(|job| job.precious().is_some());
            wake(others, &committed);
            jobs = precious;
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
        let (precious, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.precious().is_some());
        wake(others, &appended);
        for job in precious {
            let kept = |cause: &StoreError| unsaved(&*job, Kept::Database, cause);
            let outcome = appended.as_ref().map(|_| ()).map_err(kept);
            job.wake(outcome);
        }
    }

    fn may_use_reserve<T>(&self, outcome: &Result<T, StoreError>, jobs: &[Box<dyn Job>]) -> bool {
        matches!(outcome, Err(StoreError::DiskFull { .. }))
            && jobs.iter().any(|job| job.precious().is_some())
            && folder::free_reserve(&self.dir)
    }

    /// The last resort for tasks that were accepted: their lines alone, from which the next start takes them.
    fn save_in_ledger(&mut self, jobs: Vec<Box<dyn Job>>, error: &StoreError) {
        for job in jobs {
            let outcome = match job.precious().cloned() {
                None => error.clone(),
                Some(Precious { mut line, .. }) => {
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

/// Refuses a write whose row the database cannot take. Such a row must not swallow a paid task: returns its line, which is
/// kept alone.
fn refuse(job: &mut dyn Job, cause: StoreError) -> Option<Entry> {
    let line = job.precious().map(|precious| precious.line.clone());
    job.refuse(if line.is_some() { unsaved(job, Kept::Ledger, &cause) } else { cause });
    line
}

fn unsaved(job: &dyn Job, kept: Kept, cause: &StoreError) -> StoreError {
    match job.precious() {
        Some(Precious { task, .. }) => {
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

/// Whether a failure is the database's, and not of one write: a broken rule or an unreadable row is the latter.
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
    /// Gone when the lane is closed.
    writer: Mutex<Option<Writer>>,
}

/// Where writes are handed over.
pub(super) struct Lane {
    shared: Arc<Shared>,
}

impl Lane {
    pub(super) fn new(writer: Writer) -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::default(), writer: Mutex::new(Some(writer)) }) }
    }

    /// Hands a write over and waits until it is durable. It may be run twice, when the disk was full.
    pub(super) async fn write<T, E, F>(&self, precious: Option<Precious>, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnMut(&mut Batch<'_>) -> Verdict<T, E> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let idle = {
            let mut queue = lock(&self.shared.queue);
            queue.jobs.push(Box::new(Waiting { write, precious, verdict: None, caller }));
            !std::mem::replace(&mut queue.flushing, true)
        };
        if idle {
            let flush = Flush { shared: Arc::clone(&self.shared), finished: false };
            drop(tokio::task::spawn_blocking(move || flush.run()));
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Ending.into()))
    }
}

impl Drop for Lane {
    /// Waits for writes under way and makes those that were handed over, so that the lock is free afterwards.
    fn drop(&mut self) {
        self.shared.flush();
        if let Some(writer) = lock(&self.shared.writer).take() {
            writer.close();
        }
    }
}

/// A panic in a write has already failed its callers; the data it guarded is made whole by SQLite's rollback.
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
            // Taken before the queue is emptied: who arrives while another process writes shares the commit.
            let locked = writer.ledger.lock();
            let jobs = std::mem::take(&mut lock(&self.queue).jobs);
            match locked {
                Ok(()) => {
                    writer.settle(jobs);
                    writer.ledger.unlock();
                }
                // Nothing can be committed, but a line of the ledger may still save what is paid.
                Err(error) => writer.save_in_ledger(jobs, &error),
            }
        }
    }
}

/// The work of one flush. The next write starts another, also when this one died or never began.
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
