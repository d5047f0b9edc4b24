//! The status of a project's takes (renderings): numbers by phase, and takes that need a decision or ended without a
//! clip.

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
use crate::store::{ChangedJobs, Count, Reader, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Maximum number of takes with an uncertain charge for which the provider's last message is shown.
pub(crate) const EXAMPLES: usize = 3;

/// A take that needs a person's decision.
#[derive(Debug, Clone)]
pub struct Held {
    /// Take that needs a decision.
    pub take: Take,
    /// Current price of sending the take's request again.
    pub resubmit_price: Usd,
    /// True if the provider can search its tasks for the take's request.
    pub can_be_asked: bool,
    /// True if the manifest still asks for the job, so that its request can be sent again.
    pub is_wanted: bool,
}

/// The number of a project's takes by phase, and the takes that need a decision, failed or were written off.
pub struct ProjectStatus {
    /// Number of takes in each phase of their life cycle, with the sum of their costs.
    pub counts: BTreeMap<Phase, Count>,
    /// Takes that need a person's decision.
    pub held: Vec<Held>,
    /// Failed renderings, including failed redos of finished jobs; oldest first.
    ///
    /// No run sends them again; `retry` does.
    pub failed: Vec<Take>,
    /// Written-off renderings of jobs without a clip, oldest first.
    ///
    /// No run sends them again; `retry --written-off` does. A written-off redo leaves the job its clip, and the person
    /// has decided, so it is left out.
    pub written_off: Vec<Take>,
    /// Last message of the provider about some of the failed takes and of the takes with an uncertain charge.
    pub(crate) said: HashMap<TakeId, Said>,
}

impl ProjectStatus {
    /// Reads the status of one project, or of all projects in the folder if `name` is `None`.
    pub(crate) async fn read(
        project: &Project,
        reader: &Reader,
        name: Option<&str>,
    ) -> Result<Self, StoreError> {
        let meant = reader.dismissed().await?;
        let is_open = |take: &Take| !meant.contains(&take.id);
        let kept_as = kept_as(find::manifest(&project.places));
        let ended = reader.ended(name, kept_as).await?.into_iter().filter(is_open);
        let (failed, ended): (Vec<_>, Vec<_>) =
            ended.partition(|take| matches!(take.state, State::Failed { .. }));
        let mut written_off = Vec::new();
        for take in ended {
            if !is_redo(reader, &take).await? {
                written_off.push(take);
            }
        }
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
        let unwanted = reader.held_unwanted().await?;
        let with_price = |take: Take| {
            let resubmit_price = prices.as_ref().map_or(take.price, |prices| prices.of(&take));
            let is_wanted = !unwanted.contains(&take.id);
            Held { can_be_asked: can_be_asked(&project.registry, &take), resubmit_price, is_wanted, take }
        };
        let held = held.into_iter().map(with_price).collect();
        Ok(Self { counts: reader.counts(name).await?, held, failed, written_off, said })
    }

    /// Returns the provider's last message about a take (rendering); `None` if there is none or it was not read.
    ///
    /// Messages are read only for some takes: one failed take for each kind of refusal, and a few with an uncertain
    /// charge.
    #[must_use]
    pub fn said(&self, take: &Take) -> Option<&Said> {
        self.said.get(&take.id)
    }

    /// Returns the number of takes in this phase of their life cycle.
    #[must_use]
    pub fn count(&self, phase: Phase) -> u64 {
        self.counts.get(&phase).map_or(0, |count| count.takes)
    }

    /// Returns the number of takes that were, or may have been, paid for and whose clips are not saved yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        Phase::IN_FLIGHT.map(|phase| self.count(phase)).iter().sum()
    }
}

/// Returns whether a take was a redo: whether its job has a clip of the same request.
async fn is_redo(reader: &Reader, take: &Take) -> Result<bool, StoreError> {
    let Some(filed) = reader.filed(&take.project, &take.key).await? else { return Ok(false) };
    let own = reader.take_by_id(&filed.take).await?;
    Ok(own.is_some_and(|own| own.fingerprint == take.fingerprint))
}

/// Reads the provider's last message about the newest submission of a take; `None` if there is none.
async fn last_said(reader: &Reader, take: &Take) -> Result<Option<(TakeId, Said)>, StoreError> {
    let Some(history) = reader.history(&take.project, &take.key).await? else { return Ok(None) };
    let known = history.takes.into_iter().find(|known| known.take.id == take.id);
    let last = known.and_then(|known| known.attempts.into_iter().next_back());
    Ok(last.and_then(|last| last.said).map(|words| (take.id.clone(), words)))
}

/// Returns whether the provider of a take can search its tasks for the take's request.
fn can_be_asked(registry: &Registry, take: &Take) -> bool {
    registry.find(&take.request.model.provider).is_some_and(|provider| provider.look_up().is_some())
}

/// Returns the number of jobs by status (bucket), for the jobs that the last recorded manifest asked for.
///
/// Jobs in `apart` are not counted; they are returned one by one with their status.
pub(crate) async fn buckets(
    reader: &Reader,
    places: &Places,
    apart: BTreeSet<JobKey>,
) -> Result<(Buckets, Vec<(JobKey, Bucket)>), StoreError> {
    let manifest = find::manifest(places);
    let project = manifest.as_ref().map(|manifest| manifest.project.clone());
    reader.buckets(project.as_deref(), apart, kept_as(manifest)).await
}

/// Returns a function that takes a shot and returns the status of its jobs that keep their clip although the input
/// changed.
///
/// The function returns `None` if the shot renders changed jobs again, or if the manifest cannot be read.
pub(crate) fn kept_as(manifest: Option<Manifest>) -> ChangedJobs {
    Box::new(move |shot| match manifest.as_ref()?.rules(shot).on_change {
        OnChange::Keep => Some(Bucket::Done),
        OnChange::Ask => Some(Bucket::Asks),
        OnChange::Render => None,
    })
}
