//! The buckets in which jobs are counted, in the same words wherever they are shown.
//!
//! Each wanted job is in exactly one. To add a bucket, add a variant to [`Bucket`] with its words and its name, and say
//! in [`Bucket::of`] which decisions lead to it.

use super::decision::Decision;
use crate::domain::key::JobKey;
use crate::domain::lifecycle::{Phase, State};
use crate::domain::loss::Loss;
use std::collections::BTreeMap;

/// Where one wanted job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Its clip is there, also one that is kept, shared, or only to be copied or moved.
    Done,
    /// A run sends it: it is new, changed, or ordered once more.
    ToRender,
    /// A run sends it once a person has approved the first clips of its template.
    Review,
    /// Its input changed, and a person is asked before it is rendered again.
    Asks,
    /// Its request is on the wire, being rendered, or its clip is being saved.
    InFlight,
    /// It gets the clip of another job, which is not there yet.
    Waiting,
    /// A person must decide about a take of it, or of the job whose clip it gets.
    Held,
    /// Its last take failed, and is not sent again without a command.
    Failed,
    /// A person gave its take up.
    WrittenOff,
    /// Nothing came of it or its clip is gone, and a person said that this is meant.
    Dismissed,
    /// Its clip was there and is gone.
    Missing,
    /// Something else than its clip has the name.
    Altered,
}

impl Bucket {
    /// Every bucket, in the order in which they are shown.
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

    /// Returns the bucket of a job for which this was decided.
    #[must_use]
    pub fn of(job: &JobKey, decision: &Decision) -> Self {
        match decision {
            Decision::Unchanged { .. }
            | Decision::Kept { asks: false, .. }
            | Decision::Shared { from: Some(_), .. }
            | Decision::Renamed { unsent: false, filed: Some(_), .. } => Self::Done,
            Decision::New
            | Decision::Changed { .. }
            | Decision::Again { .. }
            | Decision::Underway { unsent: true, .. }
            | Decision::Renamed { unsent: true, .. } => Self::ToRender,
            Decision::HeldBack => Self::Review,
            Decision::Kept { asks: true, .. } => Self::Asks,
            Decision::Underway { unsent: false, .. }
            | Decision::Renamed { unsent: false, filed: None, .. } => Self::InFlight,
            Decision::Shared { from: None, .. } => Self::Waiting,
            Decision::Blocked { key, state, .. } if key == job => Self::after(state),
            Decision::Blocked { state, .. } => Self::after(state).of_follower(),
            Decision::Failed { state, .. } => Self::after(state),
        }
    }

    /// Returns the bucket of a job whose newest take is in this state.
    #[must_use]
    pub const fn after(state: &State) -> Self {
        Self::of_phase(state.phase())
    }

    /// Returns the bucket of a job whose newest take is in this phase.
    #[must_use]
    pub const fn of_phase(phase: Phase) -> Self {
        match phase {
            Phase::Done => Self::Done,
            // What was cancelled and is still wanted is ordered again.
            Phase::Pending | Phase::Cancelled => Self::ToRender,
            Phase::Submitting | Phase::Doubtful | Phase::Running | Phase::Downloading | Phase::Placing => {
                Self::InFlight
            }
            Phase::Held => Self::Held,
            Phase::Failed => Self::Failed,
            Phase::WrittenOff => Self::WrittenOff,
        }
    }

    /// Returns the bucket of a job whose clip is not as it was placed.
    #[must_use]
    pub const fn lost(loss: Loss) -> Self {
        match loss {
            Loss::Missing => Self::Missing,
            Loss::Altered => Self::Altered,
        }
    }

    /// Returns the bucket of a job that gets the clip of a job in this bucket.
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

    /// Returns whether something is still done about such a job without a person.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::ToRender | Self::InFlight | Self::Waiting)
    }

    /// Returns the words behind a number of such jobs.
    #[must_use]
    pub const fn words(self, jobs: usize) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToRender => "to render",
            Self::Review => "waiting for your review",
            Self::Asks => "waiting for your yes",
            Self::InFlight => "in flight",
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

    /// Returns the name in JSON.
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

/// Numbers of jobs by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets(BTreeMap<Bucket, usize>);

impl Buckets {
    /// Adds so many jobs to a bucket.
    pub fn add(&mut self, bucket: Bucket, jobs: usize) {
        *self.0.entry(bucket).or_default() += jobs;
    }

    /// Moves a job to another bucket.
    pub fn shift(&mut self, from: Bucket, to: Bucket) {
        self.remove(from);
        self.add(to, 1);
    }

    /// Takes a job out of a bucket.
    pub fn remove(&mut self, bucket: Bucket) {
        if let Some(jobs) = self.0.get_mut(&bucket) {
            *jobs = jobs.saturating_sub(1);
        }
    }

    /// Returns the number of jobs in a bucket.
    #[must_use]
    pub fn count(&self, bucket: Bucket) -> usize {
        self.0.get(&bucket).copied().unwrap_or(0)
    }

    /// Returns the number of all jobs.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.0.values().sum()
    }

    /// Returns the number of jobs about which something is still done without a person.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.iter().filter(|(bucket, _)| bucket.is_open()).map(|(_, jobs)| jobs).sum()
    }

    /// Returns the numbers with their words, without buckets that are empty; `done` always comes first.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let shown = Bucket::ALL.into_iter().map(|bucket| (bucket, self.count(bucket)));
        let shown = shown.filter(|(bucket, jobs)| *bucket == Bucket::Done || *jobs > 0);
        shown.map(|(bucket, jobs)| format!("{jobs} {}", bucket.words(jobs))).collect()
    }

    /// Returns the numbers in one line: `7 done · 2 to render · 1 failed`.
    #[must_use]
    pub fn line(&self) -> String {
        self.parts().join(" · ")
    }

    /// Returns every bucket by its name in JSON, also those that are empty.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, usize)> {
        Bucket::ALL.into_iter().map(|bucket| (bucket.name(), self.count(bucket)))
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
