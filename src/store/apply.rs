//! The one way in which a take moves: an event goes through its life cycle inside a transaction.
//!
//! Whatever follows from a step stands here: money, the outcome of the attempt, takes that stood in for one another, the
//! clip's name, the ledger's line. Live steps, repairs after a crash and rebuilds from a ledger all call [`transition`].

use super::Store;
use super::error::ApplyError;
use super::lane::{Precious, Verdict};
use super::ledger::{Entry, Kind};
use super::takes;
use crate::domain::fault::Said;
use crate::domain::key::{TakeId, TaskId};
use crate::domain::lifecycle::{Account, CancelledBy, Event, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Moment, Policy};
use crate::domain::take::Take;
use rusqlite::Connection;

/// What is saved with an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The provider's or the machine's words; kept with the attempt.
    pub said: Option<Said>,
    /// What the provider says that it charged, where it says so.
    pub settled: Option<Usd>,
    /// A person's reason for the decision; kept with the ledger's line.
    pub note: Option<String>,
}

impl Store {
    /// Applies an event to a take and saves what follows, durably, before it returns.
    ///
    /// An accepted task that another take owns is saved as a conflict for a person. A task that was accepted is saved
    /// with all means: with the reserve where the disk is full, else in the ledger alone;
    /// [`StoreError::Unsaved`](super::StoreError::Unsaved) carries its id where that was needed.
    pub async fn apply(
        &self,
        take: &Take,
        event: Event,
        details: Details,
        at: Moment,
        policy: &Policy,
    ) -> Result<Take, ApplyError> {
        let to = take.state.clone().on(event.clone(), at, policy)?;
        let precious = match (Entry::of(take, &event, &to, details.settled, at.now), to.task()) {
            (Some(line), Some(task)) if matches!(line.kind, Kind::Accepted | Kind::Adopted) => {
                Some(Precious { task: task.id.clone(), line })
            }
            _ => None,
        };
        let (take, policy) = (take.clone(), policy.clone());
        self.lane
            .write(precious, move |batch| {
                let Some(row) = takes::current(batch.db, &take)? else { return Ok(Err(ApplyError::Changed)) };
                let step = Change { event: event.clone(), at, policy: &policy, details: &details };
                match transition(batch.db, &row, step)? {
                    Ok(applied) => {
                        applied.lines.into_iter().try_for_each(|line| batch.note(line).map(drop))?;
                        Ok(Ok(applied.take))
                    }
                    Err(refused) => Ok(Err(refused)),
                }
            })
            .await
    }
}

/// An event with all that its step needs to know.
pub(super) struct Change<'a> {
    pub(super) event: Event,
    pub(super) at: Moment,
    pub(super) policy: &'a Policy,
    pub(super) details: &'a Details,
}

impl<'a> Change<'a> {
    /// A step that follows from another one, without words or amounts of its own.
    pub(super) fn plain(event: Event, at: Moment, policy: &'a Policy) -> Self {
        const NONE: &Details = &Details { said: None, settled: None, note: None };
        Self { event, at, policy, details: NONE }
    }
}

/// What came of a step.
pub(super) struct Applied {
    pub(super) take: Take,
    /// Lines for the ledger, the take's own last; none where the step is not about money.
    pub(super) lines: Vec<Entry>,
}

