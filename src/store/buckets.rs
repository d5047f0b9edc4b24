//! Counts the jobs that the manifest asked for in the last run, by status. Reads only the database in the state folder,
//! not the manifest's items.

use super::error::StoreError;
use super::meta::unrecorded;
use super::read::Reader;
use super::takes;
use crate::domain::fault::Refusal;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{Charged, Phase, State};
use crate::plan::bucket::{Bucket, Buckets};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::collections::{BTreeSet, HashMap};

/// A function that decides about finished jobs whose input changed after their clip was made. It gets the name of a
/// shot and returns the bucket (status) of such jobs; `None` means that they are rendered again.
pub type ChangedJobs = Box<dyn Fn(&str) -> Option<Bucket> + Send>;

/// A job that the manifest asked for in the last run, with the stored data that decide the job's status.
struct Job {
    id: i64,
    key: JobKey,
    fingerprint: String,
    /// The fingerprint of the take that made the job's present clip; `None` if the job has no clip.
    filed: Option<String>,
    /// The takes of the job, newest first. Each pair says whether the take has the job's present fingerprint, and gives
    /// the take's phase.
    takes: Vec<(bool, Phase)>,
    /// True if the newest take for the job's present request (the take has the same fingerprint) has no clip, and a
    /// person accepted this outcome.
    dismissed: bool,
    /// True if the job waits until a person has reviewed a canary (the first clips of the job's template).
    held_back: bool,
}

impl Reader {
    /// Counts the wanted jobs of a project (`None`: of all projects) in each bucket (status), as of the last run.
    ///
    /// A job in `apart` is returned with its bucket instead of being counted. A job that is new or gets the clip of
    /// another job is always counted and never returned, even if the job is in `apart`.
    pub async fn buckets(
        &self,
        project: Option<&str>,
        apart: BTreeSet<JobKey>,
        kept_as: ChangedJobs,
    ) -> Result<(Buckets, Vec<(JobKey, Bucket)>), StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| buckets(db, project.as_deref(), &apart, &kept_as)).await
    }
}

impl Reader {
    /// Returns the bucket (status) of each wanted job of a project (`None`: of all projects), as of the last run.
    pub async fn job_buckets(
        &self,
        project: Option<&str>,
        kept_as: ChangedJobs,
    ) -> Result<Vec<(JobKey, Bucket)>, StoreError> {
        let project = project.map(str::to_owned);
        self.read(move |db| {
            let mut jobs = Vec::new();
            each(db, project.as_deref(), &mut |job| {
                let bucket = job.bucket(&kept_as);
                jobs.push((job.key, job.fingerprint, bucket));
            })?;
            let mut leaders: HashMap<String, Bucket> = HashMap::new();
            for (_, fingerprint, bucket) in &jobs {
                if let Some(bucket) = bucket {
                    leaders.entry(fingerprint.clone()).or_insert(*bucket);
                }
            }
            let of_leader = |fingerprint: &String| {
                leaders.get(fingerprint).map_or(Bucket::ToRender, |leader| leader.of_follower())
            };
            let whole = jobs.into_iter().map(|(key, fingerprint, bucket)| {
                let bucket = bucket.unwrap_or_else(|| of_leader(&fingerprint));
                (key, bucket)
            });
            Ok(whole.collect())
        })
        .await
    }
}

fn buckets(
    db: &Connection,
    project: Option<&str>,
    apart: &BTreeSet<JobKey>,
    kept_as: &ChangedJobs,
) -> rusqlite::Result<(Buckets, Vec<(JobKey, Bucket)>)> {
    let (mut buckets, mut named) = (Buckets::default(), Vec::new());
    // By order, the bucket of the first job that has a take of its own.
    let mut leaders: HashMap<String, Bucket> = HashMap::new();
    let mut followers: HashMap<String, usize> = HashMap::new();
    each(db, project, &mut |job| match job.bucket(kept_as) {
        Some(bucket) => {
            leaders.entry(job.fingerprint).or_insert(bucket);
            if apart.contains(&job.key) {
                named.push((job.key, bucket));
            } else {
                buckets.add(bucket, 1);
            }
        }
        None => *followers.entry(job.fingerprint).or_default() += 1,
    })?;
    for (fingerprint, jobs) in followers {
        let leader = leaders.get(&fingerprint);
        buckets.add(leader.map_or(Bucket::ToRender, |bucket| bucket.of_follower()), jobs);
    }
    buckets.add(Bucket::ToRender, unrecorded(db, project)?);
    Ok((buckets, named))
}

