//! A wrong price is corrected: in the database, so that budgets count what was charged, and in the ledger, with the
//! reason.

use super::Store;
use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind, intent};
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::Account;
use crate::domain::money::Usd;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::{Connection, Row};

/// A take that was, or may have been, charged.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The take.
    pub take: Take,
    /// What it counts for.
    pub usd: Usd,
}

/// What is to be corrected.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// The take as the caller saw it.
    pub seen: Costs,
    /// What was charged.
    pub usd: Usd,
    /// In the caller's words.
    pub reason: String,
}

impl Store {
    /// Corrects what a take costs. What is spent on the day and in the run of its submission follows.
    ///
    /// [`ApplyError::Changed`] where the take, or its amount, is no longer as the caller saw it, and where its money is
    /// not settled and not in doubt: then there is nothing to correct yet.
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
    /// The takes of a job whose money is settled or in doubt, newest first.
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

    /// A take with what it counts for, by its name.
    pub async fn costs(&self, id: &TakeId) -> Result<Option<Costs>, StoreError> {
        let id = id.clone();
        self.read(move |db| costs(db, &id)).await
    }

    /// Every take of a project, or of all, that may have been charged without anybody knowing; oldest first.
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

const fn is_spent(account: Account) -> bool {
    matches!(account, Account::Settled | Account::InDoubt)
}

fn costs(db: &Connection, id: &TakeId) -> rusqlite::Result<Option<Costs>> {
    use rusqlite::OptionalExtension as _;
    let sql = format!("SELECT {}, t.amount FROM {} WHERE t.id = ?1", takes::COLUMNS, takes::TABLES);
    db.prepare_cached(&sql)?.query_row([&id.0], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Costs> {
    Ok(Costs { take: takes::take(row)?, usd: Usd::from_micros(row.get(takes::WIDTH)?) })
}
