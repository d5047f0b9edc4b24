//! What is wanted now, taken in at once.

use super::apply::{self, Change};
use super::error::StoreError;
use super::{Store, rows, takes};
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{CancelledBy, Event, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::{Take, Wanted};
use jiff::Timestamp;
use rusqlite::{Connection, named_params};

/// What is wanted, and what follows for the takes there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// Whose jobs.
    pub project: String,
    /// All jobs, in the order in which they are to be submitted.
    pub wanted: Vec<Wanted>,
    /// Only a part is named: what is not stays wanted as it was.
    pub partial: bool,
    /// Jobs that stay wanted although they are not among the wanted: something is wrong with their item.
    pub kept: Vec<JobKey>,
    /// What is ordered now.
    pub new: Vec<NewTake>,
    /// Waiting takes whose job's input changed.
    pub supersede: Vec<TakeId>,
    /// Takes that now belong to another job (by its place in `wanted`), with the clip that stands for them.
    pub adopt: Vec<(TakeId, usize)>,
    /// Takes that rest and get their tries back.
    pub afresh: Vec<TakeId>,
    /// How many tries those are.
    pub policy: Policy,
}

/// A new take of a wanted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTake {
    /// The job, by its place in `wanted`.
    pub at: usize,
    /// The name of the take.
    pub id: TakeId,
    /// The take in doubt that is given up when this one was accepted, or may have been; until then a person may still
    /// settle it, and this one is cancelled. Where that has happened already, nothing is ordered.
    pub instead_of: Option<TakeId>,
}

impl Store {
    /// Takes in what is wanted, in one transaction.
    ///
    /// A take that is to be superseded or tried afresh and is no longer waiting (another process was faster) is left as
    /// it is: its own writer has decided.
    ///
    /// # Panics
    ///
    /// Where a place in `wanted` is beyond its end.
    pub async fn admit(&self, admission: Admission, now: Timestamp) -> Result<(), StoreError> {
        let places = admission.new.iter().map(|new| &new.at).chain(admission.adopt.iter().map(|(_, at)| at));
        for place in places {
            assert!(
                *place < admission.wanted.len(),
                "place {place} of {} wanted jobs",
                admission.wanted.len()
            );
        }
        self.lane.write(None, move |batch| admit(batch.db, &admission, now).map(Ok)).await
    }
}

fn admit(db: &Connection, admission: &Admission, now: Timestamp) -> rusqlite::Result<()> {
    let Admission { project, wanted, partial, kept, new, supersede, adopt, afresh, policy } = admission;
    if !partial {
        db.execute("UPDATE jobs SET wanted = 0 WHERE project = ?1 AND wanted", [project])?;
        let mut keep = db.prepare_cached(
            "UPDATE jobs SET wanted = 1 WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4",
        )?;
        for JobKey { shot, item, variant } in kept {
            keep.execute((project, shot, item, variant))?;
        }
    }
    let jobs = upsert(db, project, wanted)?;
    for (take, at) in adopt {
        move_take(db, take, jobs[*at])?;
    }
    let moment = Moment::new(now, 0.0);
    let events = supersede.iter().map(|id| (id, Event::Cancel(CancelledBy::Superseded)));
    for (id, event) in events.chain(afresh.iter().map(|id| (id, Event::Afresh))) {
        if let Some(take) = takes::by_id(db, id)? {
            apply::settle(db, &take, Change::plain(event, moment, policy))?;
        }
    }
    renew_orders(db, wanted, &jobs)?;
    for NewTake { at, id, instead_of } in new {
        if let Some(doubtful) = instead_of {
            if !takes::by_id(db, doubtful)?.is_some_and(|take| take.state.is_in_doubt()) {
                continue;
            }
            apply::cancel_stand_ins(db, doubtful, moment, policy)?;
        }
        let Wanted { key, title, request, fingerprint, path, price } = wanted[*at].clone();
        let state = State::new(policy, now);
        let (id, project, price) = (id.clone(), project.clone(), price.unwrap_or_default());
        let take = Take { id, project, key, title, request, fingerprint, price, path, attempts: 0, state };
        takes::insert(db, &take, jobs[*at], now)?;
        if let Some(doubtful) = instead_of {
            db.prepare_cached("UPDATE takes SET instead_of = ?2 WHERE id = ?1")?
                .execute((&take.id.0, &doubtful.0))?;
        }
    }
    let mine = "state = 'pending' AND job IN (SELECT id FROM jobs WHERE project = :project)";
    // What has no clip yet goes where it is wanted now.
    db.prepare_cached(
        "UPDATE takes SET path = j.path FROM jobs j
         WHERE state IN ('pending', 'submitting', 'doubtful', 'running', 'downloading') AND j.project = :project
         AND j.id = takes.job AND j.wanted AND j.fingerprint = takes.fingerprint AND j.path <> takes.path",
    )?
    .execute(named_params! { ":project": project })?;
    let queue = takes::queue("state", "due");
    db.prepare_cached(&format!("UPDATE takes SET queue = {queue} WHERE {mine}"))?
        .execute(named_params! { ":project": project })?;
    Ok(())
}

