//! Arguments of the commands that plan or submit paid work.

use super::{ManifestArg, duration, whole_number};
use crate::app::selection;
use crate::domain::money::Usd;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The selected jobs.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Submit at most this many jobs
    #[arg(long, value_name = "N", value_parser = whole_number)]
    pub limit: Option<usize>,
}

impl Selection {
    /// Returns `--only` and `--limit` as a selection of jobs.
    #[must_use]
    pub fn request(&self) -> selection::Selection {
        selection::Selection { only: self.only.clone(), limit: self.limit }
    }
}

/// The limits of a run on money and time.
#[derive(Debug, Clone, Args)]
pub struct Bounds {
    /// Submit nothing that could bring this command's cost above this many US dollars; what may have been charged
    /// counts, too
    #[arg(long, value_name = "USD")]
    pub max_cost: Option<Usd>,
    /// Submit only jobs that can finish within this time, such as 90m or 5h; paid clips are still collected
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max_time: Option<Duration>,
    /// Also send jobs whose price is not known: whatever they cost, they count as $0.00 in every budget
    #[arg(long)]
    pub allow_unpriced: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

impl Bounds {
    /// Returns the limits on money and time that these flags set.
    ///
    /// `--yes` is not among them: it answers questions and limits nothing.
    #[must_use]
    pub fn request(&self) -> selection::Bounds {
        let Self { max_cost, max_time, allow_unpriced, .. } = *self;
        selection::Bounds { max_cost, max_time, allow_unpriced }
    }
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// The selected jobs
    #[command(flatten)]
    pub selection: Selection,
    /// Limits on money and time
    #[command(flatten)]
    pub bounds: Bounds,
    /// Send exactly the jobs of this file from `plan --out`; refuse if any job changed since then
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "limit"])]
    pub plan: Option<PathBuf>,
    /// Approve changed jobs, and plans that exceed a limit under `guards:` in the manifest
    #[arg(long)]
    pub accept_changes: bool,
    /// Exit 4 if the manifest has no jobs, or 2 if the selection has none; finished jobs count as jobs
    #[arg(long)]
    pub fail_if_empty: bool,
    /// JSON file with rules that make the fake provider misbehave; only with --sandbox
    #[cfg_attr(feature = "sandbox", arg(long, value_name = "FILE", requires = "sandbox"))]
    #[cfg_attr(not(feature = "sandbox"), arg(skip))]
    pub faults: Option<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// The selected jobs
    #[command(flatten)]
    pub selection: Selection,
    /// Write the plan to this file, for approval and for `run --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show each request as it would be sent
    #[arg(long)]
    pub show_requests: bool,
    /// Also compare the clips with the limits of this destination, such as google or reels; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    pub destinations: Vec<String>,
    /// Exit 6 if there is work to do
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Exit 4 if the manifest has no jobs, or 2 if the selection has none; finished jobs count as jobs
    #[arg(long)]
    pub fail_if_empty: bool,
}

/// Arguments of `retry`.
#[derive(Debug, Clone, Args)]
pub struct RetryArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// The selected jobs
    #[command(flatten)]
    pub selection: Selection,
    /// Limits on money and time
    #[command(flatten)]
    pub bounds: Bounds,
    /// Also send failed jobs that were, or may have been, charged: they are paid a second time
    #[arg(long)]
    pub charged: bool,
    /// Also send jobs that the provider would refuse again, such as those against its content policy
    #[arg(long)]
    pub include_permanent: bool,
    /// Also send jobs that were written off: they may be paid a second time
    #[arg(long)]
    pub written_off: bool,
}

/// Arguments of `redo`.
#[derive(Debug, Clone, Args)]
pub struct RedoArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required_unless_present_any = ["only", "rejected"])]
    pub jobs: Vec<String>,
    /// Only jobs whose clips are rejected; without JOB and --only, all of them
    #[arg(long)]
    pub rejected: bool,
    /// All finished jobs whose key or item matches, such as 'hero/*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Limits on money and time
    #[command(flatten)]
    pub bounds: Bounds,
}
