//! Finds clips in the output folder that the database does not know.
//!
//! A run that does not know these clips would pay for them again, so the run is refused.

use super::error::Error;
use super::exit::Exit;
use super::find::manifest;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use crate::domain::key::TakeId;
use crate::domain::lifecycle::{ClipFile, State};
use crate::domain::money::Usd;
use crate::domain::take::Wanted;
use crate::domain::text::count;
use crate::files::{Tree, kept_path};
use crate::plan::decide::Decision;
use crate::store::{Clip, ClipFinder, LockedTables, PlanTables, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The clips in the output folder, if that folder exists.
pub(crate) struct PlacedClips {
    /// Output folder; `None` if it does not exist.
    tree: Option<Tree>,
    /// True to count only clips of rehearsals, false to count only clips of real runs.
    sandbox: bool,
}

impl PlacedClips {
    /// Opens the output folder to look for clips; a missing folder counts as empty.
    pub(crate) fn at(state: &Path, root: &Path, sandbox: bool) -> Self {
        Self { tree: Tree::look_at(state, root).ok(), sandbox }
    }
}

/// Returns whether the clip of a sidecar (its JSON file) counts.
///
/// With `sandbox`, only clips of rehearsals count, otherwise only clips of real runs. A sidecar of format 1 does not
/// say which, so its clip always counts.
pub(crate) fn counts(sidecar: &Value, sandbox: bool) -> bool {
    sidecar["format"] == 1 || sidecar["sandbox"].as_bool().unwrap_or(false) == sandbox
}

/// Reads the cost of a clip from its sidecar: the settled amount or, without one, the price.
///
/// The cost is zero if the sidecar has neither amount.
pub(crate) fn cost(sidecar: &Value) -> Usd {
    let price = sidecar["settled_usd"].as_str().or_else(|| sidecar["price_usd"].as_str());
    price.and_then(|price| price.parse().ok()).unwrap_or_default()
}

/// Refuses to continue if the output folder has clips of this project but there is no database that knows them.
pub(crate) fn refuse_unknown(places: &Places) -> Result<(), Error> {
    let project = manifest(places).map(|manifest| manifest.project);
    let (mut clips, mut sum) = (0, Usd::ZERO);
    for (path, sidecar) in PlacedClips::at(&places.state, &places.out, places.sandbox).sidecars() {
        // The size is enough here: `recover` compares the bytes, and knows the clip even if they differ.
        let size = places.out.join(path).symlink_metadata().ok().map(|file| file.len());
        if size.is_some()
            && size == sidecar["bytes"].as_u64()
            && project.as_ref().is_none_or(|project| sidecar["project"] == project.as_str())
        {
            clips += 1;
            sum += cost(&sidecar);
        }
    }
    unknown(places, clips, sum)
}

/// Jobs to render that only a sidecar (the JSON file next to a clip) records as paid.
///
/// The database does not know these renderings, and their clips are missing or altered.
#[derive(Default)]
pub(crate) struct LoneSidecars {
    /// Path of the first sidecar (the JSON file next to a clip) that was found, relative to the output folder.
    first: String,
    jobs: usize,
    /// Total price of rendering the jobs again.
    sum: Usd,
}

/// Refuses to continue if the path of a planned or recorded clip holds a paid clip that the database does not know.
///
/// This happens after an older copy of the database was restored. The unknown clip belongs to a job that would be
/// rendered and paid for again, or it has replaced a recorded clip (one of `altered`). If only a sidecar (the JSON file
/// next to a clip) records a paid rendering and no intact clip is there, the function only warns, and returns the jobs
/// in question.
pub(crate) fn refuse_forgotten<'a>(
    project: &Project,
    plan_tables: &PlanTables,
    mut altered: impl Iterator<Item = &'a Clip>,
) -> Result<LoneSidecars, Error> {
    let places = &project.places;
    let mut lone = LoneSidecars::default();
    let Ok(tree) = Tree::look_at(&places.state, &places.out) else { return Ok(lone) };
    let mut clips = BTreeMap::new();
    let mut look = |tables: &LockedTables, path: &str, wanted: Option<&Wanted>, is_new: bool| {
        // A file check without opening anything is cheap, and most jobs have no such file.
        let name = places.out.join(format!("{path}.json"));
        if name.symlink_metadata().is_ok()
            && let Some(sidecar) = tree.sidecar_of(path)
            && counts(&sidecar, places.sandbox)
            && let Some(take) = sidecar["take"].as_str().map(|take| TakeId(take.to_owned()))
            && tables.known_take(&take)?.is_none_or(|take| matches!(take.state, State::Pending { .. }))
        {
            let same = wanted.filter(|job| sidecar["fingerprint"] == job.fingerprint.to_string());
            if (same.is_some() || !is_new) && tree.clip_of(path, &take).is_some() {
                let price = same.and_then(|job| job.price);
                clips.insert(path.to_owned(), price.unwrap_or_else(|| cost(&sidecar)));
            } else if let Some(job) = same {
                lone.add(path, job.price.unwrap_or_default());
            }
        }
        Ok(())
    };
    let tables = plan_tables.lock();
    tables.each_named::<StoreError>(
        &["new", "changed", "redo", "again", "waiting", "renamed"],
        |tables, job| {
            let wanted = &job.wanted;
            let queued = match &job.decision {
                Decision::Waiting { take, .. } | Decision::Renamed { take, unsent: true, .. } => {
                    tables.known_take(take)?
                }
                Decision::Renamed { .. } => return Ok(()),
                _ => None,
            };
            let path = queued.as_ref().map_or(&wanted.path, |take| &take.path);
            look(tables, path, Some(wanted), queued.is_some() || matches!(job.decision, Decision::New))
        },
    )?;
    altered.try_for_each(|clip| look(&tables, &clip.filed.path, None, false))?;
    drop(tables);
    unknown(places, clips.len(), clips.into_values().sum())?;
    if let Some(warning) = lone.warning(places) {
        project.tell(&News::Warning(&warning));
    }
    Ok(lone)
}

