//! Where the jobs of a project stand: counts, and what needs a person.

use super::find;
use super::places::Places;
use super::prices::Prices;
use super::project::Project;
use crate::domain::fault::Said;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::{Phase, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use crate::manifest::OnChange;
use crate::plan::bucket::{Bucket, Buckets};
use crate::provider::Registry;
use crate::store::{Count, KeptAs, Reader, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Takes of one kind that are shown with what was said about them.
pub(crate) const EXAMPLES: usize = 3;

/// A take for which a person must decide.
#[derive(Debug, Clone)]
pub struct Held {
    /// The take.
    pub take: Take,
    /// What ordering it once more costs today.
    pub anew: Usd,
    /// Whether its provider can be asked about it, and was.
    pub can_be_asked: bool,
}

/// The jobs of a project that need a person, and the counts of all.
pub struct Standing {
    /// By the name of the state.
    pub counts: BTreeMap<Phase, Count>,
    /// Takes for which a person must decide.
    pub held: Vec<Held>,
    /// Newest takes that failed, of jobs that still want them.
    pub failed: Vec<Take>,
    /// Newest takes that were written off, of jobs that still want them.
    pub written_off: Vec<Take>,
    /// What was said last about some of these.
    pub(crate) said: HashMap<TakeId, Said>,
}

impl Standing {
    /// Reads where the jobs stand. Without a project all of the folder are meant.
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
            // One of each cause is shown, and one cause is what has one name and costs the same.
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

    /// Returns what was said last about a take that is shown.
    #[must_use]
    pub fn said(&self, take: &Take) -> Option<&Said> {
        self.said.get(&take.id)
    }

    /// Number of takes in that phase.
    #[must_use]
    pub fn count(&self, phase: Phase) -> u64 {
        self.counts.get(&phase).map_or(0, |count| count.takes)
    }

    /// How many were paid and have no clip yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        Phase::IN_FLIGHT.map(|phase| self.count(phase)).iter().sum()
    }
}

/// Reads what was said about the last submission of a take.
async fn last_said(reader: &Reader, take: &Take) -> Result<Option<(TakeId, Said)>, StoreError> {
    let Some(history) = reader.history(&take.project, &take.key).await? else { return Ok(None) };
    let known = history.takes.into_iter().find(|known| known.take.id == take.id);
    let last = known.and_then(|known| known.attempts.into_iter().next_back());
    Ok(last.and_then(|last| last.said).map(|words| (take.id.clone(), words)))
}

/// Returns whether the provider of a take offers a way to look it up.
fn can_be_asked(registry: &Registry, take: &Take) -> bool {
    registry.find(&take.request.model.provider).is_some_and(|provider| provider.look_up().is_some())
}

/// Returns how many wanted jobs are in each bucket, as they were wanted last, without those that come apart.
pub(crate) async fn buckets(
    reader: &Reader,
    places: &Places,
    apart: BTreeSet<JobKey>,
) -> Result<(Buckets, Vec<(JobKey, Bucket)>), StoreError> {
    let manifest = find::manifest(places);
    let project = manifest.as_ref().map(|manifest| manifest.project.clone());
    // A manifest that cannot be read keeps nothing.
    let kept_as: KeptAs = Box::new(move |shot| match manifest.as_ref()?.rules(shot).on_change {
        OnChange::Keep => Some(Bucket::Done),
        OnChange::Ask => Some(Bucket::Asks),
        OnChange::Render => None,
    });
    reader.buckets(project.as_deref(), apart, kept_as).await
}
