//! Saves the canaries of templates (the first clips, which a person reviews before the rest is rendered). Also saves
//! which templates have passed the review.

use super::Store;
use super::error::StoreError;
use crate::domain::digest::Sha256;
use crate::domain::key::JobKey;
use crate::plan::rollout::Draw;
use jiff::Timestamp;
use rusqlite::Connection;

/// The canary of a template: the jobs whose clips a person reviews before the other jobs are rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// The digest that identifies the template.
    pub template: Sha256,
    /// The rule by which the jobs were chosen.
    pub draw: Draw,
    /// The keys of the jobs whose clips are reviewed first, in the order in which the jobs were chosen.
    pub jobs: Vec<JobKey>,
}

impl Store {
    /// Records newly chosen canaries (the jobs to render and review first), and the templates whose canaries have
    /// passed the review. Writes both in one transaction. `passed` has the digests of these templates.
    pub async fn keep_rollout(
        &self,
        project: &str,
        canaries: Vec<Canary>,
        passed: Vec<Sha256>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let project = project.to_owned();
        let keep = move |db: &Connection| keep(db, &project, &canaries, &passed, now);
        self.lane.write(None, move |batch| keep(batch.db).map(Ok)).await
    }
}

fn keep(
    db: &Connection,
    project: &str,
    canaries: &[Canary],
    passed: &[Sha256],
    now: Timestamp,
) -> rusqlite::Result<()> {
    for Canary { template, draw, jobs } in canaries {
        let (template, draw) = (template.to_string(), draw.name());
        db.prepare_cached("DELETE FROM canaries WHERE project = ?1 AND template = ?2 AND draw = ?3")?
            .execute((project, &template, draw))?;
        let mut insert = db.prepare_cached("INSERT INTO canaries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for (place, JobKey { shot, item, variant }) in (0_i64..).zip(jobs) {
            insert.execute((project, &template, draw, place, shot, item, variant))?;
        }
    }
    for template in passed {
        db.prepare_cached("INSERT OR IGNORE INTO passed_templates VALUES (?1, ?2, ?3)")?.execute((
            project,
            template.to_string(),
            now.as_millisecond(),
        ))?;
    }
    Ok(())
}
