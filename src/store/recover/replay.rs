//! Applies the lines of a ledger to a database that lacks some of them.

mod compare;

use super::ClipFinder;
use super::sidecars::is_from_sidecar;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, ModelName, TakeId};
use crate::domain::lifecycle::{Charged, Event, Intent, State};
use crate::domain::money::Usd;
use crate::domain::policy::{Policy, Tick};
use crate::domain::take::Take;
use crate::plan::known::Filed;
use crate::store::apply::{self, Change, Details};
use crate::store::ledger::{Entry, Kind};
use crate::store::{adjust, admit, agreement, dismissed, repair, reviews, rows, runs, takes};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{HashMap, HashSet};

/// The counts that [`replay`] returns: submissions and takes that it added to the database or changed, missing clips,
/// and unusable ledger lines.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) submissions: usize,
    pub(super) sum: Usd,
    pub(super) takes: usize,
    pub(super) missing: usize,
    pub(super) unmatched: usize,
    /// The number of clips that are recorded only in sidecars and that are missing or altered.
    pub(super) gone: usize,
}

struct Replay<'a> {
    db: &'a Connection,
    policy: &'a dyn Fn(&ModelName) -> Policy,
    clips: &'a dyn ClipFinder,
    now: Timestamp,
    /// The highest `seq` number that the database has recorded. The database may lack an earlier line: one that was
    /// saved in the ledger alone, because a write to the database failed.
    heard: u64,
    /// The ids of the takes that the database had before the ledger lines were applied to it.
    known: HashSet<String>,
    changed: HashSet<String>,
    /// The ids of the takes whose submission was missing from the database and was added from the ledger.
    missed: HashSet<String>,
    /// The ids of the takes that are recorded only in a sidecar.
    proved: HashSet<&'a str>,
    recovered: Recovered,
}

/// Applies all ledger lines to the database, then compares the database with the clips in the output folder.
pub(super) fn replay(
    db: &Connection,
    entries: &[Entry],
    policy: &dyn Fn(&ModelName) -> Policy,
    clips: &dyn ClipFinder,
    now: Timestamp,
) -> rusqlite::Result<Recovered> {
    let proved =
        entries.iter().filter(|entry| is_from_sidecar(entry)).map(|entry| entry.take.as_str()).collect();
    let heard: i64 = db.query_row("SELECT value FROM meta WHERE key = 'seq'", [], |row| row.get(0))?;
    let mut select = db.prepare("SELECT id FROM takes")?;
    let known = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let (changed, missed) = (HashSet::new(), HashSet::new());
    let heard = heard.cast_unsigned();
    let recovered = Recovered::default();
    let mut replay = Replay { db, policy, clips, now, heard, known, changed, missed, proved, recovered };
    // In a ledger that was rebuilt, the line of a submission may come after the line of its outcome.
    let submission = |entry: &Entry| (entry.take.clone(), entry.attempt);
    let intents: HashMap<_, _> = (0..)
        .zip(entries)
        .filter(|(_, entry)| entry.kind == Kind::Intent)
        .map(|(at, entry)| (submission(entry), at))
        .collect();
    let last_intents: HashMap<&str, usize> = (0..)
        .zip(entries)
        .filter(|(_, entry)| entry.kind == Kind::Intent)
        .map(|(at, entry)| (entry.take.as_str(), at))
        .collect();
    let mut early = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(intent) = intents.get(&submission(entry)).filter(|intent| **intent > at) {
            replay.line(&entries[*intent])?;
        }
        // A person decided about the clip while the ledger lacked the lines of its take, which were added later.
        let is_early = is_about_clip(entry.kind)
            && last_intents.get(entry.take.as_str()).is_some_and(|intent| *intent > at)
            && takes::by_id(db, &entry.take_id())?.is_none();
        if is_early {
            early.push(entry);
        } else {
            replay.line(entry)?;
        }
    }
    early.into_iter().try_for_each(|entry| replay.line(entry))?;
    replay.compare_with_clips()?;
    let Replay { missed, changed, mut recovered, .. } = replay;
    for take in &missed {
        let sql = "SELECT amount FROM takes WHERE id = ?1";
        recovered.sum += db.prepare_cached(sql)?.query_row([take], |row| row.get(0).map(Usd::from_micros))?;
    }
    recovered.takes = changed.len();
    Ok(recovered)
}

/// Records that the database has all ledger lines that end before the byte position `end`.
pub(super) fn agree(db: &Connection, entries: &[Entry], end: u64) -> rusqlite::Result<()> {
    let mut delete = db.prepare("DELETE FROM outbox WHERE seq = ?1")?;
    for entry in entries {
        delete.execute([entry.seq.cast_signed()])?;
    }
    let last = entries.iter().map(|entry| entry.seq).max().unwrap_or(0);
    db.execute("UPDATE meta SET value = max(value, ?1) WHERE key = 'seq'", [last.cast_signed()])?;
    db.execute("UPDATE meta SET value = ?1 WHERE key = 'agreed'", [end.cast_signed()])?;
    Ok(())
}

