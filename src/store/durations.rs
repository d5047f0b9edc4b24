//! Saves the durations of renderings that a run has learned from its polls, for later runs.

use super::error::StoreError;
use super::read::Reader;
use super::runs::RunId;
use super::{Store, takes};
use crate::domain::durations::{Durations, RenderKind};
use crate::domain::key::ModelName;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Store {
    /// Saves, in one transaction, how long the renderings of each kind took. Replaces the saved durations of these
    /// kinds.
    pub async fn save_durations(&self, learned: Vec<(RenderKind, Arc<Durations>)>) -> Result<(), StoreError> {
        let rows: Vec<_> = learned
            .into_iter()
            .map(|(kind, durations)| {
                let weights: Vec<_> = durations.weights().collect();
                let weights = serde_json::json!(weights).to_string();
                (
                    kind.model.provider,
                    kind.model.model,
                    kind.class,
                    durations.finished().cast_signed(),
                    weights,
                )
            })
            .collect();
        let save = move |db: &Connection| {
            let sql = "INSERT OR REPLACE INTO durations (provider, model, class, finished, weights)
                 VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = db.prepare_cached(sql)?;
            rows.iter().try_for_each(|(provider, model, class, finished, weights)| {
                insert.execute((provider, model, class, finished, weights)).map(drop)
            })
        };
        self.lane.write(None, move |batch| save(batch.db).map(Ok)).await
    }
}

impl Reader {
    /// Returns the durations of renderings, by kind. If the durations of a kind cannot be read, they are returned as
    /// empty, and the next run learns them again.
    pub async fn durations(&self) -> Result<Vec<(RenderKind, Durations)>, StoreError> {
        self.read(durations).await
    }

    /// Counts the takes that a run may submit and that were not sent yet, by their kind of rendering (model, length and
    /// size).
    pub async fn unsent(&self, run: RunId) -> Result<BTreeMap<RenderKind, usize>, StoreError> {
        let sql = "SELECT t.request FROM takes t WHERE t.state = 'pending' AND t.approved = ?1";
        self.read(move |db| {
            let mut unsent = BTreeMap::new();
            let mut select = db.prepare_cached(sql)?;
            for request in select.query_map([run.0], |row| takes::request(row, 0))? {
                *unsent.entry(RenderKind::of(&request?)).or_default() += 1;
            }
            Ok(unsent)
        })
        .await
    }
}

fn durations(db: &Connection) -> rusqlite::Result<Vec<(RenderKind, Durations)>> {
    let row = |row: &Row<'_>| {
        let model = ModelName { provider: row.get(0)?, model: row.get(1)? };
        let weights: String = row.get(4)?;
        let weights: Vec<(usize, f32)> = serde_json::from_str(&weights).unwrap_or_default();
        let finished = row.get::<_, i64>(3)?.cast_unsigned();
        Ok((RenderKind { model, class: row.get(2)? }, Durations::restored(finished, weights)))
    };
    let sql =
        "SELECT provider, model, class, finished, weights FROM durations ORDER BY provider, model, class";
    db.prepare_cached(sql)?.query_map([], row)?.collect()
}
