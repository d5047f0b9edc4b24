//! The verbs of one take. Each is a compare-and-set on the state that the caller saw.

use super::error::{ClaimError, RecordError};
use super::lane::{Precious, Verdict};
use super::ledger::{Entry, Kind};
use super::runs::{self, RunId};
use super::writer::Batch;
use super::{Store, output, pauses, takes};
use crate::domain::digest::Sha256;
use crate::domain::fault::Said;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Account, CancelledBy, ClipFile, Event, Intent, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use crate::plan::known::Filed;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

/// What is saved beside a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The provider's or the machine's words; kept with the attempt.
    pub said: Option<Said>,
    /// What the provider says that it charged, where it says so.
    pub settled: Option<Usd>,
    /// Why a person decided so, in their own words; kept with the ledger's line.
    pub note: Option<String>,
}

/// The same rendering, ordered once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The name of the new take.
    pub id: TakeId,
    /// What it costs.
    pub price: Usd,
    /// Why a person decided so, in their own words; kept with the ledger's lines.
    pub note: Option<String>,
}

impl Store {
    /// Makes the intent to submit a take durable, in the database and in the ledger, and reserves its price.
    ///
    /// Only after this has returned the take may a request leave. Where it stands in for a take that is in doubt no longer,
    /// because a person has settled that one, nothing is claimed and this one is cancelled.
    pub async fn claim(
        &self,
        take: &Take,
        intent: Intent,
        body: Sha256,
        run: RunId,
        now: Timestamp,
    ) -> Result<Take, ClaimError> {
        let take = take.clone();
        let claimed: Result<Option<Take>, ClaimError> = self
            .lane
            .write(None, move |batch| {
                let Some(row) = current(batch.db, &take)? else { return Ok(Err(ClaimError::Changed)) };
                let doubtful = takes::stands_in_for(batch.db, &row.id)?;
                if doubtful.as_ref().is_some_and(|doubtful| !doubtful.state.is_in_doubt())
                    && !takes::may_have_arrived(batch.db, &row.id)?
                {
                    takes::set_state(batch.db, &row.id, &State::Cancelled { by: CancelledBy::Superseded })?;
                    return Ok(Ok(None));
                }
                // Of the policy, a claim uses no number.
                let at = Moment::new(now, 0.0);
                let event = Event::Claimed(intent.clone());
                let next = match row.state.clone().on(event, at, &Policy::standard()) {
                    Ok(next) => next,
                    Err(illegal) => return Ok(Err(illegal.into())),
                };
                if pauses::holds(batch.db, &row.project, &row.request.model.provider)? {
                    return Ok(Err(ClaimError::Paused));
                }
                if let Err(over) = runs::check_caps(batch.db, run, row.price, now)? {
                    return Ok(Err(over.into()));
                }
                runs::charge_to(batch.db, &row.id, run, now)?;
                takes::set_state(batch.db, &row.id, &next)?;
                let seq = match Entry::of(&row, &next, None, now) {
                    Some(entry) => {
                        let instead_of = doubtful.map(|doubtful| doubtful.id.0);
                        let (body, out) = (Some(body.to_string()), output::root(batch.db)?);
                        batch.note(Entry { body, run: Some(run.0), instead_of, out, ..entry })?
                    }
                    None => 0,
                };
                batch
                    .db
                    .prepare_cached(
                        "INSERT INTO attempts (take, number, request_id, body_sha256, price, at, seq)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute((
                        &row.id.0,
                        intent.attempt,
                        &intent.request_id.0,
                        body.to_string(),
                        row.price.micros(),
                        intent.at.as_millisecond(),
                        seq.cast_signed(),
                    ))?;
                batch
                    .db
                    .prepare_cached("UPDATE takes SET attempts = ?2 WHERE id = ?1")?
                    .execute((&row.id.0, intent.attempt))?;
                Ok(Ok(Some(Take { attempts: intent.attempt, state: next, ..row })))
            })
            .await;
        claimed?.ok_or(ClaimError::Changed)
    }

    /// Saves what became of a take: its state, its money, the outcome of its attempt, and for a clip that is done the
    /// name under which it stands.
    ///
    /// A task that was accepted is saved with all means: with the reserve where the disk is full, else in the ledger
    /// alone. [`StoreError::Unsaved`](super::StoreError::Unsaved) carries its id where that was needed.
    pub async fn record(
        &self,
        take: &Take,
        to: State,
        details: Details,
        now: Timestamp,
    ) -> Result<Take, RecordError> {
        let line = Entry::of(take, &to, details.settled, now);
        let precious = match (line, to.task()) {
            (Some(line), Some(task)) if matches!(line.kind, Kind::Accepted | Kind::Adopted) => {
                Some(Precious { task: task.id.clone(), line })
            }
            _ => None,
        };
        let take = take.clone();
        self.lane
            .write(precious, move |batch| {
                let Some(row) = current(batch.db, &take)? else { return Ok(Err(RecordError::Changed)) };
                save(batch, &row, &to, &details, now)
            })
            .await
    }

    /// Says that a job's clip now stands under that name: re-filed, shared with another job, or adopted.
    ///
    /// [`RecordError::Changed`] where the job or the take is not known.
    pub async fn file(
        &self,
        project: &str,
        key: &JobKey,
        filed: Filed,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.lane
            .write(None, move |batch| {
                let job = job_id(batch.db, &project, &key)?;
                let (Some(job), Some(take)) = (job, takes::by_id(batch.db, &filed.take)?) else {
                    return Ok(Err(RecordError::Changed));
                };
                set_filed(batch.db, job, &filed)?;
                let mut entry = Entry::about(&take, Kind::Filed, now);
                entry.project.clone_from(&project);
                entry.job = key.to_string();
                entry.usd = Usd::ZERO;
                entry.path = Some(filed.path.clone());
                (entry.size, entry.sha256) = (Some(filed.file.size), Some(filed.file.sha256.to_string()));
                batch.note(entry)?;
                Ok(Ok(()))
            })
            .await
    }

    /// Says where the clip of an older take is kept, now that its name went to a newer one.
    pub async fn kept(&self, take: &TakeId, path: &str, now: Timestamp) -> Result<(), RecordError> {
        let (take, path) = (take.clone(), path.to_owned());
        self.lane
            .write(None, move |batch| {
                let Some(row) = takes::by_id(batch.db, &take)? else { return Ok(Err(RecordError::Changed)) };
                batch
                    .db
                    .prepare_cached("UPDATE takes SET path = ?2 WHERE id = ?1")?
                    .execute((&take.0, &path))?;
                let mut entry = Entry::about(&row, Kind::Filed, now);
                entry.usd = Usd::ZERO;
                entry.path = Some(path.clone());
                batch.note(entry)?;
                Ok(Ok(()))
            })
            .await
    }

    /// Orders the same rendering once more, as a new take that may be charged. A take that is held is written off in
    /// the same transaction.
    ///
    /// [`RecordError::Changed`] where the job has another take that is waiting or not settled.
    pub async fn renew(
        &self,
        old: &Take,
        renewal: Renewal,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Take, RecordError> {
        let (old, policy) = (old.clone(), policy.clone());
        let details = Details { note: renewal.note, ..Details::default() };
        self.lane
            .write(None, move |batch| {
                let Some(row) = current(batch.db, &old)? else { return Ok(Err(RecordError::Changed)) };
                if let Ok(given_up) = row.state.clone().on(Event::WriteOff, Moment::new(now, 0.0), &policy)
                    && let Err(refused) = save(batch, &row, &given_up, &details, now)?
                {
                    return Ok(Err(refused));
                }
                let job: i64 = batch
                    .db
                    .prepare_cached("SELECT job FROM takes WHERE id = ?1")?
                    .query_row([&row.id.0], |found| found.get(0))?;
                let busy = batch
                    .db
                    .prepare_cached(
                        "SELECT 1 FROM takes WHERE job = ?1 AND state NOT IN
                         ('done', 'failed', 'cancelled', 'written_off')",
                    )?
                    .exists([job])?;
                if busy {
                    return Ok(Err(RecordError::Changed));
                }
                let state = State::new(&policy, now);
                let new = Take { id: renewal.id.clone(), price: renewal.price, attempts: 0, state, ..row };
                takes::insert(batch.db, &new, job, now)?;
                let mut entry = Entry::about(&new, Kind::Ordered, now);
                entry.note.clone_from(&details.note);
                batch.note(entry)?;
                Ok(Ok(new))
            })
            .await
    }
}

