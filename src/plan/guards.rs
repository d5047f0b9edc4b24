//! What is too much for a night in which nobody looks: an edited template, a broken export.

use super::decide::Decision;
use super::fingerprint::Change;
use super::known::Filed;
use crate::domain::key::JobKey;
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::manifest::Guards;

/// The folder of clips that nobody wants any more, below the output folder.
pub const ARCHIVE: &str = "_archive/";

/// A guard that something is too much for.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// Its key in the manifest.
    pub guard: &'static str,
    /// What it allows, as the manifest has it.
    pub limit: String,
    /// What was found instead.
    pub found: Found,
    /// A few of the jobs, with what changed of each.
    pub examples: Vec<Example>,
}

/// A job with what changed of it.
pub type Example = (JobKey, Vec<Change>);

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

/// Counts what guards look at, job by job.
#[derive(Debug, Default)]
pub struct Watch {
    /// Number of wanted jobs that have a clip.
    finished: usize,
    ordered: Counted,
    changed: Counted,
    /// Another job's clip takes the place of the finished one.
    replaced: Counted,
    /// Finished jobs that are no longer wanted.
    removed: Counted,
    spend: Usd,
}

/// How many there are, and the first of them.
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

impl Watch {
    /// Starts before the first job, where so many wanted jobs have a clip.
    #[must_use]
    pub fn new(finished: usize) -> Self {
        Self { finished, ..Self::default() }
    }

    /// Whether a guard looks at whether the job is finished.
    #[must_use]
    pub const fn asks(decision: &Decision) -> bool {
        matches!(decision, Decision::Changed { .. } | Decision::Shared { .. } | Decision::Renamed { .. })
    }

    /// Sees a job, and whether it was wanted before and has a clip. What was ordered before and only waits was within
    /// the guards, or agreed to, when it was ordered.
    pub fn see(&mut self, wanted: &Wanted, decision: &Decision, is_finished: bool) {
        let fields = match decision {
            Decision::New | Decision::Redo { .. } | Decision::Again { .. } => &[][..],
            Decision::Changed { fields, .. } => fields,
            Decision::Shared { .. } | Decision::Renamed { .. } if is_finished => {
                return self.replaced.add(&wanted.key, &[]);
            }
            _ => return,
        };
        self.ordered.add(&wanted.key, fields);
        self.spend += wanted.price.unwrap_or_default();
        if matches!(decision, Decision::Changed { .. }) && is_finished {
            self.changed.add(&wanted.key, fields);
        }
    }

    /// Sees a finished job that is no longer wanted. Not called where only a part of the jobs is planned.
    pub fn miss(&mut self, key: &JobKey) {
        self.removed.add(key, &[]);
    }

    /// Returns the guards that the jobs are too much for.
    #[must_use]
    pub fn trips(self, guards: &Guards) -> Vec<Trip> {
        let Self { finished: of, ordered, mut changed, replaced, removed, spend } = self;
        // Those that say what changed are named first.
        changed.count += replaced.count;
        changed.examples.extend(replaced.examples);
        let mut trips = Vec::new();
        let mut trip = |guard, limit: Option<String>, found, examples: &[Example]| {
            if let Some(limit) = limit {
                let examples = examples.iter().take(EXAMPLES).cloned().collect();
                trips.push(Trip { guard, limit, found, examples });
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

/// Whether a clip that no wanted job refers to still stands where it was made.
#[must_use]
pub fn is_in_place(filed: &Filed) -> bool {
    !filed.path.starts_with(ARCHIVE)
}

#[cfg(test)]
mod tests;
