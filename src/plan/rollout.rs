//! Chooses the jobs of a shot and model that are rendered first (the canary), and decides whether the other jobs may
//! follow.
//!
//! If a person must approve these clips (`then: approve`), the jobs are spread over the variants and over the shapes of
//! the pictures, such as square or wide. The person then sees each kind once. If the manifest requires a rate of good
//! clips, the jobs are drawn at random, because spread jobs would show rare shapes too often. The draw depends only on
//! digests of the settings and of the job's key, so it is the same in every run.

use crate::domain::digest::Sha256;
use crate::domain::key::JobKey;
use crate::domain::request::{PictureFacts, Request};
use crate::domain::rollout::{AfterCanary, Answer, Rollout, answer, batches};

/// The rule by which the jobs of a canary (those rendered first) are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draw {
    /// Jobs are spread evenly over the variants, over the shapes and sizes of the pictures, and over the list of items.
    Spread,
    /// Jobs are drawn at random.
    Random,
}

impl Draw {
    /// Returns the rule by which the manifest's rollout chooses the jobs that are rendered first.
    #[must_use]
    pub const fn of(rollout: &Rollout) -> Self {
        match rollout.then {
            AfterCanary::Approve => Self::Spread,
            AfterCanary::Rate { .. } => Self::Random,
        }
    }

    /// Returns the name, in the database, of this rule for choosing the jobs that are rendered first.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Random => "random",
        }
    }
}

/// The state of a job in a canary (the jobs rendered first).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// The clip of the job is approved.
    Approved,
    /// The clip of the job is rejected.
    Rejected,
    /// The clip of the job waits for a review.
    Unreviewed,
    /// The job has no clip yet.
    Unfinished,
    /// The rendering of the job failed or was written off.
    Failed,
    /// The rendering of the job needs a person's decision.
    Held,
    /// A person decided that the job needs no clip. Another job replaces this job among those that are rendered first.
    Dismissed,
}

/// The result of the reviews of a canary (the jobs rendered first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The canary (the jobs rendered first) must have this number of jobs, and has fewer.
    Needs(usize),
    /// The canary (the jobs rendered first) has no result yet, for example because clips are not rendered, not
    /// reviewed, or rejected.
    Waits,
    /// The jobs after the canary (the jobs rendered first) may be rendered.
    Passed,
    /// The reviews show that too few clips turn out well.
    Stopped {
        /// Number of approved clips.
        approved: usize,
        /// Number of reviewed clips.
        reviewed: usize,
    },
    /// After the largest allowed number of reviewed clips, the test shows neither that enough clips turn out well nor
    /// that too few do.
    Unclear {
        /// Number of approved clips.
        approved: usize,
        /// Number of reviewed clips.
        reviewed: usize,
    },
}

/// Returns the result of the reviews of a canary (the jobs rendered first). `members` are the states of the canary's
/// jobs in the order in which they were chosen.
///
/// If the manifest requires a rate of approved clips, the rate is tested only after whole batches of reviewed clips.
/// The sizes of the batches are those of [`batches`]. The reviews of a part of a batch prove nothing, because a person
/// may review the worst clips first.
#[must_use]
pub fn step(rollout: &Rollout, members: &[Member]) -> Step {
    let AfterCanary::Rate { rate, error } = rollout.then else {
        return match members.get(..rollout.canary as usize) {
            None => Step::Needs(rollout.canary as usize),
            Some(first) if first.iter().all(|member| *member == Member::Approved) => Step::Passed,
            Some(_) => Step::Waits,
        };
    };
    let mut last = Step::Waits;
    for size in batches(rollout.canary) {
        let Some(batch) = members.get(..size as usize) else { return Step::Needs(size as usize) };
        let count = |state: Member| batch.iter().filter(|member| **member == state).count();
        let (approved, rejected) = (count(Member::Approved), count(Member::Rejected));
        let reviewed = approved + rejected;
        if reviewed < batch.len() {
            return Step::Waits;
        }
        let hits = u32::try_from(approved).unwrap_or(size);
        last = match answer(rate, error, size, hits) {
            Answer::Go => return Step::Passed,
            Answer::Stop => return Step::Stopped { approved, reviewed },
            Answer::Undecided => Step::Unclear { approved, reviewed },
        };
    }
    last
}

/// Returns the kind of a job: its variant, and its picture's shape and size, such as `blue/square/large`.
///
/// With `then: approve`, the jobs that are rendered first are spread evenly over these kinds.
#[must_use]
pub fn kind(key: &JobKey, request: &Request) -> String {
    let mut pictures = request.image.iter().chain(&request.reference_images).chain(&request.last_image);
    let picture = pictures.find_map(|media| media.facts());
    let (shape, size) = picture.map_or(("unknown", "unknown"), |facts| (shape(facts), size(facts)));
    format!("{}/{shape}/{size}", key.variant)
}

fn shape(facts: &PictureFacts) -> &'static str {
    let (width, height) = (u64::from(facts.width), u64::from(facts.height));
    match (width * 100).checked_div(height).unwrap_or(100) {
        0..60 => "tall",
        60..90 => "portrait",
        90..=111 => "square",
        112..=166 => "landscape",
        _ => "wide",
    }
}

fn size(facts: &PictureFacts) -> &'static str {
    match facts.width.min(facts.height) {
        0..500 => "small",
        500..1_200 => "medium",
        _ => "large",
    }
}

/// Returns a number that sorts the jobs of a template into a random order, which is the same in every run.
#[must_use]
pub fn draw(template: &Sha256, key: &JobKey) -> i64 {
    let digest = Sha256::of(format!("shotlist draw 1\n{template}\n{key}").as_bytes());
    i64::from_be_bytes(std::array::from_fn(|at| digest.0[at]))
}

/// Chooses `choices` jobs, spread evenly over kinds of jobs. `kinds` has the number of jobs of each kind.
///
/// Returns, for each chosen job, the index of its kind and its position in that kind. Every kind comes once before one
/// comes twice. If there are more kinds than choices, the chosen kinds are spread evenly.
#[must_use]
pub fn spread(kinds: &[usize], choices: usize) -> Vec<(usize, usize)> {
    let mut quotas = vec![0_usize; kinds.len()];
    if kinds.len() > choices {
        for choice in 0..choices {
            quotas[choice * kinds.len() / choices] = 1;
        }
    } else {
        let mut left = choices.min(kinds.iter().sum());
        while left > 0 {
            for (quota, jobs) in quotas.iter_mut().zip(kinds) {
                if left > 0 && *quota < *jobs {
                    *quota += 1;
                    left -= 1;
                }
            }
        }
    }
    let positions = |(kind, (quota, jobs)): (usize, (usize, &usize))| {
        let jobs = *jobs;
        (0..quota).map(move |choice| (kind, (2 * choice + 1) * jobs / (2 * quota)))
    };
    quotas.into_iter().zip(kinds).enumerate().flat_map(positions).collect()
}

#[cfg(test)]
mod tests;
