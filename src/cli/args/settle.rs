//! Arguments of the commands that settle, cancel, dismiss and pause.

use super::duration;
use crate::domain::money::Usd;
use clap::Args;
use std::time::Duration;

/// Arguments of `resolve`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("how").required(true).args(["task_id", "again", "resubmit", "write_off"]))]
pub struct ResolveArgs {
    /// The job: shot/item, or an item's id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub job: Option<String>,
    /// Every held job
    #[arg(long, conflicts_with = "task_id")]
    pub all: bool,
    /// You found the task in the provider's console: this is its id
    #[arg(long, value_name = "ID")]
    pub task_id: Option<String>,
    /// Ask for the same task once more; free
    #[arg(long)]
    pub again: bool,
    /// Render it anew: a new charge
    #[arg(long)]
    pub resubmit: bool,
    /// Give it up; what may have been charged counts as spent
    #[arg(long)]
    pub write_off: bool,
    /// Only jobs held for this reason, as `status` names it
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Only jobs held for at least this long, such as 7d or 12h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub older_than: Option<Duration>,
    /// Why you decide so; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The most that --resubmit may cost in all, in US dollars
    #[arg(long, value_name = "USD")]
    pub max_extra: Option<Usd>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `cancel`.
#[derive(Debug, Clone, Args)]
pub struct CancelArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required_unless_present = "only")]
    pub jobs: Vec<String>,
    /// All jobs that wait or are in flight whose key or item matches, such as 'hero/*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
}

/// Arguments of `dismiss`.
#[derive(Debug, Clone, Args)]
pub struct DismissArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,
    /// Take it back: the jobs are told again
    #[arg(long)]
    pub undo: bool,
    /// Why, for whoever looks at `show`
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// The jobs of a review, and who reviews them.
#[derive(Debug, Clone, Args)]
pub struct ReviewedArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,
    /// What to tell whoever looks at the job
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Name that is kept with the decision; default: your user and computer
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Go back to the review before the newest one
    #[arg(long, conflicts_with = "note")]
    pub undo: bool,
}

/// Arguments of `approve`.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// Which clips
    #[command(flatten)]
    pub reviewed: ReviewedArgs,
}

/// Arguments of `reject`.
#[derive(Debug, Clone, Args)]
pub struct RejectArgs {
    /// Which clips
    #[command(flatten)]
    pub reviewed: ReviewedArgs,
    /// Why, such as `wrong_colour` or `wrong_colour,flicker`; `other` needs a note
    #[arg(
        long,
        value_name = "REASON",
        value_delimiter = ',',
        required_unless_present = "undo",
        conflicts_with = "undo"
    )]
    pub reason: Vec<String>,
    /// Queue another rendering: `plan` shows its price, the next run sends it
    #[arg(long, conflicts_with = "undo")]
    pub redo: bool,
}

/// Arguments of `pause`.
#[derive(Debug, Clone, Args)]
pub struct PauseArgs {
    /// The provider; without one, all of the project's
    pub provider: Option<String>,
    /// Why, for whoever looks at `status`
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Arguments of `resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The provider; without one, everything that is on hold
    pub provider: Option<String>,
}
