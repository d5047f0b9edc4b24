//! What is too much for a night in which nobody looks: an edited template, a broken export.

use super::decide::Decision;
use super::fingerprint::Change;
use super::known::{Known, KnownJob};
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::manifest::Guards;
use std::collections::HashSet;

/// The folder of clips that nobody wants any more, below the output folder.
pub const ARCHIVE: &str = "_archive/";

/// A guard that something is too much for.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip<'a> {
    /// Its key in the manifest.
    pub guard: &'static str,
    /// What it allows, as the manifest has it.
    pub limit: String,
    /// What was found instead.
    pub found: Found,
    /// A few of the jobs, with what changed of each.
    pub examples: Vec<(&'a JobKey, &'a [Change])>,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// So many jobs would be ordered.
    Ordered(usize),
    /// So many finished jobs of so many would get another clip.
    Changed(usize, usize),
    /// So many finished jobs of so many are gone.
    Removed(usize, usize),
    /// So much would be spent.
    Spend(Usd),
}

/// Jobs named of one guard.
const EXAMPLES: usize = 3;

/// The guards that the plan is too much for. What was ordered before and only waits was within them, or agreed to, when
/// it was ordered. `gone` is empty where only a part of the jobs is planned.
#[must_use]
pub fn trips<'a>(
    guards: &Guards,
    jobs: &[(&'a Wanted, &'a Decision)],
    gone: &[&'a KnownJob],
    known: &'a Known,
) -> Vec<Trip<'a>> {
    let finished: HashSet<&JobKey> =
        known.jobs.iter().filter(|job| job.wanted && job.filed.is_some()).map(|job| &job.key).collect();
    let mut ordered: Vec<(&JobKey, &[Change])> = Vec::new();
    let mut changed = Vec::new();
    let mut spend = Usd::ZERO;
    let mut replaced = Vec::new();
    for (wanted, decision) in jobs {
        let fields = match decision {
            Decision::New | Decision::Again { .. } => &[][..],
            Decision::Changed { fields, .. } => fields,
            // Another job's clip takes the place of the finished one.
            Decision::Shared { .. } if finished.contains(&wanted.key) => {
                replaced.push((&wanted.key, &[][..]));
                continue;
            }
            _ => continue,
        };
        ordered.push((&wanted.key, fields));
        spend += wanted.price.unwrap_or_default();
        if matches!(decision, Decision::Changed { .. }) && finished.contains(&wanted.key) {
            changed.push((&wanted.key, fields));
        }
    }
    // Those that say what changed are named first.
    changed.extend(replaced);
    let removed = gone.iter().filter(|job| job.wanted).map(|job| (&job.key, &[][..])).collect();
    let mut trips = Vec::new();
    let mut trip = |guard, limit: Option<String>, found, examples: Vec<(&'a JobKey, &'a [Change])>| {
        if let Some(limit) = limit {
            let examples = examples.into_iter().take(EXAMPLES).collect();
            trips.push(Trip { guard, limit, found, examples });
        }
    };
    let (some, of) = (changed.len(), finished.len());
    let limit = guards.max_changed.filter(|most| !most.allows(some, of));
    trip("max_changed", limit.map(|most| most.to_string()), Found::Changed(some, of), changed);
    let removed: Vec<(&JobKey, &[Change])> = removed;
    let some = removed.len();
    let limit = guards.max_removed.filter(|most| !most.allows(some, of));
    trip("max_removed", limit.map(|most| most.to_string()), Found::Removed(some, of), removed);
    let some = ordered.len();
    let limit = guards.max_jobs.filter(|most| some > usize::try_from(*most).unwrap_or(usize::MAX));
    trip("max_jobs", limit.map(|most| most.to_string()), Found::Ordered(some), ordered.clone());
    let limit = guards.max_new_spend.filter(|most| spend > *most);
    trip("max_new_spend", limit.map(|most| most.to_string()), Found::Spend(spend), ordered);
    trips
}

