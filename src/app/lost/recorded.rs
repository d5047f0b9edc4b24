//! Finds missing and altered clips from the records alone, without a plan.

use super::{Lost, SavedClips};
use crate::app::error::Error;
use crate::app::places::Places;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::JobKey;
use crate::domain::text::count;
use crate::manifest::{Manifest, OnMissing};
use crate::plan::bucket::Bucket;
use crate::store::Reader;
use std::collections::BTreeSet;

impl Lost {
    /// Looks for missing or altered clips of the jobs that the last recorded manifest asked for.
    ///
    /// Clips of the jobs in `apart` are left out, and so are all clips with `on_missing: ignore` in the manifest.
    ///
    /// Also returns the problem with the folder of the clips, if clips cannot be looked for.
    pub(crate) async fn recorded(
        places: &Places,
        manifest: Option<&Manifest>,
        reader: &Reader,
        apart: &BTreeSet<JobKey>,
    ) -> Result<(Self, Option<Error>), Error> {
        let mut lost = Self { dismissed: reader.dismissed().await?, ..Self::default() };
        if manifest.is_some_and(|manifest| manifest.on_missing == OnMissing::Ignore) {
            return Ok((lost, None));
        }
        let root = places.clips(reader.output().await?.as_deref());
        let named = manifest.map(|manifest| manifest.project.as_str());
        let SavedClips { found, problem } = SavedClips::look(places, &root, reader, named).await?;
        for (clip, loss) in found.lost {
            if clip.wanted && !apart.contains(&clip.key) {
                lost.note(clip, loss);
            }
        }
        Ok((lost, problem))
    }

    /// Returns the status of a job whose recorded clip is missing or altered; `None` for any other job.
    #[must_use]
    pub(crate) fn bucket(&self, key: &JobKey) -> Option<Bucket> {
        let lost = self.clips.get(key).map(|(_, loss)| Bucket::lost(*loss));
        lost.or_else(|| self.accepted.contains(key).then_some(Bucket::Dismissed))
    }

    /// Returns the missing and altered clips in words, one text for each kind; empty if there are none.
    #[must_use]
    pub(crate) fn words(&self) -> Vec<String> {
        let words = |loss: ClipDamage| {
            let clips = self.count(loss);
            let are = if clips == 1 { "is" } else { "are" };
            (clips > 0).then(|| format!("{} {are} {}", count(clips, "clip"), loss.name()))
        };
        [ClipDamage::Missing, ClipDamage::Altered].into_iter().filter_map(words).collect()
    }
}
