//! Manifest, catalog and pictures from disk into orders, with every problem found on the way.

use crate::catalog::{self, Catalog, Reading};
use crate::domain::item::Item;
use crate::domain::key::ModelName;
use crate::domain::problem::{Place, Problem, did_you_mean};
use crate::domain::request::PictureFacts;
use crate::domain::take::Wanted;
use crate::files::{self, Album};
use crate::manifest::{self, Corrections, FileReading, Items, Located, Manifest, ModelEntry, ProviderConfig};
use crate::plan::expand::{Expanded, Expansion};
use crate::plan::order::{LinkBook, Unusable};
use crate::plan::values::Subject;
use crate::provider;
use crate::provider::cards::{self, Cards, Unfit, Unknown};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What the input says.
pub struct Loaded {
    /// The manifest's folder, from which pictures and sheets are seen.
    pub folder: PathBuf,
    /// The manifest, if it could be read at all.
    pub manifest: Option<Manifest>,
    /// The models as the manifest corrects them.
    pub cards: Cards,
    /// Every order that is right, the most urgent first.
    pub wanted: Vec<Wanted>,
    /// Every link to a picture, whether or not its order is right.
    pub links: BTreeSet<String>,
    /// Fields that a model lacks and that were left out, as the shot allows: by model and name, in how many jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Everything that is wrong or doubtful.
    pub problems: Vec<Problem>,
}

impl Loaded {
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

/// Reads everything and finds everything that is wrong, without any network.
#[must_use]
pub fn load(manifest: &Path) -> Loaded {
    load_with(manifest, &LinkBook::new(), &mut Album::new(&folder_of(manifest)))
}

/// As [`load`], with what is known of linked pictures and of those in the manifest's folder.
#[must_use]
pub fn load_with(manifest: &Path, links: &LinkBook, pictures: &mut Album) -> Loaded {
    let (path, shown) = (manifest, manifest.display().to_string());
    let folder = folder_of(path);
    let mut loaded = Loaded {
        folder: folder.clone(),
        manifest: None,
        cards: Cards::built_in(),
        wanted: Vec::new(),
        links: BTreeSet::new(),
        dropped: BTreeMap::new(),
        problems: Vec::new(),
    };
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            loaded.problems.push(unreadable(&shown, &reason));
            return loaded;
        }
    };
    let (manifest, problems) = manifest::read(&shown, &bytes);
    loaded.problems = problems;
    let Some(manifest) = manifest else {
        // The sheet is looked at all the same, so that everything is told at once.
        if let Some((from, reading)) = manifest::read_items_from(&shown, &bytes) {
            rows(&folder, &from, &reading, &mut loaded.problems);
        }
        return loaded;
    };
    loaded.problems.extend(unknown_providers(&manifest.providers));
    loaded.problems.extend(corrected(&mut loaded.cards, &manifest.corrections));
    let rows = match &manifest.items {
        Items::List(_) => Vec::new(),
        Items::File { from, reading, .. } => rows(&folder, from, reading, &mut loaded.problems),
    };
    let mut seen = HashMap::new();
    let mut look = |text: &str| match seen.get(text) {
        Some(known) => Result::clone(known),
        None => seen.entry(text.to_owned()).or_insert(look_at(&folder, text, pictures)).clone(),
    };
    let mut expansion = Expansion::new(&manifest, &loaded.cards, links, &mut look);
    let mut take = |wanted| loaded.wanted.push(wanted);
    if let Items::List(entries) = &manifest.items {
        for entry in entries {
            let subject = Subject { item: Arc::clone(&entry.item), own: Some(&entry.own) };
            expansion.item(&subject, &mut take);
        }
    }
    for row in rows {
        expansion.item(&Subject { item: Arc::new(row), own: None }, &mut take);
    }
    let Expanded { problems, links, dropped, urgency } = expansion.finish();
    if !urgency.is_empty() {
        // Among equals the order of the items stays.
        loaded.wanted.sort_by_key(|job| Reverse(urgency.get(&job.key).copied().unwrap_or(0)));
    }
    loaded.problems.extend(problems);
    (loaded.links, loaded.dropped) = (links, dropped);
    loaded.manifest = Some(manifest);
    loaded
}

/// What a local picture is, or why it cannot be used.
fn look_at(folder: &Path, text: &str, pictures: &mut Album) -> Result<PictureFacts, Unusable> {
    pictures.look(text).map_err(|trouble| Unusable {
        near: matches!(trouble, files::PictureTrouble::Missing)
            .then(|| near(folder, text))
            .flatten()
            .filter(|near| files::inspect(folder, near).is_ok()),
        why: trouble.to_string(),
        remedy: trouble.remedy().to_owned(),
    })
}

