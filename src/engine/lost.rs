//! Finds finished clips that are gone or altered, and restores them where that is free of charge.

use super::blocking::blocking;
use super::world::Failure;
use crate::domain::clip_damage::ClipDamage;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{ClipFile, Event, State};
use crate::domain::policy::Tick;
use crate::domain::take::Take;
use crate::files::{Look, PlaceFault, Refile, Tree, disk_among, kept_path};
use crate::plan::guards::ARCHIVE;
use crate::plan::known::Filed;
use crate::provider::Registry;
use crate::store::{Clip, ClipsFrom, Details, Reader, Store};
use futures::StreamExt as _;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, OnceLock};

const PAGE: u32 = 1024;
/// The number of lists of [`PAGE`] clips that are checked at the same time. On a network drive, each check waits for a
/// reply, so concurrent checks save time.
const AT_ONCE: usize = 8;

/// The results of checking the finished clips.
#[derive(Debug, Default)]
pub struct Found {
    /// The number of checked clips: the current clips of all jobs.
    pub clips: usize,
    /// The clips that are missing or altered, each with the kind of its damage.
    pub lost: Vec<(Clip, ClipDamage)>,
    /// The folders that are on another disk than the state folder. The recorded list is corrected for each clip that
    /// was found on another disk than recorded.
    pub disks: BTreeSet<String>,
    /// The folders of missing clips that are now on another disk than recorded, for example because a disk is not
    /// mounted.
    pub moved: BTreeSet<String>,
}

/// Checks by name and size whether the current clip of every job still exists, in one project or in all (`None`).
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
    // Boxed, or the compiler cannot prove that the whole look may move between threads.
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
        for (clip, look) in page? {
            found.clips += 1;
            found.moved.extend(other_disk(before.as_ref(), &clip, &look));
            let Look { loss, disk } = look;
            let then = disk_among(&known, &clip.filed.path);
            if loss != Some(ClipDamage::Missing) && disk != then {
                then.map(|then| found.disks.remove(&then));
                found.disks.extend(disk);
            }
            found.lost.extend(loss.map(|loss| (clip, loss)));
        }
    }
    if found.lost.iter().any(|(_, loss)| *loss == ClipDamage::Altered) {
        let newer = newer(reader, tree).await?;
        found
            .lost
            .retain(|(clip, loss)| *loss != ClipDamage::Altered || !newer.contains_key(&clip.filed.path));
    }
    Ok(found)
}

/// Returns the folder of a missing clip that is now on another disk than recorded; `None` if the clip is there, or if
/// its disk is the recorded one.
fn other_disk(known: Option<&BTreeSet<String>>, clip: &Clip, look: &Look) -> Option<String> {
    let then = disk_among(known?, &clip.filed.path);
    let is_other = look.loss == Some(ClipDamage::Missing) && look.disk != then;
    then.or_else(|| look.disk.clone()).filter(|_| is_other)
}

/// Finds the `clips` that are missing and whose disk is not the recorded one, and returns their folders.
pub async fn on_other_disks(
    reader: &Reader,
    tree: &Tree,
    clips: Vec<Clip>,
) -> Result<BTreeSet<String>, Failure> {
    let (known, tree) = (reader.disks().map_err(Failure::store)?, tree.clone());
    let look = move || {
        let looks = tree.look(clips.iter().map(|clip| (clip.filed.path.as_str(), &clip.filed.file)))?;
        let looks = clips.iter().zip(looks);
        Ok(looks.filter_map(|(clip, look)| other_disk(known.as_ref(), clip, &look)).collect())
    };
    blocking(look).await?.map_err(|error: io::Error| Failure::local(error))
}

/// Returns the clips that are already at their paths but not recorded as saved, by path.
///
/// A process that ended right after the rename leaves such a clip, which the next run or `collect` records. Until then,
/// the clip must not be reported as an altered copy of the older clip that the records name for this path.
pub async fn newer(reader: &Reader, tree: &Tree) -> Result<HashMap<String, Filed>, Failure> {
    let (placing, tree) = (reader.placing().await.map_err(Failure::store)?, tree.clone());
    let placed = move || placing.into_iter().filter(|clip| tree.is_placed(&clip.path, &clip.file)).collect();
    let placed: Vec<Filed> = blocking(placed).await?;
    Ok(placed.into_iter().map(|clip| (clip.path.clone(), clip)).collect())
}

/// The result of an attempt to restore a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// The clip was restored from the copy at this path.
    Copied(String),
    /// The clip is to be downloaded again. The next command that collects clips first polls the provider for a link to
    /// the clip.
    Asked,
    /// Another copy of the clip, at this path, was altered, which prevents a new download.
    Altered(String),
    /// The clip is gone; only the provider can make it again, for another payment.
    Gone,
}

