//! Decides whether a job still needs a person, in the same way as `status` does.

use super::has_clip;
use crate::app::find::manifest;
use crate::app::places::Places;
use crate::app::project_status::kept_as;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::lifecycle::State;
use crate::store::{History, Reader, StoreError};

/// The way in which a job that failed, was written off or lost its clip became settled, so that no report lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The job has a clip, and a person decided that this clip stays although a further rendering brought none.
    KeepsClip,
    /// A person dismissed the job: it stays without a clip.
    Dismissed,
}

/// Returns how a job became settled; `None` if `status` still reports it, or if it has no problem.
pub(super) async fn settled(
    reader: &Reader,
    places: &Places,
    project: &str,
    history: &History,
    loss: Option<ClipDamage>,
) -> Result<Option<Settled>, StoreError> {
    let dismissed = reader.dismissed().await?;
    let Some(decisive) = history.decisive() else { return Ok(None) };
    let take = &decisive.take;
    match take.state {
        State::Done { .. } => {
            let is_dismissed = history.filed.as_ref().is_some_and(|filed| dismissed.contains(&filed.take));
            let is_missing = loss == Some(ClipDamage::Missing);
            Ok((is_missing && is_dismissed).then_some(Settled::Dismissed))
        }
        State::Failed { .. } | State::WrittenOff { .. } => {
            let keeps_earlier = kept_as(manifest(places))(&history.key.shot).is_some();
            let keeps_clip = history.filed.is_some() && (has_clip(history) || keeps_earlier);
            if dismissed.contains(&take.id) {
                return Ok(Some(if keeps_clip { Settled::KeepsClip } else { Settled::Dismissed }));
            }
            if !keeps_clip || !history.wanted || take.fingerprint != history.fingerprint {
                return Ok(None);
            }
            let open = reader.ended(Some(project), kept_as(manifest(places))).await?;
            let is_open = open.iter().any(|open| open.id == take.id);
            Ok((!is_open).then_some(Settled::KeepsClip))
        }
        _ => Ok(None),
    }
}
