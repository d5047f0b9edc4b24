//! Remembers, for each fingerprint, the finished takes whose clips jobs may share.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::take::Fingerprint;
use crate::plan::decide::may_share;
use std::collections::HashMap;

/// The remembered finished takes whose clips jobs may share, by fingerprint.
pub(super) type RenderedCache = HashMap<Fingerprint, Rendered>;

/// A few finished takes with the same fingerprint: no more than are needed to find a take for any job.
#[derive(Clone, Default)]
pub(super) struct Rendered {
    /// At most two takes of this project, each with the key of its job. The second is the next one whose job may share
    /// a clip with the job of the first.
    pub(super) own: [Option<(JobKey, TakeId)>; 2],
    /// Takes of other projects, chosen in the same way as in `own`.
    pub(super) elsewhere: [Option<(JobKey, TakeId)>; 2],
}

/// Adds a take to `found` if `found` is empty, or has one take whose job may share a clip with this take's job.
/// Otherwise drops the take.
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
