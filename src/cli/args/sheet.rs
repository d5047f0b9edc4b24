//! Arguments of the commands that read a product file before a manifest names it.

use super::ManifestArg;
use crate::domain::ident::composed;
use crate::domain::item::{Delimiter, FIELDS, OnePer, Reading};
use crate::domain::problem::meant_or_all;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Arguments of `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The manifest; default: shotlist.yaml in this folder
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// The product file for the manifest, such as an export of your shop; - for standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Options for reading the product file
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Write a manifest for a film in scenes instead of products
    #[arg(long, conflicts_with = "from")]
    pub scenes: bool,
    /// Replace an existing manifest
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `catalog`.
#[derive(Debug, Clone, Args)]
pub struct CatalogArgs {
    /// The product file; - for standard input
    #[arg(value_name = "FILE")]
    pub product_file: PathBuf,
    /// Options for reading the product file
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// The options for reading a product file.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReadingArgs {
    /// Make one clip for each product, variant or image
    #[arg(long, value_name = "KIND", value_parser = one_per)]
    pub one_per: Option<OnePer>,
    /// The program that wrote the file, if its headers do not show that
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
    /// The sheet of a workbook, instead of the first that has a header
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Also include drafts, archived and sold-out products
    #[arg(long)]
    pub all: bool,
    /// Column from which a field is read, such as title=Titel; may be repeated
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = column)]
    pub columns: Vec<(String, String)>,
    /// Character encoding of a sheet, such as windows-1250
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Separator of the cells in a CSV file: comma, semicolon, tab or bar
    #[arg(long, value_name = "NAME")]
    pub delimiter: Option<Delimiter>,
    /// Path of the list of products in a JSON document
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// Name of the XML element that holds one product
    #[arg(long, value_name = "NAME")]
    pub element: Option<String>,
}

impl ReadingArgs {
    /// Returns these options in the form that the readers of product files take.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (field, column) in &self.columns {
            columns.entry(field.clone()).or_default().push(composed(column));
        }
        Reading {
            one_per: self.one_per.unwrap_or_default(),
            dialect: self.dialect.clone(),
            sheet: self.sheet.clone(),
            all: self.all,
            columns,
            encoding: self.encoding.clone(),
            delimiter: self.delimiter,
            path: self.path.clone(),
            element: self.element.clone(),
        }
    }

    /// Returns whether none of these options is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.one_per.is_none() && self.reading() == Reading::default()
    }
}

fn one_per(text: &str) -> Result<OnePer, String> {
    let known = OnePer::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, one_per)| *one_per).ok_or_else(|| "write product, variant or image".to_owned())
}

fn column(text: &str) -> Result<(String, String), String> {
    let (field, column) = text.split_once('=').ok_or("write it as title=Titel")?;
    if !FIELDS.contains(&field) {
        return Err(meant_or_all(field, FIELDS, "the fields are"));
    }
    Ok((field.to_owned(), column.to_owned()))
}
