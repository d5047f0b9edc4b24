//! Manifest, catalog and pictures from disk into orders, with every problem found on the way.
//!
//! [`open`] reads the manifest, [`Jobs`] take its jobs one by one while `items` reads the product file; nothing else is
//! kept of a million rows.

mod items;
mod join;
mod shown;
mod source;

pub use items::{Jobs, ProductFile, each_item, jobs, product_file};

use crate::catalog::Makes;
use crate::domain::key::ModelName;
use crate::domain::problem::{Place, Problem, meant_or_all};
use crate::files::ImageCache;
use crate::manifest::{self, Corrections, Located, Manifest, ModelEntry, ProviderConfig};
use crate::plan::expand::LeftOut;
use crate::plan::order::LinkBook;
use crate::provider::Registry;
use crate::provider::cards::{self, Cards, Unfit, Unknown};
use crate::store::Worksheet;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Returns the projects that the manifests of a folder name; `None` where some file cannot be read, so that each may be
/// named there.
#[must_use]
pub fn projects_of(folder: &Path) -> Option<BTreeSet<String>> {
    let mut projects = BTreeSet::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
        if is_yaml && path.is_file() {
            let text = std::fs::read_to_string(&path).ok()?;
            projects.extend(manifest::project_of(&path.display().to_string(), &text).ok()?);
        }
    }
    Some(projects)
}

/// What the input says.
pub struct Loaded {
    /// The manifest's folder, from which pictures and sheets are seen.
    pub folder: PathBuf,
    /// The manifest's name as messages have it.
    pub shown: String,
    /// The manifest, if it could be read at all.
    pub manifest: Option<Manifest>,
    /// The models as the manifest corrects them.
    pub cards: Cards,
    /// How many items the product file makes of each kind, where it tells kinds apart.
    pub makes: Makes,
    /// How many orders are right.
    pub jobs: usize,
    /// Every link to a picture, whether or not its order is right, where they are asked for.
    pub links: BTreeSet<String>,
    /// Fields that a model lacks and that were left out, as the shot allows: by model and name, in how many jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Items that make no job because something is wrong with them.
    pub left_out: LeftOut,
    /// Everything that is wrong or doubtful.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Returns what is known of a manifest before it is read: its place, and the models of these providers.
    #[must_use]
    pub fn nothing(manifest: &Path, providers: &Registry) -> Self {
        Self {
            folder: folder_of(manifest),
            shown: manifest.display().to_string(),
            manifest: None,
            cards: Cards::new(providers),
            makes: Makes::default(),
            jobs: 0,
            links: BTreeSet::new(),
            dropped: BTreeMap::new(),
            left_out: LeftOut::default(),
            problems: Vec::new(),
        }
    }

    /// Whether nothing may be sent.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }
}

/// Largest manifest that is read at all; beyond this it is no manifest.
const LARGEST_MANIFEST: u64 = 64 << 20;

/// The folder of a manifest.
#[must_use]
pub fn folder_of(manifest: &Path) -> PathBuf {
    match manifest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads everything and finds everything that is wrong, without any network; the jobs go to the worksheet. The manifest
/// may name the models of `providers`.
#[must_use]
pub fn load(manifest: &Path, providers: &Registry, worksheet: &Worksheet) -> Loaded {
    let mut loaded = open(manifest, providers);
    let mut pictures = ImageCache::new(&loaded.folder);
    jobs(&mut loaded, &LinkBook::new(), &mut pictures, false, &mut &*worksheet);
    loaded
}

/// Reads a manifest, and finds what is wrong with it. Its jobs are not made yet.
#[must_use]
pub fn open(manifest: &Path, providers: &Registry) -> Loaded {
    let mut loaded = Loaded::nothing(manifest, providers);
    let shown = loaded.shown.clone();
    let bytes = match read(manifest) {
        Ok(bytes) => bytes,
        Err(reason) => {
            loaded.problems.push(unreadable(&shown, &reason));
            return loaded;
        }
    };
    (loaded.manifest, loaded.problems) = manifest::read(&shown, &bytes);
    match &loaded.manifest {
        Some(manifest) => {
            loaded.problems.extend(unknown_providers(&manifest.providers, providers));
            loaded.problems.extend(corrected(&mut loaded.cards, &manifest.corrections));
        }
        // The sheet is looked at all the same, so that everything is told at once.
        None => {
            if let Some((from, reading)) = manifest::read_items_from(&shown, &bytes) {
                items::look(&loaded.folder, &from, &reading, &mut loaded.problems);
            }
        }
    }
    loaded
}

/// Takes over what the manifest corrects of the models: new ones first, then parts of cards, then prices.
fn corrected(cards: &mut Cards, corrections: &Corrections) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (model, entry) in &corrections.models {
        problems.extend(added(cards, model, entry));
    }
    for (model, entry) in &corrections.models {
        let parts = &entry.value.parts;
        let given = parts.iter().map(|part| cards::Part {
            name: part.name.clone(),
            value: part.value.clone(),
            at: part.place().to_string(),
        });
        // A model that could not be added is told of already.
        if cards.get(model).is_some()
            && let Err(unfit) = cards.correct(model, given.collect())
        {
            problems.extend(unfit.into_iter().map(|Unfit { part, misfit }| {
                let place = parts[part].within(&misfit.steps, misfit.is_key);
                Problem::error(place, misfit.what).hint(misfit.hint)
            }));
        }
    }
    for (model, price) in &corrections.prices {
        if corrections.models.contains_key(model) && cards.get(model).is_none() {
            continue;
        }
        if let Err(unfit) = cards.set_price(model, &price.value, price.place().to_string()) {
            let problem =
                |unfit: Unfit| Problem::error(price.place(), unfit.misfit.what).hint(unfit.misfit.hint);
            problems.extend(unfit.into_iter().map(problem));
        }
    }
    manifest::in_order(problems)
}

