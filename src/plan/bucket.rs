//! Defines the buckets: the statuses, such as `done`, by which all reports count jobs, and the names of the statuses in
//! reports.
//!
//! Each job that the manifest asks for has exactly one of these statuses.

use super::decision::Decision;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{Phase, State};
use std::collections::BTreeMap;

/// The status by which a report counts a job, such as `done` or `to render`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// The job has its clip, which may be an older clip or the clip of another job. The clip may still have to be
    /// copied or moved.
    Done,
    /// A run will submit the job: it is new, changed, or to be rendered again.
    ToRender,
    /// A run will submit the job after a person has approved the first clips of its shot and model.
    Review,
    /// The job's input has changed, and a person must agree before it is rendered again.
    Asks,
    /// The job's request is being sent or rendered, or its clip is being saved.
    InFlight,
    /// The job gets another job's clip, which does not exist yet.
    Waiting,
    /// A person must decide about a rendering of this job, or of the job whose clip it gets.
    Held,
    /// The job's last rendering failed. No run submits the job again; `retry` does.
    Failed,
    /// A person wrote off the job's rendering, so it has no clip.
    WrittenOff,
    /// A person confirmed that the job needs no clip, or that its clip is gone on purpose.
    Dismissed,
    /// The job's clip existed, and its file is gone.
    Missing,
    /// Another file has the name of the job's clip.
    Altered,
}

impl Bucket {
    /// Every status (bucket), in the order in which reports show the statuses.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::ToRender,
        Self::Review,
        Self::Asks,
        Self::InFlight,
        Self::Waiting,
        Self::Held,
        Self::Failed,
        Self::WrittenOff,
        Self::Dismissed,
        Self::Missing,
        Self::Altered,
    ];

    /// Returns the status (bucket) of a job about which the plan has made this decision.
    #[must_use]
    pub fn of(job: &JobKey, decision: &Decision) -> Self {
        match decision {
            Decision::Unchanged { .. }
            | Decision::Kept { asks: false, .. }
            | Decision::Shared { from: Some(_), .. }
            | Decision::Renamed { unsent: false, filed: Some(_), .. } => Self::Done,
            Decision::New
            | Decision::Changed { .. }
            | Decision::Redo { .. }
            | Decision::Again { .. }
            | Decision::Waiting { .. }
            | Decision::Renamed { unsent: true, .. } => Self::ToRender,
            Decision::HeldBack => Self::Review,
            Decision::Kept { asks: true, .. } => Self::Asks,
            Decision::InFlight { .. } | Decision::Renamed { unsent: false, filed: None, .. } => {
                Self::InFlight
            }
            Decision::Shared { from: None, .. } => Self::Waiting,
            Decision::Blocked { key, state, .. } if key == job => Self::after(state),
            Decision::Blocked { state, .. } => Self::after(state).of_follower(),
            Decision::Failed { state, .. } => Self::after(state),
        }
    }

    /// Returns the status (bucket) of a job whose newest take is in this state.
    #[must_use]
    pub const fn after(state: &State) -> Self {
        Self::of_phase(state.phase())
    }

    /// Returns the status (bucket) of a job whose newest take is in this phase.
    #[must_use]
    pub const fn of_phase(phase: Phase) -> Self {
        match phase {
            Phase::Done => Self::Done,
            // A cancelled job that the manifest still has is submitted again.
            Phase::Pending | Phase::Cancelled => Self::ToRender,
            Phase::Submitting | Phase::Doubtful | Phase::Running | Phase::Downloading | Phase::Placing => {
                Self::InFlight
            }
            Phase::Held => Self::Held,
            Phase::Failed => Self::Failed,
            Phase::WrittenOff => Self::WrittenOff,
        }
    }

    /// Returns the status (bucket) of a job whose clip is missing or altered.
    #[must_use]
    pub const fn lost(loss: ClipDamage) -> Self {
        match loss {
            ClipDamage::Missing => Self::Missing,
            ClipDamage::Altered => Self::Altered,
        }
    }

    /// Returns the status (bucket) of a job that gets another job's clip; `self` is the status of the other job.
    #[must_use]
    pub const fn of_follower(self) -> Self {
        match self {
            Self::ToRender | Self::Asks | Self::InFlight | Self::Waiting => Self::Waiting,
            Self::Done
            | Self::Review
            | Self::Held
            | Self::Failed
            | Self::WrittenOff
            | Self::Dismissed
            | Self::Missing
            | Self::Altered => self,
        }
    }

    /// Checks whether the program can continue jobs with this status without a person.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::ToRender | Self::InFlight | Self::Waiting)
    }

    /// Returns the words that follow a number of jobs with this status, such as `to render`.
    #[must_use]
    pub const fn words(self, jobs: usize) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToRender => "to render",
            Self::Review => "waiting for your review of the first clips",
            Self::Asks => "waiting for your approval",
            Self::InFlight => "waiting for the result",
            Self::Waiting => "waiting for another job",
            Self::Held if jobs == 1 => "needs your decision",
            Self::Held => "need your decision",
            Self::Failed => "failed",
            Self::WrittenOff => "written off",
            Self::Dismissed => "dismissed",
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }

    /// Returns the name of this status in JSON, such as `to_render`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToRender => "to_render",
            Self::Review => "review",
            Self::Asks => "asks",
            Self::InFlight => "in_flight",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::WrittenOff => "written_off",
            Self::Dismissed => "dismissed",
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }
}

/// The number of jobs with each status (bucket).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets(BTreeMap<Bucket, usize>);

impl Buckets {
    /// Adds a number of jobs to the count of a status (bucket).
    pub fn add(&mut self, bucket: Bucket, jobs: usize) {
        *self.0.entry(bucket).or_default() += jobs;
    }

    /// Moves one job from the count of the status `from` to the count of the status `to`.
    pub fn shift(&mut self, from: Bucket, to: Bucket) {
        self.remove(from);
        self.add(to, 1);
    }

    /// Removes one job from the count of a status (bucket).
    pub fn remove(&mut self, bucket: Bucket) {
        if let Some(jobs) = self.0.get_mut(&bucket) {
            *jobs = jobs.saturating_sub(1);
        }
    }

    /// Returns the number of jobs with a status (bucket).
    #[must_use]
    pub fn count(&self, bucket: Bucket) -> usize {
        self.0.get(&bucket).copied().unwrap_or(0)
    }

    /// Returns the total number of jobs, of any status.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.0.values().sum()
    }

    /// Returns the number of jobs that the program can continue without a person.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.iter().filter(|(bucket, _)| bucket.is_open()).map(|(_, jobs)| jobs).sum()
    }

    /// Returns the number of jobs with each status (bucket) in words, such as `2 to render`. The status `done` comes
    /// first, even without jobs; any other status without jobs is left out.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let shown = Bucket::ALL.into_iter().map(|bucket| (bucket, self.count(bucket)));
        let shown = shown.filter(|(bucket, jobs)| *bucket == Bucket::Done || *jobs > 0);
        shown.map(|(bucket, jobs)| format!("{jobs} {}", bucket.words(jobs))).collect()
    }

    /// Returns the counts in one line: `7 done · 2 to render · 1 failed`.
    #[must_use]
    pub fn line(&self) -> String {
        self.parts().join(" · ")
    }

    /// Returns the JSON name of every status (bucket) with the number of its jobs, even if there are none.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, usize)> {
        Bucket::ALL.into_iter().map(|bucket| (bucket.name(), self.count(bucket)))
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
