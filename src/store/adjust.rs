//! Corrects the recorded cost of a rendering: in the database, where budgets count it, and in the ledger, with the
//! reason.

use super::Store;
use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind, intent};
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::MoneyState;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::{Connection, Row};

/// A take (one paid rendering of a job) with the amount that budgets count for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The take, with its price and its state.
    pub take: Take,
    /// The amount that budgets count for the take: its charge, or its price while it may have been charged.
    pub usd: Usd,
}

/// A correction of a take's cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// The take and its amount as the caller read them. If they have changed since, nothing is corrected.
    pub seen: Costs,
    /// The correct amount, which the provider really charged.
    pub usd: Usd,
    /// The reason for the correction, in the user's words.
    pub reason: String,
}

impl Store {
    /// Corrects the cost of a take, and with it the spending of the day and of the run in which the take was submitted.
    ///
    /// Returns [`ApplyError::Changed`] if the take or its amount has changed since the caller read it. Returns the same
    /// error if the take costs nothing, or if its request still waits for its result: there is nothing to correct.
    pub async fn adjust(&self, adjustment: Adjustment, now: Timestamp) -> Result<(), ApplyError> {
        self.lane
            .write(None, move |batch| {
                let Adjustment { seen, usd, reason } = &adjustment;
                let row = costs(batch.db, &seen.take.id)?;
                let Some(row) = row.filter(|row| row == seen && is_spent(row.take.state.account())) else {
                    return Ok(Err(ApplyError::Changed));
                };
                takes::set_settled(batch.db, &row.take.id, *usd)?;
                let mut entry = Entry::about(&row.take, Kind::Adjusted, now);
                entry.attempt = intent(&row.take.state).map_or(row.take.attempts, |intent| intent.attempt);
                entry.task_id = row.take.state.task().map(|task| task.id.0.raw().to_owned());
                (entry.usd, entry.was, entry.why) = (*usd, Some(row.usd), Some(reason.clone()));
                batch.note(entry)?;
                Ok(Ok(()))
            })
            .await
    }
}

impl Reader {
    /// Returns the takes of a job that were charged or may have been charged, newest first.
    pub async fn costs_of_job(&self, project: &str, key: &JobKey) -> Result<Vec<Costs>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let sql = format!(
                "SELECT {}, t.amount FROM {} WHERE j.project = ?1 AND j.shot = ?2 AND j.item = ?3 AND j.variant = ?4
                 AND t.account IN ('settled', 'in_doubt') ORDER BY t.place DESC",
                takes::COLUMNS,
                takes::TABLES
            );
            db.prepare_cached(&sql)?.query_map((&project, &key.shot, &key.item, &key.variant), read)?.collect()
        })
        .await
    }

    /// Returns a take by its id, with the amount that budgets count for it; `None` if the id is unknown.
    pub async fn costs(&self, id: &TakeId) -> Result<Option<Costs>, StoreError> {
        let id = id.clone();
        self.read(move |db| costs(db, &id)).await
    }

    /// Returns the takes of a project (`None`: of all projects) for which it is unknown whether they were charged,
    /// oldest first.
    pub async fn in_doubt(&self, project: Option<&str>) -> Result<Vec<Costs>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let sql = format!(
                "SELECT {}, t.amount FROM {} WHERE t.account = 'in_doubt' AND (?1 IS NULL OR j.project = ?1)
                 ORDER BY t.place",
                takes::COLUMNS,
                takes::TABLES
            );
            db.prepare_cached(&sql)?.query_map([&project], read)?.collect()
        })
        .await
    }
}

const fn is_spent(account: MoneyState) -> bool {
    matches!(account, MoneyState::Settled | MoneyState::InDoubt)
}

fn costs(db: &Connection, id: &TakeId) -> rusqlite::Result<Option<Costs>> {
    use rusqlite::OptionalExtension as _;
    let sql = format!("SELECT {}, t.amount FROM {} WHERE t.id = ?1", takes::COLUMNS, takes::TABLES);
    db.prepare_cached(&sql)?.query_row([&id.0], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Costs> {
    Ok(Costs { take: takes::take(row)?, usd: Usd::from_micros(row.get(takes::WIDTH)?) })
}
