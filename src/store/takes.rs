//! Reads and writes takes (paid renderings of jobs) as rows of the database, and records which clip a job has.

use super::rows;
use crate::domain::foreign::Foreign;
use crate::domain::key::{JobKey, TakeId, TaskId};
use crate::domain::lifecycle::{ClipFile, MoneyState, Phase, State};
use crate::domain::money::Usd;
use crate::domain::request::Request;
use crate::domain::take::Take;
use crate::plan::known::Filed;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use std::str::FromStr;

/// The columns that the function [`take`] reads, in that order. If a query selects further columns, the first of them
/// has the number [`WIDTH`].
pub(super) const COLUMNS: &str = "t.id, j.project, j.shot, j.item, j.variant, j.title, t.request, t.fingerprint, \
                                  t.price, t.path, t.attempts, t.data, t.settled, t.adjusted";
pub(super) const WIDTH: usize = 14;
pub(super) const TABLES: &str = "takes t JOIN jobs j ON j.id = t.job";

/// Returns the phases as a list for SQL: `('pending', 'held')`.
pub(super) fn list(phases: &[Phase]) -> String {
    let names: Vec<String> = phases.iter().map(|phase| format!("'{phase}'")).collect();
    format!("({})", names.join(", "))
}

/// Returns the SQL expression that computes the column `takes.queue`. The column has the priority of the take's job
/// while the take may be submitted; otherwise it is empty.
///
/// The parameters are SQL expressions as well: `state` gives the state of the take, `due` gives the due time, and `job`
/// gives the row number of the job.
pub(super) fn queue(state: &str, due: &str, job: &str) -> String {
    let never = Timestamp::MAX.as_millisecond();
    format!(
        "CASE WHEN {state} = 'pending' AND {due} < {never} \
         THEN (SELECT priority FROM jobs WHERE id = {job} AND wanted) END"
    )
}

/// Builds the error for a database value that this program cannot have written.
pub(super) fn unreadable(
    column: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| unreadable(column, format!("the value `{text}` is not valid")))
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|e| unreadable(column, e))
}

impl ToSql for Foreign {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.raw().to_sql()
    }
}

impl FromSql for Foreign {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(value.as_str()?.into())
    }
}

/// Reads a job's key from three columns: shot, item and variant, beginning at column `first`.
pub(super) fn key(row: &Row<'_>, first: usize) -> rusqlite::Result<JobKey> {
    Ok(JobKey { shot: row.get(first)?, item: row.get(first + 1)?, variant: row.get(first + 2)? })
}

pub(super) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    rows::state_from(row.get_ref(column)?.as_str()?).map_err(|e| unreadable(column, e))
}

pub(in crate::store) fn tags_json(tags: &[String]) -> String {
    serde_json::to_string(tags).expect("a list of texts is JSON")
}

/// Reads the tags of an item from a column that has them as a JSON list.
pub(in crate::store) fn tags(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

pub(super) fn request(row: &Row<'_>, column: usize) -> rusqlite::Result<Request> {
    rows::request_from(row.get_ref(column)?.as_str()?).map_err(|e| unreadable(column, e))
}

/// Reads a job's clip from the columns `filed_take, filed_path, filed_size, filed_sha256`, which begin at column
/// `first`. Returns `None` if the job has no clip.
pub(super) fn filed(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Filed>> {
    let Some(take) = row.get::<_, Option<String>>(first)? else { return Ok(None) };
    let file =
        ClipFile { size: row.get::<_, i64>(first + 2)?.cast_unsigned(), sha256: parsed(row, first + 3)? };
    Ok(Some(Filed { take: TakeId(take), path: row.get(first + 1)?, file }))
}

pub(super) fn take(row: &Row<'_>) -> rusqlite::Result<Take> {
    Ok(Take {
        id: TakeId(row.get(0)?),
        project: row.get(1)?,
        key: key(row, 2)?,
        title: row.get(5)?,
        request: request(row, 6)?,
        fingerprint: parsed(row, 7)?,
        price: Usd::from_micros(row.get(8)?),
        path: row.get(9)?,
        attempts: row.get(10)?,
        state: state(row, 11)?,
        settled: row.get::<_, Option<i64>>(12)?.map(Usd::from_micros),
        adjusted: row.get(13)?,
    })
}

pub(super) fn by_id(db: &Connection, id: &TakeId) -> rusqlite::Result<Option<Take>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE t.id = ?1"))?
        .query_row([&id.0], take)
        .optional()
}

/// Records the charge that the provider reported for a take. An amount that a person recorded stays as it is.
pub(super) fn set_settled(db: &Connection, id: &TakeId, usd: Usd) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE takes SET settled = ?2 WHERE id = ?1 AND NOT adjusted")?
        .execute((&id.0, usd.micros()))
        .map(|_| ())
}

