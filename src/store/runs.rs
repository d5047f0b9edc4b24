//! Stores runs and their budgets, and sums up the spending.

use super::Store;
use super::error::{Cap, OverCap, StoreError};
use super::read::Reader;
use crate::domain::key::TakeId;
use crate::domain::money::Usd;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, named_params};

/// The number of a run, which is one start of a command that may spend money or collect clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// The budgets of a run: the most that it may spend. `None` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// The budget of this invocation of the program.
    pub invocation: Option<Usd>,
    /// The budget of this run, together with the interrupted ones that it resumes.
    pub run: Option<Usd>,
    /// The budget of all projects of the folder for a day, in UTC.
    pub day: Option<Usd>,
    /// The budget of all projects of the folder for a month, in UTC.
    pub month: Option<Usd>,
}

/// The set of submissions whose money is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The submissions of one invocation of the program.
    Invocation(RunId),
    /// The submissions of a run and of the interrupted runs that it resumed.
    Run(RunId),
    /// The submissions on the UTC day that contains this time, and on later days. Later days count because a clock that
    /// was ahead must not leave money out of the budgets.
    Day(Timestamp),
    /// The submissions in the UTC month that contains this time, and in later months. Later months count because a
    /// clock that was ahead must not leave money out of the budgets.
    Month(Timestamp),
    /// All submissions ever.
    Ever,
}

/// The money spent in a [`Window`], such as a day: charged, reserved, or perhaps charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// The amount that was certainly charged.
    pub settled: Usd,
    /// The amount reserved for requests in flight.
    pub reserved: Usd,
    /// The amount that may have been charged.
    pub in_doubt: Usd,
}

impl Spent {
    /// Returns the total that a budget counts: the settled, the reserved and the perhaps charged amount.
    #[must_use]
    pub fn total(self) -> Usd {
        self.settled + self.reserved + self.in_doubt
    }
}

/// The exit codes that finish a run: all done, some failed, some need a decision, budget reached. A run that ended with
/// another exit code, or that was killed, is resumed by the next run.
const FINISHED: [i64; 4] = [0, 3, 7, 8];

impl Store {
    /// Begins a run. If the project's last run of the same command was interrupted, the new run resumes it, and the
    /// earlier spending counts against `caps.run`.
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

