//! The finished takes of one fingerprint that jobs may share.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::take::Fingerprint;
use crate::plan::decide::may_share;
use std::collections::HashMap;

/// Finished takes by fingerprint, as far as jobs may share them.
pub(super) type Memo = HashMap<Fingerprint, Rendered>;

/// The finished takes of one fingerprint that can serve any job.
#[derive(Clone, Default)]
pub(super) struct Rendered {
    /// Of the project: the first, and the first with which that one may share.
    pub(super) own: [Option<(JobKey, TakeId)>; 2],
    /// Likewise, of other projects.
    pub(super) elsewhere: [Option<(JobKey, TakeId)>; 2],
}

/// Keeps a take if it is the first, or the first with which that one may share.
pub(super) fn add(found: &mut [Option<(JobKey, TakeId)>; 2], key: JobKey, take: TakeId) {
    let [first, second] = found;
    match first {
        None => *first = Some((key, take)),
        Some((leader, _)) if second.is_none() && may_share(leader, &key) => *second = Some((key, take)),
        Some(_) => {}
    }
}

/// Returns the take that can serve a job.
pub(super) fn shared(found: &[Option<(JobKey, TakeId)>; 2], key: &JobKey) -> Option<(JobKey, TakeId)> {
    found.iter().flatten().find(|(owner, _)| may_share(owner, key)).cloned()
}
