//! The status of the jobs of a project: counts, and the jobs that need a person.

use super::find;
use super::places::Places;
use super::prices::Prices;
use super::project::Project;
use crate::domain::fault::Said;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Phase, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::manifest::{Manifest, OnChange};
use crate::plan::bucket::{Bucket, Buckets};
use crate::provider::Registry;
use crate::store::{Count, KeptAs, Reader, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Maximum number of takes of one kind that are shown with their last message.
pub(crate) const EXAMPLES: usize = 3;

/// A take that needs a person's decision.
#[derive(Debug, Clone)]
pub struct Held {
    /// The take.
    pub take: Take,
    /// Price of a new order today.
    pub anew: Usd,
    /// True if its provider can look the task up and was asked.
    pub can_be_asked: bool,
}

/// The counts of all jobs, and the jobs that need a person.
pub struct Standing {
    /// Counts by state.
    pub counts: BTreeMap<Phase, Count>,
    /// Takes that need a person's decision.
    pub held: Vec<Held>,
    /// Newest failed takes of jobs that still want them.
    pub failed: Vec<Take>,
    /// Newest takes that were written off, of jobs that still want them.
    pub written_off: Vec<Take>,
    /// Last message about some of these takes.
    pub(crate) said: HashMap<TakeId, Said>,
}

impl Standing {
    /// Reads the status of the jobs of one project, or of all projects of the folder.
    pub(crate) async fn read(
        project: &Project,
        reader: &Reader,
        name: Option<&str>,
    ) -> Result<Self, StoreError> {
        let meant = reader.dismissed().await?;
        let is_open = |take: &Take| !meant.contains(&take.id);
        let (mut failed, mut written_off) = (reader.failed(name).await?, reader.written_off(name).await?);
        failed.retain(is_open);
        written_off.retain(is_open);
        let held = reader.held(name).await?;
        let mut said = HashMap::new();
        let mut causes = HashSet::new();
        for take in &failed {
            // One example of each refusal and charge is enough.
            let State::Failed { refusal, charged, .. } = take.state else { continue };
            if causes.insert((refusal, charged)) {
                said.extend(last_said(reader, take).await?);
            }
        }
        for take in held.iter().filter(|take| take.state.is_in_doubt()).take(EXAMPLES) {
            said.extend(last_said(reader, take).await?);
        }
        let prices = if held.is_empty() { None } else { Some(Prices::read(project)) };
        let with_price = |take: Take| {
            let anew = prices.as_ref().map_or(take.price, |prices| prices.of(&take));
            Held { can_be_asked: can_be_asked(&project.registry, &take), anew, take }
        };
        let held = held.into_iter().map(with_price).collect();
        Ok(Self { counts: reader.counts(name).await?, held, failed, written_off, said })
    }

    /// Returns the last message about a take that is shown.
    #[must_use]
    pub fn said(&self, take: &Take) -> Option<&Said> {
        self.said.get(&take.id)
    }

    /// Returns the number of takes in this phase.
    #[must_use]
    pub fn count(&self, phase: Phase) -> u64 {
        self.counts.get(&phase).map_or(0, |count| count.takes)
    }

    /// Returns the number of takes that were paid and have no clip yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        Phase::IN_FLIGHT.map(|phase| self.count(phase)).iter().sum()
    }
}

/// Reads the last message about the last submission of a take.
async fn last_said(reader: &Reader, take: &Take) -> Result<Option<(TakeId, Said)>, StoreError> {
    let Some(history) = reader.history(&take.project, &take.key).await? else { return Ok(None) };
    let known = history.takes.into_iter().find(|known| known.take.id == take.id);
    let last = known.and_then(|known| known.attempts.into_iter().next_back());
    Ok(last.and_then(|last| last.said).map(|words| (take.id.clone(), words)))
}

/// Returns whether the provider of a take can look it up.
fn can_be_asked(registry: &Registry, take: &Take) -> bool {
    registry.find(&take.request.model.provider).is_some_and(|provider| provider.look_up().is_some())
}

/// Returns the number of wanted jobs in each bucket, by the last recorded manifest.
///
/// Jobs in `apart` are listed with their buckets instead of counted.
pub(crate) async fn buckets(
    reader: &Reader,
    places: &Places,
    apart: BTreeSet<JobKey>,
) -> Result<(Buckets, Vec<(JobKey, Bucket)>), StoreError> {
    let manifest = find::manifest(places);
    let project = manifest.as_ref().map(|manifest| manifest.project.clone());
    reader.buckets(project.as_deref(), apart, kept_as(manifest)).await
}

/// Returns the rule for finished jobs whose input changed, by the shots of a manifest.
///
/// An unreadable manifest has no rule that keeps clips.
pub(crate) fn kept_as(manifest: Option<Manifest>) -> KeptAs {
    Box::new(move |shot| match manifest.as_ref()?.rules(shot).on_change {
        OnChange::Keep => Some(Bucket::Done),
        OnChange::Ask => Some(Bucket::Asks),
        OnChange::Render => None,
    })
}
