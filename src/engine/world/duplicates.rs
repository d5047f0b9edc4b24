//! Finds clips that are equal byte for byte although each was paid for.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::take::Take;
use crate::store::{ClipsFrom, Store, StoreError};
use std::collections::HashMap;

const PAGE: u32 = 1_000;

/// The known clips by the first eight bytes of their hashes, to find equal clips. The map is loaded on first use.
///
/// Each hash is mapped to the take and job of the first clip with that hash. The value is `None` if that clip is from
/// an earlier run. Its take is then read from the store when an equal clip is found.
#[derive(Default)]
pub(in crate::engine) struct Duplicates(tokio::sync::Mutex<Option<HashMap<u64, Option<First>>>>);

/// The take and the job of the first clip with a certain hash.
type First = (TakeId, JobKey);

impl Duplicates {
    /// Adds a saved clip to the known clips. Returns the job of another take's clip with the same bytes, if there is
    /// one.
    pub(in crate::engine) async fn note(
        &self,
        store: &Store,
        take: &Take,
        file: &ClipFile,
    ) -> Result<Option<JobKey>, StoreError> {
        let mut known = self.0.lock().await;
        let known = match &mut *known {
            Some(known) => known,
            none => none.insert(clips_before(store).await?),
        };
        let first = match known.get(&start(file)) {
            Some(Some(first)) => Some(first.clone()),
            Some(None) => duplicate(store, take, file).await?,
            None => None,
        };
        let first = first.filter(|(first, _)| *first != take.id);
        let job = first.as_ref().map(|(_, job)| job.clone());
        known.insert(start(file), first.or_else(|| Some((take.id.clone(), take.key.clone()))));
        Ok(job)
    }
}

/// Returns a map of the clips in the database, by the first eight bytes of their hashes. All values are `None`.
async fn clips_before(store: &Store) -> Result<HashMap<u64, Option<First>>, StoreError> {
    let mut known = HashMap::new();
    let mut from = Some(ClipsFrom::default());
    while let Some(at) = from {
        let (clips, next) = store.clips(None, at, PAGE).await?;
        known.extend(clips.into_iter().map(|clip| (start(&clip.filed.file), None)));
        from = next;
    }
    Ok(known)
}

/// Searches the store for a clip of another take with the same bytes as `file`. Returns that take and its job, if there
/// is one.
async fn duplicate(store: &Store, take: &Take, file: &ClipFile) -> Result<Option<First>, StoreError> {
    let mut from = Some(ClipsFrom::default());
    while let Some(at) = from {
        let (clips, next) = store.clips(None, at, PAGE).await?;
        let duplicate = clips.into_iter().find(|clip| clip.filed.file == *file && clip.filed.take != take.id);
        if let Some(duplicate) = duplicate {
            return Ok(Some((duplicate.filed.take, duplicate.key)));
        }
        from = next;
    }
    Ok(None)
}

/// Returns the first eight bytes of a clip's hash as a number.
fn start(file: &ClipFile) -> u64 {
    file.sha256.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