/// The rows of the product file.
fn rows(
    folder: &Path,
    from: &Located<String>,
    reading: &FileReading,
    problems: &mut Vec<Problem>,
) -> Vec<Item> {
    let mut how = Reading {
        one_per: reading.one_per,
        dialect: None,
        sheet: reading.sheet.as_ref().map(|sheet| sheet.value.clone()),
        all: reading.all,
    };
    if let Some(dialect) = &reading.dialect {
        if let Some(unknown) = unknown_dialect(dialect) {
            problems.push(unknown);
            return Vec::new();
        }
        how.dialect = Some(dialect.value.clone());
    }
    let path =
        if is_standard_input(Path::new(&from.value)) { PathBuf::from("-") } else { folder.join(&from.value) };
    match product_file(&path, &how) {
        Ok(mut catalog) => {
            // Without a sound header nobody knows which columns there are.
            let is_headed = !catalog
                .problems
                .iter()
                .any(|problem| problem.is_error() && matches!(problem.place, Place::Row { row: 1, .. }));
            problems.append(&mut catalog.problems);
            if is_headed { catalog.items } else { Vec::new() }
        }
        Err(reason) => {
            let message = format!("the product file `{}` cannot be read: {reason}", from.value);
            let hint = match near(folder, &from.value) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write its path as seen from the manifest's folder".to_owned(),
            };
            problems.push(Problem::error(from.place(), message).hint(hint));
            Vec::new()
        }
    }
}

fn unknown_dialect(dialect: &Located<String>) -> Option<Problem> {
    let known = catalog::dialects();
    if known.contains(&dialect.value.as_str()) {
        return None;
    }
    let problem = Problem::error(dialect.place(), format!("there is no dialect `{}`", dialect.value));
    Some(match did_you_mean(&dialect.value, known.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("the dialects are: {}", known.join(", "))),
    })
}

/// Standard input as it was read: a command that looks at pictures reads the product file twice.
static STANDARD_INPUT: OnceLock<Vec<u8>> = OnceLock::new();

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// What is in a product file, or on standard input where the path is `-`. The error is why it cannot be opened.
pub fn product_file(path: &Path, reading: &Reading) -> Result<Catalog, String> {
    if !is_standard_input(path) {
        let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
        return Ok(catalog::read(&shown, open(path)?, reading));
    }
    Ok(catalog::read("standard input", standard_input()?, reading))
}

/// All that is on standard input. The error is why it cannot be read.
pub fn standard_input() -> Result<&'static [u8], String> {
    if let Some(bytes) = STANDARD_INPUT.get() {
        return Ok(bytes);
    }
    if std::io::stdin().is_terminal() {
        return Err("standard input is a terminal; send the file through a pipe".to_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(STANDARD_INPUT.get_or_init(|| bytes))
}

/// A file that is there and has a name much like the one that was written, with the same folder before it.
fn near(root: &Path, written: &str) -> Option<String> {
    let written = Path::new(written);
    let folder = written.parent()?;
    let name = written.file_name()?.to_str()?;
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = did_you_mean(name, names.iter().map(String::as_str)).filter(|near| *near != name)?;
    Some(folder.join(near).display().to_string())
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
    if provider::card(model).is_some() {
        let like = like?;
        let message =
            format!("shotlist knows {model} by now: its own card is corrected, and `like` is ignored");
        return Some(Problem::warning(like.place(), message).hint("remove `like`"));
    }
    let Some(like) = like else {
        let Unknown { what, hint } = cards.unknown(model);
        let problem = Problem::error(entry.place(), what).hint(hint);
        return Some(match provider::find(&model.provider) {
            Some(_) => {
                problem.note("for a model that is new, add `like:` with the one that it resembles most")
            }
            None => problem,
        });
    };
    let Unknown { what, hint } = cards.add(model, &like.value, like.place().to_string()).err()?;
    let place = match provider::find(&model.provider) {
        Some(_) => like.place(),
        None => entry.place(),
    };
    Some(Problem::error(place, what).hint(hint))
}

/// Settings of providers that do not exist.
fn unknown_providers(configs: &BTreeMap<String, Located<ProviderConfig>>) -> Vec<Problem> {
    let for_sale = provider::ALL.iter().filter(|provider| !provider.profile().sandbox_only);
    let known: Vec<_> = for_sale.map(|provider| provider.name()).collect();
    let unknown = configs.iter().filter(|(name, _)| provider::find(name).is_none());
    let problem = |(name, config): (&String, &Located<ProviderConfig>)| {
        let problem = Problem::error(config.place(), format!("there is no provider `{name}`"));
        match did_you_mean(name, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("remove it; the providers are: {}", known.join(", "))),
        }
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
pub fn cards(manifest: &Path) -> Cards {
    models(manifest).0
}

/// The models as a manifest corrects them, whatever else is wrong with it, and what is wrong with the corrections.
#[must_use]
pub fn models(manifest: &Path) -> (Cards, Vec<Problem>) {
    let mut cards = Cards::built_in();
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

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open(path)?.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Opens a regular file without waiting for the other end of a pipe.
fn open(path: &Path) -> Result<File, String> {
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
