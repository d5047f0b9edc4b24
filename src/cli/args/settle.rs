//! Arguments of the commands that settle, cancel, dismiss and pause.

use super::{ManifestArg, duration};
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
    /// Every job that needs your decision
    #[arg(long, conflicts_with = "task_id")]
    pub all: bool,
    /// Id of the task, if you found it in the provider's console
    #[arg(long, value_name = "ID", allow_hyphen_values = true, value_parser = task_id)]
    pub task_id: Option<String>,
    /// Ask the provider for the result of the known task again, free of charge
    #[arg(long)]
    pub again: bool,
    /// Send the job as a new request, at a new charge
    #[arg(long)]
    pub resubmit: bool,
    /// Write the job off: it gets no clip, and what may have been charged counts as spent
    #[arg(long)]
    pub write_off: bool,
    /// Only jobs that need a decision for this reason; `status` shows it in parentheses
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Only jobs that have needed a decision for at least this long, such as 7d or 12h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub older_than: Option<Duration>,
    /// Reason for your decision; kept in the ledger
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// With --resubmit: agree to a new charge of at most this many US dollars for all jobs together
    #[arg(long, value_name = "USD")]
    pub max_extra: Option<Usd>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// Parses a task id, which may begin with `-`.
///
/// Refuses a text that looks like an option, because then the user has left out the id.
fn task_id(text: &str) -> Result<String, String> {
    let is_option = text == "-y"
        || text
            .strip_prefix("--")
            .is_some_and(|name| name.bytes().all(|it| it == b'-' || it.is_ascii_lowercase()));
    if is_option {
        return Err("this is an option; write the task's id after --task-id".to_owned());
    }
    Ok(text.to_owned())
}

/// Arguments of `recover`.
#[derive(Debug, Clone, Args)]
pub struct RecoverArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Let runs send jobs that may have been paid for before the records were rebuilt; look in the provider's console
    /// first
    #[arg(long)]
    pub accept_gaps: bool,
}

/// Arguments of `cancel`.
#[derive(Debug, Clone, Args)]
pub struct CancelArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required_unless_present = "only")]
    pub jobs: Vec<String>,
    /// All unfinished jobs whose key or item matches, such as 'hero/*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
}

/// Arguments of `dismiss`.
#[derive(Debug, Clone, Args)]
pub struct DismissArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,
    /// Undo the dismissal: the jobs are reported again
    #[arg(long)]
    pub undo: bool,
    /// Reason, which `show` displays
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// The jobs of a review, and the reviewer.
#[derive(Debug, Clone, Args)]
pub struct ReviewedArgs {
    /// The jobs: shot/item, or an item's id
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,
    /// Note, shown on the review page and in reports
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Name that is kept with the decision; default: your user and computer
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Undo the newest review, so that the review before it applies again
    #[arg(long, conflicts_with = "note")]
    pub undo: bool,
}

/// Arguments of `approve`.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// The reviewed clips
    #[command(flatten)]
    pub reviewed: ReviewedArgs,
}

/// Arguments of `reject`.
#[derive(Debug, Clone, Args)]
pub struct RejectArgs {
    /// The reviewed clips
    #[command(flatten)]
    pub reviewed: ReviewedArgs,
    /// Reason, such as `wrong_colour` or `wrong_colour,flicker`; `other` needs a note
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
    /// The provider; without a name, all providers of the project
    pub provider: Option<String>,
    /// Reason, which `status` displays
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Arguments of `resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The provider; without a name, all pauses end
    pub provider: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::task_id;

    #[test]
    fn a_task_id_may_begin_with_a_hyphen_and_is_no_option() {
        for id in ["8353992", "-task-7", "--aB3", "-_x"] {
            assert_eq!(task_id(id).as_deref(), Ok(id));
        }
        for option in ["-y", "--again", "--write-off", "--"] {
            assert!(task_id(option).is_err(), "{option}");
        }
    }
}
