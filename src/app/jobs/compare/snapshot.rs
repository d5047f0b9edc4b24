//! The jobs of a project at one point in time.

use crate::app::gallery::GalleryJob;
use crate::domain::digest::Sha256;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::review::{Review, ReviewState};
use crate::domain::take::Fingerprint;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use crate::store::{Run, TakeRecord};
use jiff::Timestamp;
use std::collections::HashMap;

/// A point in time for which a project's jobs are listed: the end of a run, or now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Number of the run whose end is the point in time; `None` for the present.
    pub run: Option<i64>,
    /// Time at which the run ended; the current time if `run` is `None`.
    pub at: Timestamp,
}

/// A job as it was at a point in time.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSnapshot {
    /// Status of the newest rendering at the time of the snapshot. Without a rendering it is [`Bucket::Done`] if the
    /// job had the clip of another job, and [`Bucket::ToRender`] otherwise.
    pub state: Bucket,
    /// Clip that the job had at the time of the snapshot; `None` if it had none.
    pub clip: Option<Clip>,
    /// State of the job's review at the time of the snapshot, such as approved.
    pub decision: ReviewState,
}

/// The clip that a job had at a point in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Rendering that made the clip.
    pub take: TakeId,
    /// Number of the rendering, as `show` counts the job's renderings; 0 if the clip belongs to another job.
    pub version: usize,
    /// Model of the rendering.
    pub model: String,
    /// Cost of the rendering.
    pub price: Usd,
    /// Verdict of the automatic checks that is recorded now about the clip; `None` if the clip was not checked.
    pub verdict: Option<Verdict>,
    sha256: Sha256,
}

/// All reviews that were ever recorded.
pub(super) struct ReviewLog {
    /// Reviews by project and job, the oldest first.
    of_job: HashMap<(String, JobKey), Vec<Review>>,
    /// Reviews by clip and request (fingerprint), the oldest first, because jobs that share a clip share its review.
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

    /// Returns the newest review, not later than `at`, that applies to a job with this clip and this request.
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

impl Snapshot {
    /// Returns the point in time at which a run ended.
    ///
    /// If no end was recorded because of a crash, it is the start of the next run, or now if there is none.
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

    /// Returns a job as it was at this point in time. `all` has every rendering of the project by id.
    pub(super) fn stage(
        &self,
        job: &GalleryJob,
        all: &HashMap<TakeId, TakeRecord>,
        reviews: &ReviewLog,
    ) -> JobSnapshot {
        let takes = &job.record.takes;
        let ordered = takes.iter().filter(|take| take.created <= self.at);
        let newest = ordered.clone().find(|take| !matches!(take.take.state, State::Cancelled { .. }));
        let filed = job.record.filed.as_ref().and_then(|filed| all.get(&filed.take));
        let current = if self.run.is_none() {
            // This is the current clip, which a person may have chosen.
            filed
        } else {
            let done = ordered.filter(|take| self.has_ended(take)).find(|take| is_done(take));
            // Otherwise the clip may be that of another job, which shares it.
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
        let decision = ReviewState::of(reviews.newest(job, sha256, &order, self.at), sha256, &order);
        JobSnapshot { state, clip, decision }
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

    /// Returns whether a rendering had reached its final state at this point in time.
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
