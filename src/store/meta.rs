//! What a state folder remembers beside jobs and takes: where its clips are, since when each provider's key is in use, which
//! addresses accept submissions, and how fast each model takes them.
//!
//! Paths in the database are relative to the output folder. Another key may open another account, whose list of tasks
//! proves nothing about requests that were sent with the key before.

use super::error::StoreError;
use super::read::Reader;
use super::{Store, takes};
use crate::domain::lifecycle::Phase;
use crate::domain::money::Usd;
use crate::domain::throttle::Learned;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::BTreeSet;
use std::time::Duration;

/// Keys of the learned time between two submissions, in microseconds, and of the learned number of slots.
const GAP: &str = "gap of ";
const SLOTS: &str = "slots of ";

/// Where a project's state is driven: the same project on two machines, or twice on one, orders everything twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Tells machines apart.
    pub machine: String,
    /// The machine's name.
    pub host: String,
    /// The project's folder on it.
    pub folder: String,
}

/// A copy of the project that was driven in another place, and what waits to be sent in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The other place.
    pub place: Place,
    /// Jobs that wait to be sent.
    pub waiting: u64,
    /// Their price.
    pub usd: Usd,
}

/// Notes where the state is driven now. Returns the other place where it was driven before, if jobs wait in both.
pub(super) fn drive(db: &Connection, here: &Place) -> rusqlite::Result<Option<Elsewhere>> {
    let place = |row: &Row<'_>| Ok(Place { machine: row.get(0)?, host: row.get(1)?, folder: row.get(2)? });
    let before = db.query_row("SELECT machine, host, folder FROM driven", [], place).optional()?;
    let is_here = |before: &Place| before.machine == here.machine && before.folder == here.folder;
    if before.as_ref().is_some_and(is_here) {
        return Ok(None);
    }
    let tx = db.unchecked_transaction()?;
    tx.execute("DELETE FROM driven", [])?;
    tx.execute("INSERT INTO driven VALUES (?1, ?2, ?3)", (&here.machine, &here.host, &here.folder))?;
    tx.commit()?;
    let Some(place) = before else { return Ok(None) };
    let sql = "SELECT count(*), coalesce(sum(price), 0) FROM takes WHERE state = 'pending'";
    let (waiting, usd): (i64, i64) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let elsewhere = Elsewhere { place, waiting: waiting.cast_unsigned(), usd: Usd::from_micros(usd) };
    Ok(Some(elsewhere).filter(|elsewhere| elsewhere.waiting > 0))
}

impl Store {
    /// The output folder that holds: the one that was named first, as long as a clip stands there or is on its way
    /// there; otherwise this one, which is remembered.
    pub async fn keep_output(&self, root: &str) -> Result<String, StoreError> {
        let root = root.to_owned();
        self.lane.write(None, move |batch| keep(batch.db, &root).map(Ok)).await
    }

    /// Notes which folders of clips have disks of their own; see [`Reader::disks`].
    pub async fn note_disks(&self, disks: &BTreeSet<String>) -> Result<(), StoreError> {
        let disks = serde_json::json!(disks).to_string();
        let sql = "UPDATE output SET disks = ?1";
        self.lane.write(None, move |batch| batch.db.execute(sql, [&disks]).map(|_| Ok(()))).await
    }

    /// Notes that a person has agreed to the orders that may have been sent before the history was lost.
    pub async fn close_gaps(&self) -> Result<(), StoreError> {
        self.lane.write(None, |batch| set_gaps(batch.db, false).map(Ok)).await
    }

    /// Notes with which key a provider is asked from now on, by a `mark` that tells keys apart and does not tell the
    /// key. Returns since when it has been that one, to the millisecond.
    pub async fn key_in_use(
        &self,
        provider: &str,
        mark: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let (which, since) = (format!("key of {provider}"), format!("key of {provider} since"));
        self.lane
            .write(None, move |batch| {
                if let (Some(known), Some(since)) = (value(batch.db, &which)?, value(batch.db, &since)?)
                    && known == mark
                {
                    return Ok(Ok(since));
                }
                let now = now.as_millisecond();
                let mut set = batch.db.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
                set.execute((&which, mark))?;
                set.execute((&since, now))?;
                Ok(Ok(now))
            })
            .await
            .map(|since: i64| Timestamp::from_millisecond(since).unwrap_or(Timestamp::MAX))
    }

