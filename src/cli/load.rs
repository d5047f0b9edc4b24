//! Manifest, catalog and pictures from disk into orders, with every problem found on the way.

use super::settings::Places;
use crate::catalog;
use crate::domain::problem::{Place, Problem};
use crate::domain::take::Wanted;
use crate::files;
use crate::manifest::{self, Items, Located, Manifest, ProviderConfig};
use crate::plan::expand::{Source, expand};
use crate::plan::order::{local_pictures, orders};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What the input says.
pub(super) struct Loaded {
    /// The manifest, if it could be read at all.
    pub(super) manifest: Option<Manifest>,
    /// Every order that is right.
    pub(super) wanted: Vec<Wanted>,
    /// Names of fields that some model lacks and that were left out, as the shot allows.
    pub(super) dropped: BTreeMap<String, usize>,
    /// Everything that is wrong or doubtful.
    pub(super) problems: Vec<Problem>,
}

impl Loaded {
    /// Whether nothing may be sent.
    #[must_use]
    pub(super) fn is_invalid(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }
}

/// Largest manifest that is read at all; beyond this it is no manifest.
const LARGEST_MANIFEST: u64 = 64 << 20;

/// Reads everything and finds everything that is wrong.
#[must_use]
pub(super) fn load(places: &Places) -> Loaded {
    let mut loaded =
        Loaded { manifest: None, wanted: Vec::new(), dropped: BTreeMap::new(), problems: Vec::new() };
    let bytes = match read(&places.manifest) {
        Ok(bytes) => bytes,
        Err(reason) => {
            let place = Place::File(places.shown.clone());
            loaded.problems.push(Problem::error(place, format!("the manifest cannot be read: {reason}")));
            return loaded;
        }
    };
    let (manifest, problems) = manifest::read(&places.shown, &bytes);
    loaded.problems = problems;
    let Some(manifest) = manifest else { return loaded };
    let rows = match &manifest.items {
        Items::List(_) => Vec::new(),
        Items::File { from } => {
            let path = places.folder.join(&from.value);
            match open(&path) {
                Ok(file) => {
                    let shown = path.display().to_string();
                    let (rows, problems) = catalog::read(&shown, file);
                    loaded.problems.extend(problems);
                    rows
                }
                Err(reason) => {
                    let message = format!("the product file `{}` cannot be read: {reason}", from.value);
                    loaded.problems.push(
                        Problem::error(from.place(), message)
                            .hint("write its path as seen from the manifest's folder"),
                    );
                    Vec::new()
                }
            }
        }
    };
    let source = Source::of(&manifest, rows);
    let (drafts, problems) = expand(&manifest, &source);
    loaded.problems.extend(problems);
    let book = local_pictures(&drafts)
        .into_iter()
        .map(|text| {
            (text.to_owned(), files::inspect(&places.folder, text).map_err(|trouble| trouble.to_string()))
        })
        .collect();
    let (wanted, problems) = orders(&manifest, &source, &drafts, &book);
    loaded.wanted = wanted;
    loaded.problems.extend(problems);
    for name in drafts.iter().flat_map(|draft| &draft.dropped) {
        *loaded.dropped.entry(name.clone()).or_default() += 1;
    }
    loaded.manifest = Some(manifest);
    loaded
}

/// Only what collecting needs: a broken catalog must not cost clips.
pub(super) fn providers(places: &Places) -> Result<BTreeMap<String, Located<ProviderConfig>>, Vec<Problem>> {
    let place = Place::File(places.shown.clone());
    let bytes = read(&places.manifest)
        .map_err(|reason| vec![Problem::error(place, format!("the manifest cannot be read: {reason}"))])?;
    match manifest::read_providers(&places.shown, &bytes) {
        (Some(providers), _) => Ok(providers),
        (None, problems) => Err(problems),
    }
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
