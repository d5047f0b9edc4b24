//! A plan as it is approved: what would be done about the jobs, added up, with what it costs.

mod sum;

pub use sum::Sum;

use super::budget::Level;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::money::Usd;
use crate::plan::fingerprint::Change;
use crate::plan::guards::Trip;
use crate::provider::card::Correction;
use crate::provider::cards::Cards;
use std::collections::BTreeMap;
use sum::Model;
pub(crate) use sum::{ORDER, Row};

/// A plan to be shown: what is to be done about its jobs, added up.
pub struct Plan {
    /// Name of the work.
    pub project: String,
    /// Its jobs.
    pub sum: Sum,
    /// Fields left out because the model lacks them and the shot allows it: model, name and number of jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// The models, as the manifest corrects them.
    pub cards: Cards,
    /// Submissions at once, by model, as limits and cards have it.
    pub at_once: BTreeMap<ModelName, usize>,
    /// Jobs that are no longer wanted and whose clips stand where they were made.
    pub gone: Gone,
    /// What it costs beside all else to render anew what asks first.
    pub asking: Usd,
    /// Guards that the plan is too much for.
    pub trips: Vec<Trip>,
}

/// Jobs whose input changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Number of them.
    pub jobs: usize,
    /// The first of them, each with what changed.
    pub examples: Vec<(JobKey, Vec<Change>)>,
}

/// Jobs that are no longer wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// How many there are.
    pub count: usize,
    /// The first of them.
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

/// Jobs named in a row of the table.
pub(crate) const EXAMPLES: usize = 3;

impl Plan {
    /// What carrying it out costs. Jobs without a price are not in it; see [`Plan::unpriced`].
    #[must_use]
    pub fn total(&self) -> Usd {
        self.sum.total
    }

    /// How many jobs would be sent.
    #[must_use]
    pub fn to_render(&self) -> usize {
        self.sum.to_render
    }

    /// Models whose price nobody knows, each with how many of its jobs would be sent and the first of these.
    pub fn unpriced(&self) -> impl Iterator<Item = (&ModelName, usize, &JobKey)> {
        let models = self.sum.models.iter();
        models.filter_map(|(model, it)| Some((model, it.unpriced, it.first_unpriced.as_ref()?)))
    }

    /// How full the budgets are.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        self.sum.fits.iter().map(|fit| fit.level).collect()
    }

    /// How much can be in doubt after a crash: what is on the wire at once.
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

    /// The models of the plan whose card is not as it is built in.
    pub fn corrected(&self) -> impl Iterator<Item = (&ModelName, &[Correction])> {
        let corrections = |model| Some((model, self.cards.get(model)?.corrected.as_slice()));
        self.sum.models.keys().filter_map(corrections).filter(|(_, corrections)| !corrections.is_empty())
    }
}
