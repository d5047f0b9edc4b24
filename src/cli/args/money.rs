//! Arguments of the commands that show or check what was paid.

use super::ManifestArg;
use crate::app::verify::Subset;
use crate::domain::money::Usd;
use crate::store::By;
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

/// Arguments of `ledger`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LedgerArgs {
    /// Action on the ledger; without one, the money is shown
    #[command(subcommand)]
    pub action: Option<LedgerDo>,
    /// Options for showing the money
    #[command(flatten)]
    pub show: LedgerShow,
}

/// The actions on the ledger.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerDo {
    /// Show the cost of all renderings as a table
    Show(LedgerShow),
    /// Correct the cost of one rendering
    ///
    /// Records the amount on the provider's bill. Budgets and sums use it; the ledger keeps both amounts and the
    /// reason. Works while a run is active.
    Adjust(LedgerAdjust),
}

/// Arguments of `ledger show`.
#[derive(Debug, Clone, Args)]
pub struct LedgerShow {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Group renderings by day, model, provider, item, shot, tag or outcome
    #[arg(long, value_name = "WHAT", default_value = "day", hide_possible_values = true)]
    pub by: LedgerBy,
    /// Only requests that were sent on this day or later, in UTC, such as 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub since: Option<Date>,
    /// Print CSV, for a spreadsheet
    #[arg(long)]
    pub csv: bool,
}

/// The grouping of renderings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LedgerBy {
    /// The day of the submission, in UTC.
    Day,
    /// The model of the rendering.
    Model,
    /// The provider of the rendering.
    Provider,
    /// The item that the clip shows.
    Item,
    /// The shot of the rendered job.
    Shot,
    /// The tags of the item.
    Tag,
    /// The outcome of the rendering.
    Outcome,
}

impl From<LedgerBy> for By {
    fn from(by: LedgerBy) -> Self {
        match by {
            LedgerBy::Day => Self::Day,
            LedgerBy::Model => Self::Model,
            LedgerBy::Provider => Self::Provider,
            LedgerBy::Item => Self::Item,
            LedgerBy::Shot => Self::Shot,
            LedgerBy::Tag => Self::Tag,
            LedgerBy::Outcome => Self::Outcome,
        }
    }
}

/// Arguments of `ledger adjust`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["job", "take"]))]
pub struct LedgerAdjust {
    /// The job: shot/item, or an item's id
    pub job: Option<String>,
    /// The manifest
    pub manifest: Option<PathBuf>,
    /// Id of a rendering, as in `show`, for a job with several renderings that were or may have been charged
    #[arg(long, value_name = "ID")]
    pub take: Option<String>,
    /// Actual cost in US dollars
    #[arg(long, value_name = "AMOUNT")]
    pub usd: Usd,
    /// Source of the amount, such as 'invoice of November'
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Only a random sample, different each time: a share such as 10%, or a number of clips
    #[arg(long, value_name = "PERCENT|N")]
    pub subset: Option<Subset>,
    /// Restore missing clips free of charge: from a copy, or from the provider with the next `collect` or `run`
    #[arg(long)]
    pub repair: bool,
    /// Also restore altered clips; the altered files are kept below `_takes/`
    #[arg(long, requires = "repair")]
    pub replace_altered: bool,
}

/// Parses a date such as `2026-11-01`.
fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a day: write it as 2026-11-01"))
}
