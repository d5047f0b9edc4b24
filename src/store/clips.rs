//! Lists the clips in the output folder that the database knows.

use super::error::StoreError;
use super::read::Reader;
use super::takes;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::plan::known::Filed;
use rusqlite::{Connection, Row};

/// A clip in the output folder, with its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// The job that has the clip. For an older version, it is the job of the take that made the clip.
    pub key: JobKey,
    /// The path, size and digest of the clip.
    pub filed: Filed,
    /// True if the clip belongs to a job that the manifest asked for in its last run.
    pub wanted: bool,
    /// True if this is an older version, which a newer one replaced.
    pub older: bool,
}

/// The start of a page in the list of clips. The default is the start of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipsFrom {
    /// True if the page lists older versions of clips. They come after the present clips of all jobs.
    kept: bool,
    /// The row number of the last clip before the page: the page has only clips with greater numbers.
    after: i64,
}

impl ClipsFrom {
    /// Reports whether the page lists older versions of clips.
    #[must_use]
    pub const fn is_older(&self) -> bool {
        self.kept
    }
}

/// The SQL query for the present clips of jobs.
const FILED: &str =
    "SELECT id, shot, item, variant, filed_take, filed_path, filed_size, filed_sha256, wanted FROM jobs
     WHERE filed_take IS NOT NULL AND (?1 IS NULL OR project = ?1)";

/// The SQL query for the older versions: clips of finished takes that are no longer the present clip of any job.
const KEPT: &str =
    "SELECT t.place, j.shot, j.item, j.variant, t.id, t.path, t.data FROM takes t JOIN jobs j ON j.id = t.job
     WHERE t.state = 'done' AND t.path <> '' AND (?1 IS NULL OR j.project = ?1)
     AND t.id NOT IN (SELECT filed_take FROM jobs WHERE filed_take IS NOT NULL)";

impl Reader {
    /// Returns the clips that were downloaded but not recorded as saved, because a process ended in between.
    ///
    /// Such a clip may already be at its path, although the database still records the job's older clip at that path.
    pub async fn placing(&self) -> Result<Vec<Filed>, StoreError> {
        let takes = self.page(None, "t.state = 'placing'", usize::MAX).await?;
        let filed = takes.into_iter().filter_map(|take| match take.state {
            State::Placing { file, .. } => Some(Filed { take: take.id, path: take.path, file }),
            _ => None,
        });
        Ok(filed.collect())
    }

    /// Returns a page of the clips of a project (`None`: of all projects), and the start of the next page. The start is
    /// `None` after the last page.
    pub async fn clips(
        &self,
        project: Option<&str>,
        from: ClipsFrom,
        limit: u32,
    ) -> Result<(Vec<Clip>, Option<ClipsFrom>), StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| page(db, project.as_deref(), from, limit)).await
    }

    /// Returns the number of clips of a project (`None`: of all projects), including older versions.
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
