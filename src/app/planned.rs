//! The plan of a run, added up and priced, as the user approves it.

mod sum;

pub use sum::Sum;

use super::budget::Level;
use super::rollout::RolloutState;
use crate::domain::estimate::Estimate;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::money::Usd;
use crate::plan::fingerprint::Change;
use crate::plan::guards::Trip;
use crate::provider::card::Correction;
use crate::provider::cards::Cards;
use std::collections::BTreeMap;
use sum::Model;
pub(crate) use sum::{ORDER, Row};

/// A plan with its jobs added up.
pub struct Plan {
    /// Name of the project.
    pub project: String,
    /// Totals of the jobs.
    pub sum: Sum,
    /// Fields left out because the model lacks them and the shot allows it: by model and field, the number of jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Model cards with the manifest's corrections.
    pub cards: Cards,
    /// Maximum number of concurrent submissions by model, from limits and cards.
    pub at_once: BTreeMap<ModelName, usize>,
    /// Jobs that are no longer wanted and whose clips are still in their original place.
    pub gone: Gone,
    /// Extra cost of rendering the changed jobs that need consent first.
    pub asking: Usd,
    /// State of the canaries of templates that have not passed.
    pub rollout: RolloutState,
    /// Time for the jobs that would be sent; `None` where there are none.
    pub time: Option<Estimate>,
    /// Guards that stop the plan.
    pub trips: Vec<Trip>,
}

/// Jobs whose input changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Number of jobs.
    pub jobs: usize,
    /// First of these jobs, each with its changed fields.
    pub examples: Vec<(JobKey, Vec<Change>)>,
}

/// Jobs that are no longer wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Number of jobs.
    pub count: usize,
    /// First of these jobs.
    pub examples: Vec<String>,
}

impl Gone {
    /// Adds a job.
    pub fn add(&mut self, key: &JobKey) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(key.to_string());
        }
    }
}

/// Maximum number of jobs named in a row of the table.
pub(crate) const EXAMPLES: usize = 3;

impl Plan {
    /// Returns the cost of carrying out the plan.
    ///
    /// It leaves out jobs without a price; see [`Plan::unpriced`].
    #[must_use]
    pub fn total(&self) -> Usd {
        self.sum.total
    }

    /// Returns the number of jobs that would be sent.
    #[must_use]
    pub fn to_render(&self) -> usize {
        self.sum.to_render
    }

    /// Returns the models without a known price, each with its number of jobs to send and the first of them.
    pub fn unpriced(&self) -> impl Iterator<Item = (&ModelName, usize, &JobKey)> {
        let models = self.sum.models.iter();
        models.filter_map(|(model, it)| Some((model, it.unpriced, it.first_unpriced.as_ref()?)))
    }

    /// Returns how much of each budget is used.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        self.sum.fits.iter().map(|fit| fit.level).collect()
    }

    /// Returns the number and price of requests that may be in doubt after a crash: those sent concurrently.
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

    /// Returns the models of the plan whose built-in card is corrected.
    pub fn corrected(&self) -> impl Iterator<Item = (&ModelName, &[Correction])> {
        let corrections = |model| Some((model, self.cards.get(model)?.corrected.as_slice()));
        self.sum.models.keys().filter_map(corrections).filter(|(_, corrections)| !corrections.is_empty())
    }
}
