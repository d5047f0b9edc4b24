//! Reads the manifest, the product file and the pictures from disk, and makes jobs from them.
//!
//! [`open`] reads the manifest. `items` reads the product file and hands each job to [`Jobs`], so that a million rows
//! take little memory. Every problem found on the way is kept.

mod items;
mod join;
mod shown;
mod source;

pub use items::{Jobs, ProductFile, each_item, jobs, product_file};

use crate::catalog::ItemCounts;
use crate::domain::key::ModelName;
use crate::domain::problem::{Place, Problem, meant_or_all};
use crate::files::ImageCache;
use crate::manifest::{self, Corrections, Located, Manifest, ModelEntry, ProviderConfig};
use crate::plan::expand::LeftOut;
use crate::plan::order::LinkBook;
use crate::provider::Registry;
use crate::provider::cards::{self, Cards, Unfit, Unknown};
use crate::store::PlanTables;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Maximum size of a file that is looked at to find out whether it is a manifest, in bytes.
const LOOKED_AT: u64 = 1 << 20;

/// Returns the files of a folder that are manifests, in the order of their names.
///
/// Files that cannot be read, or that are no valid YAML, are left out.
#[must_use]
pub fn manifests_in(folder: &Path) -> Vec<PathBuf> {
    let is_manifest = |path: &PathBuf| {
        let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
        let is_small = path.metadata().is_ok_and(|file| file.is_file() && file.len() <= LOOKED_AT);
        let text = if is_yaml && is_small { std::fs::read_to_string(path).ok() } else { None };
        text.is_some_and(|text| matches!(manifest::project_of("", &text), Ok(Some(_))))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_manifest).collect();
    found.sort();
    found
}

/// Returns the names of the projects to which the manifests of a folder belong.
///
/// `None` if a manifest cannot be read, because it may name any project.
#[must_use]
pub fn projects_of(folder: &Path) -> Option<BTreeSet<String>> {
    let mut projects = BTreeSet::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if is_yaml(&path) && path.is_file() {
            let text = std::fs::read_to_string(&path).ok()?;
            projects.extend(manifest::project_of(&path.display().to_string(), &text).ok()?);
        }
    }
    Some(projects)
}

/// Returns the other manifests of the manifest's folder that name the same project, in the order of their paths.
///
/// A manifest that cannot be read is left out, and so is another name of a file that was found already, such as a link.
#[must_use]
pub fn namesakes(manifest: &Path, project: &str) -> Vec<PathBuf> {
    let folder = folder_of(manifest);
    let paths = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.path()).filter(|path| is_yaml(path)).collect();
    paths.sort();
    let mut found: BTreeSet<(u64, u64)> = identity(manifest).into_iter().collect();
    let mut namesakes = Vec::new();
    for path in paths {
        let Some(identity) = identity(&path).filter(|identity| !found.contains(identity)) else { continue };
        let text = read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // Other YAML files, which may be large, need no parsing: each manifest has the key `shots`.
        let Some(text) = text.filter(|text| text.contains("shots")) else { continue };
        let name = manifest::project_of(&path.display().to_string(), &text);
        if name.is_ok_and(|name| name.as_deref() == Some(project)) {
            found.insert(identity);
            namesakes.push(path.strip_prefix(".").map_or_else(|_| path.clone(), Path::to_owned));
        }
    }
    namesakes
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Returns the device and the inode of a file, which are the same for each of its names; `None` without a regular file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let facts = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some((facts.dev(), facts.ino()))
}

/// A manifest with its models, the counts of its jobs, and the problems found while it was loaded.
pub struct Loaded {
    /// The manifest's folder. Paths of pictures and sheets start from it.
    pub folder: PathBuf,
    /// The manifest's name in messages.
    pub shown: String,
    /// The manifest, if it could be read at all.
    pub manifest: Option<Manifest>,
    /// The descriptions (cards) of the models, with the manifest's corrections.
    pub cards: Cards,
    /// The numbers of items that the product file yields with `one_per` set to `product`, `variant` and `image`. All
    /// three are zero for a file in which each row is an item.
    pub makes: ItemCounts,
    /// The number of valid jobs that were made from the items.
    pub jobs: usize,
    /// Every link to a picture, including those of invalid jobs; empty unless the caller asked for links.
    pub links: BTreeSet<String>,
    /// The number of jobs from which a field was left out because the model lacks it, by model and field.
    ///
    /// This happens only in shots that allow it.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Items that make no job because something is wrong with them.
    pub left_out: LeftOut,
    /// All errors, warnings and notes about the manifest, its product file and its pictures.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Returns the result for a manifest that was not read: only the manifest's path and the models of `providers`.
    #[must_use]
    pub fn nothing(manifest: &Path, providers: &Registry) -> Self {
        Self {
            folder: folder_of(manifest),
            shown: manifest.display().to_string(),
            manifest: None,
            cards: Cards::new(providers),
            makes: ItemCounts::default(),
            jobs: 0,
            links: BTreeSet::new(),
            dropped: BTreeMap::new(),
            left_out: LeftOut::default(),
            problems: Vec::new(),
        }
    }

    /// Returns whether one of the problems is an error. Then no request may be sent.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }
}

/// Limit on the size of a manifest, in bytes. One byte more is read, so that a larger file is noticed and refused.
const LARGEST_MANIFEST: u64 = 64 << 20;

