//! Reads the takes that a run must work on next, page by page: to download, to poll or to submit.
//!
//! A page begins after the last take of the previous page, and each list has a database index in its order. So the time
//! to read a page does not grow with the number of takes.

use super::error::StoreError;
use super::read::Reader;
use super::runs::RunId;
use super::{Store, takes};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::take::Take;
use rusqlite::{Row, named_params};
use std::collections::BTreeMap;

/// A list of takes that a run works through. The description of each variant names the order of its takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queue {
    /// The takes of every project whose clips can be downloaded or placed, sorted by the expiry of their links.
    Clips,
    /// The takes of every project whose tasks must be polled or whose unanswered submissions must be looked up, sorted
    /// by due time.
    Tasks,
    /// The takes of wanted jobs that the run may submit to a model, in the order of submission. The list includes takes
    /// that are not due yet.
    Pending(ModelName),
}

/// A position in a [`Queue`]. The next page begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    key: i64,
    place: i64,
}

impl Cursor {
    /// The position before the first take.
    pub const START: Self = Self { key: i64::MIN, place: i64::MIN };
}

/// A take of a [`Queue`].
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The take: its request, its price and its state.
    pub take: Take,
    /// True if the run may submit the take.
    pub approved: bool,
    /// True if the job has the clip of another take, which the clip of this take will replace.
    pub replaces: bool,
    /// The take's position in the queue.
    pub at: Cursor,
}

impl Queue {
    /// Returns the SQL parts of the list: index, condition and sort order. The condition is written exactly as in the
    /// index, so that SQLite uses it.
    const fn terms(&self) -> [&'static str; 3] {
        match self {
            Self::Clips => [
                "takes_to_collect",
                // SQLite cannot search an index by an expression with a row value: only the bound on the key can.
                "t.state IN ('placing', 'downloading') AND coalesce(t.expires, 9223372036854775807) >= :key",
                "coalesce(t.expires, 9223372036854775807)",
            ],
            Self::Tasks => ["takes_to_poll", "t.state IN ('running', 'doubtful')", "t.due"],
            Self::Pending(_) => [
                "takes_to_submit",
                "t.queue IS NOT NULL AND t.approved = :run AND t.provider = :provider AND t.model = :model",
                "t.queue",
            ],
        }
    }

    fn sql(&self) -> String {
        let [index, condition, key] = self.terms();
        let unused = match self {
            Self::Pending(_) => "",
            Self::Clips | Self::Tasks => "AND :provider IS NULL AND :model IS NULL",
        };
        // A cross join keeps its order: from the takes, by their index, to their jobs.
        format!(
            "SELECT {}, t.approved IS :run, {key}, t.place, coalesce(j.filed_take <> t.id, FALSE)
             FROM takes t INDEXED BY {index} CROSS JOIN jobs j ON j.id = t.job
             WHERE {condition} {unused} AND ({key}, t.place) > (:key, :place)
             ORDER BY {key}, t.place LIMIT :limit",
            takes::COLUMNS
        )
    }
}

impl Store {
    /// Lets a run submit these takes. If an earlier request of a take may have been charged, the run submits the take
    /// only after proof that this request never arrived.
    pub async fn approve(&self, run: RunId, takes: Vec<TakeId>) -> Result<(), StoreError> {
        if takes.is_empty() {
            return Ok(());
        }
        self.lane
            .write(None, move |batch| {
                let mut approve = batch.db.prepare_cached("UPDATE takes SET approved = ?1 WHERE id = ?2")?;
                for take in &takes {
                    approve.execute((run.0, &take.0))?;
                }
                Ok(Ok(()))
            })
            .await
    }
}

impl Reader {
    /// Returns the next takes of a queue after the position `after`, at most `limit`. `run` is the run that works on
    /// them.
    pub async fn queued(
        &self,
        run: RunId,
        queue: &Queue,
        after: Cursor,
        limit: u32,
    ) -> Result<Vec<Queued>, StoreError> {
        let queue = queue.clone();
        self.read(move |db| {
            let (provider, model) = match &queue {
                Queue::Pending(name) => (Some(&name.provider), Some(&name.model)),
                Queue::Clips | Queue::Tasks => (None, None),
            };
            let mut select = db.prepare_cached(&queue.sql())?;
            let parameters = named_params! {
                ":run": run.0, ":provider": provider, ":model": model,
                ":key": after.key, ":place": after.place, ":limit": limit,
            };
            let queued = |row: &rusqlite::Row<'_>| {
                let [approved, key, place, replaces] = [0, 1, 2, 3].map(|column| takes::WIDTH + column);
                let at = Cursor { key: row.get(key)?, place: row.get(place)? };
                let (approved, replaces) = (row.get(approved)?, row.get(replaces)?);
                Ok(Queued { take: takes::take(row)?, approved, replaces, at })
            };
            select.query_map(parameters, queued)?.collect()
        })
        .await
    }

    /// Counts the waiting takes that a run may submit, by provider.
    pub async fn still_pending(&self, run: RunId) -> Result<BTreeMap<String, u64>, StoreError> {
        let sql = "SELECT provider, count(*) FROM takes WHERE state = 'pending' AND approved = ?1 GROUP BY provider";
        self.read(move |db| {
            let count = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
            db.prepare_cached(sql)?.query_map([run.0], count)?.collect()
        })
        .await
    }

    /// Returns the takes that a run was allowed to submit and that were cancelled before the run submitted them.
    pub async fn called_off(&self, run: RunId) -> Result<Vec<Take>, StoreError> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM takes t CROSS JOIN jobs j ON j.id = t.job
                 WHERE t.state = 'cancelled' AND t.approved = ?1 AND t.run IS NOT ?1 ORDER BY t.place",
                takes::COLUMNS
            );
            db.prepare_cached(&sql)?.query_map([run.0], takes::take)?.collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests;
