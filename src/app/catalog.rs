//! Shows the items and problems of a product file before a manifest uses it.

use super::error::Error;
use super::exit::Exit;
use super::words::Words;
use crate::catalog::{About, Catalog};
use crate::domain::item::Reading;
use crate::domain::problem::Problem;
use crate::load::product_file;
use std::path::{Path, PathBuf};

/// Maximum number of items that are shown as samples.
pub(crate) const SAMPLES: usize = 3;

/// A request to inspect a product file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRequest {
    /// Path of the file; `-` for standard input.
    pub file: PathBuf,
    /// Options for reading the file, such as the shop system that wrote it and the columns to use.
    pub reading: Reading,
}

/// The items and problems of a product file, with the options by which the file was read.
#[derive(Debug)]
pub struct CatalogReport {
    /// Name of the file in messages.
    pub shown: String,
    /// Options with which the file was read.
    pub reading: Reading,
    /// Items and problems of the file, and facts about it such as the recognised shop system.
    pub catalog: Catalog,
    /// Command to type next.
    pub next: String,
}

/// Reads a product file, and returns its items, its problems and facts such as the recognised shop system.
pub fn catalog(request: &CatalogRequest) -> Result<CatalogReport, Error> {
    let CatalogRequest { file, reading } = request;
    let shown = file.display().to_string();
    let inspect = |file: &str| Words::new("shotlist catalog").argument(file).reading(reading);
    let catalog = read(file, reading)
        .map_err(|error| error.money("not charged").hint(inspect("PATH/TO/FILE.csv").build()))?;
    let next = if is_invalid(&catalog) {
        inspect(&shown)
    } else {
        Words::new("shotlist init").option("--from", [&shown]).reading(reading)
    };
    let next = next.build();
    Ok(CatalogReport { shown, reading: reading.clone(), catalog, next })
}

impl CatalogReport {
    /// Returns whether the file has an error and cannot be used.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        is_invalid(&self.catalog)
    }

    /// Returns the exit code: the one for invalid input if the product file has errors, otherwise success.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.is_invalid() { Exit::Invalid } else { Exit::Done }
    }
}

pub(super) fn read(file: &Path, reading: &Reading) -> Result<Catalog, Error> {
    product_file(file, reading)
        .map_err(|reason| Error::new(Exit::Invalid, format!("{} cannot be read: {reason}", file.display())))
}

pub(super) fn is_invalid(catalog: &Catalog) -> bool {
    catalog.problems.iter().any(Problem::is_error)
}

/// Returns how certain the recognised shop system is: `high`, `fair`, or `none` if no system was recognised.
pub(crate) fn confidence(about: &About) -> &'static str {
    match (about.known * 2 >= about.of, about.of) {
        (_, 0) => "none",
        (true, _) => "high",
        (false, _) => "fair",
    }
}
