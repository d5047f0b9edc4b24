//! Checks the manifest's safety limits (guards) on what an unattended run may change or spend, for example after a
//! broken export.

use super::decide::Decision;
use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::manifest::Guards;

/// The folder below the output folder for clips that no job needs.
pub const ARCHIVE: &str = "_archive/";

/// A safety limit (guard) that a plan exceeds.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceededGuard {
    /// The name of the limit, such as `max_jobs`.
    pub guard: &'static str,
    /// The value of the limit, as the manifest writes it.
    pub limit: String,
    /// The value that exceeds the limit.
    pub found: Found,
    /// A few of the jobs that count against the limit.
    pub examples: Vec<Example>,
}

/// The key of a job, and the fields of its request that have changed.
pub type Example = (JobKey, Vec<Change>);

/// The value that exceeds a safety limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The number of jobs that would be submitted.
    Ordered(usize),
    /// The number of finished jobs that would get another clip, and the number of all finished jobs.
    Changed(usize, usize),
    /// The number of finished jobs that the manifest no longer has, and the number of all finished jobs.
    Removed(usize, usize),
    /// The amount that would be spent.
    Spend(Usd),
}

/// The largest number of jobs that a report names as examples for one exceeded safety limit.
const EXAMPLES: usize = 3;

/// The counts for all safety limits (guards), collected job by job.
#[derive(Debug, Default)]
pub struct GuardCounts {
    /// The number of jobs that were wanted in the last run and have a clip.
    finished: usize,
    ordered: Counted,
    changed: Counted,
    /// Finished jobs that would get another job's clip in place of their own.
    replaced: Counted,
    /// Finished jobs that the manifest no longer has.
    removed: Counted,
    spend: Usd,
}

/// A count of jobs, with the first few of them as examples.
#[derive(Debug, Default)]
struct Counted {
    count: usize,
    examples: Vec<Example>,
}

impl Counted {
    fn add(&mut self, key: &JobKey, fields: &[Change]) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push((key.clone(), fields.to_vec()));
        }
    }
}

impl GuardCounts {
    /// Creates counts of zero. `finished` is the number of jobs that were wanted in the last run and have a clip.
    #[must_use]
    pub fn new(finished: usize) -> Self {
        Self { finished, ..Self::default() }
    }

    /// Checks whether [`see`](Self::see) counts a job with this decision differently if the job was wanted in the last
    /// run and has a clip. For other decisions, `see` ignores its argument `is_finished`.
    #[must_use]
    pub const fn asks(decision: &Decision) -> bool {
        matches!(decision, Decision::Changed { .. } | Decision::Shared { .. } | Decision::Renamed { .. })
    }

    /// Counts a job. `is_finished` is true if the job was wanted in the last run and has a clip.
    ///
    /// A take that already waits to be sent counts only if `is_dearer` is true: its price has risen since it was queued.
    /// The limits allowed the earlier price, or a person approved it.
    pub fn see(&mut self, wanted: &Wanted, decision: &Decision, is_finished: bool, is_dearer: bool) {
        if is_finished && matches!(decision, Decision::Shared { .. } | Decision::Renamed { .. }) {
            self.replaced.add(&wanted.key, &[]);
        }
        let fields = match decision {
            Decision::New | Decision::Redo { .. } | Decision::Again { .. } => &[][..],
            Decision::Renamed { unsent: true, .. } if is_dearer => &[],
            Decision::Waiting { fields, .. } if is_dearer => fields,
            Decision::Changed { fields, .. } => fields,
            _ => return,
        };
        self.ordered.add(&wanted.key, fields);
        self.spend += wanted.price.unwrap_or_default();
        if matches!(decision, Decision::Changed { .. }) && is_finished {
            self.changed.add(&wanted.key, fields);
        }
    }

    /// Counts a finished job that the manifest no longer has. Do not call it if only some of the jobs are planned.
    pub fn miss(&mut self, key: &JobKey) {
        self.removed.add(key, &[]);
    }

    /// Returns the safety limits that the counted jobs exceed.
    #[must_use]
    pub fn trips(self, guards: &Guards) -> Vec<ExceededGuard> {
        let Self { finished: of, ordered, mut changed, replaced, removed, spend } = self;
        // Jobs with a list of changes come first among the examples.
        changed.count += replaced.count;
        changed.examples.extend(replaced.examples);
        let mut trips = Vec::new();
        let mut trip = |guard, limit: Option<String>, found, examples: &[Example]| {
            if let Some(limit) = limit {
                let examples = examples.iter().take(EXAMPLES).cloned().collect();
                trips.push(ExceededGuard { guard, limit, found, examples });
            }
        };
        let some = changed.count;
        let limit = guards.max_changed.filter(|most| !most.allows(some, of));
        trip("max_changed", limit.map(|most| most.to_string()), Found::Changed(some, of), &changed.examples);
        let some = removed.count;
        let limit = guards.max_removed.filter(|most| !most.allows(some, of));
        trip("max_removed", limit.map(|most| most.to_string()), Found::Removed(some, of), &removed.examples);
        let some = ordered.count;
        let limit = guards.max_jobs.filter(|most| some > usize::try_from(*most).unwrap_or(usize::MAX));
        trip("max_jobs", limit.map(|most| most.to_string()), Found::Ordered(some), &ordered.examples);
        let limit = guards.max_new_spend.filter(|most| spend > *most);
        trip("max_new_spend", limit.map(|most| most.to_string()), Found::Spend(spend), &ordered.examples);
        trips
    }
}

/// Checks whether a clip is outside the archive folder, to which clips that no job needs are moved.
#[must_use]
pub fn is_in_place(filed: &Filed) -> bool {
    !filed.path.starts_with(ARCHIVE)
}

#[cfg(test)]
mod tests;
