//! The filter of a list of jobs.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::{GalleryJob, named};
use crate::app::words::Words;
use crate::domain::ident::composed;
use crate::domain::problem::{did_you_mean, meant_or_all};
use crate::domain::review::ReviewState;
use crate::domain::verdict::Verdict;
use crate::plan::bucket::Bucket;
use std::collections::BTreeSet;

/// The word by which the filter selects clips that were not checked.
pub const UNCHECKED: &str = "unchecked";

/// Every state of a review that the filter accepts.
const DECISIONS: [ReviewState; 4] =
    [ReviewState::Undecided, ReviewState::Approved, ReviewState::Rejected, ReviewState::Outdated];

/// A filter of jobs. A job passes if it matches at least one value of each list that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Keys, items or patterns such as `hero/*`.
    pub only: Vec<String>,
    /// Status names, such as `failed` or `to render`.
    ///
    /// A finished job also matches the status of a redo (another rendering) that failed, was written off or needs a
    /// decision.
    pub states: Vec<String>,
    /// Tags; the job's item must have at least one of them.
    pub tags: Vec<String>,
    /// Names of review states, such as `rejected`.
    pub decisions: Vec<String>,
    /// Names of verdicts of the automatic checks, or `unchecked`.
    pub verdicts: Vec<String>,
}

impl Filter {
    /// Adds the filter's options to a command line.
    pub(crate) fn typed(&self, words: Words) -> Words {
        let Self { only, states, tags, decisions, verdicts } = self;
        words
            .option("--only", only)
            .option("--state", states)
            .option("--tag", tags)
            .option("--decision", decisions)
            .option("--verdict", verdicts)
    }

    /// Returns whether the filter has no values, so that every job matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Removes the jobs that do not match the filter, and returns warnings about patterns that may be meant as names.
    ///
    /// # Errors
    ///
    /// Returns an error for an unknown status, review state or verdict, and for a name or a tag that no job has.
    pub(crate) fn apply(&self, jobs: &mut Vec<GalleryJob>) -> Result<Vec<String>, Error> {
        let states = self.states.iter().map(|name| state(name)).collect::<Result<Vec<_>, _>>()?;
        let decisions = self.decisions.iter().map(|name| decision(name)).collect::<Result<Vec<_>, _>>()?;
        let verdicts = self.verdicts.iter().map(|name| verdict(name)).collect::<Result<Vec<_>, _>>()?;
        let tags: Vec<String> = self.tags.iter().map(|tag| composed(tag.trim())).collect();
        tags.iter().try_for_each(|tag| known_tag(tag, jobs))?;
        let names = named(&self.only, jobs)?;
        let is_in = |bucket: &Bucket| states.contains(bucket);
        jobs.retain(|job| {
            names.has(job.key())
                && (states.is_empty() || is_in(&job.bucket) || job.open_redo.as_ref().is_some_and(is_in))
                && (decisions.is_empty() || decisions.contains(&job.standing))
                && (verdicts.is_empty() || verdicts.contains(&job.verdict()))
                && (tags.is_empty() || tags.iter().any(|tag| has_tag(job, tag)))
        });
        names.warnings()
    }
}

/// Returns the status (bucket) with this name, which may be written as in reports or as in JSON.
fn state(name: &str) -> Result<Bucket, Error> {
    let written = name.trim().to_lowercase().replace([' ', '-'], "_");
    let found = Bucket::ALL
        .into_iter()
        .find(|bucket| bucket.name() == written || bucket.words(1).replace(' ', "_") == written);
    found.ok_or_else(|| {
        let known = Bucket::ALL.map(Bucket::name);
        wrong(format!("there is no state `{name}`; {}", meant_or_all(&written, known, "states")))
    })
}

/// Returns the state of a review with this name.
fn decision(name: &str) -> Result<ReviewState, Error> {
    let written = name.trim().to_lowercase();
    DECISIONS.into_iter().find(|standing| standing.name() == written).ok_or_else(|| {
        let known = DECISIONS.map(ReviewState::name);
        wrong(format!("there is no decision `{name}`; {}", meant_or_all(&written, known, "decisions")))
    })
}

/// Returns the verdict with this name; `None` for the word that selects clips that were not checked.
fn verdict(name: &str) -> Result<Option<Verdict>, Error> {
    let written = name.trim().to_lowercase();
    if written == UNCHECKED {
        return Ok(None);
    }
    written.parse().map(Some).map_err(|()| {
        let known = Verdict::ALL.map(Verdict::name).into_iter().chain([UNCHECKED]);
        wrong(format!("there is no verdict `{name}`; {}", meant_or_all(&written, known, "verdicts")))
    })
}

/// Returns an error if no job has the tag.
fn known_tag(tag: &str, jobs: &[GalleryJob]) -> Result<(), Error> {
    if jobs.iter().any(|job| has_tag(job, tag)) {
        return Ok(());
    }
    let known: BTreeSet<&str> = jobs.iter().flat_map(|job| &job.record.tags).map(String::as_str).collect();
    let why = match did_you_mean(tag, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => "; no item has tags".to_owned(),
        None => String::new(),
    };
    Err(wrong(format!("no job has the tag `{tag}`{why}")))
}

fn has_tag(job: &GalleryJob, tag: &str) -> bool {
    job.record.tags.iter().any(|known| composed(known) == tag)
}

fn wrong(what: String) -> Error {
    Error::new(Exit::Usage, what).money("not charged")
}