/// The take as it stands, if that is how the caller saw it.
///
/// States are compared as a whole: each says which attempt it is about, so one that comes again means the same.
fn current(db: &Connection, seen: &Take) -> rusqlite::Result<Option<Take>> {
    let row = takes::by_id(db, &seen.id)?;
    Ok(row.filter(|row| row.state == seen.state && row.attempts == seen.attempts))
}

/// Gives up the take in doubt for which this one stands in, once this one was accepted or may have been: until then a
/// person may find the other one's task. What may have been charged for it stays spent.
pub(super) fn give_up_older(
    batch: &mut Batch<'_>,
    row: &Take,
    to: &State,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if !matches!(row.state, State::Submitting { .. }) || to.account() == Account::Free {
        return Ok(());
    }
    let older = takes::stands_in_for(batch.db, &row.id)?.filter(|older| older.state.is_in_doubt());
    let Some(older) = older else { return Ok(()) };
    // Of the policy, giving up uses no number.
    if let Ok(to) = older.state.clone().on(Event::WriteOff, Moment::new(now, 0.0), &Policy::standard()) {
        // A task of its own, which alone could be refused, a take in doubt does not have.
        let _ = save(batch, &older, &to, &Details::default(), now)?;
    }
    Ok(())
}

pub(super) fn save(
    batch: &mut Batch<'_>,
    row: &Take,
    to: &State,
    details: &Details,
    now: Timestamp,
) -> Verdict<Take, RecordError> {
    if let Some(settled) = details.settled {
        takes::set_settled(batch.db, &row.id, settled)?;
    }
    if let (Err(e), Some(task)) = (takes::set_state(batch.db, &row.id, to), to.task()) {
        return if is_taken(&e) { Ok(Err(RecordError::TaskTaken(task.id.clone()))) } else { Err(e) };
    }
    if row.state.is_in_doubt() {
        takes::cancel_stand_ins(batch.db, &row.id)?;
    }
    give_up_older(batch, row, to, now)?;
    if let Some(kind) = Kind::of(&row.state, to).filter(|kind| kind.is_outcome()) {
        set_outcome(batch.db, row, kind.name())?;
    }
    if let Some(said) = &details.said {
        batch
            .db
            .prepare_cached(
                "UPDATE attempts SET said = ?3, code = ?4, http = ?5 WHERE take = ?1 AND number = ?2",
            )?
            .execute((&row.id.0, row.attempts, &said.text, &said.code, said.http))?;
    }
    if let State::Done { file, .. } = to {
        file_own(batch.db, row, *file)?;
    }
    if let Some(entry) = Entry::of(row, to, takes::settled(batch.db, &row.id)?, now) {
        batch.note(Entry { note: details.note.clone(), ..entry })?;
    }
    Ok(Ok(Take { state: to.clone(), ..row.clone() }))
}