/// Jobs that have a clip and are no longer wanted, and whose clip is not taken over by another job.
#[must_use]
pub fn gone<'a>(wanted: &[Wanted], decisions: &[Decision], known: &'a Known) -> Vec<&'a KnownJob> {
    let wanted: HashSet<&JobKey> = wanted.iter().map(|job| &job.key).collect();
    let adopted: HashSet<&JobKey> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Renamed { from, .. } => Some(from),
            _ => None,
        })
        .collect();
    let is_gone =
        |job: &&KnownJob| job.filed.is_some() && !wanted.contains(&job.key) && !adopted.contains(&job.key);
    known.jobs.iter().filter(is_gone).collect()
}

/// Whether the clip of a job that is gone still stands where it was made.
#[must_use]
pub fn is_in_place(job: &KnownJob) -> bool {
    job.filed.as_ref().is_some_and(|filed| !filed.path.starts_with(ARCHIVE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Sha256;
    use crate::domain::key::TakeId;
    use crate::domain::lifecycle::ClipFile;
    use crate::domain::request::Request;
    use crate::manifest::Most;
    use crate::plan::fingerprint::fingerprint;
    use crate::plan::known::Filed;

    fn wanted(item: usize) -> Wanted {
        let request = Request::new("zai/vidu2-image".parse().unwrap());
        Wanted {
            key: JobKey::new("hero", item.to_string()),
            title: String::new(),
            fingerprint: fingerprint(&request),
            request,
            price: Some(Usd::from_micros(200_000)),
            path: format!("{item}.mp4"),
        }
    }

    fn finished(item: usize) -> KnownJob {
        let file = ClipFile { size: 1, sha256: Sha256::of(b"clip") };
        let filed = Filed { take: TakeId(item.to_string()), path: format!("{item}.mp4"), file };
        KnownJob {
            key: JobKey::new("hero", item.to_string()),
            wanted: true,
            takes: Vec::new(),
            filed: Some(filed),
        }
    }

    /// The guards that twenty finished jobs trip, of which so many changed and so many are gone; two are new.
    fn tripped(guards: Guards, changed: usize, removed: usize) -> Vec<&'static str> {
        let known = Known { jobs: (0..20).map(finished).collect(), ..Known::default() };
        let all: Vec<Wanted> = (removed..22).map(wanted).collect();
        let change = Change { field: "prompt".into(), old: None, new: None };
        let decisions: Vec<Decision> = (removed..22)
            .map(|item| match item {
                20.. => Decision::New,
                _ if item < removed + changed => {
                    Decision::Changed { fields: vec![change.clone()], superseded: Vec::new() }
                }
                _ => Decision::Unchanged { take: TakeId(item.to_string()), refile: None },
            })
            .collect();
        let gone = gone(&all, &decisions, &known);
        let jobs: Vec<_> = all.iter().zip(&decisions).collect();
        let trips = trips(&guards, &jobs, &gone, &known);
        assert!(trips.iter().all(|trip| trip.examples.len() <= EXAMPLES));
        trips.iter().map(|trip| trip.guard).collect()
    }

    #[test]
    fn each_guard_lets_through_what_it_allows_and_not_one_more() {
        let usd = |micros| Some(Usd::from_micros(micros));
        let share = Some(Most::Share(1_000));
        let cases = [
            (Guards { max_changed: share, ..Guards::default() }, (2, 0), (3, 0), "max_changed"),
            (Guards { max_changed: Some(Most::Jobs(0)), ..Guards::default() }, (0, 9), (1, 0), "max_changed"),
            (Guards { max_removed: share, ..Guards::default() }, (9, 2), (0, 3), "max_removed"),
            (Guards { max_jobs: Some(4), ..Guards::default() }, (2, 0), (3, 0), "max_jobs"),
            (Guards { max_new_spend: usd(800_000), ..Guards::default() }, (2, 0), (3, 0), "max_new_spend"),
        ];
        for (guards, within, beyond, guard) in cases {
            assert!(tripped(guards, within.0, within.1).is_empty(), "{guards:?}");
            assert_eq!(tripped(guards, beyond.0, beyond.1), [guard], "{guards:?}");
        }
    }

    #[test]
    fn a_share_of_nothing_finished_is_nothing() {
        assert!(Most::Share(500).allows(0, 0));
        assert!(!Most::Share(500).allows(1, 0));
        assert_eq!(
            [Most::Share(500), Most::Share(1_250), Most::Share(5)].map(|most| most.to_string()),
            ["5%", "12.5%", "0.05%"]
        );
    }
}
