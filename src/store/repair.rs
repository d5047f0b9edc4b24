//! Repairs the records after a crash, so that the database and the ledger agree again.

use super::apply::{self, Applied, Change, Details, set_outcome};
use super::error::StoreError;
use super::ledger::{Entry, Kind};
use super::ledger_file::Tail;
use super::writer::{Batch, Writer};
use super::{adjust, dismissed, restore, reviews, takes};
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::{Event, SentBack, State};
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{BTreeMap, HashSet};

/// A repair that was made after a crash or a full disk.
#[derive(Debug, Clone, PartialEq)]
pub enum Repair {
    /// The last line of the ledger was incomplete and was dropped.
    TornLine {
        /// The number of bytes that were dropped from the ledger.
        bytes: u64,
    },
    /// The ledger has lost lines that the database had seen, and they were written again. Requests that were being sent
    /// at the crash count as sent.
    LedgerCut,
    /// Lines that the database has saved for the ledger were missing from the ledger and were added.
    LinesAdded {
        /// The number of lines that were added to the ledger.
        count: usize,
    },
    /// The ledger had no line about the start of the submission, so the request was surely not sent. The take waits to
    /// be sent again.
    NeverSent(Take),
    /// The request may have reached the provider, but no answer is known. The program searches the provider's tasks for
    /// it or, if the provider has no such search, a person must decide.
    Unanswered(Take),
    /// The ledger had an event of the take that the database lacked, and the event was applied to the take.
    Imported(Take),
}

/// Brings the database and the ledger into agreement. The caller must hold the lock of the state folder and the lock of
/// the ledger file.
pub(super) fn repair(
    writer: &mut Writer,
    tail: &Tail,
    policy: &dyn Fn(&ModelName) -> Policy,
    now: Timestamp,
) -> Result<Vec<Repair>, StoreError> {
    let mut repairs = Vec::new();
    if tail.torn > 0 {
        repairs.push(Repair::TornLine { bytes: tail.torn });
    }
    if tail.cut {
        repairs.push(Repair::LedgerCut);
    }
    let ((found, restored), first) = writer.transact(|batch| {
        let mut found = import(batch, tail, policy)?;
        found.extend(reconcile(batch, tail, policy, now)?);
        let restored = if tail.cut { restore::restore(batch, &tail.entries, now)? } else { 0 };
        batch.unmark_ahead()?;
        Ok((found, restored))
    })?;
    let count = writer.append(first)? + restored;
    if tail.cut {
        restore::agree(writer)?;
    }
    if count > 0 {
        repairs.push(Repair::LinesAdded { count });
    }
    repairs.extend(found);
    Ok(repairs)
}

/// Imports ledger lines that the database lacks, because its disk was full or its last transactions were lost.
fn import(
    batch: &mut Batch<'_>,
    tail: &Tail,
    policy: &dyn Fn(&ModelName) -> Policy,
) -> rusqlite::Result<Vec<Repair>> {
    let sql = "SELECT value FROM meta WHERE key = 'seq'";
    let heard = batch.db.query_row(sql, [], |row| row.get(0).map(i64::cast_unsigned))?;
    let mut changed = BTreeMap::new();
    for entry in &tail.entries {
        let Some(take) = takes::by_id(batch.db, &entry.take_id())? else {
            if let Some(ordered) = order(batch.db, entry, policy)? {
                changed.insert(entry.take.clone(), Repair::Imported(ordered));
            }
            continue;
        };
        if dismissed::heard(batch.db, entry)? || reviews::heard(batch.db, entry)? {
            continue;
        }
        if entry.kind == Kind::Adjusted && adjust::replayed(batch.db, entry, false)?
            || entry.seq > heard && adjust::raised(batch.db, entry, &take)?
        {
            changed.insert(entry.take.clone(), Repair::Imported(take));
            continue;
        }
        let Some(event) = entry.unheard(&take.state) else { continue };
        let settled = (entry.kind == Kind::Settled).then_some(entry.usd);
        let settled = settled.filter(|usd| take.cost() != *usd);
        let details = Details { settled, ..Details::default() };
        let policy = policy(&take.request.model);
        let step = Change { event, at: Tick::new(entry.at, 0.0), policy: &policy, details: &details };
        let Some(Applied { take, lines }) = apply::settle(batch.db, &take, step)? else { continue };
        // The line that was read is already in the ledger; others (a task that another take owns, a doubt written off)
        // are not.
        for line in lines.into_iter().filter(|line| line.take != entry.take || line.kind != entry.kind) {
            batch.note(line)?;
        }
        changed.insert(entry.take.clone(), Repair::Imported(take));
    }
    Ok(changed.into_values().collect())
}