/// Takes a step inside an open transaction. The caller writes the lines, or drops those that the ledger has already.
pub(super) fn transition(db: &Connection, row: &Take, step: Change<'_>) -> Verdict<Applied, ApplyError> {
    let Change { event, at, policy, details } = step;
    let to = match row.state.clone().on(event.clone(), at, policy) {
        Ok(to) => to,
        Err(illegal) => return Ok(Err(illegal.into())),
    };
    if let Err(error) = takes::set_state(db, &row.id, &to, at.now) {
        let (true, Some(task)) = (is_taken(&error), to.task()) else { return Err(error) };
        // Another take owns that task: a submission becomes a person's to decide, anything else is refused.
        let conflict = Details { said: Some(owned_elsewhere(&task.id)), ..details.clone() };
        let step = Change { event: Event::AcceptedTwice, at, policy, details: &conflict };
        return match transition(db, row, step)? {
            Err(ApplyError::Illegal(_)) => Ok(Err(ApplyError::TaskTaken(task.id.clone()))),
            saved => Ok(saved),
        };
    }
    if let Some(settled) = details.settled {
        takes::set_settled(db, &row.id, settled)?;
    }
    let mut lines = Vec::new();
    if row.state.is_in_doubt() {
        cancel_stand_ins(db, &row.id, at, policy)?;
    }
    give_up_older(db, row, &to, at, policy, &mut lines)?;
    let settled = details.settled.or(row.settled);
    let line = Entry::of(row, &event, &to, settled, at.now);
    if let Some(kind) = line.as_ref().map(|line| line.kind).filter(|kind| kind.is_outcome()) {
        set_outcome(db, row, kind.name())?;
    }
    if let Some(said) = &details.said {
        let sql = "UPDATE attempts SET said = ?3, code = ?4, http = ?5 WHERE take = ?1 AND number = ?2";
        db.prepare_cached(sql)?.execute((&row.id.0, row.attempts, &said.text, &said.code, said.http))?;
    }
    if let State::Done { file, .. } = &to {
        takes::file_own(db, row, *file)?;
    }
    let mut take = Take { state: to, settled, ..row.clone() };
    if event == Event::ClipGone
        && let Some(path) = takes::unfile(db, &row.id)?
    {
        take.path = path;
    }
    lines.extend(line.map(|line| Entry { note: details.note.clone(), ..line }));
    Ok(Ok(Applied { take, lines }))
}

/// Takes a step that cannot be refused for a task: none of these events brings one.
pub(super) fn settle(db: &Connection, row: &Take, step: Change<'_>) -> rusqlite::Result<Option<Applied>> {
    transition(db, row, step).map(Result::ok)
}

/// Gives up the take in doubt for which this one stands in, once this one was accepted or may have been: until then a
/// person may find the other one's task. What may have been charged for it stays spent.
fn give_up_older(
    db: &Connection,
    row: &Take,
    to: &State,
    at: Moment,
    policy: &Policy,
    lines: &mut Vec<Entry>,
) -> rusqlite::Result<()> {
    if !matches!(row.state, State::Submitting { .. }) || to.account() == Account::Free {
        return Ok(());
    }
    let older = takes::stands_in_for(db, &row.id)?.filter(|older| older.state.is_in_doubt());
    let Some(older) = older else { return Ok(()) };
    if let Some(given_up) = settle(db, &older, Change::plain(Event::WriteOff, at, policy))? {
        lines.extend(given_up.lines);
    }
    Ok(())
}

/// Takes off the list what waits to be sent instead of a take: that one is settled, or ordered otherwise.
pub(super) fn cancel_stand_ins(
    db: &Connection,
    doubtful: &TakeId,
    at: Moment,
    policy: &Policy,
) -> rusqlite::Result<()> {
    supersede(db, takes::stand_ins(db, doubtful)?, at, policy)
}

/// Takes waiting takes off the list, because another one was ordered in their place.
pub(super) fn supersede(
    db: &Connection,
    waiting: Vec<TakeId>,
    at: Moment,
    policy: &Policy,
) -> rusqlite::Result<()> {
    for id in waiting {
        if let Some(take) = takes::by_id(db, &id)? {
            settle(db, &take, Change::plain(Event::Cancel(CancelledBy::Superseded), at, policy))?;
        }
    }
    Ok(())
}

/// Returns the words about an accepted task that another take owns.
#[must_use]
pub fn owned_elsewhere(task: &TaskId) -> Said {
    Said::text(format!("the provider named task {task}, which another job owns"))
}

/// Returns whether another take owns the task.
fn is_taken(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(e, _) if e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

/// Notes the outcome of the take's last attempt.
pub(super) fn set_outcome(db: &Connection, take: &Take, outcome: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE attempts SET outcome = ?3 WHERE take = ?1 AND number = ?2")?
        .execute((&take.id.0, take.attempts, outcome))
        .map(|_| ())
}
