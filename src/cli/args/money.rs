//! Arguments of the commands that look at what was paid.

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
    /// Another thing to do than to show it
    #[command(subcommand)]
    pub action: Option<LedgerDo>,
    /// How to show it
    #[command(flatten)]
    pub show: LedgerShow,
}

/// What to do with the ledger.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerDo {
    /// The money as a table
    Show(LedgerShow),
    /// Correct what one take has cost
    ///
    /// By what the provider's bill says. Budgets and sums follow; the ledger keeps both amounts and the reason. Works
    /// beside a run.
    Adjust(LedgerAdjust),
}

/// Arguments of `ledger show`.
#[derive(Debug, Clone, Args)]
pub struct LedgerShow {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// What the takes are put together by: day, model, provider, item, shot, tag or outcome
    #[arg(long, value_name = "WHAT", default_value = "day", hide_possible_values = true)]
    pub by: LedgerBy,
    /// Only what was sent on this day or later, in UTC, such as 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub since: Option<Date>,
    /// As CSV, for a spreadsheet
    #[arg(long)]
    pub csv: bool,
}

/// What the takes are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LedgerBy {
    /// The day of the submission, in UTC.
    Day,
    /// The model.
    Model,
    /// The provider.
    Provider,
    /// The item.
    Item,
    /// The shot.
    Shot,
    /// The tags of the item.
    Tag,
    /// What became of it.
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
    /// One take of a job that was paid more than once, as `show` names it
    #[arg(long, value_name = "ID")]
    pub take: Option<String>,
    /// What it cost, in US dollars
    #[arg(long, value_name = "AMOUNT")]
    pub usd: Usd,
    /// What the amount is taken from, such as 'invoice of November'
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Only some, drawn anew each time: a share such as 10%, or a number of clips
    #[arg(long, value_name = "PERCENT|N")]
    pub subset: Option<Subset>,
    /// Bring back what is missing, free of charge: from a copy, or from the provider with the next `collect` or `run`
    #[arg(long)]
    pub repair: bool,
    /// Also restore clips that were altered; what stands there now is kept below `_takes/`
    #[arg(long, requires = "repair")]
    pub replace_altered: bool,
}

/// Reads `2026-11-01`.
fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a day: write it as 2026-11-01"))
}
