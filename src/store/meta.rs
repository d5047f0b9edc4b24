//! Stores facts about the state folder and the providers, for example the output folder and learned submission rates.
//!
//! For each provider, it stores when its API key last changed, because a new key may belong to another account. The
//! task list of that account proves nothing about requests that were sent with the earlier key.
//!
//! Paths in the database are relative to the output folder.

use super::error::StoreError;
use super::read::Reader;
use super::read::reviews::review_counts;
use super::{Store, takes};
use crate::domain::lifecycle::Phase;
use crate::domain::money::Usd;
use crate::domain::throttle::Learned;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::BTreeSet;
use std::time::Duration;

/// The prefix of the `meta` key for the time between two submissions to a model, in microseconds, as learned from
/// refusals. [`SLOTS`] is the prefix of the key for the learned number of concurrent tasks.
const GAP: &str = "gap of ";
const SLOTS: &str = "slots of ";

/// A machine and a folder on it in which commands submit and collect for a project. If a person copies the project and
/// uses both copies, each copy submits and pays for every job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The unique id of the machine.
    pub machine: String,
    /// The host name of the machine.
    pub host: String,
    /// The folder of the project on the machine `host`.
    pub folder: String,
}

/// The copy of this project that was used before this copy, with the number and price of the requests that both copies
/// may submit and pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCopy {
    /// The machine and folder of the other copy.
    pub place: Place,
    /// The number of requests that wait to be sent from this copy of the project: jobs and queued redos. The other copy
    /// may send the same requests.
    pub waiting: u64,
    /// The number of waiting jobs whose price is not recorded, because no run has ordered them yet.
    pub unpriced: u64,
    /// The sum of the recorded prices of the waiting requests.
    pub usd: Usd,
}

/// Records `here` as the machine and folder in which commands submit and collect. If another machine or folder was
/// recorded before, and requests wait to be sent, returns the copy of the project there; otherwise `None`.
pub(super) fn drive(db: &Connection, here: &Place) -> rusqlite::Result<Option<OtherCopy>> {
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
    let (mut waiting, mut usd): (i64, i64) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for take in review_counts(db, None)?.1 {
        usd +=
            db.query_row("SELECT price FROM takes WHERE id = ?1", [&take.0], |row| row.get::<_, i64>(0))?;
        waiting += 1;
    }
    // Jobs that no run has ordered, for example because of `--limit`.
    let sql =
        "SELECT count(*) FROM jobs WHERE wanted AND filed_take IS NULL AND id NOT IN (SELECT job FROM takes)";
    let unordered: i64 = db.query_row(sql, [], |row| row.get(0))?;
    let unpriced = unordered.cast_unsigned() + unrecorded(db, None)? as u64;
    let waiting = waiting.cast_unsigned() + unpriced;
    let elsewhere = OtherCopy { place, waiting, unpriced, usd: Usd::from_micros(usd) };
    Ok(Some(elsewhere).filter(|elsewhere| elsewhere.waiting > 0))
}

/// The record of when a provider's address and API key last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// The time since which the present address and API key are in use, to the millisecond.
    pub since: Timestamp,
    /// True if another address or key was in use before.
    pub replaced: bool,
}

impl Store {
    /// Returns the output folder to use, and records it.
    ///
    /// `root` replaces the recorded folder only if no job has a clip, and no take is in flight or needs a person's
    /// decision.
    pub async fn keep_output(&self, root: &str) -> Result<String, StoreError> {
        let root = root.to_owned();
        self.lane.write(None, move |batch| keep(batch.db, &root).map(Ok)).await
    }

    /// Records the folders of clips that are on another disk than the state folder; see [`Reader::disks`].
    pub async fn note_disks(&self, disks: &BTreeSet<String>) -> Result<(), StoreError> {
        let disks = serde_json::json!(disks).to_string();
        let sql = "UPDATE output SET disks = ?1";
        self.lane.write(None, move |batch| batch.db.execute(sql, [&disks]).map(|_| Ok(()))).await
    }

    /// Records that no submission is missing from the history, because a person has compared it with the provider's
    /// tasks.
    pub async fn close_gaps(&self) -> Result<(), StoreError> {
        self.lane
            .write(None, |batch| batch.db.execute("DELETE FROM meta WHERE key = ?1", [GAPS]).map(|_| Ok(())))
            .await
    }

    /// Records the address and API key with which a provider is called from now on. `mark` is a number that
    /// distinguishes them without revealing the key.
    pub async fn key_in_use(&self, provider: &str, mark: i64, now: Timestamp) -> Result<KeyUse, StoreError> {
        let which = format!("key of {provider}");
        let [since, replaced] = ["since", "replaced"].map(|word| format!("{which} {word}"));
        let found = self.lane.write(None, move |batch| {
            let (known, old) = (value(batch.db, &which)?, value(batch.db, &since)?);
            if let (Some(known), Some(old)) = (known, old)
                && known == mark
            {
                return Ok(Ok((old, value(batch.db, &replaced)?.is_some())));
            }
            let now = now.as_millisecond();
            let mut set = batch.db.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
            set.execute((&which, mark))?;
            set.execute((&since, now))?;
            if known.is_some() {
                set.execute((&replaced, 1))?;
            }
            Ok(Ok((now, known.is_some())))
        });
        let (since, replaced) = found.await?;
        Ok(KeyUse { since: Timestamp::from_millisecond(since).unwrap_or(Timestamp::MAX), replaced })
    }

