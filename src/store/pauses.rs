//! Pauses providers for a project: no run submits to a paused provider until it is resumed. Paid clips are still
//! downloaded.

use super::error::StoreError;
use super::read::Reader;
use super::{Store, takes};
use jiff::Timestamp;
use rusqlite::{Connection, Row};

/// A pause of submissions for one project, to one provider or to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The project whose jobs wait because of the pause.
    pub project: String,
    /// The paused provider; `None` for all providers.
    pub provider: Option<String>,
    /// The time when the pause began.
    pub since: Timestamp,
    /// The reason that the user gave for the pause; `None` if the user gave none.
    pub reason: Option<String>,
    /// The number of the project's takes that wait for the end of the pause.
    pub waiting: u64,
}

impl Pause {
    /// Checks whether the pause applies to a provider.
    #[must_use]
    pub fn covers(&self, provider: &str) -> bool {
        self.provider.as_deref().is_none_or(|paused| paused == provider)
    }
}

impl Store {
    /// Pauses submissions to a provider (`None`: to all providers). After this function has returned, no new submission
    /// starts.
    ///
    /// A pause that exists already keeps its start time, and gets the new reason if one is given.
    pub async fn pause(
        &self,
        project: &str,
        provider: Option<&str>,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = (
            project.to_owned(),
            provider.unwrap_or_default().to_owned(),
            now.as_millisecond(),
            reason.map(str::to_owned),
        );
        let pause = move |db: &Connection| {
            db.prepare_cached(
                "INSERT INTO pauses (project, provider, since, reason) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET reason = coalesce(excluded.reason, reason)",
            )?
            .execute((&row.0, &row.1, row.2, &row.3))
        };
        self.lane.write(None, move |batch| pause(batch.db).map(|_| Ok(()))).await
    }

    /// Ends the project's pause of a provider (`None`: all its pauses), and returns the pauses that ended.
    pub async fn resume(&self, project: &str, provider: Option<&str>) -> Result<Vec<Pause>, StoreError> {
        let (project, provider) = (project.to_owned(), provider.map(str::to_owned));
        let resume = move |db: &Connection| {
            let mut lifted = pauses(db, Some(&project))?;
            lifted.retain(|pause| provider.is_none() || pause.provider == provider);
            db.prepare_cached("DELETE FROM pauses WHERE project = ?1 AND (?2 IS NULL OR provider = ?2)")?
                .execute((&project, &provider))?;
            Ok(lifted)
        };
        self.lane.write(None, move |batch| resume(batch.db).map(Ok)).await
    }
}

impl Reader {
    /// Returns the pauses of a project (`None`: of all projects).
    pub async fn pauses(&self, project: Option<&str>) -> Result<Vec<Pause>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| pauses(db, project.as_deref())).await
    }
}

/// Checks whether a provider is paused for a project, by a pause of this provider or of all providers.
pub(super) fn holds(db: &Connection, project: &str, provider: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM pauses WHERE project = ?1 AND provider IN ('', ?2)")?
        .exists((project, provider))
}

fn pauses(db: &Connection, project: Option<&str>) -> rusqlite::Result<Vec<Pause>> {
    let pause = |row: &Row<'_>| {
        let provider: String = row.get(1)?;
        Ok(Pause {
            project: row.get(0)?,
            provider: Some(provider).filter(|name| !name.is_empty()),
            since: takes::moment(row, 2)?,
            reason: row.get(3)?,
            waiting: row.get::<_, i64>(4)?.cast_unsigned(),
        })
    };
    db.prepare_cached(
        "SELECT project, provider, since, reason, (
             SELECT count(*) FROM takes t JOIN jobs j ON j.id = t.job
             WHERE t.state = 'pending' AND j.wanted AND j.project = p.project AND p.provider IN ('', t.provider))
         FROM pauses p WHERE ?1 IS NULL OR project = ?1 ORDER BY project, provider",
    )?
    .query_map([project], pause)?
    .collect()
}
