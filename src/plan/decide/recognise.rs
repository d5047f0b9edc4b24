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

/// Returns an earlier take of the job whose request differs from the present request but means the same; `None` if
/// there is none. Also gives this take in `own` the fingerprint of the present request.
///
/// The two requests may differ in Unicode form, or in an optional field that the model does not have or did not have
/// earlier. They may also differ in a picture that is equal under the manifest's setting `image_identity`. The take
/// whose clip has the job's name is tried first, because a person may have chosen an earlier version. Then the newest
/// submitted take is tried.
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

/// Checks whether the requests of `job` and `take` differ only in pictures that are equal by the rule `identity`.
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