    /// Records the submission rate and the number of slots (tasks at a time) that a model was found to accept. `None`
    /// removes the record, so that the limits of the model's card apply again.
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

    /// Records that a provider has accepted a submission at this address.
    pub async fn accepts_at(&self, provider: &str, address: &str) -> Result<(), StoreError> {
        let accepts = format!("{} {address}", accepting(provider));
        self.lane
            .write(None, move |batch| {
                batch.db.execute("INSERT OR REPLACE INTO meta VALUES (?1, 1)", [&accepts])?;
                Ok(Ok(()))
            })
            .await
    }

    /// Checks whether a provider has ever accepted a submission at this address.
    ///
    /// Databases of earlier versions and rebuilt ones have no addresses. For these, any task of the provider counts as
    /// a proof for every address.
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

/// Returns the prefix of the `meta` keys that record the addresses at which a provider accepts submissions.
fn accepting(provider: &str) -> String {
    format!("{provider} accepts at")
}

impl Reader {
    /// Returns the submission rate and the number of slots (tasks at a time) that earlier runs learned from refusals,
    /// for each model of a provider.
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

    /// Returns the output folder that [`Store::keep_output`] recorded; `None` before the first run.
    pub async fn output(&self) -> Result<Option<String>, StoreError> {
        self.read(root).await
    }

    /// Returns the folders of clips that were on another disk than the state folder, with `.` for the output folder
    /// itself. Returns `None` if no run has recorded them yet.
    pub fn disks(&self) -> Result<Option<BTreeSet<String>>, StoreError> {
        let found: Option<String> = self.read_here(|db| {
            let found = db.prepare_cached("SELECT disks FROM output")?.query_row([], |row| row.get(0));
            Ok(found.optional()?.flatten())
        })?;
        // Earlier versions joined folders at the top by `/`.
        let split = |text: &str| text.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(found.map(|text| serde_json::from_str(&text).unwrap_or_else(|_| split(&text))))
    }

    /// Returns the time at which the history was last rebuilt from clips or from a damaged ledger, to the millisecond.
    /// Submissions from before that time may be missing. Returns `None` if none can be missing.
    pub async fn gaps(&self) -> Result<Option<Timestamp>, StoreError> {
        let rebuilt = self.read(|db| value(db, GAPS)).await?.filter(|rebuilt| *rebuilt > 0);
        Ok(rebuilt.map(|millis| Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)))
    }
}

/// The key of a time in the table `meta`. Submissions from before this time may be missing from the history.
///
/// No run removes the time, because the job of a missing submission may be absent from the manifest now and return
/// later.
const GAPS: &str = "gaps";

/// Records that submissions from before `now` may be missing from the history.
pub(super) fn set_gaps(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    db.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", (GAPS, now.as_millisecond())).map(drop)
}

/// The key of a run number in the table `meta`: the number of the newest run when the database was last rebuilt. For
/// the runs up to this number, it may be unknown how they ended, because the ledger does not record that.
const REBUILT_RUNS: &str = "rebuilt runs";

/// Records the number of the newest run when the database is rebuilt. How the runs up to this number ended may be
/// unknown.
pub(super) fn set_rebuilt_runs(db: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO meta SELECT ?1, coalesce(max(id), 0) FROM runs";
    db.execute(sql, [REBUILT_RUNS]).map(drop)
}

/// The prefix of the `meta` keys for each project's number of unrecorded jobs. The manifest asks for such a job, but no
/// run has selected and recorded it yet.
const UNRECORDED: &str = "unrecorded jobs of ";

/// Records the number of jobs that a project's manifest asks for, but that no run has selected and recorded yet.
pub(super) fn set_unrecorded(db: &Connection, project: &str, jobs: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2 WHERE value <> ?2";
    db.prepare_cached(sql)?.execute((format!("{UNRECORDED}{project}"), jobs.cast_signed())).map(drop)
}

/// Returns the number of jobs of a project (`None`: of all projects) that the manifest asks for, but that no run has
/// selected and recorded yet.
pub(super) fn unrecorded(db: &Connection, project: Option<&str>) -> rusqlite::Result<usize> {
    let sql = "SELECT coalesce(sum(value), 0) FROM meta
        WHERE iif(?1 IS NULL, key > ?2 AND key < ?3, key = ?2 || ?1)";
    // `!` follows the blank at the end of the prefix.
    let end = format!("{}!", UNRECORDED.trim_end());
    let jobs: i64 = db.prepare_cached(sql)?.query_row((project, UNRECORDED, end), |row| row.get(0))?;
    Ok(usize::try_from(jobs).unwrap_or_default())
}

/// Returns the recorded output folder; `None` if none is recorded.
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
