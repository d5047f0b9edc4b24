//! Applies an event to a take's life cycle inside a transaction. This is the only way in which a take changes its
//! state.
//!
//! The module also records all consequences of an event: the money, the outcome of the attempt, the clip's name and the
//! ledger lines. It also cancels or writes off takes that the event makes superfluous. Runs, repairs after a crash and
//! rebuilds from a ledger all call [`transition`].

use super::Store;
use super::error::ApplyError;
use super::ledger::{Entry, Kind};
use super::takes;
use super::write_queue::{MustPersist, Verdict};
use crate::domain::fault::Said;
use crate::domain::key::{TakeId, TaskId};
use crate::domain::lifecycle::{CancelledBy, Event, MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use rusqlite::Connection;

/// The details that are saved with an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The message of the provider or of this computer about the event. It is saved with the attempt.
    pub said: Option<Said>,
    /// The charge that the provider reports; `None` if it reports none. It does not replace an amount that a person
    /// recorded.
    pub settled: Option<Usd>,
    /// A person's reason for a decision. It is saved in the ledger line of the event.
    pub note: Option<String>,
}

impl Store {
    /// Applies an event to a take. Before this function returns, the new state and its ledger lines are durable on
    /// disk.
    ///
    /// If another take already owns the accepted task, the conflict is saved, and a person must decide. If the disk is
    /// full, the reserve file is removed to make room for an accepted task. If the database still cannot be written,
    /// the task is saved in the ledger alone. If the database, the ledger or both still lack the task's id,
    /// [`StoreError::Unsaved`](super::StoreError::Unsaved) is returned with the id.
    pub async fn apply(
        &self,
        take: &Take,
        event: Event,
        details: Details,
        at: Tick,
        policy: &Policy,
    ) -> Result<Take, ApplyError> {
        let to = take.state.clone().on(event.clone(), at, policy)?;
        let must_persist = match (Entry::of(take, &event, &to, details.settled, at.now), to.task()) {
            (Some(line), Some(task)) if matches!(line.kind, Kind::Accepted | Kind::Adopted) => {
                Some(MustPersist { task: task.id.clone(), line })
            }
            _ => None,
        };
        let (take, policy) = (take.clone(), policy.clone());
        self.lane
            .write(must_persist, move |batch| {
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

/// An event for a take, with the time, policy and details that are needed to apply it.
pub(super) struct Change<'a> {
    pub(super) event: Event,
    pub(super) at: Tick,
    pub(super) policy: &'a Policy,
    pub(super) details: &'a Details,
}

impl<'a> Change<'a> {
    /// Builds a change of a take from an event without details: no message, no charge and no note.
    pub(super) fn plain(event: Event, at: Tick, policy: &'a Policy) -> Self {
        const NONE: &Details = &Details { said: None, settled: None, note: None };
        Self { event, at, policy, details: NONE }
    }
}

/// The result of an event: the changed take and the ledger lines.
pub(super) struct Applied {
    pub(super) take: Take,
    /// The lines to add to the ledger: first those about other takes that the event changed, then the line about the
    /// take itself. Empty if the event is not about money.
    pub(super) lines: Vec<Entry>,
}

/// Applies an event to a take inside an open transaction. The caller must write the returned lines to the ledger,
/// unless the ledger already has them.
pub(super) fn transition(db: &Connection, row: &Take, step: Change<'_>) -> Verdict<Applied, ApplyError> {
    let Change { event, at, policy, details } = step;
    let to = match row.state.clone().on(event.clone(), at, policy) {
        Ok(to) => to,
        Err(illegal) => return Ok(Err(illegal.into())),
    };
    let mut saved = takes::set_state(db, &row.id, &to, at.now);
    if let (Err(error), Event::Adopt(task) | Event::AcceptedLate(task)) = (&saved, &event)
        && is_taken(error)
        && takes::release(db, &row.request.model.provider, task)?
    {
        saved = takes::set_state(db, &row.id, &to, at.now);
    }
    if let Err(error) = saved {
        let (true, Some(task)) = (is_taken(&error), to.task()) else { return Err(error) };
        // Another take owns that task: a submission becomes a person's decision, any other event is refused.
        let conflict = Details { said: Some(owned_elsewhere(&task.id)), ..details.clone() };
        let step = Change { event: Event::AcceptedTwice, at, policy, details: &conflict };
        return match transition(db, row, step)? {
            Err(ApplyError::Illegal(_)) => {
                let owner = takes::owner(db, &row.request.model.provider, &task.id)?;
                let owner = owner.map_or_else(|| row.key.clone(), |(key, _)| key);
                Ok(Err(ApplyError::TaskTaken { task: task.id.clone(), owner }))
            }
            saved => Ok(saved),
        };
    }
    // What a person read on the bill counts more than what the provider reports.
    let told = details.settled.filter(|_| !row.adjusted);
    if let Some(settled) = told {
        takes::set_settled(db, &row.id, settled)?;
    }
    let mut lines = Vec::new();
    if row.state.is_in_doubt() {
        cancel_stand_ins(db, &row.id, at, policy)?;
    }
    give_up_older(db, row, &to, at, policy, &mut lines)?;
    let settled = told.or(row.settled);
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

/// Applies an event to a take inside an open transaction. Returns `None` if the event is refused: the take's state does
/// not allow it, or another take owns its task.
pub(super) fn settle(db: &Connection, row: &Take, step: Change<'_>) -> rusqlite::Result<Option<Applied>> {
    transition(db, row, step).map(Result::ok)
}

/// Writes off the older take that `row` replaces, as soon as the provider has accepted `row` or may have accepted it.
///
/// Until then, a person may still find the older take's task. Money that may have been charged for the older take still
/// counts as spent.
fn give_up_older(
    db: &Connection,
    row: &Take,
    to: &State,
    at: Tick,
    policy: &Policy,
    lines: &mut Vec<Entry>,
) -> rusqlite::Result<()> {
    if !matches!(row.state, State::Submitting { .. }) || to.account() == MoneyState::Free {
        return Ok(());
    }
    let older = takes::stands_in_for(db, &row.id)?.filter(|older| older.state.is_in_doubt());
    let Some(older) = older else { return Ok(()) };
    if let Some(given_up) = settle(db, &older, Change::plain(Event::WriteOff, at, policy))? {
        lines.extend(given_up.lines);
    }
    Ok(())
}

/// Cancels the unsent takes that would replace the take `doubtful`, which may have been charged. They are no longer
/// needed if the outcome of `doubtful` is known, or if a newer take is to replace it.
pub(super) fn cancel_stand_ins(
    db: &Connection,
    doubtful: &TakeId,
    at: Tick,
    policy: &Policy,
) -> rusqlite::Result<()> {
    supersede(db, takes::stand_ins(db, doubtful)?, at, policy)
}

/// Cancels the unsent takes in `waiting`, because another take was ordered instead.
pub(super) fn supersede(
    db: &Connection,
    waiting: Vec<TakeId>,
    at: Tick,
    policy: &Policy,
) -> rusqlite::Result<()> {
    for id in waiting {
        if let Some(take) = takes::by_id(db, &id)? {
            settle(db, &take, Change::plain(Event::Cancel(CancelledBy::Superseded), at, policy))?;
        }
    }
    Ok(())
}

/// Returns the message about an accepted task that another take owns, perhaps an earlier take of the same job.
#[must_use]
pub fn owned_elsewhere(task: &TaskId) -> Said {
    Said::text(format!("the provider returned task {task}, which already belongs to an earlier request"))
}

/// Checks whether a database error means that another take already has the same task of the provider.
fn is_taken(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(e, _) if e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

pub(super) fn set_outcome(db: &Connection, take: &Take, outcome: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE attempts SET outcome = ?3 WHERE take = ?1 AND number = ?2")?
        .execute((&take.id.0, take.attempts, outcome))
        .map(|_| ())
}
