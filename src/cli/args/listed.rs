//! Arguments of the commands that list jobs.

use super::ManifestArg;
use crate::app::error::Error;
use crate::app::jobs::Filter;
use crate::app::jobs::compare::Span;
use crate::app::words::Words;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `jobs`.
#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; any number of them
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// The selected jobs
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Print CSV, for a spreadsheet
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
    /// Returns these flags as a filter of jobs. `patterns` select jobs in addition to `--only`.
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

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("format").args(["csv", "junit", "markdown"]))]
pub struct ReportArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// The selected jobs
    #[command(flatten)]
    pub filter: FilterArgs,
    /// File to write; by default report.html in the folder of the clips, or stdout for other formats
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write CSV, for a spreadsheet: one line for each job
    #[arg(long)]
    pub csv: bool,
    /// Write JUnit XML, for a build server: one test case for each job
    #[arg(long)]
    pub junit: bool,
    /// Write Markdown, for a chat or the summary of a build: counts, money and the jobs that need attention
    #[arg(long)]
    pub markdown: bool,
    /// Show what changed since the end of a run, such as 12, or between the ends of two runs, such as 12..15; `status`
    /// shows the number of the last run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["csv", "junit"])]
    pub compare: Option<Span>,
}

impl ReportArgs {
    /// Returns the command that repeats the request, without the file for the report.
    pub(crate) fn repeat(&self) -> String {
        let span = |Span { from, to }| to.map_or_else(|| format!("{from}"), |to| format!("{from}..{to}"));
        self.filter
            .request(&[])
            .typed(Words::new("report"))
            .flag("--csv", self.csv)
            .flag("--junit", self.junit)
            .flag("--markdown", self.markdown)
            .option("--compare", self.compare.map(span))
            .build()
    }

    /// Adds the format and the file of a comparison to the command that an error suggests.
    pub(crate) fn turned(&self, mut error: Error) -> Error {
        let out = self.out.as_ref().map(|file| file.display());
        let more = Words::new("").flag("--markdown", self.markdown).option("--out", out).build();
        if let Some(hint) = error.hint.as_mut().filter(|hint| hint.contains(" --compare ")) {
            hint.push_str(&more);
        }
        error
    }
}
