//! Runs, their budgets, and what was spent.

use super::Store;
use super::error::{Cap, OverCap, StoreError};
use super::read::Reader;
use crate::domain::key::TakeId;
use crate::domain::money::Usd;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, named_params};

/// One call of the program that may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// Bounds on what may be spent; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// By this call of the program.
    pub invocation: Option<Usd>,
    /// By this run, together with the interrupted ones that it goes on with.
    pub run: Option<Usd>,
    /// By the project in a day, in UTC.
    pub day: Option<Usd>,
    /// By the project in a month, in UTC.
    pub month: Option<Usd>,
}

/// What to sum up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// One call of the program.
    Invocation(RunId),
    /// A run, together with the interrupted ones that it went on with.
    Run(RunId),
    /// What the project submitted on the day of that moment, in UTC.
    Day(Timestamp),
    /// What the project submitted in the month of that moment, in UTC.
    Month(Timestamp),
    /// All that the project ever submitted.
    Ever,
}

/// Money by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Surely spent.
    pub settled: Usd,
    /// Set aside for what is on its way.
    pub reserved: Usd,
    /// May have been charged.
    pub in_doubt: Usd,
}

impl Spent {
    /// What a budget must count.
    #[must_use]
    pub fn total(self) -> Usd {
        self.settled + self.reserved + self.in_doubt
    }
}

/// Exit codes with which a run is finished: all done, some failed, some held, budget reached. After any other one,
/// or none, the next run goes on with it.
const FINISHED: [i64; 4] = [0, 3, 7, 8];

impl Store {
    /// Begins a run. Where the project's last run of that command was interrupted, this one goes on with it: what that
    /// one spent counts against `caps.run`.
    pub async fn begin_run(
        &self,
        project: &str,
        command: &str,
        caps: Caps,
        now: Timestamp,
    ) -> Result<RunId, StoreError> {
        let (project, command) = (project.to_owned(), command.to_owned());
        let begin = move |db: &Connection| {
            let chain = interrupted(db, &project, &command)?;
            let micros = |cap: Option<Usd>| cap.map(Usd::micros);
            db.prepare_cached(
                "INSERT INTO runs (chain, project, command, started, cap_invocation, cap_run, cap_day, cap_month)
                 VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                &project,
                &command,
                now.as_millisecond(),
                micros(caps.invocation),
                micros(caps.run),
                micros(caps.day),
                micros(caps.month),
            ))?;
            let id = db.last_insert_rowid();
            db.execute("UPDATE runs SET chain = ?1 WHERE id = ?2", (chain.unwrap_or(id), id))?;
            Ok(RunId(id))
        };
        self.lane.write(None, move |batch| begin(batch.db).map(Ok)).await
    }

    /// Ends a run with the exit code of the program.
    pub async fn end_run(&self, run: RunId, exit: u8, now: Timestamp) -> Result<(), StoreError> {
        let end = move |db: &Connection| {
            db.prepare_cached("UPDATE runs SET ended = ?1, exit = ?2 WHERE id = ?3")?.execute((
                now.as_millisecond(),
                exit,
                run.0,
            ))
        };
        self.lane.write(None, move |batch| end(batch.db).map(|_| Ok(()))).await
    }
}

/// The first call of the run that the next one of that command goes on with.
fn interrupted(db: &Connection, project: &str, command: &str) -> rusqlite::Result<Option<i64>> {
    let last: Option<(i64, Option<i64>)> = db
        .prepare_cached(
            "SELECT chain, exit FROM runs WHERE project = ?1 AND command = ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([project, command], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let open = last.filter(|(_, exit)| exit.is_none_or(|exit| !FINISHED.contains(&exit)));
    Ok(open.map(|(chain, _)| chain))
}

impl Reader {
    /// The interrupted run that the next one of that command goes on with; `None` where it begins a new one.
    pub async fn interrupted(&self, project: &str, command: &str) -> Result<Option<RunId>, StoreError> {
        let (project, command) = (project.to_owned(), command.to_owned());
        self.read(move |db| interrupted(db, &project, &command)).await.map(|chain| chain.map(RunId))
    }

    /// What was spent.
    pub async fn spent(&self, project: &str, window: Window) -> Result<Spent, StoreError> {
        let project = project.to_owned();
        self.read(move |db| spent(db, &project, window)).await
    }
}

fn spent(db: &Connection, project: &str, window: Window) -> rusqlite::Result<Spent> {
    let (condition, value): (_, Box<dyn ToSql>) = match window {
        Window::Invocation(run) => ("r.id = :value", Box::new(run.0)),
        Window::Run(run) => ("r.chain = (SELECT chain FROM runs WHERE id = :value)", Box::new(run.0)),
        Window::Day(at) => ("t.day = :value", Box::new(day(at))),
        Window::Month(at) => ("substr(t.day, 1, 7) = :value", Box::new(day(at)[..7].to_owned())),
        Window::Ever => ("t.day >= :value", Box::new("")),
    };
    db.prepare_cached(&format!(
        "SELECT coalesce(sum(t.settled), 0), coalesce(sum(t.reserved), 0), coalesce(sum(t.in_doubt), 0)
         FROM runs r JOIN tallies t ON t.run = r.id WHERE r.project = :project AND {condition}"
    ))?
    .query_row(named_params! { ":project": project, ":value": value }, |row| {
        let usd = |column| row.get(column).map(Usd::from_micros);
        Ok(Spent { settled: usd(0)?, reserved: usd(1)?, in_doubt: usd(2)? })
    })
}

/// The day in UTC, as it is written in the database: years of four digits, so that text sorts as time does.
pub(super) fn day(at: Timestamp) -> String {
    let date: Date = at.to_zoned(TimeZone::UTC).date();
    date.to_string()
}

/// Whether a run may still spend that much. Asked in the transaction that reserves it, so that no two can overshoot.
pub(super) fn check_caps(
    db: &Connection,
    run: RunId,
    price: Usd,
    now: Timestamp,
) -> rusqlite::Result<Result<(), OverCap>> {
    let read = |row: &Row<'_>| {
        let cap = |column| row.get::<_, Option<i64>>(column).map(|cap| cap.map(Usd::from_micros));
        Ok((row.get::<_, String>(0)?, [cap(1)?, cap(2)?, cap(3)?, cap(4)?]))
    };
    let (project, caps) = db
        .prepare_cached(
            "SELECT project, cap_invocation, cap_run, cap_day, cap_month FROM runs WHERE id = ?1",
        )?
        .query_row([run.0], read)?;
    let windows = [
        (Cap::Invocation, Window::Invocation(run)),
        (Cap::Run, Window::Run(run)),
        (Cap::Day, Window::Day(now)),
        (Cap::Month, Window::Month(now)),
    ];
    for ((which, window), cap) in windows.into_iter().zip(caps) {
        let Some(cap) = cap else { continue };
        let available = cap - spent(db, &project, window)?.total();
        if price > available {
            return Ok(Err(OverCap { which, cap, available, price }));
        }
    }
    Ok(Ok(()))
}

/// Counts a take's money for that run, on that day.
pub(super) fn charge_to(db: &Connection, take: &TakeId, run: RunId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE takes SET run = ?2, day = ?3 WHERE id = ?1")?
        .execute((&take.0, run.0, day(now)))
        .map(|_| ())
}
