//! Finds clips that are equal byte for byte although each was paid for.

use crate::domain::key::{JobKey, TakeId};
use crate::domain::lifecycle::ClipFile;
use crate::domain::take::Take;
use crate::store::{ClipsFrom, Store, StoreError};
use std::collections::HashMap;

/// Clips in a page of the list of those that are there already.
const PAGE: u32 = 1_000;

/// The clips that are known, by the beginning of their hash.
#[derive(Default)]
pub(in crate::engine) struct Twins(tokio::sync::Mutex<Option<HashMap<u64, Option<First>>>>);

/// The first clip with a hash. One of an earlier run is read again where it is needed.
type First = (TakeId, JobKey);

impl Twins {
    /// Takes in a clip that has its name now. Returns the job whose clip another order brought with the same bytes.
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
            Some(None) => twin(store, take, file).await?,
            None => None,
        };
        let first = first.filter(|(first, _)| *first != take.id);
        let job = first.as_ref().map(|(_, job)| job.clone());
        known.insert(start(file), first.or_else(|| Some((take.id.clone(), take.key.clone()))));
        Ok(job)
    }
}

/// Returns the hashes of all clips that the database knows.
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

/// Returns the clip of another take with the same bytes.
async fn twin(store: &Store, take: &Take, file: &ClipFile) -> Result<Option<First>, StoreError> {
    let mut from = Some(ClipsFrom::default());
    while let Some(at) = from {
        let (clips, next) = store.clips(None, at, PAGE).await?;
        let twin = clips.into_iter().find(|clip| clip.filed.file == *file && clip.filed.take != take.id);
        if let Some(twin) = twin {
            return Ok(Some((twin.filed.take, twin.key)));
        }
        from = next;
    }
    Ok(None)
}

/// Returns the beginning of a clip's hash.
fn start(file: &ClipFile) -> u64 {
    file.sha256.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
