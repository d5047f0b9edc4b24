//! Estimates the time that a plan or the rest of a run takes, from limits and from the durations of earlier renderings.

use super::error::Error;
use super::project::Project;
use super::setup::limits;
use crate::domain::durations::{Durations, RenderKind};
use crate::domain::estimate::{Estimate, Flow, Known, Open, RenderFigures, estimate};
use crate::domain::key::ModelName;
use crate::engine::lane::Lane;
use crate::manifest::{Located, ProviderConfig};
use crate::provider::cards::Cards;
use crate::store::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The data for an estimate: the limits of the models and the recorded durations of their renderings.
#[derive(Debug, Default)]
struct Outlook {
    flows: BTreeMap<ModelName, Flow>,
    durations: BTreeMap<RenderKind, Arc<Durations>>,
}

impl Known for Outlook {
    fn of(&self, kind: &RenderKind) -> RenderFigures {
        RenderFigures {
            flow: self.flows.get(&kind.model).copied(),
            durations: self.durations.get(kind).cloned(),
        }
    }
}

/// Returns the estimated time until all renderings in `open` are finished; `None` if `open` has no rendering.
///
/// Without `reader`, the access to the database, the estimate uses only the limits of the models.
pub(crate) async fn time(
    project: &Project,
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    cards: &Cards,
    reader: Option<&Reader>,
    open: &BTreeMap<RenderKind, Open>,
) -> Result<Option<Estimate>, Error> {
    let mut outlook = Outlook::default();
    if let Some(reader) = reader {
        let known = reader.durations().await?.into_iter();
        outlook.durations = known.map(|(kind, durations)| (kind, Arc::new(durations))).collect();
    }
    let providers: BTreeSet<&str> = open.keys().map(|kind| kind.model.provider.as_str()).collect();
    for name in providers {
        let Some(provider) = cards.providers().find(name) else { continue };
        let manifest = limits(project, configs, name);
        let learned = match reader {
            Some(reader) => reader.learned(name).await?,
            None => Vec::new(),
        };
        let learned: BTreeMap<_, _> = learned.into_iter().collect();
        for card in cards.of(name) {
            let lane = Lane::new(Some(card), &**provider, &manifest);
            if let Some(learned) = learned.get(&card.name.model) {
                lane.recall(*learned);
            }
            outlook.flows.insert(card.name.clone(), lane.flow());
        }
    }
    Ok(estimate(open, &outlook))
}

/// Converts the number of unsent jobs of each kind to the input of a time estimate in which no tasks are running.
pub(crate) fn unsent(jobs: &BTreeMap<RenderKind, usize>) -> BTreeMap<RenderKind, Open> {
    let open =
        |(kind, unsent): (&RenderKind, &usize)| (kind.clone(), Open { unsent: *unsent, ..Open::default() });
    jobs.iter().map(open).collect()
}
