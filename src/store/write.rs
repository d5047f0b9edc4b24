//! Writes the changes of a single take. Each write is a compare-and-set on the state that the caller saw.

use super::apply::{self, Applied, Change, Details, transition};
use super::error::{ApplyError, ClaimError};
use super::ledger::{Entry, Kind};
use super::runs::{self, RunId};
use super::writer::Batch;
use super::{Store, meta, pauses, takes};
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Event, Intent, Phase, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use crate::plan::known::Filed;
use jiff::Timestamp;

/// The data with which the same rendering is ordered again, as a new take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The id of the new take.
    pub id: TakeId,
    /// The price of the new take.
    pub price: Usd,
    /// The user's reason for the order, if any. It is saved in the ledger lines.
    pub note: Option<String>,
}

impl Store {
    /// Saves the intent to submit a take durably in the database and the ledger, and reserves the take's price.
    ///
    /// The request may be sent only after this function has returned the take. A take that was to replace an older take
    /// is cancelled if a person has decided about the older take meanwhile; then the function returns
    /// [`ClaimError::Changed`].
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
                let Some(row) = takes::current(batch.db, &take)? else { return Ok(Err(ClaimError::Changed)) };
                // A claim uses only those pauses of the policy that are the same for every model.
                let (at, policy) = (Tick::new(now, 0.0), Policy::standard());
                let doubtful = takes::stands_in_for(batch.db, &row.id)?;
                if doubtful.as_ref().is_some_and(|doubtful| !doubtful.state.is_in_doubt())
                    && !takes::may_have_arrived(batch.db, &row.id)?
                {
                    apply::supersede(batch.db, vec![row.id.clone()], at, &policy)?;
                    return Ok(Ok(None));
                }
                if pauses::holds(batch.db, &row.project, &row.request.model.provider)? {
                    return Ok(Err(ClaimError::Paused));
                }
                if let Err(over) = runs::check_caps(batch.db, run, row.price, now)? {
                    return Ok(Err(over.into()));
                }
                runs::charge_to(batch.db, &row.id, intent.attempt, run, now)?;
                let step = Change::plain(Event::Claimed(intent.clone()), at, &policy);
                let Applied { take: claimed, lines } = match transition(batch.db, &row, step)? {
                    Ok(applied) => applied,
                    Err(ApplyError::Illegal(illegal)) => return Ok(Err(illegal.into())),
                    Err(_) => return Ok(Err(ClaimError::Changed)),
                };
                let mut seq = 0;
                for line in lines {
                    let instead_of = doubtful.as_ref().map(|doubtful| doubtful.id.0.clone());
                    let (body, out) = (Some(body.to_string()), meta::root(batch.db)?);
                    seq = batch.note(Entry { body, run: Some(run.0), instead_of, out, ..line })?;
                }
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
                Ok(Ok(Some(Take { attempts: intent.attempt, ..claimed })))
            })
            .await;
        claimed?.ok_or(ClaimError::Changed)
    }

    /// Records that a job's clip is now at the path in `filed`, for example after it was moved, copied or taken over
    /// from another job.
    ///
    /// Returns [`ApplyError::Changed`] if the job or the take is not known.
    pub async fn file(
        &self,
        project: &str,
        key: &JobKey,
        filed: Filed,
        moved_from: Option<String>,
        now: Timestamp,
    ) -> Result<(), ApplyError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.lane
            .write(None, move |batch| {
                Ok(file(batch, &project, &key, &filed, moved_from.as_deref(), None, now)?.map(drop))
            })
            .await
    }

    /// Records the new path of an older take's clip, after a newer clip took the old path.
    pub async fn kept(&self, clip: &Filed, path: &str, now: Timestamp) -> Result<(), ApplyError> {
        let (Filed { take, path: left, .. }, path) = (clip.clone(), path.to_owned());
        self.lane
            .write(None, move |batch| {
                let Some(row) = takes::by_id(batch.db, &take)? else { return Ok(Err(ApplyError::Changed)) };
                batch
                    .db
                    .prepare_cached("UPDATE takes SET path = ?2 WHERE id = ?1")?
                    .execute((&take.0, &path))?;
                takes::unfile_at(batch.db, &take, &left)?;
                let mut entry = Entry::about(&row, Kind::Filed, now);
                entry.usd = Usd::ZERO;
                entry.path = Some(path.clone());
                batch.note(entry)?;
                Ok(Ok(()))
            })
            .await
    }

    /// Records that the clip of an older take no longer exists, for example because it was missing when a newer clip
    /// replaced it.
    pub async fn kept_nowhere(&self, take: &TakeId) -> Result<(), ApplyError> {
        let take = take.clone();
        self.lane
            .write(None, move |batch| {
                let mut update = batch.db.prepare_cached("UPDATE takes SET path = '' WHERE id = ?1")?;
                update.execute([&take.0]).map(|_| Ok(()))
            })
            .await
    }

    /// Orders the same rendering again, as a new take that may be charged. If the old take needs a person's decision,
    /// it is written off in the same transaction.
    ///
    /// Returns [`ApplyError::Changed`] if the old take has changed, or if the job has a take that waits or is not
    /// finished.
    pub async fn renew(
        &self,
        old: &Take,
        renewal: Renewal,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Take, ApplyError> {
        let (old, policy) = (old.clone(), policy.clone());
        let details = Details { note: renewal.note, ..Details::default() };
        self.lane
            .write(None, move |batch| {
                let Some(row) = takes::current(batch.db, &old)? else { return Ok(Err(ApplyError::Changed)) };
                let at = Tick::new(now, 0.0);
                let step = Change { event: Event::WriteOff, at, policy: &policy, details: &details };
                if let Some(given_up) = apply::settle(batch.db, &row, step)? {
                    given_up.lines.into_iter().try_for_each(|line| batch.note(line).map(drop))?;
                }
                let job: i64 = batch
                    .db
                    .prepare_cached("SELECT job FROM takes WHERE id = ?1")?
                    .query_row([&row.id.0], |found| found.get(0))?;
                let busy = batch
                    .db
                    .prepare_cached(&format!(
                        "SELECT 1 FROM takes WHERE job = ?1 AND state NOT IN {}",
                        takes::list(&Phase::FINAL)
                    ))?
                    .exists([job])?;
                if busy {
                    return Ok(Err(ApplyError::Changed));
                }
                let state = State::new(&policy, now);
                let new = Take {
                    id: renewal.id.clone(),
                    price: renewal.price,
                    settled: None,
                    adjusted: false,
                    attempts: 0,
                    state,
                    ..row
                };
                takes::insert(batch.db, &new, job, None, now)?;
                let mut entry = Entry::about(&new, Kind::Ordered, now);
                entry.note.clone_from(&details.note);
                batch.note(entry)?;
                Ok(Ok(new))
            })
            .await
    }
}

/// Records that a job's clip is at the path in `filed`. `who` is the person who chose the clip, if a person did.
/// Returns the row number of the job.
///
/// Returns [`ApplyError::Changed`] if the job or the take is not known.
pub(super) fn file(
    batch: &mut Batch<'_>,
    project: &str,
    key: &JobKey,
    filed: &Filed,
    moved_from: Option<&str>,
    who: Option<String>,
    now: Timestamp,
) -> rusqlite::Result<Result<i64, ApplyError>> {
    let job = takes::job_id(batch.db, project, key)?;
    let (Some(job), Some(take)) = (job, takes::by_id(batch.db, &filed.take)?) else {
        return Ok(Err(ApplyError::Changed));
    };
    if let Some(left) = moved_from {
        takes::unfile_at(batch.db, &filed.take, left)?;
    }
    takes::set_filed(batch.db, job, filed)?;
    batch.note(Entry {
        project: project.to_owned(),
        job: key.to_string(),
        usd: Usd::ZERO,
        path: Some(filed.path.clone()),
        size: Some(filed.file.size),
        sha256: Some(filed.file.sha256.to_string()),
        who,
        ..Entry::about(&take, Kind::Filed, now)
    })?;
    Ok(Ok(job))
}
