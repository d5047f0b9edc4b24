//! Manifest, catalog and pictures from disk into orders, with every problem found on the way.

use crate::catalog;
use crate::domain::item::Item;
use crate::domain::problem::{Place, Problem, did_you_mean};
use crate::domain::take::Wanted;
use crate::files;
use crate::manifest::{self, Items, Located, Manifest, ProviderConfig};
use crate::plan::expand::expand;
use crate::plan::order::{Unusable, local_pictures, orders};
use crate::plan::values::Source;
use crate::provider;
use crate::provider::cards::Cards;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the input says.
pub struct Loaded {
    /// The manifest's folder, from which pictures and sheets are seen.
    pub folder: PathBuf,
    /// The manifest, if it could be read at all.
    pub manifest: Option<Manifest>,
    /// The models as the manifest corrects them.
    pub cards: Cards,
    /// Every order that is right.
    pub wanted: Vec<Wanted>,
    /// Names of fields that some model lacks and that were left out, as the shot allows.
    pub dropped: BTreeMap<String, usize>,
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

/// Reads everything and finds everything that is wrong.
#[must_use]
pub fn load(manifest: &Path) -> Loaded {
    let (path, shown) = (manifest, manifest.display().to_string());
    let folder = folder_of(path);
    let mut loaded = Loaded {
        folder: folder.clone(),
        manifest: None,
        cards: Cards::built_in(),
        wanted: Vec::new(),
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
        if let Some(from) = manifest::read_items_from(&shown, &bytes) {
            rows(&folder, &from, &mut loaded.problems);
        }
        return loaded;
    };
    loaded.problems.extend(unknown_providers(&manifest.providers));
    loaded.problems.extend(corrected(&mut loaded.cards, &manifest));
    let rows = match &manifest.items {
        Items::List(_) => Vec::new(),
        Items::File { from } => rows(&folder, from, &mut loaded.problems),
    };
    let source = Source::of(&manifest, rows);
    let (drafts, problems) = expand(&manifest, &source, &loaded.cards);
    loaded.problems.extend(problems);
    let book = local_pictures(&drafts)
        .into_iter()
        .map(|text| {
            let facts = files::inspect(&folder, text);
            let unusable = |trouble: files::PictureTrouble| Unusable {
                near: matches!(trouble, files::PictureTrouble::Missing)
                    .then(|| near(&folder, text))
                    .flatten()
                    .filter(|near| files::inspect(&folder, near).is_ok()),
                why: trouble.to_string(),
                remedy: trouble.remedy().to_owned(),
            };
            (text.to_owned(), facts.map_err(unusable))
        })
        .collect();
    let (wanted, problems) = orders(&manifest, &source, &drafts, &book, &loaded.cards);
    loaded.wanted = wanted;
    loaded.problems.extend(problems);
    for name in drafts.iter().flat_map(|draft| &draft.dropped) {
        *loaded.dropped.entry(name.clone()).or_default() += 1;
    }
    loaded.manifest = Some(manifest);
    loaded
}

/// The rows of the product file.
fn rows(folder: &Path, from: &Located<String>, problems: &mut Vec<Problem>) -> Vec<Item> {
    let path = folder.join(&from.value);
    match open(&path) {
        Ok(file) => {
            let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            let (rows, mut found) = catalog::read(&shown, file);
            // Without a sound header nobody knows which columns there are.
            let is_headed = !found
                .iter()
                .any(|problem| problem.is_error() && matches!(problem.place, Place::Row { row: 1, .. }));
            problems.append(&mut found);
            if is_headed { rows } else { Vec::new() }
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

/// Takes over what the manifest corrects of the models.
fn corrected(cards: &mut Cards, manifest: &Manifest) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (model, price) in &manifest.prices {
        let at = price.place().to_string();
        if let Err(unfit) = cards.set_price(model, price.value.clone(), at) {
            problems.push(Problem::error(price.place(), unfit.0).hint("remove it, or correct the name"));
        }
    }
    problems
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

/// The models as a manifest corrects them; as they are built in where it cannot be read.
#[must_use]
pub fn cards(manifest: &Path) -> Cards {
    let mut cards = Cards::built_in();
    let bytes = read(manifest).unwrap_or_default();
    if let (Some(manifest), _) = manifest::read(&manifest.display().to_string(), &bytes) {
        // What is wrong is told by every command that reads the manifest for its own sake.
        let _ = corrected(&mut cards, &manifest);
    }
    cards
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
