//! The whole history of a project, as the plan needs it.

use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::plan::known::{Known, KnownJob, KnownTake};
use rusqlite::Connection;
use std::collections::HashMap;

impl Reader {
    /// Everything that was ever ordered in a project, as the plan needs it.
    pub async fn known(&self, project: &str) -> Result<Known, StoreError> {
        let project = project.to_owned();
        self.read(move |db| known(db, &project)).await
    }
}

fn known(db: &Connection, project: &str) -> rusqlite::Result<Known> {
    let jobs = jobs_of(db, project)?;
    let mut known = Known { jobs, elsewhere: Vec::new(), resubmitted: resubmitted(db, project)? };
    for project in other_projects(db, project)? {
        let useful = |take: &KnownTake| matches!(take.state, State::Done { .. }) || take.state.is_unsettled();
        let useful = |job: &KnownJob| job.takes.iter().any(useful);
        known.elsewhere.extend(jobs_of(db, &project)?.into_iter().filter(useful));
    }
    Ok(known)
}

fn jobs_of(db: &Connection, project: &str) -> rusqlite::Result<Vec<KnownJob>> {
    let mut jobs = Vec::new();
    let mut places = HashMap::new();
    let mut select = db.prepare_cached(
        "SELECT id, shot, item, variant, filed_take, filed_path, filed_size, filed_sha256, wanted
         FROM jobs WHERE project = ?1",
    )?;
    let mut rows = select.query([project])?;
    while let Some(row) = rows.next()? {
        places.insert(row.get::<_, i64>(0)?, jobs.len());
        let (key, filed, wanted) = (takes::key(row, 1)?, takes::filed(row, 4)?, row.get(8)?);
        jobs.push(KnownJob { key, wanted, takes: Vec::new(), filed });
    }
    let mut select = db.prepare_cached(
        "SELECT t.job, t.id, t.fingerprint, t.request, t.price, t.path, t.data, t.instead_of
         FROM takes t JOIN jobs j ON j.id = t.job
         WHERE j.project = ?1 ORDER BY t.place DESC",
    )?;
    let mut rows = select.query([project])?;
    while let Some(row) = rows.next()? {
        let take = KnownTake {
            id: TakeId(row.get(1)?),
            fingerprint: takes::parsed(row, 2)?,
            request: takes::request(row, 3)?,
            price: Usd::from_micros(row.get(4)?),
            path: row.get(5)?,
            state: takes::state(row, 6)?,
            instead_of: row.get::<_, Option<String>>(7)?.map(TakeId),
        };
        // Every take has its job: a foreign key, read in the same transaction.
        if let Some(place) = places.get(&row.get::<_, i64>(0)?) {
            jobs[*place].takes.push(take);
        }
    }
    Ok(jobs)
}

/// What was, or will be, paid for takes that stand in for one in doubt.
fn resubmitted(db: &Connection, project: &str) -> rusqlite::Result<Usd> {
    db.prepare_cached(
        "SELECT coalesce(sum(iif(t.state = 'pending', t.price, t.amount)), 0) FROM takes t JOIN jobs j ON j.id = t.job
         WHERE t.instead_of IS NOT NULL AND j.project = ?1",
    )?
    .query_row([project], |row| row.get(0).map(Usd::from_micros))
}

fn other_projects(db: &Connection, project: &str) -> rusqlite::Result<Vec<String>> {
    db.prepare_cached("SELECT DISTINCT project FROM jobs WHERE project <> ?1")?
        .query_map([project], |row| row.get(0))?
        .collect()
}
