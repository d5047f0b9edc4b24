//! The clips that stand in the output folder, as far as the database knows.

use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::plan::known::Filed;
use rusqlite::{Connection, Row};

/// A clip and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// The job under whose name it stands, or of whose older take it was kept.
    pub key: JobKey,
    /// Where it stands, and what it is.
    pub filed: Filed,
    /// Whether it stands under the name of a job that was wanted when the manifest was last carried out.
    pub wanted: bool,
    /// Whether it is an older version, which made room for a newer one.
    pub older: bool,
}

/// Where a page of clips begins. The default is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipsFrom {
    /// Whether it is among the older takes, which come after what stands under a job's name.
    kept: bool,
    /// The number of the row before it.
    after: i64,
}

impl ClipsFrom {
    /// Returns whether the page is one of older takes.
    #[must_use]
    pub const fn is_older(&self) -> bool {
        self.kept
    }
}

/// What stands under a job's name.
const FILED: &str =
    "SELECT id, shot, item, variant, filed_take, filed_path, filed_size, filed_sha256, wanted FROM jobs
     WHERE filed_take IS NOT NULL AND (?1 IS NULL OR project = ?1)";

/// Older takes: done, and under no job's name any more.
const KEPT: &str =
    "SELECT t.place, j.shot, j.item, j.variant, t.id, t.path, t.data FROM takes t JOIN jobs j ON j.id = t.job
     WHERE t.state = 'done' AND t.path <> '' AND (?1 IS NULL OR j.project = ?1)
     AND t.id NOT IN (SELECT filed_take FROM jobs WHERE filed_take IS NOT NULL)";

impl Reader {
    /// A page of the clips of a project, or of all, and where the next one begins; `None` after the last.
    pub async fn clips(
        &self,
        project: Option<&str>,
        from: ClipsFrom,
        limit: u32,
    ) -> Result<(Vec<Clip>, Option<ClipsFrom>), StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| page(db, project.as_deref(), from, limit)).await
    }

    /// How many these are.
    pub async fn clip_count(&self, project: Option<&str>) -> Result<u64, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let mut sum = 0;
            for part in [FILED, KEPT] {
                let sql = format!("SELECT count(*) FROM ({part})");
                sum += db.query_row(&sql, [&project], |row| row.get::<_, i64>(0))?.cast_unsigned();
            }
            Ok(sum)
        })
        .await
    }
}

fn page(
    db: &Connection,
    project: Option<&str>,
    from: ClipsFrom,
    limit: u32,
) -> rusqlite::Result<(Vec<Clip>, Option<ClipsFrom>)> {
    let sql = if from.kept {
        format!("{KEPT} AND t.place > ?2 ORDER BY t.place LIMIT ?3")
    } else {
        format!("{FILED} AND id > ?2 ORDER BY id LIMIT ?3")
    };
    let mut after = from.after;
    let mut clips = Vec::new();
    let mut select = db.prepare_cached(&sql)?;
    let mut rows = select.query((project, from.after, limit))?;
    while let Some(row) = rows.next()? {
        after = row.get(0)?;
        let filed = if from.kept { kept(row)? } else { takes::filed(row, 4)? };
        let wanted = !from.kept && row.get(8)?;
        let key = takes::key(row, 1)?;
        clips.extend(filed.map(|filed| Clip { key, filed, wanted, older: from.kept }));
    }
    let is_last = after == from.after;
    let next = match (is_last, from.kept) {
        (false, kept) => Some(ClipsFrom { kept, after }),
        (true, false) => Some(ClipsFrom { kept: true, after: 0 }),
        (true, true) => None,
    };
    Ok((clips, next))
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Option<Filed>> {
    let State::Done { file, .. } = takes::state(row, 6)? else { return Ok(None) };
    Ok(Some(Filed { take: TakeId(row.get(4)?), path: row.get(5)?, file }))
}