/// Records the charge that a person read on the provider's bill. If `is_final`, the provider's figures no longer change
/// it.
pub(super) fn set_adjusted(db: &Connection, id: &TakeId, usd: Usd, is_final: bool) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE takes SET settled = ?2, adjusted = ?3 WHERE id = ?1")?
        .execute((&id.0, usd.micros(), is_final))
        .map(|_| ())
}

/// Returns the newest take that was ordered for a job with this fingerprint (hash of the request), and the row number
/// of the job. Returns `None` if there is no such take.
pub(super) fn newest_of_order(
    db: &Connection,
    project: &str,
    key: &JobKey,
    fingerprint: &str,
) -> rusqlite::Result<Option<(Take, i64)>> {
    let sql = format!(
        "SELECT {COLUMNS}, t.job FROM {TABLES} WHERE j.project = ?1 AND j.shot = ?2 AND j.item = ?3 AND j.variant = ?4
         AND t.fingerprint = ?5 ORDER BY t.place DESC LIMIT 1"
    );
    db.prepare_cached(&sql)?
        .query_row((project, &key.shot, &key.item, &key.variant, fingerprint), |row| {
            Ok((take(row)?, row.get(WIDTH)?))
        })
        .optional()
}

/// Returns the unsent takes of a job that are older than its take `newer`.
pub(super) fn waiting_behind(db: &Connection, newer: &TakeId) -> rusqlite::Result<Vec<TakeId>> {
    db.prepare_cached(
        "SELECT o.id FROM takes o JOIN takes n ON n.job = o.job
         WHERE n.id = ?1 AND o.place < n.place AND o.state = 'pending'",
    )?
    .query_map([&newer.0], |row| row.get(0).map(TakeId))?
    .collect()
}

pub(super) fn account_from(row: &Row<'_>, column: usize) -> rusqlite::Result<MoneyState> {
    let found = row.get_ref(column)?.as_str()?;
    let all = [MoneyState::Free, MoneyState::Reserved, MoneyState::InDoubt, MoneyState::Settled];
    let known = all.into_iter().find(|known| known.name() == found);
    known.ok_or_else(|| unreadable(column, format!("`{found}` is not a state of money")))
}

/// Checks whether a request of a take may have reached the provider. All attempts count except those with the outcome
/// `sent_back` or `never_sent`, so rejected attempts count as well.
pub(super) fn may_have_arrived(db: &Connection, id: &TakeId) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM attempts WHERE take = ?1 AND coalesce(outcome, '') NOT IN ('sent_back', 'never_sent')",
    )?
    .exists([&id.0])
}

/// Returns the older take that take `id` replaces and that may have been charged; `None` if there is none. The older
/// take is written off as soon as the provider has accepted take `id` or may have accepted it.
pub(super) fn stands_in_for(db: &Connection, id: &TakeId) -> rusqlite::Result<Option<Take>> {
    let doubtful: Option<String> = db
        .prepare_cached("SELECT instead_of FROM takes WHERE id = ?1")?
        .query_row([&id.0], |row| row.get(0))
        .optional()?
        .flatten();
    doubtful.map_or(Ok(None), |doubtful| by_id(db, &TakeId(doubtful)))
}

/// Returns the unsent takes that would replace the take `doubtful`, which may have been charged.
pub(super) fn stand_ins(db: &Connection, doubtful: &TakeId) -> rusqlite::Result<Vec<TakeId>> {
    db.prepare_cached("SELECT id FROM takes WHERE instead_of = ?1 AND +state = 'pending'")?
        .query_map([&doubtful.0], |row| row.get(0).map(TakeId))?
        .collect()
}

