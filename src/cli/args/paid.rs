//! Arguments of the commands that plan or order paid work.

use super::{ManifestArg, duration};
use crate::app::selection;
use crate::domain::money::Usd;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Which jobs.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// At most this many submissions
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

impl Selection {
    /// Returns the same for a use case.
    #[must_use]
    pub fn request(&self) -> selection::Selection {
        selection::Selection { only: self.only.clone(), limit: self.limit }
    }
}

/// What a run may spend, and how long.
#[derive(Debug, Clone, Args)]
pub struct Bounds {
    /// Stop submitting before this many US dollars are passed, what is in doubt included
    #[arg(long, value_name = "USD")]
    pub max_cost: Option<Usd>,
    /// Submit nothing that would be finished after this long, such as 90m or 5h; what was paid is still collected
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max_time: Option<Duration>,
    /// Also send what nobody knows the price of; it counts as nothing in every budget
    #[arg(long)]
    pub allow_unpriced: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

impl Bounds {
    /// Returns the same for a use case, without the answer.
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
    /// Which jobs
    #[command(flatten)]
    pub selection: Selection,
    /// How much, how long
    #[command(flatten)]
    pub bounds: Bounds,
    /// Send exactly what this plan of `plan --out` says; refuse if any of it has moved
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "limit"])]
    pub plan: Option<PathBuf>,
    /// It is meant: pass the manifest's guards, and render anew what asks first
    #[arg(long)]
    pub accept_changes: bool,
    /// Exit 4 when the manifest asks for no clip, 2 when the selection has no job; not when all is done
    #[arg(long)]
    pub fail_if_empty: bool,
    /// Rules that make the fake provider misbehave, as JSON; only with --sandbox
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
    /// Which jobs
    #[command(flatten)]
    pub selection: Selection,
    /// Write the plan to this file, to be approved and carried out with `run --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show each request as it would be sent
    #[arg(long)]
    pub show_requests: bool,
    /// Also hold the clips against the limits of this destination, such as google or reels; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    pub destinations: Vec<String>,
    /// Exit 6 when there is work to do
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Exit 4 when the manifest asks for no clip, 2 when the selection has no job; not when all is done
    #[arg(long)]
    pub fail_if_empty: bool,
}

/// Arguments of `retry`.
#[derive(Debug, Clone, Args)]
pub struct RetryArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Which jobs
    #[command(flatten)]
    pub selection: Selection,
    /// How much, how long
    #[command(flatten)]
    pub bounds: Bounds,
    /// Also jobs whose failure was, or may have been, charged: they are paid a second time
    #[arg(long)]
    pub charged: bool,
    /// Also jobs that would be refused again: bad input, content policy
    #[arg(long)]
    pub include_permanent: bool,
    /// Also jobs that were written off: they may be paid a second time
    #[arg(long)]
    pub written_off: bool,
}

/// Arguments of `redo`.
#[derive(Debug, Clone, Args)]
pub struct RedoArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required_unless_present_any = ["only", "rejected"])]
    pub jobs: Vec<String>,
    /// Only jobs whose clips are rejected; without others, all of them
    #[arg(long)]
    pub rejected: bool,
    /// All finished jobs whose key or item matches, such as 'hero/*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// How much, how long
    #[command(flatten)]
    pub bounds: Bounds,
}
