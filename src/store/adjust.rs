//! Corrects the recorded cost of a rendering: in the database, where budgets count it, and in the ledger, with the
//! reason.

use super::Store;
use super::apply::{self, Change};
use super::error::{ApplyError, StoreError};
use super::ledger::{Entry, Kind, intent};
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Charged, Event, MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
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

impl Costs {
    /// Returns whether the amount can be corrected: it is settled or in doubt, or a person corrected it to zero before.
    #[must_use]
    pub fn can_be_adjusted(&self) -> bool {
        matches!(self.take.state.account(), MoneyState::Settled | MoneyState::InDoubt) || self.take.adjusted
    }
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
    /// Later figures of the provider do not change the corrected amount. A failed take counts as charged from then on,
    /// or as not charged if the amount is zero.
    ///
    /// Returns [`ApplyError::Changed`] if the take or its amount has changed since the caller read it. Returns the same
    /// error if the amount cannot be corrected ([`Costs::can_be_adjusted`]).
    pub async fn adjust(&self, adjustment: Adjustment, now: Timestamp) -> Result<(), ApplyError> {
        self.lane
            .write(None, move |batch| {
                let Adjustment { seen, usd, reason } = &adjustment;
                let row = costs(batch.db, &seen.take.id)?;
                let Some(row) = row.filter(|row| row == seen && row.can_be_adjusted()) else {
                    return Ok(Err(ApplyError::Changed));
                };
                let mut entry = Entry::about(&row.take, Kind::Adjusted, now);
                entry.attempt = intent(&row.take.state).map_or(row.take.attempts, |intent| intent.attempt);
                entry.task_id = row.take.state.task().map(|task| task.id.0.raw().to_owned());
                (entry.usd, entry.was, entry.why) = (*usd, Some(row.usd), Some(reason.clone()));
                let take = correct(batch.db, &row.take, &entry)?;
                if let State::Failed { charged, .. } = take.state {
                    entry.charged = Some(charged);
                }
                batch.note(entry)?;
                Ok(Ok(()))
            })
            .await
    }
}

impl Reader {
    /// Returns the takes of a job whose cost can be corrected ([`Costs::can_be_adjusted`]), newest first.
    pub async fn costs_of_job(&self, project: &str, key: &JobKey) -> Result<Vec<Costs>, StoreError> {
        let (project, key) = (project.to_owned(), key.clone());
        self.read(move |db| {
            let sql = format!(
                "SELECT {}, t.amount FROM {} WHERE j.project = ?1 AND j.shot = ?2 AND j.item = ?3 AND j.variant = ?4
                 AND (t.account IN ('settled', 'in_doubt') OR t.adjusted) ORDER BY t.place DESC",
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

/// Records the corrected amount of a ledger line, and returns the changed take. For a failed take, the amount also
/// decides whether the take was charged.
///
/// The amount is final if the take's task was known when the line was written. Otherwise the amount is an estimate: if
/// the task is found later, the provider's figure replaces the amount.
fn correct(db: &Connection, take: &Take, line: &Entry) -> rusqlite::Result<Take> {
    let (usd, adjusted) = (line.usd, line.task_id.is_some());
    takes::set_adjusted(db, &take.id, usd, adjusted)?;
    let take = Take { settled: Some(usd), adjusted, ..take.clone() };
    let charged = if usd == Usd::ZERO { Charged::No } else { Charged::Yes };
    // No pause depends on this event, so any policy will do.
    let (policy, event) = (Policy::standard(), Event::Billed(charged));
    let billed = apply::settle(db, &take, Change::plain(event, Tick::new(line.at, 0.0), &policy))?;
    Ok(billed.map_or(take, |billed| billed.take))
}

/// Imports a ledger line that corrects a charge. `news` is true if the database certainly lacks the line; otherwise it
/// is imported only if the database still has the old amount. Returns true if the take was changed.
pub(super) fn replayed(db: &Connection, entry: &Entry, news: bool) -> rusqlite::Result<bool> {
    let (Some(was), Some(row)) = (entry.was, costs(db, &entry.take_id())?) else { return Ok(false) };
    let is_charged = row.take.state.account() != MoneyState::Free || row.take.adjusted;
    // A database of an older version has the new amount, but does not know that a person recorded it.
    if !is_charged || !news && row.usd != was && row.usd != entry.usd {
        return Ok(false);
    }
    Ok(correct(db, &row.take, entry)? != row.take)
}

/// Records the charge that a ledger line states for a finished take, and returns true if the recorded amount was
/// changed.
///
/// The line must be missing from the database. It counts if it is about the submission that made the clip and was
/// written after the clip was finished: the provider may report a charge when the clip is fetched again. A charge that
/// was reported before is never lowered, and an amount that a person recorded never changes.
pub(super) fn raised(db: &Connection, entry: &Entry, take: &Take) -> rusqlite::Result<bool> {
    let is_later = matches!(&take.state, State::Done { task, .. } if task.intent.attempt == entry.attempt)
        && matches!(entry.kind, Kind::Settled | Kind::Held | Kind::Again | Kind::WrittenOff);
    let is_told = entry.usd != take.cost() && take.settled.is_none_or(|before| before < entry.usd);
    if !is_later || !is_told || take.adjusted {
        return Ok(false);
    }
    takes::set_settled(db, &take.id, entry.usd)?;
    Ok(true)
}

fn costs(db: &Connection, id: &TakeId) -> rusqlite::Result<Option<Costs>> {
    use rusqlite::OptionalExtension as _;
    let sql = format!("SELECT {}, t.amount FROM {} WHERE t.id = ?1", takes::COLUMNS, takes::TABLES);
    db.prepare_cached(&sql)?.query_row([&id.0], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Costs> {
    Ok(Costs { take: takes::take(row)?, usd: Usd::from_micros(row.get(takes::WIDTH)?) })
}
