//! Finds finished clips that are gone or altered, and brings them back where that is free of charge.

use super::blocking::blocking;
use super::world::Failure;
use crate::domain::lifecycle::{Event, State};
use crate::domain::loss::Loss;
use crate::domain::policy::Moment;
use crate::files::{Look, Refile, Tree, disk_among, kept_path};
use crate::plan::known::Filed;
use crate::provider::Registry;
use crate::store::{Clip, ClipsFrom, Details, Reader, Store};
use futures::StreamExt as _;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Clips read from the database at once.
const PAGE: u32 = 1024;
/// Pages looked at together: over a network, each look waits for an answer.
const AT_ONCE: usize = 8;

/// What a look at the finished clips found.
#[derive(Debug, Default)]
pub struct Found {
    /// Number of clips under jobs' names.
    pub clips: usize,
    /// Those that are not as they were placed.
    pub lost: Vec<(Clip, Loss)>,
    /// Folders with disks of their own: those that were known, corrected by the clips that are there.
    pub disks: BTreeSet<String>,
    /// Number of missing clips whose folders are not on the disks that they were on.
    pub moved: usize,
}

/// Looks at every clip of a project, or of all, that stands under a job's name: one look each, by name and size.
pub async fn look(reader: &Reader, tree: &Tree, project: Option<&str>) -> Result<Found, Failure> {
    let before = reader.disks().map_err(Failure::store)?;
    let known = before.clone().unwrap_or_default();
    let mut found = Found { disks: known.clone(), ..Found::default() };
    let pages = futures::stream::unfold(Some(ClipsFrom::default()), |from| async move {
        let from = from.filter(|from| !from.is_older())?;
        match reader.clips(project, from, PAGE).await {
            Ok((page, next)) => Some((Ok(page), next)),
            Err(error) => Some((Err(Failure::store(error)), None)),
        }
    });
    // Boxed, or the compiler cannot tell that the whole look may move between threads.
    let pages = pages.boxed();
    let looked = pages.map(|page| async {
        let (page, tree) = (page?, tree.clone());
        let look = move || {
            let looks = tree.look(page.iter().map(|clip| (clip.filed.path.as_str(), &clip.filed.file)));
            looks.map(|looks| page.into_iter().zip(looks).collect::<Vec<_>>())
        };
        blocking(look).await?.map_err(Failure::local)
    });
    let mut looked = std::pin::pin!(looked.buffered(AT_ONCE));
    while let Some(page) = looked.next().await {
        for (clip, Look { loss, disk }) in page? {
            found.clips += 1;
            let then = disk_among(&known, &clip.filed.path);
            if loss == Some(Loss::Missing) {
                found.moved += usize::from(before.is_some() && disk != then);
            } else if disk != then {
                then.map(|then| found.disks.remove(&then));
                found.disks.extend(disk);
            }
            found.lost.extend(loss.map(|loss| (clip, loss)));
        }
    }
    Ok(found)
}

/// What came of bringing a clip back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// It was copied from that name.
    Copied(String),
    /// The provider is asked for it again, by whatever collects next.
    Asked,
    /// Another copy of it was altered, which keeps it from being fetched.
    Altered(String),
    /// Nothing has it any more but, for another payment, the provider.
    Gone,
}

/// Brings back a clip whose name nothing has: from another copy of it, else from its provider, which is one of
/// `providers`. Neither costs anything.
pub async fn bring_back(
    store: &Store,
    tree: &Tree,
    providers: &Registry,
    clip: &Clip,
    now: Timestamp,
) -> Result<Back, Failure> {
    let Filed { take: id, path, file } = clip.filed.clone();
    let Some(take) = store.take_by_id(&id).await.map_err(Failure::store)? else { return Ok(Back::Gone) };
    let mut names = store.standing(&id).await.map_err(Failure::store)?;
    names.extend([take.path.clone(), kept_path(&take.path, &id), kept_path(&path, &id)]);
    names.retain(|name| *name != path);
    let others = tree.clone();
    let copied = blocking(move || {
        let whole = names.iter().find(|name| others.is_placed(name, &file)).cloned();
        match whole {
            Some(from) => others.refile(&from, &path, &file, Refile::Copy, None).map(|()| Err(from)),
            None => Ok(Ok(names)),
        }
    });
    let names = match copied.await?.map_err(Failure::local)? {
        Ok(names) => names,
        Err(from) => return Ok(Back::Copied(from)),
    };
    match take.state {
        State::Done { .. } => {}
        State::Held { .. } => return Ok(Back::Gone),
        ref state if state.is_unsettled() => return Ok(Back::Asked),
        _ => return Ok(Back::Gone),
    }
    let own = store.filed(&take.project, &take.key).await.map_err(Failure::store)?;
    // What is fetched goes under the name of the take's own job, where a newer clip may stand by now.
    if own.is_none_or(|own| own.take != id) {
        return Ok(Back::Gone);
    }
    let others = tree.clone();
    let altered = blocking(move || {
        let losses = others.losses(names.iter().map(|name| (name.as_str(), &file)));
        losses.map(|losses| names.into_iter().zip(losses).find(|(_, loss)| *loss != Some(Loss::Missing)))
    });
    if let Some((name, _)) = altered.await?.map_err(Failure::local)? {
        return Ok(Back::Altered(name));
    }
    let at = Moment::new(now, 0.0);
    let policy = providers.policy(&take.request.model.provider);
    let asked = store.apply(&take, Event::ClipGone, Details::default(), at, &policy).await;
    asked.map(|_| Back::Asked).map_err(Failure::store)
}
