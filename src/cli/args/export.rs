//! Arguments of `export`.

use super::ManifestArg;
use crate::app::export::{Choice, ExportRequest, Form};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use url::{ParseError, Url};

/// Arguments of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Form of the export
    #[command(subcommand)]
    pub form: ExportForm,
}

/// The form of an export.
#[derive(Debug, Clone, Subcommand)]
pub enum ExportForm {
    /// Your product file with columns for the clips
    ///
    /// A copy of the file that the items come from, in its format. Adds the columns `shotlist_status`, `shotlist_file`,
    /// `shotlist_url` and `shotlist_error` at the end; nothing else is changed. Default: NAME.shotlist.csv next to the
    /// manifest.
    Sheet(ExportCommon),
    /// A supplemental feed for Google: `id` and `video_link`
    ///
    /// A TSV file that adds `video_link` to the offers of a main feed. Needs --base-url. Clips beyond Google's limits,
    /// such as those shorter than 6 s, are left out and reported. Default: PROJECT.google.tsv next to the manifest.
    Google(ExportCommon),
    /// A supplemental feed for Meta: `id` and `video[0].url`
    ///
    /// A CSV file that adds clips to the items of a catalog, each tagged with the name of its shot. Needs --base-url.
    /// Default: PROJECT.meta.csv next to the manifest.
    Meta(ExportCommon),
    /// A folder of clips and lists for Shopify
    ///
    /// All clips in one folder, `files.csv` with the handle and the file of each, and `media.jsonl` with the media of
    /// each product for the Admin API. Sends nothing to the shop: upload the files with `stagedUploadsCreate` before
    /// you use `media.jsonl`. --out is the folder. Default: PROJECT.shopify next to the manifest.
    Shopify(ExportCommon),
    /// A list for WooCommerce's product importer
    ///
    /// A CSV file with `SKU` and a field that holds the address of the clip. It has no column of pictures, because in
    /// that column the importer accepts only pictures. Needs --base-url. Default: PROJECT.woocommerce.csv next to the
    /// manifest.
    Woocommerce(WoocommerceArgs),
    /// A folder of clips with names that importers accept
    ///
    /// Copies of all clips in one folder, named after item and shot with only A-Z a-z 0-9 . _ -. If two clips would get
    /// the same name, that is an error before anything is written. Existing clips are kept.
    Flat(FlatArgs),
    /// An index of the clips as CSV and JSON
    ///
    /// Each clip with its product, file, hash, size, model, cost and decision. Default: index.csv and index.json next
    /// to the manifest.
    Index(IndexArgs),
}

/// Arguments of `export woocommerce`.
#[derive(Debug, Clone, Args)]
pub struct WoocommerceArgs {
    /// Options that every form of an export has
    #[command(flatten)]
    pub common: ExportCommon,
    /// Name of the field from which the theme or plug-in reads the address of the clip
    #[arg(long, value_name = "KEY", default_value = "shotlist_video")]
    pub meta: String,
}

/// Arguments of `export flat`.
#[derive(Debug, Clone, Args)]
pub struct FlatArgs {
    /// Folder for the copies of the clips
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Options that every form of an export has
    #[command(flatten)]
    pub common: ExportCommon,
}

/// Arguments of `export index`.
#[derive(Debug, Clone, Args)]
pub struct IndexArgs {
    /// Options that every form of an export has
    #[command(flatten)]
    pub common: ExportCommon,
    /// Begin the CSV with a byte-order mark, by which Excel recognises UTF-8
    #[arg(long)]
    pub excel: bool,
}

/// Arguments of every form of an export.
#[derive(Debug, Clone, Args)]
pub struct ExportCommon {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Only approved clips; this is the default
    #[arg(long, conflicts_with = "all")]
    pub approved: bool,
    /// Also clips without a review; rejected clips are never exported
    #[arg(long)]
    pub all: bool,
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Only jobs of this shot; may be repeated
    #[arg(long = "shot", value_name = "NAME")]
    pub shots: Vec<String>,
    /// File or folder to write, instead of the default next to the manifest
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// Web address of the folder that will hold the clips
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub base_url: Option<String>,
    /// Leave out clips that this destination does not accept, such as google or reels; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    pub destinations: Vec<String>,
}

impl ExportForm {
    /// Returns the arguments that every form of an export has.
    #[must_use]
    pub const fn common(&self) -> &ExportCommon {
        match self {
            Self::Sheet(common) | Self::Google(common) | Self::Meta(common) | Self::Shopify(common) => common,
            Self::Woocommerce(args) => &args.common,
            Self::Flat(args) => &args.common,
            Self::Index(args) => &args.common,
        }
    }

    /// Returns the request for an export that these arguments describe.
    #[must_use]
    pub fn request(&self) -> ExportRequest {
        let ExportCommon { all, only, shots, mut out, force, base_url, destinations, .. } =
            self.common().clone();
        let form = match self {
            Self::Sheet(_) => Form::Sheet,
            Self::Google(_) => Form::Google,
            Self::Meta(_) => Form::Meta,
            Self::Shopify(_) => Form::Shopify,
            Self::Woocommerce(args) => Form::Woocommerce { meta: args.meta.clone() },
            Self::Flat(args) => {
                out = Some(args.folder.clone());
                Form::Flat
            }
            Self::Index(args) => Form::Index { excel: args.excel },
        };
        let choice = if all { Choice::All } else { Choice::Approved };
        ExportRequest { form, choice, only, shots, out, force, base_url, destinations }
    }
}

/// Checks that a text is a URL with a scheme.
///
/// The export checks later that the scheme is http or https, and that the URL has no query, fragment or user name.
fn base_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(ParseError::RelativeUrlWithoutBase) => Err("begin it with https://".to_owned()),
        Err(_) => Err("write it as https://cdn.example.com/clips".to_owned()),
    }
}
