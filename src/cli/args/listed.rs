//! Arguments of the commands that list jobs.

use crate::app::jobs::Filter;
use clap::Args;

/// Arguments of `jobs`.
#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; any number of them
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// Which jobs
    #[command(flatten)]
    pub filter: FilterArgs,
    /// As CSV, for a spreadsheet
    #[arg(long)]
    pub csv: bool,
}

/// Flags that filter jobs.
#[derive(Debug, Clone, Args)]
pub struct FilterArgs {
    /// Only jobs in this state, such as failed or 'to render'; may be repeated
    #[arg(long, value_name = "STATE")]
    pub state: Vec<String>,
    /// Only jobs whose key or item matches; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub only: Vec<String>,
    /// Only jobs of items with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only jobs with this decision: undecided, approved, rejected or outdated; may be repeated
    #[arg(long, value_name = "DECISION")]
    pub decision: Vec<String>,
    /// Only jobs with this verdict of the checks: pass, warn, fail or unchecked; may be repeated
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Vec<String>,
}

impl FilterArgs {
    /// Returns the same for a use case, with these patterns added to those of `--only`.
    #[must_use]
    pub fn request(&self, patterns: &[String]) -> Filter {
        Filter {
            only: patterns.iter().chain(&self.only).cloned().collect(),
            states: self.state.clone(),
            tags: self.tag.clone(),
            decisions: self.decision.clone(),
            verdicts: self.verdict.clone(),
        }
    }
}
