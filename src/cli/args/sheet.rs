//! Arguments of the commands that look at a product file before a manifest names it.

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
    /// The product file that it is made for, such as an export of your shop; - for standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// How that file is read
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// A film in scenes instead of products
    #[arg(long, conflicts_with = "from")]
    pub scenes: bool,
    /// Replace a manifest that is there
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `catalog`.
#[derive(Debug, Clone, Args)]
pub struct CatalogArgs {
    /// The product file; - for standard input
    #[arg(value_name = "FILE")]
    pub product_file: PathBuf,
    /// How it is read
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How a product file is read.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReadingArgs {
    /// What one clip is made for: product, variant or image
    #[arg(long, value_name = "KIND", value_parser = one_per)]
    pub one_per: Option<OnePer>,
    /// The program that wrote the file, where its headers do not say
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
    /// The sheet of a workbook, instead of the first that has a header
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Also drafts, what is archived and what is sold out
    #[arg(long)]
    pub all: bool,
    /// Which column is what, such as title=Titel; may be repeated
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = column)]
    pub columns: Vec<(String, String)>,
    /// The encoding of a sheet's letters, such as windows-1250
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What separates the cells of a sheet: comma, semicolon, tab or bar
    #[arg(long, value_name = "NAME")]
    pub delimiter: Option<Delimiter>,
    /// Where the list of products is in a JSON document
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// The element of an XML document that holds a product
    #[arg(long, value_name = "NAME")]
    pub element: Option<String>,
}

impl ReadingArgs {
    /// The same for the readers.
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

    /// Whether nothing is said.
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