/// What waits unsent costs what it costs now, and names its pictures as they are called now: the fingerprint, which is
/// the same, is taken over neither.
fn renew_orders(db: &Connection, wanted: &[Wanted], jobs: &[i64]) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE takes SET price = coalesce(?3, price), request = ?4
         WHERE job = ?1 AND fingerprint = ?2 AND state = 'pending'",
    )?;
    for (job, id) in wanted.iter().zip(jobs) {
        let price = job.price.map(Usd::micros);
        update.execute((id, job.fingerprint.to_string(), price, rows::request_json(&job.request)))?;
    }
    Ok(())
}

/// The rows of the jobs, in the order given.
fn upsert(db: &Connection, project: &str, wanted: &[Wanted]) -> rusqlite::Result<Vec<i64>> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO jobs (project, shot, item, variant, title, wanted, priority, fingerprint, path)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)
         ON CONFLICT (project, shot, item, variant) DO UPDATE SET
         title = excluded.title, wanted = 1, priority = excluded.priority, fingerprint = excluded.fingerprint,
         path = excluded.path
         RETURNING id",
    )?;
    let rows = wanted.iter().zip(0_i64..).map(|(job, priority)| {
        let key = &job.key;
        upsert.query_row(
            (
                project,
                &key.shot,
                &key.item,
                &key.variant,
                &job.title,
                priority,
                job.fingerprint.to_string(),
                &job.path,
            ),
            |row| row.get(0),
        )
    });
    rows.collect()
}

/// Gives a take to another job, as its newest; the clip that stands for it moves along.
pub(super) fn move_take(db: &Connection, take: &TakeId, job: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET (filed_take, filed_path, filed_size, filed_sha256) =
             (SELECT o.filed_take, o.filed_path, o.filed_size, o.filed_sha256
              FROM takes t JOIN jobs o ON o.id = t.job WHERE t.id = ?1)
         WHERE id = ?2 AND EXISTS (
             SELECT 1 FROM takes t JOIN jobs o ON o.id = t.job
             WHERE t.id = ?1 AND o.filed_take = ?1 AND o.id <> ?2)",
    )?
    .execute((&take.0, job))?;
    db.prepare_cached(
        "UPDATE jobs SET filed_take = NULL, filed_path = NULL, filed_size = NULL, filed_sha256 = NULL
         WHERE id = (SELECT job FROM takes WHERE id = ?1) AND filed_take = ?1 AND id <> ?2",
    )?
    .execute((&take.0, job))?;
    db.prepare_cached(
        "UPDATE takes SET job = ?2, place = (SELECT max(place) + 1 FROM takes) WHERE id = ?1 AND job <> ?2",
    )?
    .execute((&take.0, job))?;
    Ok(())
}