    /// Notes the rate and slots that a model lets through; `None` where those of the limits are not too much any more.
    pub async fn learn(
        &self,
        provider: &str,
        model: &str,
        learned: Option<Learned>,
    ) -> Result<(), StoreError> {
        let (gap, slots) = (format!("{GAP}{provider}/{model}"), format!("{SLOTS}{provider}/{model}"));
        self.lane
            .write(None, move |batch| {
                let Some(learned) = learned else {
                    batch.db.execute("DELETE FROM meta WHERE key IN (?1, ?2)", (&gap, &slots))?;
                    return Ok(Ok(()));
                };
                let micros = Duration::from_secs_f64(1.0 / learned.rate).as_micros();
                let mut set = batch.db.prepare("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
                set.execute((&gap, i64::try_from(micros).unwrap_or(i64::MAX)))?;
                set.execute((&slots, learned.slots))?;
                Ok(Ok(()))
            })
            .await
    }

    /// Notes that a provider accepts submissions at this address.
    pub async fn accepts_at(&self, provider: &str, address: &str) -> Result<(), StoreError> {
        let accepts = format!("{} {address}", accepting(provider));
        self.lane
            .write(None, move |batch| {
                batch.db.execute("INSERT OR REPLACE INTO meta VALUES (?1, 1)", [&accepts])?;
                Ok(Ok(()))
            })
            .await
    }

    /// Returns whether a provider has ever accepted a submission at this address. Where no address is noted, as in states
    /// of earlier versions and rebuilt ones, any accepted task counts for each of them.
    pub async fn has_accepted(&self, provider: &str, address: &str) -> Result<bool, StoreError> {
        let accepts = format!("{} {address}", accepting(provider));
        let (provider, any) = (provider.to_owned(), format!("{} *", accepting(provider)));
        self.lane
            .write(None, move |batch| {
                let is_there = |sql: &str, of: &str| batch.db.query_row(sql, [of], |row| row.get(0));
                if is_there("SELECT EXISTS (SELECT 1 FROM meta WHERE key GLOB ?1)", &any)? {
                    return Ok(Ok(value(batch.db, &accepts)?.is_some()));
                }
                let tasks = "SELECT EXISTS (SELECT 1 FROM takes WHERE provider = ?1 AND task_id IS NOT NULL)";
                Ok(Ok(is_there(tasks, &provider)?))
            })
            .await
    }
}

/// What stands before the addresses at which a provider accepts submissions.
fn accepting(provider: &str) -> String {
    format!("{provider} accepts at")
}

impl Reader {
    /// Returns the rate and slots that each model of a provider let through when they were last refused more.
    pub async fn learned(&self, provider: &str) -> Result<Vec<(String, Learned)>, StoreError> {
        let models = format!("{GAP}{provider}/");
        self.read(move |db| {
            let mut list = db.prepare(
                "SELECT substr(gap.key, length(?1) + 1), gap.value, slots.value FROM meta gap
                 JOIN meta slots ON slots.key = ?2 || substr(gap.key, length(?3) + 1)
                 WHERE substr(gap.key, 1, length(?1)) = ?1",
            )?;
            let rows = list.query_map((&models, SLOTS, GAP), |row| {
                let gap = Duration::from_micros(row.get::<_, i64>(1)?.unsigned_abs().max(1));
                Ok((row.get(0)?, Learned { rate: 1.0 / gap.as_secs_f64(), slots: row.get(2)? }))
            })?;
            rows.collect()
        })
        .await
    }

    /// The output folder of which [`Store::keep_output`] took note; `None` before the first run.
    pub async fn output(&self) -> Result<Option<String>, StoreError> {
        self.read(root).await
    }

    /// Returns the folders of clips that had disks of their own, `.` for the output folder itself; `None` where none was
    /// ever looked at.
    pub fn disks(&self) -> Result<Option<BTreeSet<String>>, StoreError> {
        let found: Option<String> = self.read_here(|db| {
            let found = db.prepare_cached("SELECT disks FROM output")?.query_row([], |row| row.get(0));
            Ok(found.optional()?.flatten())
        })?;
        // Earlier versions joined folders at the top by `/`.
        let split = |text: &str| text.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(found.map(|text| serde_json::from_str(&text).unwrap_or_else(|_| split(&text))))
    }

    /// Whether submissions may be missing from the history: it was rebuilt from clips, or from a ledger with gaps.
    pub async fn has_gaps(&self) -> Result<bool, StoreError> {
        self.read(|db| Ok(value(db, GAPS)?.is_some_and(|gaps| gaps > 0))).await
    }
}

/// The row that says that submissions may be missing from the history.
const GAPS: &str = "gaps";

/// Notes whether submissions may be missing from the history.
pub(super) fn set_gaps(db: &Connection, gaps: bool) -> rusqlite::Result<()> {
    db.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", (GAPS, gaps)).map(drop)
}

/// The folder of which note was taken.
pub(super) fn root(db: &Connection) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT root FROM output")?.query_row([], |row| row.get(0)).optional()
}

fn keep(db: &Connection, wanted: &str) -> rusqlite::Result<String> {
    if let Some(known) = root(db)?
        && (known == wanted || in_use(db)?)
    {
        return Ok(known);
    }
    db.execute("DELETE FROM output", [])?;
    db.execute("INSERT INTO output (root) VALUES (?1)", [wanted])?;
    Ok(wanted.to_owned())
}

fn in_use(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row(
        &format!(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE filed_take IS NOT NULL)
             OR EXISTS (SELECT 1 FROM takes WHERE state = 'held' OR state IN {})",
            takes::list(&Phase::IN_FLIGHT)
        ),
        [],
        |row| row.get(0),
    )
}

fn value(db: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()
}