/// Adds the model of an entry if it is a new one.
fn added(cards: &mut Cards, model: &ModelName, entry: &Located<ModelEntry>) -> Option<Problem> {
    let like = entry.value.like.as_ref();
    if cards.providers().card(model).is_some() {
        let like = like?;
        let message =
            format!("shotlist knows {model} by now: its own card is corrected, and `like` is ignored");
        return Some(Problem::warning(like.place(), message).hint("remove `like`"));
    }
    let Some(like) = like else {
        let Unknown { what, hint } = cards.unknown(model);
        let problem = Problem::error(entry.place(), what).hint(hint);
        return Some(match cards.providers().find(&model.provider) {
            Some(_) => {
                problem.note("for a model that is new, add `like:` with the one that it resembles most")
            }
            None => problem,
        });
    };
    let Unknown { what, hint } = cards.add(model, &like.value, like.place().to_string()).err()?;
    let place = match cards.providers().find(&model.provider) {
        Some(_) => like.place(),
        None => entry.place(),
    };
    Some(Problem::error(place, what).hint(hint))
}

/// Settings of providers that do not exist.
fn unknown_providers(
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    providers: &Registry,
) -> Vec<Problem> {
    let for_sale = providers.iter().filter(|provider| !provider.profile().sandbox_only);
    let known: Vec<_> = for_sale.map(|provider| provider.name()).collect();
    let unknown = configs.iter().filter(|(name, _)| providers.find(name).is_none());
    let problem = |(name, config): (&String, &Located<ProviderConfig>)| {
        let problem = Problem::error(config.place(), format!("there is no provider `{name}`"));
        problem.hint(meant_or_all(name, known.iter().copied(), "remove it; the providers are"))
    };
    unknown.map(problem).collect()
}

fn unreadable(shown: &str, reason: &str) -> Problem {
    Problem::error(Place::File(shown.to_owned()), format!("the manifest cannot be read: {reason}"))
        .hint("write the path of a file that is there, as seen from this folder")
}

/// The models as a manifest corrects them, as far as it can be read: what is wrong is told by every command that reads
/// the manifest for its own sake.
#[must_use]
pub fn cards(manifest: &Path, providers: &Registry) -> Cards {
    models(manifest, providers).0
}

/// The models as a manifest corrects them, whatever else is wrong with it, and what is wrong with the corrections.
#[must_use]
pub fn models(manifest: &Path, providers: &Registry) -> (Cards, Vec<Problem>) {
    let mut cards = Cards::new(providers);
    let shown = manifest.display().to_string();
    let bytes = match read(manifest) {
        Ok(bytes) => bytes,
        Err(reason) => return (cards, vec![unreadable(&shown, &reason)]),
    };
    let (corrections, mut problems) = manifest::read_corrections(&shown, &bytes);
    if let Some(corrections) = corrections {
        problems.extend(corrected(&mut cards, &corrections));
    }
    (cards, problems)
}

/// Only what collecting needs: a broken catalog must not cost clips.
pub fn providers(manifest: &Path) -> Result<BTreeMap<String, Located<ProviderConfig>>, Vec<Problem>> {
    let shown = manifest.display().to_string();
    let bytes = read(manifest).map_err(|reason| vec![unreadable(&shown, &reason)])?;
    let (providers, problems) = manifest::read_providers(&shown, &bytes);
    providers.ok_or(problems)
}

/// Reads a manifest, without waiting for the other end of a pipe.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open_file(path)?.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Opens a regular file without waiting for the other end of a pipe.
fn open_file(path: &Path) -> Result<File, String> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let non_blocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(non_blocking).open(path);
    let file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    match file.metadata() {
        Ok(facts) if facts.is_file() => Ok(file),
        Ok(_) => Err("it is not a regular file".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