/// The output folder with its copies of clips, in which a missing clip is looked for.
#[derive(Debug, Clone)]
pub struct Copies {
    tree: Tree,
    /// The paths of the clips with a sidecar, by the take that the sidecar names. They are read only once.
    with_sidecar: Arc<OnceLock<HashMap<TakeId, Vec<String>>>>,
}

impl Copies {
    /// Returns the copies of clips in the output folder `tree`. The folder is searched when a copy is needed for the
    /// first time.
    #[must_use]
    pub fn of(tree: Tree) -> Self {
        Self { tree, with_sidecar: Arc::default() }
    }

    /// Returns the path of an undamaged copy of the clip, other than its recorded path `path`. The copy may be in the
    /// archive, or where a person moved the clip together with its sidecar (the JSON file next to the clip).
    /// Returns an error if a copy may exist but cannot be read, for example because its disk is not mounted.
    pub(super) fn find(&self, take: &TakeId, path: &str, file: &ClipFile) -> io::Result<Option<String>> {
        let archived = format!("{ARCHIVE}{path}");
        let archived = [kept_path(&archived, take), archived];
        if let Some(found) = self.first_whole(&archived, path, file)? {
            return Ok(Some(found));
        }
        let with_sidecar = self.with_sidecar.get_or_init(|| self.tree.clips_by_take().unwrap_or_default());
        with_sidecar.get(take).map_or(Ok(None), |names| self.first_whole(names, path, file))
    }

    /// Returns the first of `names`, other than the recorded path `path`, that has the undamaged clip.
    fn first_whole(&self, names: &[String], path: &str, file: &ClipFile) -> io::Result<Option<String>> {
        for name in names.iter().filter(|name| *name != path) {
            if self.tree.try_is_placed(name, file)? {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }
}

/// Copies the clip of a take back to the take's path if a person moved it after it was saved there. Returns whether it
/// was found.
pub(super) async fn take_back(tree: &Tree, take: &Take, file: ClipFile) -> Result<bool, Failure> {
    let (output, id, path) = (Copies::of(tree.clone()), take.id.clone(), take.path.clone());
    let copied = blocking(move || {
        let from = output.find(&id, &path, &file).ok()??;
        Some(output.tree.refile(&from, &path, &file, Refile::Copy, None))
    });
    match copied.await? {
        Some(Ok(())) => Ok(true),
        // The provider is asked for the clip, as without a copy.
        None | Some(Err(PlaceFault::NameTaken(_) | PlaceFault::PartLost)) => Ok(false),
        Some(Err(fault)) => Err(Failure::local(fault)),
    }
}

/// Restores a missing clip from another copy on the disk, or else prepares another download from its provider. Neither
/// is charged. `providers` has the retry policies.
pub async fn bring_back(
    store: &Store,
    output: &Copies,
    providers: &Registry,
    clip: &Clip,
    now: Timestamp,
) -> Result<Back, Failure> {
    let Filed { take: id, path, file } = clip.filed.clone();
    let Some(take) = store.take_by_id(&id).await.map_err(Failure::store)? else { return Ok(Back::Gone) };
    let mut names = store.standing(&id).await.map_err(Failure::store)?;
    names.extend([take.path.clone(), kept_path(&take.path, &id), kept_path(&path, &id)]);
    names.retain(|name| *name != path);
    let others = output.clone();
    let owner = id.clone();
    let copied = blocking(move || {
        let whole = match others.first_whole(&names, &path, &file)? {
            None => others.find(&owner, &path, &file)?,
            whole => whole,
        };
        match whole {
            Some(from) => others.tree.refile(&from, &path, &file, Refile::Copy, None).map(|()| Err(from)),
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
    // A downloaded clip goes to the path of the take's own job, where a newer clip may be by now.
    if own.is_none_or(|own| own.take != id) {
        return Ok(Back::Gone);
    }
    let others = output.tree.clone();
    let altered = blocking(move || {
        let losses = others.losses(names.iter().map(|name| (name.as_str(), &file)));
        losses
            .map(|losses| names.into_iter().zip(losses).find(|(_, loss)| *loss != Some(ClipDamage::Missing)))
    });
    if let Some((name, _)) = altered.await?.map_err(Failure::local)? {
        return Ok(Back::Altered(name));
    }
    let at = Tick::new(now, 0.0);
    let policy = providers.policy(&take.request.model.provider);
    let asked = store.apply(&take, Event::ClipGone, Details::default(), at, &policy).await;
    asked.map(|_| Back::Asked).map_err(Failure::store)
}