/// Returns the folder of a manifest.
#[must_use]
pub fn folder_of(manifest: &Path) -> PathBuf {
    match manifest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Loads a manifest with its product file and pictures, and writes its jobs to the plan's temporary tables.
///
/// Finds every problem, without using the network. The manifest may name the models of `providers`.
#[must_use]
pub fn load(manifest: &Path, providers: &Registry, plan_tables: &PlanTables) -> Loaded {
    let mut loaded = open(manifest, providers);
    let mut pictures = ImageCache::new(&loaded.folder);
    jobs(&mut loaded, &LinkBook::new(), &mut pictures, false, &mut &*plan_tables);
    loaded
}

/// Reads a manifest and finds its problems, without making its jobs.
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
        // The sheet is checked too, so that the user sees all problems together.
        None => {
            if let Some((from, reading)) = manifest::read_items_from(&shown, &bytes) {
                items::look(&loaded.folder, &from, &reading, &mut loaded.problems);
            }
        }
    }
    loaded
}

/// Applies the manifest's corrections to the model cards: it adds new models, then changes parts of known cards, then
/// prices.
fn corrected(cards: &mut Cards, corrections: &Corrections) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (model, entry) in &corrections.models {
        problems.extend(added(cards, model, entry));
    }
    for (model, entry) in &corrections.models {
        let parts = &entry.value.parts;
        let given = parts.iter().map(|part| cards::CardPart {
            name: part.name.clone(),
            value: part.value.clone(),
            at: part.place().to_string(),
        });
        // A model that could not be added has its problem already.
        if cards.get(model).is_some()
            && let Err(unfit) = cards.correct(model, given.collect())
        {
            problems.extend(unfit.into_iter().map(|Unfit { part, form_error }| {
                let place = parts[part].within(&form_error.steps, form_error.is_key);
                Problem::error(place, form_error.what).hint(form_error.hint)
            }));
        }
    }
    for (model, price) in &corrections.prices {
        if corrections.models.contains_key(model) && cards.get(model).is_none() {
            continue;
        }
        if let Err(unfit) = cards.set_price(model, &price.value, price.place().to_string()) {
            let problem = |unfit: Unfit| {
                Problem::error(price.place(), unfit.form_error.what).hint(unfit.form_error.hint)
            };
            problems.extend(unfit.into_iter().map(problem));
        }
    }
    manifest::in_order(problems)
}

/// Adds the model of a manifest's entry, if shotlist does not know the model. Returns the problem, if there is one.
fn added(cards: &mut Cards, model: &ModelName, entry: &Located<ModelEntry>) -> Option<Problem> {
    let like = entry.value.like.as_ref();
    if cards.providers().card(model).is_some() {
        let like = like?;
        let message = format!(
            "shotlist now has its own card of {model}: the manifest's corrections apply to that card; `like` is ignored"
        );
        return Some(Problem::warning(like.place(), message).hint("remove `like`"));
    }
    let Some(like) = like else {
        let Unknown { what, hint } = cards.unknown(model);
        let problem = Problem::error(entry.place(), what).hint(hint);
        return Some(match cards.providers().find(&model.provider) {
            Some(_) => {
                problem.note("for a new model, add `like:` with the known model that it resembles most")
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

/// Returns an error for each provider in the manifest's settings that does not exist.
fn unknown_providers(
    configs: &BTreeMap<String, Located<ProviderConfig>>,
    providers: &Registry,
) -> Vec<Problem> {
    let for_sale = providers.iter().filter(|provider| !provider.profile().sandbox_only);
    let known: Vec<_> = for_sale.map(|provider| provider.name()).collect();
    let unknown = configs.iter().filter(|(name, _)| providers.find(name).is_none());
    let problem = |(name, config): (&String, &Located<ProviderConfig>)| {
        let problem = Problem::error(config.place(), format!("there is no provider `{name}`"));
        problem.hint(meant_or_all(name, known.iter().copied(), "remove this entry; the providers are"))
    };
    unknown.map(problem).collect()
}

fn unreadable(shown: &str, reason: &str) -> Problem {
    Problem::error(Place::File(shown.to_owned()), format!("the manifest cannot be read: {reason}"))
        .hint("write the path of an existing file, relative to this folder")
}

/// Returns the model cards (descriptions of models) with a manifest's corrections, as far as the manifest can be read.
///
/// Drops the problems: every command that needs the whole manifest reports them.
#[must_use]
pub fn cards(manifest: &Path, providers: &Registry) -> Cards {
    models(manifest, providers).0
}

/// Returns the model cards with a manifest's corrections, and the problems of these corrections.
///
/// Ignores errors in other parts of the manifest.
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

/// Reads only the manifest's provider settings, which is all that collecting needs.
///
/// Paid clips can then be collected even if the catalog is broken.
pub fn providers(manifest: &Path) -> Result<BTreeMap<String, Located<ProviderConfig>>, Vec<Problem>> {
    let shown = manifest.display().to_string();
    let bytes = read(manifest).map_err(|reason| vec![unreadable(&shown, &reason)])?;
    let (providers, problems) = manifest::read_providers(&shown, &bytes);
    providers.ok_or(problems)
}

/// Reads at most 64 MiB and one byte of a manifest. A named pipe is an error, so that reading never waits for a writer.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open_file(path)?.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Opens a regular file. A named pipe is an error, so that opening never waits for a writer.
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
