//! A night on which nothing changed, known by what the input is made of: no template is rendered, no order is priced.
//!
//! After a run that left nothing to do, [`remember`] writes down everything that decides what there is to do: the program,
//! the bytes of manifest and product file, the pictures, the jobs and takes; and what was told. [`recognise`] holds it
//! against what is there now, and every doubt is a no. All that may follow from a yes is a run without an order, so that
//! a mistake here could leave something undone and never pay for anything.

mod told;

use super::album::Looked;
use super::args::{RunArgs, Selection};
use super::decided::{Choice, Decided};
use super::settings::Places;
use crate::domain::digest::Sha256;
use crate::domain::key::ModelName;
use crate::domain::lifecycle::State;
use crate::domain::problem::Problem;
use crate::files::{Album, Stamp, atomic_write, hashed};
use crate::load::{Loaded, cards};
use crate::manifest::{self, Items, Manifest};
use crate::plan::decide::Decision;
use crate::plan::known::KnownJob;
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use told::Told;

/// What a run begins with, as far as its bytes go.
#[derive(PartialEq)]
pub(super) struct Input {
    parts: Parts,
    /// Of the files, to see whether one was changed and changed back while a run was at work.
    stamps: Vec<Stamp>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Parts {
    /// The version of the program, and the size and the time of its file.
    program: String,
    /// The manifest as the user calls it: messages name it.
    shown: String,
    /// Of the manifest's bytes.
    manifest: String,
    /// Of the product file's bytes, where there is one.
    rows: Option<String>,
}

impl Input {
    /// Reads what the manifest is made of, and the manifest; `None` where something cannot be read.
    #[must_use]
    pub(super) fn read(places: &Places) -> Option<(Self, Manifest)> {
        let (of_manifest, stamp) = hashed(&places.manifest)?;
        let (mut stamps, mut rows) = (vec![stamp], None);
        let bytes = std::fs::read(&places.manifest).ok()?;
        (Sha256::of(&bytes) == of_manifest).then_some(())?;
        let manifest = manifest::read(&places.shown, &bytes).0?;
        if let Items::File { from, .. } = &manifest.items {
            // What comes through a pipe is made into jobs while it comes.
            (from.value != "-").then_some(())?;
            let (hash, stamp) = hashed(&places.folder.join(&from.value))?;
            stamps.push(stamp);
            rows = Some(hash.to_string());
        }
        let (program, shown) = (program()?, places.shown.clone());
        let parts = Parts { program, shown, manifest: of_manifest.to_string(), rows };
        Some((Self { parts, stamps }, manifest))
    }
}

/// This program, as it is told from every other one.
fn program() -> Option<String> {
    let file = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let (size, seconds, nanos) = (file.len(), file.mtime(), file.mtime_nsec());
    Some(format!("{} {size} {seconds}.{nanos:09}", env!("CARGO_PKG_VERSION")))
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Record {
    parts: Parts,
    pictures: BTreeMap<String, Stamp>,
    /// Of jobs, takes and pauses.
    state: String,
    jobs: usize,
    /// Whose providers must be set up.
    models: BTreeSet<String>,
    problems: Vec<Told>,
    /// What `plan` shows.
    table: String,
    notes: Vec<String>,
}

/// An input of which it is known that nothing is to be done about it.
pub(super) struct UpToDate {
    /// How many jobs it comes to; each has its clip.
    pub(super) jobs: usize,
    /// The models that they name.
    pub(super) models: BTreeSet<ModelName>,
    /// The plan, as a table.
    pub(super) table: String,
    /// What else the plan tells.
    pub(super) notes: Vec<String>,
    /// What was loaded, with all of its problems and none of its orders.
    pub(super) loaded: Loaded,
}

/// Whether a run is about everything that the manifest asks for.
#[must_use]
pub(super) fn is_everything(selection: &Selection) -> bool {
    let Selection { only, limit } = selection;
    only.is_empty() && limit.is_none()
}

/// Whether a run is one that may be recognised: about everything, as the manifest has it, with a provider that behaves.
#[must_use]
pub(super) fn may_be_recognised(args: &RunArgs) -> bool {
    is_everything(&args.selection) && args.plan.is_none() && args.faults.is_none()
}

/// Whether anything was remembered of that manifest: without it, nothing need be hashed.
#[must_use]
pub(super) fn is_remembered(places: &Places) -> bool {
    file(places).is_some_and(|file| file.exists())
}

/// What is known of an input, if everything is still as it was when a run ended that left nothing to do.
pub(super) async fn recognise(places: &Places, input: &Input, manifest: Manifest) -> Option<UpToDate> {
    let record: Record = serde_json::from_slice(&std::fs::read(file(places)?).ok()?).ok()?;
    let Record { parts, pictures, state, jobs, models, problems, table, notes } = record;
    let is_same = parts == input.parts && Album::new(&places.folder).are_as_they_were(&pictures);
    let reader = is_same.then(|| Reader::open(&places.state).ok()).flatten()??;
    if reader.imprint().await.ok()?.to_string() != state {
        return None;
    }
    let models = models.iter().map(|model| model.parse().ok()).collect::<Option<_>>()?;
    let mut loaded = Loaded::nothing(&places.manifest);
    (loaded.manifest, loaded.cards) = (Some(manifest), cards(&places.manifest));
    loaded.problems = problems.into_iter().map(Problem::from).collect();
    Some(UpToDate { jobs, models, table, notes, loaded })
}

/// What a run was made of, to be remembered.
pub(super) struct Night<'a> {
    /// Read before anything was loaded.
    pub(super) input: Input,
    /// The pictures that were looked at.
    pub(super) pictures: Looked,
    /// What was told of the input.
    pub(super) problems: Vec<Problem>,
    /// What was loaded.
    pub(super) loaded: &'a Loaded,
    /// What was asked for.
    pub(super) selection: &'a Selection,
}

/// Writes down that there is nothing to do, if that is so. What cannot be written down is found out once more by the next
/// run, and nothing else.
pub(super) async fn remember(places: &Places, night: Night<'_>, store: &Reader) {
    if let (Some(file), Some(record)) = (file(places), record(places, night, store).await)
        && let Ok(json) = serde_json::to_vec(&record)
    {
        let _ = atomic_write(&file, &json, 0o600);
    }
}

/// What is to be written down, if everybody who asked the same now would be told that there is nothing to do.
async fn record(places: &Places, night: Night<'_>, store: &Reader) -> Option<Record> {
    let Night { input, pictures, problems, loaded, selection } = night;
    let pictures = pictures?;
    let manifest = loaded.manifest.as_ref()?;
    // What is left out is looked at every night.
    (loaded.left_out.count() == 0).then_some(())?;
    // A file that was changed while the run was at work may have been loaded as it was before or after.
    if Input::read(places)?.0 != input {
        return None;
    }
    // Before what is known is read: if that changes in between, what is remembered fits nothing.
    let state = store.imprint().await.ok()?.to_string();
    let known = store.known(&manifest.project).await.ok()?;
    let is_at_rest = |job: &KnownJob| {
        job.takes
            .iter()
            .all(|take| !take.state.is_unsettled() && !matches!(take.state, State::Pending { .. }))
    };
    if !store.pauses(None).await.ok()?.is_empty()
        || !known.jobs.iter().chain(&known.elsewhere).all(is_at_rest)
    {
        return None;
    }
    let choice = Choice { selection, approved: None, accepted: false };
    let decided = Decided::of(manifest, loaded, &known, choice).ok()?;
    let is_there = |decision: &Decision| matches!(decision, Decision::Unchanged { refile: None, .. });
    let plan = decided.plan(manifest, loaded, &known, Vec::new());
    if !decided.decisions.iter().all(is_there) || !plan.gone.is_empty() || !plan.trips.is_empty() {
        return None;
    }
    Some(Record {
        parts: input.parts,
        pictures,
        state,
        jobs: decided.wanted.len(),
        models: decided.wanted.iter().map(|wanted| wanted.request.model.to_string()).collect(),
        problems: problems.into_iter().map(Told::from).collect(),
        table: plan.table(),
        notes: plan.notes(),
    })
}

/// Where it is written down: for each manifest of a folder a file of its own.
fn file(places: &Places) -> Option<PathBuf> {
    let name = Path::new(places.manifest.file_name()?).to_str()?;
    Some(places.state.join(format!("{name}.unchanged.json")))
}
