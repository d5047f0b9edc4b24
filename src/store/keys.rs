//! Since when a provider is asked with the key of today.
//!
//! Another key may open another account, whose list of tasks proves nothing about what was sent with the one before.

use super::Store;
use super::error::StoreError;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

impl Store {
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
}

fn value(db: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()
}