/// Whether another take owns the task.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(e, _) if e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

/// What became of the take's last attempt.
pub(super) fn set_outcome(db: &Connection, take: &Take, outcome: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE attempts SET outcome = ?3 WHERE take = ?1 AND number = ?2")?
        .execute((&take.id.0, take.attempts, outcome))
        .map(|_| ())
}

pub(super) fn job_id(db: &Connection, project: &str, key: &JobKey) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM jobs WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4")?
        .query_row((project, &key.shot, &key.item, &key.variant), |row| row.get(0))
        .optional()
}

fn file_own(db: &Connection, take: &Take, file: ClipFile) -> rusqlite::Result<()> {
    let job = db
        .prepare_cached("SELECT job FROM takes WHERE id = ?1")?
        .query_row([&take.id.0], |row| row.get(0))?;
    set_filed(db, job, &Filed { take: take.id.clone(), path: take.path.clone(), file })
}

pub(super) fn set_filed(db: &Connection, job: i64, filed: &Filed) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET filed_take = ?2, filed_path = ?3, filed_size = ?4, filed_sha256 = ?5 WHERE id = ?1",
    )?
    .execute((job, &filed.take.0, &filed.path, filed.file.size.cast_signed(), filed.file.sha256.to_string()))
    .map(|_| ())
}