    /// Makes `project` the successor of the projects in `gone`, which no manifest names any more, if `project` has no
    /// runs yet. The runs, pauses and canaries of the projects in `gone` then belong to `project`.
    pub async fn succeed(&self, project: &str, gone: Vec<String>) -> Result<(), StoreError> {
        let project = project.to_owned();
        let succeed = move |db: &Connection| {
            if db.prepare_cached("SELECT 1 FROM runs WHERE project = ?1")?.exists([&project])? {
                return Ok(());
            }
            for name in &gone {
                for table in ["runs", "pauses", "canaries", "passed_templates"] {
                    let sql = format!("UPDATE OR IGNORE {table} SET project = ?1 WHERE project = ?2");
                    db.prepare_cached(&sql)?.execute((&project, name))?;
                }
            }
            Ok(())
        };
        self.lane.write(None, move |batch| succeed(batch.db).map(Ok)).await
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

/// Returns the interrupted run that the next start of `command` resumes, as the number of its first invocation. Returns
/// `None` if that start begins a new run.
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
    /// Returns the interrupted run that the next start of `command` resumes; `None` if that start begins a new run.
    pub async fn interrupted(&self, project: &str, command: &str) -> Result<Option<RunId>, StoreError> {
        let (project, command) = (project.to_owned(), command.to_owned());
        self.read(move |db| interrupted(db, &project, &command)).await.map(|chain| chain.map(RunId))
    }

    /// Returns the spending of all projects in a window.
    pub async fn spent(&self, window: Window) -> Result<Spent, StoreError> {
        self.read(move |db| spent(db, window)).await
    }

    /// Returns the projects with their spending in a window, the largest spending first.
    pub async fn spenders(&self, window: Window) -> Result<Vec<(String, Usd)>, StoreError> {
        self.read(move |db| {
            let (condition, value) = window.condition();
            let sum = "sum(t.settled + t.reserved + t.in_doubt)";
            let mut select = db.prepare_cached(&format!(
                "SELECT r.project, {sum} FROM runs r JOIN tallies t ON t.run = r.id WHERE {condition}
                 GROUP BY r.project HAVING {sum} > 0 ORDER BY {sum} DESC, r.project"
            ))?;
            let spender = |row: &Row<'_>| Ok((row.get(0)?, Usd::from_micros(row.get(1)?)));
            select.query_map(named_params! { ":value": value }, spender)?.collect()
        })
        .await
    }
}

impl Window {
    /// Returns an SQL condition that selects the submissions of this window, and the value of its parameter `:value`.
    /// In the condition, `r` is the table `runs`, and `t` is the table `tallies` (the money of each run on each day).
    fn condition(self) -> (&'static str, Box<dyn ToSql>) {
        match self {
            Self::Invocation(run) => ("r.id = :value", Box::new(run.0)),
            Self::Run(run) => ("r.chain = (SELECT chain FROM runs WHERE id = :value)", Box::new(run.0)),
            Self::Day(at) => ("t.day >= :value", Box::new(day(at))),
            Self::Month(at) => ("t.day >= :value", Box::new(format!("{}-01", &day(at)[..7]))),
            Self::Ever => ("t.day >= :value", Box::new("")),
        }
    }
}

fn spent(db: &Connection, window: Window) -> rusqlite::Result<Spent> {
    let (condition, value) = window.condition();
    db.prepare_cached(&format!(
        "SELECT coalesce(sum(t.settled), 0), coalesce(sum(t.reserved), 0), coalesce(sum(t.in_doubt), 0)
         FROM runs r JOIN tallies t ON t.run = r.id WHERE {condition}"
    ))?
    .query_row(named_params! { ":value": value }, |row| {
        let usd = |column| row.get(column).map(Usd::from_micros);
        Ok(Spent { settled: usd(0)?, reserved: usd(1)?, in_doubt: usd(2)? })
    })
}

/// Returns the UTC day of a time as the database stores it. Years have four digits, so the texts sort in the order of
/// time.
pub(super) fn day(at: Timestamp) -> String {
    let date: Date = at.to_zoned_datetime(TimeZone::UTC).date();
    date.to_string()
}

/// Checks whether the budgets of a run allow a submission at this `price`. The inner error names the first budget that
/// the price exceeds.
///
/// The check is in the transaction that reserves the amount, so that two submissions cannot exceed a budget together.
pub(super) fn check_caps(
    db: &Connection,
    run: RunId,
    price: Usd,
    now: Timestamp,
) -> rusqlite::Result<Result<(), OverCap>> {
    let read = |row: &Row<'_>| {
        let cap = |column| row.get::<_, Option<i64>>(column).map(|cap| cap.map(Usd::from_micros));
        Ok([cap(0)?, cap(1)?, cap(2)?, cap(3)?])
    };
    let caps = db
        .prepare_cached("SELECT cap_invocation, cap_run, cap_day, cap_month FROM runs WHERE id = ?1")?
        .query_row([run.0], read)?;
    let windows = [
        (Cap::Invocation, Window::Invocation(run)),
        (Cap::Run, Window::Run(run)),
        (Cap::Day, Window::Day(now)),
        (Cap::Month, Window::Month(now)),
    ];
    for ((which, window), cap) in windows.into_iter().zip(caps) {
        let Some(cap) = cap else { continue };
        let available = cap - spent(db, window)?.total();
        if price > available {
            return Ok(Err(OverCap { which, cap, available, price }));
        }
    }
    Ok(Ok(()))
}

/// Records the run and the day to which the take's cost is added, and the number of attempts of the take.
pub(super) fn charge_to(
    db: &Connection,
    take: &TakeId,
    attempt: u32,
    run: RunId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE takes SET run = ?2, day = ?3, attempts = ?4 WHERE id = ?1")?
        .execute((&take.0, run.0, day(now), attempt))
        .map(|_| ())
}
