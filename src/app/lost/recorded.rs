//! Finds missing and altered clips from the records alone, without a plan.

use super::{Lost, found};
use crate::app::disks::not_mounted;
use crate::app::error::Error;
use crate::app::find::manifest;
use crate::app::project::Project;
use crate::app::reporter::News;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::JobKey;
use crate::domain::text::count;
use crate::manifest::OnMissing;
use crate::plan::bucket::Bucket;
use crate::store::Reader;
use std::collections::BTreeSet;

impl Lost {
    /// Looks for missing or altered clips of the jobs that the last recorded manifest asked for.
    ///
    /// Clips of the jobs in `apart` are left out, and so are all clips with `on_missing: ignore` in the manifest.
    ///
    /// # Errors
    ///
    /// Returns an error if clips are recorded and the output folder is missing: its disk may not be mounted.
    pub(crate) async fn recorded(
        project: &Project,
        reader: &Reader,
        apart: &BTreeSet<JobKey>,
    ) -> Result<Self, Error> {
        let places = &project.places;
        let manifest = manifest(places);
        let mut lost = Self { dismissed: reader.dismissed().await?, ..Self::default() };
        if manifest.as_ref().is_some_and(|manifest| manifest.on_missing == OnMissing::Ignore) {
            return Ok(lost);
        }
        let root = places.clips(reader.output().await?.as_deref());
        let named = manifest.as_ref().map(|manifest| manifest.project.as_str());
        let found = found(places, &root, reader, named).await?;
        if let Some(what) = not_mounted(&found.moved, &root) {
            project.tell(&News::Warning(&what));
        }
        for (clip, loss) in found.lost {
            if clip.wanted && !apart.contains(&clip.key) {
                lost.note(clip, loss);
            }
        }
        Ok(lost)
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
