//! Arguments of `export`.

use super::ManifestArg;
use crate::app::export::{Choice, ExportRequest, Form};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The form
    #[command(subcommand)]
    pub form: ExportForm,
}

/// The form of an export.
#[derive(Debug, Clone, Subcommand)]
pub enum ExportForm {
    /// Your product file with columns for the clips
    ///
    /// A copy of the file that the items come from, in its format. Behind its own columns stand `shotlist_status`,
    /// `shotlist_file`, `shotlist_url` and `shotlist_error`; nothing else is changed. Default: NAME.shotlist.csv beside the
    /// manifest.
    Sheet(ExportCommon),
}

/// Arguments of every form.
#[derive(Debug, Clone, Args)]
pub struct ExportCommon {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Only approved clips; this is the default
    #[arg(long, conflicts_with = "all")]
    pub approved: bool,
    /// Also clips that nobody has reviewed; rejected clips are never exported
    #[arg(long)]
    pub all: bool,
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Only jobs of this shot; may be repeated
    #[arg(long = "shot", value_name = "NAME")]
    pub shots: Vec<String>,
    /// Where to write, instead of a name beside the manifest
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
    /// Address below which the clips will be found
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

impl ExportForm {
    /// Returns the arguments that every form has.
    #[must_use]
    pub const fn common(&self) -> &ExportCommon {
        match self {
            Self::Sheet(common) => common,
        }
    }

    /// Returns the same for the use case.
    #[must_use]
    pub fn request(&self) -> ExportRequest {
        let ExportCommon { all, only, shots, out, force, base_url, .. } = self.common().clone();
        let form = match self {
            Self::Sheet(_) => Form::Sheet,
        };
        let choice = if all { Choice::All } else { Choice::Approved };
        ExportRequest { form, choice, only, shots, out, force, base_url }
    }
}