/// Adds a take that was never sent, as the newest take of its job. Only the run with the number `approved` may submit
/// it; `None` if no run may submit it yet.
pub(super) fn insert(
    db: &Connection,
    take: &Take,
    job: i64,
    approved: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let state = &take.state;
    db.prepare_cached(&format!(
        "INSERT INTO takes (id, place, job, fingerprint, request, provider, model, price, path, created, state, data, \
         due, account, approved, queue)
         VALUES (:id, (SELECT coalesce(max(place), 0) + 1 FROM takes), :job, :fingerprint, :request, :provider, :model, \
         :price, :path, :created, :state, :data, :due, :account, :approved, {})",
        queue(":state", ":due", ":job")
    ))?
    .execute(named_params! {
        ":id": take.id.0,
        ":job": job,
        ":fingerprint": take.fingerprint.to_string(),
        ":request": rows::request_json(&take.request),
        ":provider": take.request.model.provider,
        ":model": take.request.model.model,
        ":price": take.price.micros(),
        ":path": take.path,
        ":created": now.as_millisecond(),
        ":state": state.name(),
        ":data": rows::state_json(state),
        ":due": state.todo().1.as_millisecond(),
        ":account": state.account().name(),
        ":approved": approved,
    })
    .map(|_| ())
}

/// Writes the state of a take, with all columns that repeat parts of the state.
pub(super) fn set_state(db: &Connection, id: &TakeId, state: &State, now: Timestamp) -> rusqlite::Result<()> {
    let is_final =
        matches!(state.phase(), Phase::Done | Phase::Failed | Phase::Cancelled | Phase::WrittenOff);
    let ended = is_final.then(|| now.as_millisecond());
    let expires = match state {
        State::Downloading { clip, .. } => clip.expires.map(Timestamp::as_millisecond),
        _ => None,
    };
    db.prepare_cached(&format!(
        "UPDATE takes SET state = :state, data = :data, due = :due, expires = :expires, task_id = iif( \
         :state IN ('held', 'written_off') AND EXISTS (SELECT 1 FROM takes o WHERE o.provider = takes.provider \
         AND o.task_id = :task_id AND o.id <> takes.id), NULL, :task_id), account = :account, \
         ended = iif(:ended IS NULL, NULL, coalesce(ended, :ended)), queue = {} WHERE id = :id",
        queue(":state", ":due", "takes.job")
    ))?
    .execute(named_params! {
        ":id": id.0,
        ":state": state.name(),
        ":data": rows::state_json(state),
        ":due": state.todo().1.as_millisecond(),
        ":expires": expires,
        ":task_id": state.task().map(|task| &task.id.0),
        ":account": state.account().name(),
        ":ended": ended,
    })
    .map(|_| ())
}

/// Removes a wrong task id from its take, so that another take can have the task. Returns true if the task is free now.
///
/// A person gave the wrong id to the take, and a poll showed that the task belongs to another request.
pub(super) fn release(db: &Connection, provider: &str, task: &TaskId) -> rusqlite::Result<bool> {
    let sql = "UPDATE takes SET task_id = NULL
               WHERE provider = ?1 AND task_id = ?2 AND state = 'held' AND data ->> '$.held.reason' = 'id_mismatch'";
    Ok(db.prepare_cached(sql)?.execute((provider, &task.0))? > 0)
}

/// Returns the job whose clip a provider's task renders, with the title of its item; `None` if no take has the task.
pub(super) fn owner(
    db: &Connection,
    provider: &str,
    task: &TaskId,
) -> rusqlite::Result<Option<(JobKey, String)>> {
    let sql = "SELECT j.shot, j.item, j.variant, j.title FROM takes t JOIN jobs j ON j.id = t.job
               WHERE t.provider = ?1 AND t.task_id = ?2";
    let owner = |row: &Row<'_>| Ok((key(row, 0)?, row.get(3)?));
    db.prepare_cached(sql)?.query_row((provider, &task.0), owner).optional()
}