impl Replay<'_> {
    fn line(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        if entry.kind == Kind::Intent {
            return if agreement::knows(self.db, entry)? { Ok(()) } else { self.submission(entry) };
        }
        let Some(take) = takes::by_id(self.db, &entry.take_id())? else { return self.unknown(entry) };
        let news = entry.seq > self.heard || !self.known.contains(&entry.take);
        match entry.kind {
            Kind::Filed if news => self.filed(entry),
            Kind::Filed => Ok(()),
            Kind::Dismissed | Kind::Recalled => dismissed::heard(self.db, entry).map(drop),
            Kind::Reviewed => reviews::heard(self.db, entry).map(drop),
            Kind::Adjusted => adjust::replayed(self.db, entry, news).map(drop),
            _ => self.step(entry, &take, news),
        }
    }

    /// Handles a ledger line about a take that the database does not have. If a person ordered the take, it is added. A
    /// cancellation is skipped, and any other line is counted as unusable.
    fn unknown(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        match entry.kind {
            Kind::Ordered if repair::order(self.db, entry, self.policy)?.is_some() => {
                self.changed.insert(entry.take.clone());
            }
            // The take was never sent: nothing is missing.
            Kind::Cancelled => {}
            _ => self.recovered.unmatched += 1,
        }
        Ok(())
    }

    /// Adds a submission that the database lacks, with its take and its job if they are missing too.
    fn submission(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let (Some(intent), Some(request)) = (entry.intent(), &entry.request) else {
            self.recovered.unmatched += 1;
            return Ok(());
        };
        let request = rows::request_from(&request.to_string()).map_err(|e| takes::unreadable(0, e))?;
        let job = self.job(entry)?;
        let id = entry.take_id();
        let policy = (self.policy)(&entry.model);
        if takes::by_id(self.db, &id)?.is_none() {
            let take = Take {
                id: id.clone(),
                project: entry.project.clone(),
                key: key(entry)?,
                title: entry.title.as_deref().unwrap_or_default().into(),
                fingerprint: entry.fingerprint.parse().map_err(|()| unreadable(&entry.fingerprint))?,
                request,
                price: entry.usd,
                settled: None,
                adjusted: false,
                path: entry.path.clone().unwrap_or_default(),
                attempts: 0,
                state: State::new(&policy, entry.at),
            };
            takes::insert(self.db, &take, job, None, entry.at)?;
            let waiting = takes::waiting_behind(self.db, &id)?;
            apply::supersede(self.db, waiting, Tick::new(entry.at, 0.0), &policy)?;
        } else {
            admit::move_take(self.db, &id, job)?;
        }
        // The take may have waited with another price and under another name.
        self.db
            .prepare_cached(
                "UPDATE takes SET price = ?2, path = coalesce(?3, path),
                 instead_of = (SELECT id FROM takes WHERE id = ?4) WHERE id = ?1",
            )?
            .execute((&id.0, entry.usd.micros(), &entry.path, &entry.instead_of))?;
        // Old lines do not record what was sent: no bytes have this hash.
        let body = entry.body.clone().unwrap_or_else(|| Sha256([0; 32]).to_string());
        self.db
            .prepare_cached(
                "INSERT INTO attempts (take, number, request_id, body_sha256, price, at, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                &id.0,
                entry.attempt,
                &intent.request_id.0,
                body,
                entry.usd.micros(),
                entry.at.as_millisecond(),
                entry.seq.cast_signed(),
            ))?;
        let run = self.run(entry)?;
        runs::charge_to(self.db, &id, entry.attempt, run, entry.at)?;
        self.claim_again(entry, &id, intent, &policy)?;
        self.recovered.submissions += 1;
        self.missed.insert(entry.take.clone());
        self.changed.insert(entry.take.clone());
        Ok(())
    }

    /// Sets a take to the state in which its request is being sent, whatever its state in the database is.
    fn claim_again(
        &self,
        entry: &Entry,
        id: &TakeId,
        intent: Intent,
        policy: &Policy,
    ) -> rusqlite::Result<()> {
        takes::set_state(self.db, id, &State::new(policy, entry.at), entry.at)?;
        if let Some(take) = takes::by_id(self.db, id)? {
            let claimed = Change::plain(Event::Claimed(intent), Tick::new(entry.at, 0.0), policy);
            apply::settle(self.db, &take, claimed)?;
        }
        Ok(())
    }

    /// Applies the events of a ledger line to a take that the database has. `news` is true if the database may lack the
    /// line.
    fn step(&mut self, entry: &Entry, take: &Take, news: bool) -> rusqlite::Result<()> {
        let policy = (self.policy)(&entry.model);
        let at = Tick::new(entry.at, 0.0);
        let events =
            if news { entry.events(&take.state) } else { Vec::from_iter(entry.unheard(&take.state)) };
        let mut events = events.into_iter().peekable();
        let possible = |event: &Event| take.state.clone().on(event.clone(), at, &policy).is_ok();
        if !events.peek().is_some_and(possible) {
            if news && adjust::raised(self.db, entry, take)? {
                self.changed.insert(entry.take.clone());
            }
            return Ok(());
        }
        let mut take = take.clone();
        if news {
            admit::move_take(self.db, &take.id, self.job(entry)?)?;
            if let (Kind::Settled, Some(path)) = (entry.kind, &entry.path) {
                self.set_path(&take.id, path)?;
                take.path.clone_from(path);
            }
        }
        for event in events {
            let settled = Some(entry.usd).filter(|usd| {
                entry.kind.counts() && entry.charged != Some(Charged::No) && take.cost() != *usd
            });
            let details = Details { settled, ..Details::default() };
            let change = Change { event, at, policy: &policy, details: &details };
            let Some(applied) = apply::settle(self.db, &take, change)? else { break };
            take = applied.take;
        }
        self.changed.insert(entry.take.clone());
        Ok(())
    }

    /// Records the new path of a clip: as the clip of a job, or as an older version that a newer clip replaced.
    fn filed(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let Some(path) = entry.path.clone() else { return Ok(()) };
        self.changed.insert(entry.take.clone());
        match entry.file() {
            Some(file) => {
                let job = self.job(entry)?;
                self.leave(&entry.take_id(), &path, job)?;
                takes::set_filed(self.db, job, &Filed { take: entry.take_id(), path, file })
            }
            None => self.set_path(&entry.take_id(), &path),
        }
    }

    /// Removes a take's clip at `path` from all jobs that have the clip there, because the caller gives the clip to
    /// `job`.
    ///
    /// If the take's own job has the clip there and is not `job`, the take moves to `job` as well, for example after
    /// the project was renamed.
    fn leave(&self, take: &TakeId, path: &str, job: i64) -> rusqlite::Result<()> {
        let is_left = "SELECT 1 FROM takes t JOIN jobs j ON j.id = t.job
             WHERE t.id = ?1 AND j.filed_take = ?1 AND j.filed_path = ?2 AND j.id <> ?3";
        if self.db.prepare_cached(is_left)?.exists((&take.0, path, job))? {
            admit::move_take(self.db, take, job)?;
        }
        takes::unfile_at(self.db, take, path)
    }

    fn set_path(&self, take: &TakeId, path: &str) -> rusqlite::Result<()> {
        let mut update = self.db.prepare_cached("UPDATE takes SET path = ?2 WHERE id = ?1")?;
        update.execute((&take.0, path)).map(drop)
    }

    /// Returns the row number of the job that a ledger line names, and adds the job if it is missing. A line of kind
    /// `Intent` (a submission) also updates an existing job.
    fn job(&self, entry: &Entry) -> rusqlite::Result<i64> {
        let key = key(entry)?;
        if entry.kind != Kind::Intent
            && let Some(job) = takes::job_id(self.db, &entry.project, &key)?
        {
            return Ok(job);
        }
        self.db
            .prepare_cached(
                "INSERT INTO jobs (project, shot, item, variant, title, wanted, priority, fingerprint, path)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, (SELECT coalesce(max(priority), -1) + 1 FROM jobs), ?6, ?7)
                 ON CONFLICT (project, shot, item, variant) DO UPDATE SET
                 title = excluded.title, wanted = 1, fingerprint = excluded.fingerprint, path = excluded.path
                 RETURNING id",
            )?
            .query_row(
                (
                    &entry.project,
                    &key.shot,
                    &key.item,
                    &key.variant,
                    entry.title.as_deref().unwrap_or(key.item.raw()),
                    &entry.fingerprint,
                    entry.path.as_deref().unwrap_or_default(),
                ),
                |row| row.get(0),
            )
    }

    /// Returns the run whose budget paid for the submission that a ledger line records. A missing run is added as an
    /// interrupted one, so that the next run resumes it and counts its spending.
    fn run(&self, entry: &Entry) -> rusqlite::Result<runs::RunId> {
        let by_number = "SELECT id FROM runs WHERE project = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id DESC";
        let known: Option<i64> = self
            .db
            .prepare_cached(by_number)?
            .query_row((&entry.project, entry.run), |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(runs::RunId(known));
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO runs (id, chain, project, command, started)
             VALUES ((SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = ?1)), 0, ?2, 'run', ?3) RETURNING id",
        )?;
        let id: i64 =
            insert.query_row((entry.run, &entry.project, entry.at.as_millisecond()), |row| row.get(0))?;
        self.db.execute("UPDATE runs SET chain = id WHERE id = ?1", [id])?;
        Ok(runs::RunId(id))
    }
}

/// Checks whether a ledger line of this kind is about the finished clip or the outcome of a take, and not about its
/// request.
const fn is_about_clip(kind: Kind) -> bool {
    matches!(kind, Kind::Filed | Kind::Adjusted | Kind::Dismissed | Kind::Recalled | Kind::Reviewed)
}

fn key(entry: &Entry) -> rusqlite::Result<JobKey> {
    entry.job.parse().map_err(|error| takes::unreadable(0, error))
}

fn unreadable(text: &str) -> rusqlite::Error {
    takes::unreadable(0, format!("the value `{text}` is not valid"))
}