impl LoneSidecars {
    fn add(&mut self, path: &str, price: Usd) {
        if self.jobs == 0 {
            self.first = format!("{path}.json");
        }
        self.jobs += 1;
        self.sum += price;
    }

    fn warning(&self, places: &Places) -> Option<String> {
        let Self { first, jobs, .. } = self;
        let first = places.out.join(first).display().to_string();
        let (sidecars, paid, clips, them) = match jobs {
            0 => return None,
            1 => (
                format!("the sidecar `{first}` records"),
                "a paid rendering",
                "the rendering's clip is",
                "the rendering",
            ),
            _ => (
                format!("{jobs} sidecars (`{first}` and others) record"),
                "paid renderings",
                "the renderings' clips are",
                "the renderings",
            ),
        };
        let recover = places.typed("recover");
        Some(format!(
            "{sidecars} {paid} that shotlist's own records do not contain; {clips} missing or altered; `{recover}` adds \
             {them} to the records"
        ))
    }

    /// Returns an error if a run would pay again for renderings that only sidecars record as paid.
    ///
    /// `again` is the command that renders them and pays for them again.
    pub(crate) fn refuse(&self, places: &Places, again: &str) -> Result<(), Error> {
        let Self { jobs, sum, .. } = self;
        if *jobs == 0 {
            return Ok(());
        }
        let (were, them) = if *jobs == 1 { ("was", "it") } else { ("were", "them") };
        let what = format!(
            "{}, for about {sum}, {were} already paid for, but only the sidecar{} left; nothing was sent. To add {them} \
             to the records: {}; to render {them} again and pay a second time: {again}",
            count(*jobs, "job"),
            if *jobs == 1 { " is" } else { "s are" },
            places.typed("recover"),
        );
        Err(Error::new(Exit::Budget, what).money("not charged").hint(places.typed("recover")))
    }
}

/// Returns an error if there are clips that the database does not know.
///
/// `clips` is their number, and `sum` is their estimated cost.
pub(crate) fn unknown(places: &Places, clips: usize, sum: Usd) -> Result<(), Error> {
    if clips == 0 {
        return Ok(());
    }
    let (are, them) = if clips == 1 { ("is", "it") } else { ("are", "them") };
    let what = format!(
        "{} of this project {are} in the folder `{}`, but shotlist's records do not contain {them} (cost: about {sum}); \
         nothing was sent",
        count(clips, "clip"),
        places.out.display()
    );
    Err(Error::new(Exit::Local, what).money("not charged").hint(places.typed("recover")))
}

impl ClipFinder for PlacedClips {
    fn stands(&self, path: &str, file: &ClipFile) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_placed(path, file))
    }

    fn kept(&self, path: &str, take: &TakeId, file: &ClipFile) -> Option<String> {
        Some(kept_path(path, take)).filter(|kept| self.stands(kept, file))
    }

    fn of_take(&self, path: &str, take: &TakeId) -> Option<ClipFile> {
        self.tree.as_ref()?.clip_of(path, take)
    }

    fn sidecars(&self) -> Vec<(String, Value)> {
        let all = self.tree.as_ref().and_then(|tree| tree.sidecars().ok()).unwrap_or_default();
        all.into_iter().filter(|(_, sidecar)| counts(sidecar, self.sandbox)).collect()
    }
}
