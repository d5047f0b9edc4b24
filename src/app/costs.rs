//! The average cost of an approved clip by model, shot or tag, for the jobs of a report.
//!
//! The command `ledger` has the same sums for all jobs. Here, jobs that the manifest no longer asks for are missing.

use super::gallery::{Gallery, GalleryJob};
use super::ledger::Table;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{MoneyState, Phase};
use crate::domain::money::Usd;
use crate::domain::review::ReviewState;
use crate::store::{By, Group, TakeRecord};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl Gallery {
    /// Returns the costs of the report's jobs by model, shot or tag, with the average cost of an approved clip.
    ///
    /// A rendering counts under each tag of its item, so the rows of two tags may overlap; the total counts it once.
    #[must_use]
    pub fn costs(&self, by: By) -> Table {
        let mut table = Table::of(by, &groups(&self.jobs, by));
        if by.overlaps() {
            table.total = Table::of(By::Outcome, &groups(&self.jobs, By::Outcome)).total;
        }
        // Two jobs may share a clip, which then belongs to only one of them.
        let takes = self.jobs.iter().flat_map(|job| &job.record.takes);
        let takes: HashMap<&TakeId, &TakeRecord> = takes.map(|take| (&take.take.id, take)).collect();
        let mut approved: BTreeMap<String, BTreeSet<&TakeId>> = BTreeMap::new();
        let mut all = BTreeSet::new();
        for job in self.jobs.iter().filter(|job| job.standing == ReviewState::Approved) {
            let Some(filed) = &job.record.filed else { continue };
            let Some(take) = takes.get(&filed.take) else { continue };
            all.insert(&filed.take);
            for name in names(job, take, by) {
                approved.entry(name).or_default().insert(&filed.take);
            }
        }
        let counts: Vec<(String, u64)> =
            approved.into_iter().map(|(name, clips)| (name, clips.len() as u64)).collect();
        table.add_approved(&counts, all.len() as u64);
        table
    }
}

/// Groups the sent renderings by row of the cost table, phase of the life cycle, and state of the charge.
///
/// A row is, for example, a model or a tag. Each group has the number and the cost of its renderings.
fn groups(jobs: &[GalleryJob], by: By) -> Vec<Group> {
    let mut groups: BTreeMap<(String, Phase, &'static str), Group> = BTreeMap::new();
    for job in jobs {
        for record in job.record.takes.iter().filter(|take| take.day.is_some()) {
            let take = &record.take;
            let (phase, account) = (take.state.phase(), take.state.account());
            if matches!(phase, Phase::Pending | Phase::Cancelled) {
                continue;
            }
            for name in names(job, record, by) {
                let group = groups.entry((name.clone(), phase, account.name())).or_insert_with(|| Group {
                    name,
                    phase,
                    account,
                    takes: 0,
                    usd: Usd::ZERO,
                    price: Usd::ZERO,
                });
                group.takes += 1;
                group.price += take.price;
                if account != MoneyState::Free {
                    group.usd += take.cost();
                }
            }
        }
    }
    groups.into_values().collect()
}

/// Returns the names of the cost table's rows to which a rendering is added, such as its model or each tag of its item.
fn names(job: &GalleryJob, record: &TakeRecord, by: By) -> Vec<String> {
    let (key, take) = (job.key(), &record.take);
    match by {
        By::Model => vec![take.request.model.to_string()],
        By::Provider => vec![take.request.model.provider.clone()],
        By::Item => vec![key.item.raw().to_owned()],
        By::Shot => vec![key.shot.clone()],
        By::Tag if job.record.tags.is_empty() => vec![String::new()],
        By::Tag => job.record.tags.clone(),
        By::Day => vec![record.day.clone().unwrap_or_default()],
        By::Outcome => vec![String::new()],
    }
}
