//! Recognises a job's earlier take as valid although its request differs from the present one.
//!
//! The requests differ only in form, or in pictures that count as equal.

use super::{is_unsent, let_go};
use crate::domain::key::TakeId;
use crate::domain::take::Wanted;
use crate::manifest::ImageIdentity;
use crate::plan::fingerprint::likeness;
use crate::plan::identity;
use crate::plan::known::{Known, KnownJob, KnownTake};

/// Returns an earlier take of the job whose request means the same as the present one; `None` if there is none. Gives
/// this take in `own` the fingerprint of the present request.
///
/// The requests may differ in Unicode form, or in a field that the model's card lacks or lacked earlier. They may also
/// differ in a picture that is equal under the manifest's setting. The take whose clip has the job's name is tried
/// first, because a person may have chosen an earlier version. Then the newest submitted take is tried.
pub(super) fn recognise<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    own: &mut KnownJob,
    identity: ImageIdentity,
) -> Result<Option<TakeId>, K::Error> {
    if let Some(filed) = &own.filed
        && let Some(chosen) = own.takes.iter_mut().find(|take| take.id == filed.take)
        && chosen.fingerprint != job.fingerprint
        && jobs.is_like(&chosen.id, job.likeness())?
    {
        chosen.fingerprint = job.fingerprint;
        return Ok(Some(chosen.id.clone()));
    }
    let sent = |take: &&mut KnownTake| !is_unsent(take) && !let_go(take);
    let Some(newest) = own.takes.iter_mut().find(sent) else { return Ok(None) };
    if newest.fingerprint == job.fingerprint {
        return Ok(None);
    }
    if !jobs.is_like(&newest.id, job.likeness())? && !has_equal_pictures(jobs, job, &newest.id, identity)? {
        return Ok(None);
    }
    newest.fingerprint = job.fingerprint;
    Ok(Some(newest.id.clone()))
}

/// Checks whether two requests differ only in pictures that are equal by the rule `identity`: the job's and the take's.
fn has_equal_pictures<K: Known + ?Sized>(
    jobs: &K,
    job: &Wanted,
    take: &TakeId,
    identity: ImageIdentity,
) -> Result<bool, K::Error> {
    if matches!(identity, ImageIdentity::Bytes | ImageIdentity::Url) {
        return Ok(false);
    }
    let Some(old) = jobs.request(take)? else { return Ok(false) };
    match identity::restored(identity, &old, &job.request, &mut |sha256| jobs.signature(sha256))? {
        Some(restored) => jobs.is_like(take, likeness(&restored)),
        None => Ok(false),
    }
}