/// Reads the present row of a take; returns `None` if its state has changed since the caller read it.
///
/// States are compared as a whole: equal states are about the same attempt. The returned take has the present job, path
/// and price, which may have changed.
pub(super) fn current(db: &Connection, seen: &Take) -> rusqlite::Result<Option<Take>> {
    let unchanged = |row: &Row<'_>| {
        let data = row.get_ref(2)?.as_str()?;
        let is_alike = row.get::<_, u32>(1)? == seen.attempts
            && (data == rows::state_json(&seen.state) || state(row, 2)? == seen.state);
        if !is_alike {
            return Ok(None);
        }
        let price = Usd::from_micros(row.get(3)?);
        let settled = row.get::<_, Option<i64>>(4)?.map(Usd::from_micros);
        let (path, adjusted) = (row.get(0)?, row.get(6)?);
        Ok(Some((Take { price, settled, adjusted, path, ..seen.clone() }, row.get::<_, i64>(5)?)))
    };
    let found = db
        .prepare_cached(
            "SELECT path, attempts, data, price, settled, job, adjusted FROM takes WHERE id = ?1",
        )?
        .query_row([&seen.id.0], unchanged)
        .optional()?
        .flatten();
    let Some((take, job)) = found else { return Ok(None) };
    db.prepare_cached("SELECT project, shot, item, variant, title FROM jobs WHERE id = ?1")?
        .query_row([job], |row| {
            Ok(Some(Take { project: row.get(0)?, key: key(row, 1)?, title: row.get(4)?, ..take }))
        })
}

/// Returns the row number of a job; `None` if the job is not known.
pub(super) fn job_id(db: &Connection, project: &str, key: &JobKey) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM jobs WHERE project = ?1 AND shot = ?2 AND item = ?3 AND variant = ?4")?
        .query_row((project, &key.shot, &key.item, &key.variant), |row| row.get(0))
        .optional()
}

/// Records that a take's clip is no longer at a path, for all jobs that had it there.
pub(super) fn unfile_at(db: &Connection, take: &TakeId, path: &str) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE jobs SET filed_take = NULL, filed_path = NULL, filed_size = NULL, filed_sha256 = NULL
         WHERE filed_take = ?1 AND filed_path = ?2",
    )?
    .execute((&take.0, path))
    .map(|_| ())
}

/// Records a take's clip as the present clip of the take's own job.
pub(super) fn file_own(db: &Connection, take: &Take, file: ClipFile) -> rusqlite::Result<()> {
    let job = db
        .prepare_cached("SELECT job FROM takes WHERE id = ?1")?
        .query_row([&take.id.0], |row| row.get(0))?;
    set_filed(db, job, &Filed { take: take.id.clone(), path: take.path.clone(), file })
}

/// Records that a take's clip is no longer the present clip of any job, so that the clip can be saved again. Returns
/// the path at which the take's own job had the clip; `None` if that job did not have this clip.
pub(super) fn unfile(db: &Connection, take: &TakeId) -> rusqlite::Result<Option<String>> {
    let path: Option<String> = db
        .prepare_cached(
            "SELECT j.filed_path FROM takes t JOIN jobs j ON j.id = t.job AND j.filed_take = t.id WHERE t.id = ?1",
        )?
        .query_row([&take.0], |row| row.get(0))
        .optional()?;
    if let Some(path) = &path {
        db.prepare_cached("UPDATE takes SET path = ?2 WHERE id = ?1")?.execute((&take.0, path))?;
    }
    db.prepare_cached(
        "UPDATE jobs SET filed_take = NULL, filed_path = NULL, filed_size = NULL, filed_sha256 = NULL
         WHERE filed_take = ?1",
    )?
    .execute([&take.0])?;
    Ok(path)
}

/// Records which clip a job has, and at which path.
pub(super) fn set_filed(db: &Connection, job: i64, filed: &Filed) -> rusqlite::Result<()> {
    let standing: (Option<String>, Option<String>) = db
        .prepare_cached("SELECT filed_take, filed_path FROM jobs WHERE id = ?1")?
        .query_row([job], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let (Some(other), Some(path)) = standing
        && other != filed.take.0
    {
        // A clip at another path still exists: its own take finds it from now on. A clip under this name that was not
        // set aside was already gone. Only a replay of the ledger meets one that was set aside, below `_takes/`.
        if path == filed.path {
            let gone = "UPDATE takes SET path = '' WHERE id = ?1 AND instr(path, '_takes/') = 0";
            db.prepare_cached(gone)?.execute([&other])?;
        } else {
            db.prepare_cached("UPDATE takes SET path = ?2 WHERE id = ?1")?.execute((&other, &path))?;
        }
    }
    db.prepare_cached(
        "UPDATE jobs SET filed_take = ?2, filed_path = ?3, filed_size = ?4, filed_sha256 = ?5 WHERE id = ?1",
    )?
    .execute((job, &filed.take.0, &filed.path, filed.file.size.cast_signed(), filed.file.sha256.to_string()))
    .map(|_| ())
}
