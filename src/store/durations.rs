//! How long renderings took, as the polls of earlier runs learned it.

use super::Store;
use super::error::StoreError;
use super::read::Reader;
use crate::domain::durations::{Durations, RenderKind};
use crate::domain::key::ModelName;
use rusqlite::{Connection, Row};
use std::sync::Arc;

impl Store {
    /// Saves what was learned, in one transaction; each kind takes the place of what was known of it.
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
    /// Returns how long renderings took, by kind. What cannot be read is left out: it is learned again.
    pub async fn durations(&self) -> Result<Vec<(RenderKind, Durations)>, StoreError> {
        self.read(durations).await
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
