//! The plan of a run, with the number and prices of its jobs, as the user approves it.

mod sum;

pub use sum::Sum;

use super::budget::Level;
use super::places::Places;
use super::rollout::RolloutState;
use super::words::Words;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::estimate::Estimate;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::plan::bucket::Bucket;
use crate::plan::decide::Decision;
use crate::plan::fingerprint::Change;
use crate::plan::guards::ExceededGuard;
use crate::provider::card::Correction;
use crate::provider::cards::Cards;
use std::collections::BTreeMap;
use std::fmt;
use sum::Model;
pub(crate) use sum::{ORDER, Row};

/// A plan with the number and prices of its jobs.
pub struct Plan {
    /// Name of the project that the plan is for.
    pub project: String,
    /// Number and prices of the planned jobs.
    pub sum: Sum,
    /// Number of jobs whose requests leave out a field, by model and name of the field. The model does not have the
    /// field, and the shot allows leaving it out.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Model cards (descriptions of models) with the manifest's changes.
    pub cards: Cards,
    /// Maximum number of concurrent submissions of each model, from the manifest's limits and the model cards
    /// (descriptions).
    pub at_once: BTreeMap<ModelName, usize>,
    /// Jobs that the manifest no longer has and whose clips are not in the archive folder yet. There are none if only
    /// some jobs are planned.
    pub gone: Gone,
    /// Number of finished jobs whose items are left out because something is wrong with them. They are no jobs of this
    /// plan, but the reports of the database count them.
    pub left_out: usize,
    /// Additional cost if a person agrees to render the changed jobs that wait for consent.
    pub asking: Asking,
    /// Canaries: the first clips of each shot and model, to review before the others are rendered. Those that an
    /// earlier run recorded as passed are left out.
    pub rollout: RolloutState,
    /// Estimated time until all jobs to send are rendered; `None` if there are none.
    pub time: Option<Estimate>,
    /// Guards (safety limits of the manifest) that the plan exceeds.
    pub trips: Vec<ExceededGuard>,
}

/// A job of a plan.
pub struct PlannedJob<'a> {
    /// Job with its request and its price, as the manifest asks for it.
    pub wanted: &'a Wanted,
    /// Action that the plan takes for the job.
    pub decision: &'a Decision,
    /// Problem with the job's finished clip (missing or altered); `None` if there is none.
    pub loss: Option<ClipDamage>,
    /// True if a person has accepted that the job stays failed, written off or missing.
    pub is_dismissed: bool,
}

impl PlannedJob<'_> {
    /// Returns the status (bucket) by which the plan counts the job.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        match self.loss {
            Some(loss) => Bucket::lost(loss),
            None if self.is_dismissed => Bucket::Dismissed,
            None => Bucket::of(&self.wanted.key, self.decision),
        }
    }
}

/// The additional cost of a plan if a person agrees to render the changed jobs that wait for consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asking {
    /// Price of the jobs that are then sent.
    pub now: Usd,
    /// Price of the jobs that are then kept back until the first clips (the canary) have passed the review.
    pub after_review: Usd,
}

impl Asking {
    /// Returns whether the agreement alone sends nothing, because the first clips must be reviewed before.
    #[must_use]
    pub fn needs_review_first(&self) -> bool {
        self.now == Usd::ZERO && self.after_review > Usd::ZERO
    }
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, after_review } = self;
        if *after_review == Usd::ZERO {
            return write!(f, "{now}");
        }
        if *now > Usd::ZERO {
            write!(f, "{now} now, ")?;
        }
        write!(f, "{after_review} after the review of the first clips")
    }
}

/// The jobs whose input changed: their number and some examples.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Number of all jobs whose input changed.
    pub jobs: usize,
    /// At most ten jobs whose input changed, each with its changed fields.
    pub examples: Vec<(JobKey, Vec<Change>)>,
}

/// The jobs that the manifest no longer has: their number and some examples.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Number of all jobs that the manifest no longer has.
    pub count: usize,
    /// Keys of at most three jobs that the manifest no longer has.
    pub examples: Vec<String>,
}

impl Gone {
    /// Counts a job that the manifest no longer has, and keeps its key as an example if it is one of the first three.
    pub fn add(&mut self, key: &JobKey) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(key.to_string());
        }
    }
}

/// Maximum number of jobs that a row of the plan's table names.
pub(crate) const EXAMPLES: usize = 3;

impl Plan {
    /// Returns the price of all jobs that the plan would send.
    ///
    /// It leaves out jobs without a known price; see [`Plan::unpriced`].
    #[must_use]
    pub fn total(&self) -> Usd {
        self.sum.total
    }

    /// Returns the number of jobs that the plan would send.
    #[must_use]
    pub fn to_render(&self) -> usize {
        self.sum.to_render
    }

    /// Returns each model without a known price, with the number of its jobs to send and the first of these jobs.
    pub fn unpriced(&self) -> impl Iterator<Item = (&ModelName, usize, &JobKey)> {
        let models = self.sum.models.iter();
        models.filter_map(|(model, it)| Some((model, it.unpriced, it.first_unpriced.as_ref()?)))
    }

    /// Returns the command that agrees to render the changed clips that wait for a person's approval, or brings their
    /// first clips closer to the review that must come before; `None` if no clip waits.
    ///
    /// `accepting` is the command for a run that accepts the plan.
    pub(crate) fn next_asking(&self, places: &Places, accepting: &Words) -> Option<String> {
        if self.sum.asks.0 == 0 {
            return None;
        }
        let first = if self.asking.needs_review_first() { self.rollout.next_unpassed(places) } else { None };
        Some(first.unwrap_or_else(|| places.typed(&accepting.clone().build())))
    }

    /// Returns each budget with the amount that was spent against it before the plan was made.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        self.sum.fits.iter().map(|fit| fit.level).collect()
    }

    /// Returns the maximum number and price of the requests whose charge would be uncertain after a crash of the run.
    ///
    /// These are the requests that can be on their way to the providers at the same time.
    #[must_use]
    pub fn exposure(&self) -> (usize, Usd) {
        let mut exposure = (0, Usd::ZERO);
        for (model, Model { costly, dearest, .. }) in &self.sum.models {
            let at_once = (*costly).min(self.at_once.get(model).copied().unwrap_or(*costly));
            exposure.0 += at_once;
            exposure.1 += dearest.times(at_once as u64);
        }
        exposure
    }

    /// Returns the models of the plan whose built-in card (description of limits and prices) the manifest changes, with
    /// the changes.
    pub fn corrected(&self) -> impl Iterator<Item = (&ModelName, &[Correction])> {
        let corrections = |model| Some((model, self.cards.get(model)?.corrected.as_slice()));
        self.sum.models.keys().filter_map(corrections).filter(|(_, corrections)| !corrections.is_empty())
    }
}
