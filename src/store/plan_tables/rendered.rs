//! Keeps in memory the finished takes whose clips jobs may share, by fingerprint (hash of the request).

use crate::domain::key::{JobKey, TakeId};
use crate::domain::take::Fingerprint;
use crate::plan::decide::may_share;
use std::collections::HashMap;

/// The remembered finished takes whose clips jobs may share, by fingerprint.
pub(super) type RenderedCache = HashMap<Fingerprint, Rendered>;

/// A few finished takes with the same fingerprint (hash of the request), from which every job with this fingerprint can
/// choose a take.
#[derive(Clone, Default)]
pub(super) struct Rendered {
    /// At most two takes of this project, each with the key of its job.
    ///
    /// Two variants of one item and shot may not share a clip. So the second take belongs to another item or shot than
    /// the first, and each job may share at least one of the two.
    pub(super) own: [Option<(JobKey, TakeId)>; 2],
    /// At most two takes of other projects, each with the key of its job. The second take belongs to another item or
    /// shot than the first, for the same reason as in `own`.
    pub(super) elsewhere: [Option<(JobKey, TakeId)>; 2],
}

/// Adds a take to `found` as the first or the second take. Drops it if both places are taken, or if its job may not
/// share a clip with the job of the first take.
pub(super) fn add(found: &mut [Option<(JobKey, TakeId)>; 2], key: JobKey, take: TakeId) {
    let [first, second] = found;
    match first {
        None => *first = Some((key, take)),
        Some((leader, _)) if second.is_none() && may_share(leader, &key) => *second = Some((key, take)),
        Some(_) => {}
    }
}

/// Returns the first take in `found` whose clip the job `key` may share, with the key of that take's job; `None` if
/// there is none.
pub(super) fn shared(found: &[Option<(JobKey, TakeId)>; 2], key: &JobKey) -> Option<(JobKey, TakeId)> {
    found.iter().flatten().find(|(owner, _)| may_share(owner, key)).cloned()
}
