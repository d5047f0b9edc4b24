//! Reads the items of a manifest with their row numbers, for exports that write columns back into these rows.

use super::Source;
use crate::catalog::{Layout, Reading};
use crate::domain::item::Item;
use crate::load::Loaded;
use crate::load::source::source;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The product file of a manifest, with its format and encoding, so that columns can be added to its rows.
pub struct ProductFile {
    /// The path of the file; `-` for standard input.
    pub path: PathBuf,
    /// The name of the file in messages.
    pub shown: String,
    /// The format of the file and the details of its rows; `None` if the file could not be read.
    pub layout: Option<Layout>,
    /// The name of the file's encoding.
    pub encoding: &'static str,
}

impl ProductFile {
    /// Returns the bytes of the file.
    ///
    /// # Errors
    ///
    /// Returns the reason why the file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        source(&self.path)?.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// Reads the items of a manifest without making jobs of them, and adds the problems of their source to `loaded`.
///
/// `change` may replace options for reading. Passes every item to `take`, even items that share an id. Returns the
/// product file, or `None` if it cannot be opened or the manifest itself lists the items.
pub fn each_item(
    loaded: &mut Loaded,
    change: &dyn Fn(&mut Reading),
    take: &mut dyn FnMut(&Item),
) -> Option<ProductFile> {
    let manifest = loaded.manifest.take()?;
    let mut problems = Vec::new();
    let mut source = Source::of(&loaded.folder, &manifest, &mut problems);
    if let Source::File(file) = &mut source {
        change(&mut file.how);
    }
    // If the rows of a product turn out to be scattered, all items are read a second time, with all their rows.
    let mut items: Vec<Arc<Item>> = Vec::new();
    let mut read = source.read(false, &mut |subject| items.push(Arc::clone(&subject.item)));
    if read.is_err() {
        items.clear();
        read = source.read(true, &mut |subject| items.push(Arc::clone(&subject.item)));
    }
    for item in &items {
        take(item);
    }
    let catalog = read.unwrap_or_default();
    loaded.problems.extend(problems);
    loaded.problems.extend(catalog.problems);
    let file = match source {
        Source::File(file) => Some(ProductFile {
            path: file.path,
            shown: file.shown,
            layout: catalog.layout,
            encoding: catalog.encoding,
        }),
        Source::Manifest(_) | Source::Nothing => None,
    };
    loaded.manifest = Some(manifest);
    file
}
