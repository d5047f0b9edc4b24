//! Builds the lines that the ledger has lost, from the data of the database.

use super::error::StoreError;
use super::ledger::{Entry, Kind, intent};
use super::writer::{Batch, Writer};
use super::{dismissed, meta, reviews, takes};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::HashSet;

/// Builds ledger lines about those takes and reviews of the database that are missing from `entries`, the lines of the
/// ledger.
///
/// An attempt that surely cost nothing gets no line. Only the line about its start could be written, which would look
/// like a request without an answer.
pub(super) fn lost_lines(db: &Connection, entries: &[Entry], now: Timestamp) -> rusqlite::Result<Vec<Entry>> {
    let reported: HashSet<(&str, u32, Kind)> =
        entries.iter().map(|entry| (entry.take.as_str(), entry.attempt, entry.kind)).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY t.place", takes::COLUMNS, takes::TABLES);
    let all: Vec<Take> = db.prepare(&sql)?.query_map([], takes::take)?.collect::<rusqlite::Result<_>>()?;
    let mut lost = Vec::new();
    for take in all {
        let mut attempts = db.prepare_cached(
            "SELECT a.number, a.request_id, a.body_sha256, a.price, a.at, t.run, t.instead_of
             FROM attempts a JOIN takes t ON t.id = a.take WHERE a.take = ?1
             AND coalesce(a.outcome, '') NOT IN ('never_sent', 'sent_back', 'absent') ORDER BY a.number",
        )?;
        let mut rows = attempts.query([&take.id.0])?;
        while let Some(row) = rows.next()? {
            let attempt: u32 = row.get(0)?;
            if reported.contains(&(take.id.0.as_str(), attempt, Kind::Intent)) {
                continue;
            }
            lost.push(Entry {
                attempt,
                request_id: row.get(1)?,
                body: row.get(2)?,
                usd: Usd::from_micros(row.get(3)?),
                run: row.get(5)?,
                instead_of: row.get(6)?,
                out: meta::root(db)?,
                ..Entry::standing(&take, Kind::Intent, takes::moment(row, 4)?)
            });
        }
        let Some(kind) = Kind::of_state(&take.state) else { continue };
        let attempt = intent(&take.state).map_or(take.attempts, |intent| intent.attempt);
        let adopted =
            kind == Kind::Accepted && reported.contains(&(take.id.0.as_str(), attempt, Kind::Adopted));
        if adopted || reported.contains(&(take.id.0.as_str(), attempt, kind)) {
            continue;
        }
        lost.push(Entry { usd: take.cost(), attempt, ..Entry::standing(&take, kind, now) });
    }
    lost.extend(reviews::lost(db, entries)?);
    lost.extend(dismissed::lost(db, entries)?);
    Ok(lost)
}

/// Restores the lines that the ledger has lost, by adding them to the transaction. `entries` are the lines that it
/// still has. Returns the number of restored lines.
pub(super) fn restore(batch: &mut Batch<'_>, entries: &[Entry], now: Timestamp) -> rusqlite::Result<usize> {
    let known: Vec<Entry> = entries.iter().cloned().chain(batch.waiting()?).collect();
    let lost = lost_lines(batch.db, &known, now)?;
    let count = lost.len();
    lost.into_iter().try_for_each(|entry| batch.restore(entry))?;
    Ok(count)
}

/// Records that all lost lines of the ledger were restored, so that no later start reports the loss again.
pub(super) fn agree(writer: &mut Writer) -> Result<(), StoreError> {
    // If the ledger has a damaged line, every start must read it from the beginning.
    let end = if writer.ahead { 0 } else { writer.ledger.end() };
    let ((), first) = writer.transact(|batch| {
        let sql = "UPDATE meta SET value = ?1 WHERE key = 'agreed'";
        batch.db.execute(sql, [end.cast_signed()]).map(drop)
    })?;
    writer.append(first).map(drop)
}
