//! Stores a plan's decisions as rows of the plan's temporary tables. The rows exist only during one command, so no
//! other version of the program reads them.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::plan::decide::{Decision, Repeats};
use crate::plan::fingerprint::{Change, Pictures};
use crate::store::{rows, takes};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Row, params};
use serde::de::DeserializeOwned;
use serde_json::json;

/// The SQL columns that the function [`decision`] reads, in the order of reading.
pub(super) const COLUMNS: &str = "d.kind, d.take, d.key, d.filed_take, d.filed_path, d.filed_size, d.filed_sha256, \
                                  d.state, d.changes, d.superseded, d.costs, d.moves";
/// The text in the column `key` of a submitted job whose request has no reply yet.
const UNANSWERED: &str = "no reply yet";

pub(super) const WIDTH: usize = 12;

/// The SQL statement that saves the plan's decision about one job.
pub(super) const SETTLE: &str = "INSERT INTO decided
    (at, kind, take, key, filed_take, filed_path, filed_size, filed_sha256, state, changes, superseded, costs, moves)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// The SQL statement that saves the plan's decision about a job whose rendering other jobs with the same fingerprint
/// can use.
pub(super) const LEAD: &str = "INSERT INTO leading
    (at, kind, take, key, filed_take, filed_path, filed_size, filed_sha256, state, changes, superseded, costs, moves)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// Saves the plan's decision about the job at position `at` in the order of submission.
///
/// `statement` is [`SETTLE`], or [`LEAD`] for a job whose rendering other jobs can use.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    at: i64,
    decision: &Decision,
) -> rusqlite::Result<()> {
    let (mut take, mut key, mut filed, mut state) = (None, None, None, None);
    let mut why = None;
    let (mut changes, mut superseded): (Option<&Vec<Change>>, Option<&Vec<TakeId>>) = (None, None);
    match decision {
        Decision::New | Decision::HeldBack => {}
        Decision::Unchanged { take: id, refile } => (take, filed) = (Some(id), refile.as_ref()),
        Decision::InFlight { take: id, unanswered } => {
            (take, why) = (Some(id), unanswered.then(|| UNANSWERED.to_owned()));
        }
        Decision::Again { instead_of: id } => take = Some(id),
        Decision::Waiting { take: id, fields, repeats } => {
            (take, changes, why) = (Some(id), Some(fields), repeats.map(|it| it.name().to_owned()));
        }
        Decision::Renamed { take: id, from, filed: clip, superseded: waiting, .. } => {
            (take, key, filed) = (Some(id), Some(from), clip.as_ref());
            superseded = Some(waiting);
        }
        Decision::Shared { leader, take: id, from, superseded: waiting } => {
            (take, key, filed) = (id.as_ref(), Some(leader), from.as_ref());
            superseded = Some(waiting);
        }
        Decision::Changed { fields, superseded: waiting } => {
            (changes, superseded) = (Some(fields), Some(waiting));
        }
        Decision::Redo { of, why: reasons, superseded: waiting } => {
            (take, why, superseded) = (Some(of), Some(reasons.clone()), Some(waiting));
        }
        Decision::Kept { fields, superseded: waiting, refile, .. } => {
            (changes, superseded, filed) = (Some(fields), Some(waiting), refile.as_ref());
        }
        Decision::Blocked { by, key: of, state: found, .. } => {
            (take, key, state) = (Some(by), Some(of), Some(found));
        }
        Decision::Failed { take: id, state: found, from } => {
            (take, key, state) = (Some(id), from.as_ref(), Some(found));
        }
    }
    statement.execute(params![
        at,
        decision.name(),
        take.map(|take| &take.0),
        key.map(JobKey::to_string).or(why),
        filed.map(|filed| &filed.take.0),
        filed.map(|filed| &filed.path),
        filed.map(|filed| filed.file.size.cast_signed()),
        filed.map(|filed| filed.file.sha256.to_string()),
        state.map(rows::state_json),
        changes.map(|changes| written(changes)),
        superseded.map(|takes| json!(takes.iter().map(|take| &take.0).collect::<Vec<_>>()).to_string()),
        decision.costs(),
        decision.adopts().is_some(),
    ])?;
    Ok(())
}

/// Reads the plan's decision about a job from the columns of `row` that begin at `first`.
pub(super) fn decision(row: &Row<'_>, first: usize) -> rusqlite::Result<Decision> {
    let take = || row.get(first + 1).map(TakeId);
    let key = || takes::parsed::<JobKey>(row, first + 2);
    let filed = || takes::filed(row, first + 3);
    let state = || -> rusqlite::Result<State> { takes::state(row, first + 7) };
    let fields = || changes(row, first + 8);
    let superseded = || -> rusqlite::Result<Vec<TakeId>> {
        let ids: Vec<String> = from_json(row, first + 9)?;
        Ok(ids.into_iter().map(TakeId).collect())
    };
    Ok(match row.get_ref(first)?.as_str()? {
        "unchanged" | "moved" => Decision::Unchanged { take: take()?, refile: filed()? },
        "waiting" => {
            let name: Option<String> = row.get(first + 2)?;
            let repeats = Repeats::ALL.into_iter().find(|it| Some(it.name()) == name.as_deref());
            Decision::Waiting { take: take()?, fields: fields()?, repeats }
        }
        "in flight" => Decision::InFlight {
            take: take()?,
            unanswered: row.get::<_, Option<String>>(first + 2)?.as_deref() == Some(UNANSWERED),
        },
        "renamed" => Decision::Renamed {
            take: take()?,
            from: key()?,
            unsent: row.get(first + 10)?,
            filed: filed()?,
            superseded: superseded()?,
        },
        "shared" => Decision::Shared {
            leader: key()?,
            take: row.get::<_, Option<String>>(first + 1)?.map(TakeId),
            from: filed()?,
            superseded: superseded()?,
        },
        "new" => Decision::New,
        "held back" => Decision::HeldBack,
        "changed" => Decision::Changed { fields: fields()?, superseded: superseded()? },
        "redo" => Decision::Redo { of: take()?, why: row.get(first + 2)?, superseded: superseded()? },
        kind @ ("kept" | "asks") => Decision::Kept {
            fields: fields()?,
            superseded: superseded()?,
            asks: kind == "asks",
            refile: filed()?,
        },
        "again" => Decision::Again { instead_of: take()? },
        "blocked" => {
            Decision::Blocked { by: take()?, key: key()?, state: state()?, moves: row.get(first + 11)? }
        }
        "failed" => {
            let from = row.get_ref(first + 2)? != ValueRef::Null;
            Decision::Failed { take: take()?, state: state()?, from: from.then(key).transpose()? }
        }
        other => return Err(takes::unreadable(first, format!("`{other}` is not a decision"))),
    })
}

type Written = (String, Option<String>, Option<String>, Pictures);

fn written(changes: &[Change]) -> String {
    let changes: Vec<Written> = changes
        .iter()
        .map(|it| (it.field.clone(), it.old.clone(), it.new.clone(), it.pictures.clone()))
        .collect();
    json!(changes).to_string()
}

fn changes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Change>> {
    let written: Vec<Written> = from_json(row, column)?;
    Ok(written.into_iter().map(|(field, old, new, pictures)| Change { field, old, new, pictures }).collect())
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| takes::unreadable(column, error))
}