/// Calls `visit` with every wanted job of a project (`None`: of all projects) and the takes of the job.
fn each(db: &Connection, project: Option<&str>, visit: &mut dyn FnMut(Job)) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT j.id, j.shot, j.item, j.variant, j.fingerprint, f.fingerprint, t.fingerprint = j.fingerprint, t.state,
             iif(t.state = 'failed', t.data, NULL), t.dismissed IS NOT NULL,
             EXISTS (SELECT 1 FROM held_back h WHERE h.job = j.id)
         FROM jobs j LEFT JOIN takes f ON f.id = j.filed_take LEFT JOIN takes t ON t.job = j.id
         WHERE j.wanted AND (?1 IS NULL OR j.project = ?1) ORDER BY j.id, t.place DESC",
    )?;
    let mut rows = select.query([project])?;
    let mut open: Option<Job> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if let Some(whole) = open.take_if(|job| job.id != id) {
            visit(whole);
        }
        let job = match &mut open {
            Some(job) => job,
            none => none.insert(job(row, id)?),
        };
        if let Some(same) = row.get(6)? {
            let failed = row.get_ref(8)? != ValueRef::Null;
            // A take that came back at no cost is ordered again, like one that was never sent.
            let is_off = failed
                && matches!(
                    takes::state(row, 8)?,
                    State::Failed { refusal: Refusal::Cancelled, charged: Charged::No, .. }
                );
            let phase = if is_off { Phase::Cancelled } else { takes::parsed(row, 7)? };
            let is_first = |(same, phase): &(bool, Phase)| *same && *phase != Phase::Cancelled;
            job.dismissed |= is_first(&(same, phase)) && !job.takes.iter().any(is_first) && row.get(9)?;
            job.takes.push((same, phase));
        }
    }
    open.into_iter().for_each(visit);
    Ok(())
}

fn job(row: &Row<'_>, id: i64) -> rusqlite::Result<Job> {
    let (key, fingerprint, filed) = (takes::key(row, 1)?, row.get(4)?, row.get(5)?);
    Ok(Job { id, key, fingerprint, filed, takes: Vec::new(), dismissed: false, held_back: row.get(10)? })
}

impl Job {
    /// Returns the job's bucket (status). Returns `None` if the job's own data do not decide the bucket: the job is
    /// new, or gets the clip of another job.
    ///
    /// The checks come in the order of the plan: see `plan::decide`.
    fn bucket(&self, kept_as: &ChangedJobs) -> Option<Bucket> {
        let phases = || self.takes.iter().map(|(_, phase)| *phase);
        let same = || self.takes.iter().filter(|(same, _)| *same).map(|(_, phase)| *phase);
        let unsettled = |phase: &Phase| Phase::UNSETTLED.contains(phase);
        let waits = same().any(|phase| phase == Phase::Pending);
        if self.filed.as_ref() == Some(&self.fingerprint) || same().any(|phase| phase == Phase::Done) {
            // A person wants another rendering all the same.
            let is_to_render = waits && !phases().any(|phase| unsettled(&phase));
            return Some(if is_to_render { Bucket::ToRender } else { Bucket::Done });
        }
        if let Some(open) = same().find(unsettled).or_else(|| phases().find(unsettled)) {
            return Some(Bucket::of_phase(open));
        }
        let kept = self.filed.as_ref().and_then(|_| kept_as(&self.key.shot));
        if self.held_back {
            // A clip that is kept until a person agrees is not sent after the review alone.
            return kept.filter(|_| !waits).or(Some(Bucket::Review));
        }
        if waits {
            return Some(Bucket::ToRender);
        }
        let bucket = |phase| if self.dismissed { Bucket::Dismissed } else { Bucket::of_phase(phase) };
        kept.or_else(|| same().find(|phase| *phase != Phase::Cancelled).map(bucket))
    }
}

#[cfg(test)]
mod tests;