/// Imports a ledger line by which a person ordered a rendering again; the database must not have the new take yet.
/// Returns `None` for a line of another kind, or if the job has no take with the same fingerprint.
///
/// The line does not contain the request. The request is taken from the newest take of the job with the same
/// fingerprint.
pub(super) fn order(
    db: &Connection,
    entry: &Entry,
    policy: &dyn Fn(&ModelName) -> Policy,
) -> rusqlite::Result<Option<Take>> {
    if entry.kind != Kind::Ordered {
        return Ok(None);
    }
    let key = entry.job.parse::<JobKey>().map_err(|error| takes::unreadable(0, error))?;
    let older = takes::newest_of_order(db, &entry.project, &key, &entry.fingerprint)?;
    let Some((older, job)) = older else { return Ok(None) };
    let state = State::new(&policy(&entry.model), entry.at);
    let (id, price) = (entry.take_id(), entry.usd);
    let take = Take { id, price, settled: None, adjusted: false, attempts: 0, state, ..older };
    takes::insert(db, &take, job, None, entry.at)?;
    Ok(Some(take))
}

/// Decides for each take that was being sent whether its request may have reached the provider, and records the result.
fn reconcile(
    batch: &mut Batch<'_>,
    tail: &Tail,
    policy: &dyn Fn(&ModelName) -> Policy,
    now: Timestamp,
) -> rusqlite::Result<Vec<Repair>> {
    let in_ledger: HashSet<u64> = tail.entries.iter().map(|entry| entry.seq).collect();
    let sql = format!("SELECT {} FROM {} WHERE t.state = 'submitting'", takes::COLUMNS, takes::TABLES);
    let on_wire: Vec<Take> =
        batch.db.prepare_cached(&sql)?.query_map([], takes::take)?.collect::<rusqlite::Result<_>>()?;
    let mut repairs = Vec::new();
    for take in on_wire {
        let waiting: Option<i64> = batch
            .db
            .prepare_cached(
                "DELETE FROM outbox WHERE seq = (SELECT seq FROM attempts WHERE take = ?1 AND number = ?2)
                 RETURNING seq",
            )?
            .query_row((&take.id.0, take.attempts), |row| row.get(0))
            .optional()?;
        // The outbox may still have lines that are in the ledger, too: such a request may have been sent.
        let never_sent = waiting.is_some_and(|seq| !in_ledger.contains(&seq.cast_unsigned())) && !tail.cut;
        let event = if never_sent { Event::SentBack(SentBack::NotSent) } else { Event::Unanswered };
        let policy = policy(&take.request.model);
        let step = Change::plain(event, Tick::new(now, 0.0), &policy);
        let Some(Applied { take, lines }) = apply::settle(batch.db, &take, step)? else { continue };
        repairs.push(if never_sent {
            // Without a line: this submission never reached the ledger.
            set_outcome(batch.db, &take, "never_sent")?;
            Repair::NeverSent(take)
        } else {
            lines.into_iter().try_for_each(|line| batch.note(line).map(drop))?;
            Repair::Unanswered(take)
        });
    }
    Ok(repairs)
}
