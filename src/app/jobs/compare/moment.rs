//! The jobs of a project at one moment.

use crate::app::gallery::GalleryJob;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::review::{Review, Standing};
use crate::domain::take::Fingerprint;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use crate::store::{Run, TakeRecord};
use jiff::Timestamp;
use std::collections::HashMap;

/// A moment of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Number of the run that ended then; `None` for now.
    pub run: Option<i64>,
    /// Time of the moment.
    pub at: Timestamp,
}

/// A job at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// State of the newest rendering that was ordered until then; to render where none was.
    pub state: Bucket,
    /// Clip of the job.
    pub clip: Option<Clip>,
    /// State of its review.
    pub decision: Standing,
}

/// The clip of a job at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Rendering that made the clip.
    pub take: TakeId,
    /// Number of the rendering, as `show` counts those of its job; 0 for the clip of another job.
    pub version: usize,
    /// Model of the rendering.
    pub model: String,
    /// Cost of the rendering.
    pub price: Usd,
    /// Verdict of the automatic checks that is known about the clip.
    pub verdict: Option<Verdict>,
    sha256: Sha256,
}

/// Every review that was ever made.
pub(super) struct ReviewLog {
    /// Reviews by project and job, the oldest first.
    of_job: HashMap<(String, JobKey), Vec<Review>>,
    /// Reviews by clip and order, the oldest first: jobs that share a clip share its review.
    of_clip: HashMap<(Sha256, Fingerprint), Vec<Review>>,
}

impl ReviewLog {
    pub(super) fn of(reviews: Vec<(String, JobKey, Review)>) -> Self {
        let mut log = Self { of_job: HashMap::new(), of_clip: HashMap::new() };
        for (project, key, review) in reviews {
            log.of_clip.entry((review.clip, review.fingerprint)).or_default().push(review.clone());
            log.of_job.entry((project, key)).or_default().push(review);
        }
        log
    }

    /// Returns the newest review until a moment that holds for a job with this clip and this order.
    fn newest(
        &self,
        job: &GalleryJob,
        clip: Option<&Sha256>,
        order: &Fingerprint,
        at: Timestamp,
    ) -> Option<&Review> {
        let own = self.of_job.get(&(job.record.project.clone(), job.key().clone()));
        let shared = clip.and_then(|clip| self.of_clip.get(&(*clip, *order)));
        let found = [own, shared].into_iter().flatten();
        let newest = found.filter_map(|reviews| reviews.iter().rfind(|review| review.at <= at));
        newest.max_by_key(|review| review.revision)
    }
}

impl Moment {
    /// Returns the end of a run, or the start of the next run where it was cut off.
    pub(super) fn end_of(runs: &[Run], number: i64, now: Timestamp) -> Result<Self, String> {
        let Some(at) = runs.iter().position(|run| run.id.0 == number) else {
            let known = match (runs.first(), runs.last()) {
                (Some(first), Some(last)) => format!("; runs are {} to {}", first.id.0, last.id.0),
                _ => String::new(),
            };
            return Err(format!("there is no run {number}{known}"));
        };
        let next = runs.get(at + 1).map(|run| run.started);
        Ok(Self { run: Some(number), at: runs[at].ended.or(next).unwrap_or(now) })
    }

    /// Returns a job as it was at this moment.
    pub(super) fn stage(
        &self,
        job: &GalleryJob,
        all: &HashMap<TakeId, TakeRecord>,
        reviews: &ReviewLog,
    ) -> Stage {
        let takes = &job.record.takes;
        let ordered = takes.iter().filter(|take| take.created <= self.at);
        let newest = ordered.clone().find(|take| !matches!(take.take.state, State::Cancelled { .. }));
        let filed = job.record.filed.as_ref().and_then(|filed| all.get(&filed.take));
        let current = if self.run.is_none() {
            // The clip that stands there now, which a person may have chosen.
            filed
        } else {
            let done = ordered.filter(|take| self.has_ended(take)).find(|take| is_done(take));
            // The clip of another job, which the two share.
            done.or_else(|| filed.filter(|take| is_done(take) && self.has_ended(take)))
        };
        let clip = current.and_then(|take| clip(job, take));
        let state = match newest {
            Some(take) => self.state(take),
            None if clip.is_some() => Bucket::Done,
            None => Bucket::ToRender,
        };
        let order = newest.map_or(job.record.fingerprint, |take| take.take.fingerprint);
        let order = if self.run.is_none() { job.record.fingerprint } else { order };
        let sha256 = clip.as_ref().map(|clip| &clip.sha256);
        let decision = Standing::of(reviews.newest(job, sha256, &order, self.at), sha256, &order);
        Stage { state, clip, decision }
    }

    fn state(&self, take: &TakeRecord) -> Bucket {
        match &take.take.state {
            State::Held { since, .. } if *since <= self.at => Bucket::Held,
            State::Held { .. } => Bucket::InFlight,
            state if self.has_ended(take) => Bucket::after(state),
            _ if take.submitted.is_some_and(|at| at <= self.at) => Bucket::InFlight,
            _ => Bucket::ToRender,
        }
    }

    /// Returns whether a rendering had reached its last state.
    fn has_ended(&self, take: &TakeRecord) -> bool {
        take.take.state.is_final() && take.ended.or(take.submitted).is_some_and(|at| at <= self.at)
    }
}

fn is_done(take: &TakeRecord) -> bool {
    matches!(take.take.state, State::Done { .. })
}

fn clip(job: &GalleryJob, record: &TakeRecord) -> Option<Clip> {
    let take = &record.take;
    let State::Done { file, .. } = &take.state else { return None };
    let takes = &job.record.takes;
    let at = takes.iter().position(|known| known.take.id == take.id);
    Some(Clip {
        take: take.id.clone(),
        version: at.map_or(0, |at| takes.len() - at),
        model: take.request.model.to_string(),
        price: take.cost(),
        verdict: record.checked.as_ref().map(crate::domain::verdict::Checked::verdict),
        sha256: file.sha256,
    })
}
