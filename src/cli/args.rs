//! The flags and commands that clap parses; their doc comments are the help texts.

mod export;
mod listed;
mod money;
mod paid;
mod review;
#[cfg(feature = "sandbox")]
mod sandbox;
mod settle;
mod sheet;

pub use export::{ExportArgs, ExportCommon, ExportForm, FlatArgs, IndexArgs, WoocommerceArgs};
pub use listed::{FilterArgs, JobsArgs, ReportArgs};
pub use money::{LedgerAdjust, LedgerArgs, LedgerBy, LedgerDo, LedgerShow, VerifyArgs};
pub use paid::{Bounds, PlanArgs, RedoArgs, RetryArgs, RunArgs, Selection};
pub use review::ReviewArgs;
#[cfg(feature = "sandbox")]
pub use sandbox::{ClipsKind, SandboxArgs};
pub use settle::{
    ApproveArgs, CancelArgs, DismissArgs, PauseArgs, RecoverArgs, RejectArgs, ResolveArgs, ResumeArgs,
    ReviewedArgs,
};
pub use sheet::{CatalogArgs, InitArgs, ReadingArgs};

use crate::report::terminal;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Product videos for a whole catalog, from the export file you already have.
#[derive(Debug, Parser)]
#[command(name = "shotlist", version, max_term_width = 100)]
pub struct Cli {
    /// Command to carry out.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The manifest; default: shotlist.yaml here or in a parent folder
    #[arg(short, long, global = true, value_name = "MANIFEST")]
    pub file: Option<PathBuf>,
    /// Folder for the clips, instead of the manifest's
    #[arg(long, global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Rehearse against a fake provider inside the program: no key, no network, no cost
    #[cfg_attr(feature = "sandbox", arg(long, global = true))]
    #[cfg_attr(not(feature = "sandbox"), arg(skip))]
    pub sandbox: bool,
    /// Print data as JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more; -vv prints everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Use of colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorWhen,
    /// Format of log lines: text or json
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub log_format: LogFormat,
    /// File for log lines, instead of stderr
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// The use of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// Colour on a terminal, unless `NO_COLOR` or TERM=dumb forbids it.
    Auto,
    /// Always colour.
    Always,
    /// Never colour.
    Never,
}

impl From<ColorWhen> for terminal::ColorWhen {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The commands. The first line of each is its summary in the list of commands, short enough for 60 columns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect paid clips, then submit and download
    ///
    /// First downloads the clips that are already paid. Then submits every new or changed job, waits for its result,
    /// and saves the clip in the output folder. After a crash, the same command continues; nothing is paid twice.
    Run(RunArgs),
    /// Download clips that are paid; never submit
    ///
    /// Asks the providers for the results of paid requests, and downloads the clips. Spends nothing, and is safe while
    /// a run is active.
    Collect(ManifestArg),
    /// Check manifest and catalog without a network
    ///
    /// Reads the manifest and the catalog, renders every template and compares every job with the documented limits of
    /// its model. Reports all problems together, each with its place. Sends nothing.
    Validate(ValidateArgs),
    /// Show what would be rendered, and its price
    ///
    /// Compares what the manifest asks for with what was rendered before, and shows why a job would be rendered. Sends
    /// nothing.
    Plan(PlanArgs),
    /// Show the state of the project on one screen
    ///
    /// Shows the last run, the jobs by state, how long requests have waited for their results, links that expire soon,
    /// the money, and jobs that need your decision. Works while a run is active, and with a manifest that cannot be
    /// read.
    Status(ManifestArg),
    /// List every job with state, price and path
    ///
    /// Lists all jobs of the manifest, or those that the filters select: values of one filter are alternatives, and a
    /// job must satisfy every filter. Works while a run is active. A job that was submitted is shown as the last run
    /// left it; `plan` shows what an edit of the manifest would change.
    Jobs(JobsArgs),
    /// Show one job with its renderings and replies
    ///
    /// Shows the job's clip with its path and cost; each submission with its time, its request id and the provider's
    /// reply; the request as it was sent; and the commands that are possible next.
    Show(ShowArgs),
    /// Show the cost by day, model, item or outcome
    ///
    /// Shows what was spent, what is reserved for unfinished jobs, what may have been charged, what was spent without
    /// a clip, and how many requests were refused at no cost. Works while a run is active, and with a manifest that
    /// cannot be read. `ledger adjust` corrects a wrong price.
    Ledger(LedgerArgs),
    /// Write all clips as a page, CSV or Markdown
    ///
    /// Shows each clip next to its picture, with its versions, price, times, checks and decisions. The page is one file
    /// in the folder of the clips: it works without a network, and you can search, filter and print it. Other formats
    /// are for spreadsheets, programs, build servers and chats. With --compare, it shows what changed since the end of
    /// an earlier run. Works while a run is active.
    Report(ReportArgs),
    /// Look for black, frozen or wrong clips
    ///
    /// Gives every clip a verdict: pass, warn or fail. Reads the length, size, rate and tracks of each file, and checks
    /// its frames if ffmpeg is installed. A run checks its clips automatically; this command checks clips without a
    /// verdict for the current settings of `checks:`. Sends nothing. Exits 3 if a clip fails.
    Check(ManifestArg),
    /// Compare every clip with its record
    ///
    /// Reads each clip that should be in the output folder, and compares its size, its hash and its sidecar (the .json
    /// file next to it) with the record.
    /// Changes nothing without --repair. Exits 3 if a file is missing, altered or replaced by another file.
    Verify(VerifyArgs),
    /// See the clips in the browser, and decide
    ///
    /// Serves a page on this computer until Ctrl-C, and updates it while a run is active: approve clips, reject them
    /// with a reason, choose an earlier version, or queue another rendering for the next run. Give the link only to
    /// people who may decide.
    Review(ReviewArgs),
    /// Write approved clips as sheet, feed or folder
    ///
    /// Writes the approved clips in the form that a shop accepts. With --all, also writes clips without a review, but
    /// never a rejected clip. Sends nothing and changes no clip.
    Export(ExportArgs),
    /// Send failed jobs again
    ///
    /// Sends each failed job as a new request. Leaves out failures that were, or may have been, charged, and jobs that
    /// the provider would refuse again, unless you add the flag for them.
    Retry(RetryArgs),
    /// Render finished jobs again
    ///
    /// Makes another version of the clip from the same input, at a new charge. Asks first, and shows the price. The
    /// current clip is kept below `_takes/`.
    Redo(RedoArgs),
    /// Settle jobs that need your decision
    ///
    /// A job needs your decision if only a person can find out whether it was charged, or if a paid clip cannot be
    /// downloaded. Works while a run is active, which sees the decision within a second.
    Resolve(ResolveArgs),
    /// Cancel unsent jobs, and tasks if possible
    ///
    /// Jobs that were not sent yet will not be sent. A submitted task is cancelled if its provider allows that;
    /// otherwise this is reported, and the clip is collected. Costs nothing and works while a run is active. The next
    /// run submits a cancelled job again, unless you remove it from the manifest or leave it out with --only.
    Cancel(CancelArgs),
    /// Stop reporting failed jobs or missing clips
    ///
    /// Runs no longer report these jobs, nor other jobs that share their clips, until their input changes. Free.
    Dismiss(DismissArgs),
    /// Approve clips that you looked at
    ///
    /// The approval applies to the current clip: another version or a changed input makes it outdated. Free, and works
    /// while a run is active.
    Approve(ApproveArgs),
    /// Reject clips; --redo queues a new rendering
    ///
    /// A clip is rejected for all jobs that share it. With --redo, the next run renders the job again, and `plan` shows
    /// the price; `{{ feedback }}` in a prompt inserts the text of --note or, without it, the reasons. Sends nothing, and works while a run is
    /// active.
    Reject(RejectArgs),
    /// Rebuild a lost or old database
    ///
    /// The sources are the ledger (it records every submission), the readable part of the old database, and the
    /// existing clips. The old database is kept under another name. Sends nothing, buys nothing, and changes nothing
    /// if nothing is wrong.
    Recover(RecoverArgs),
    /// Archive clips that are no longer wanted
    ///
    /// Moves the clips of jobs that the manifest no longer asks for, with their sidecars, below `_archive/` in the
    /// output folder. Deletes nothing; a job that returns to the manifest gets its clip back free of charge.
    Prune(PruneArgs),
    /// Pause one provider, or all of them
    ///
    /// Nothing new is submitted until `resume`, not even by an active run. Submitted work is still collected. A run
    /// that has nothing else to do ends with exit 5.
    Pause(PauseArgs),
    /// Allow submissions again after a pause
    ///
    /// An active run continues within a second.
    Resume(ResumeArgs),
    /// Check keys, state, disk and clock
    ///
    /// Checks the manifest, keys, addresses, state folder, lock, database, free space, output folder and clock. Sends
    /// one free request to each provider, costs nothing and changes nothing. Exits 0 if no check fails; otherwise 4 if
    /// the manifest is wrong, 9 if this computer has a problem, or 10 if a key is missing or refused.
    Doctor(ManifestArg),
    /// Show the models with their inputs and prices
    ///
    /// Without a name, shows a table of all models that can be bought. With a name, shows everything about that model:
    /// its fields with their values and limits, requirements for pictures, the price, and contradictions in the
    /// provider's documents. If a manifest changes models or prices, shows them with the changes.
    Models(ModelsArgs),
    /// Write a first manifest, for a product file
    ///
    /// With --from, writes the manifest for the export of a shop: finds the program that wrote the export, the columns
    /// with titles and pictures, and the price. With --scenes, writes one for a film; without either, a small sample.
    /// Asks nothing, sends nothing and replaces nothing without --force. Also writes the schema with which an editor
    /// checks the manifest.
    Init(InitArgs),
    /// Show what a product file contains
    ///
    /// Reads CSV, TSV, XLSX, JSON and XML feeds as shops export them. Shows the program that wrote the file, the
    /// meaning of its columns, the number of products, variants and pictures, and the first items as templates see
    /// them.
    Catalog(CatalogArgs),
    /// Print the manifest's JSON Schema for editors
    ///
    /// With this schema, an editor completes keys, models and values, and underlines errors.
    Schema,
    /// Run the fake providers as a server
    ///
    /// Listens on 127.0.0.1 until a signal ends it. Other commands with `--sandbox` do not need this server.
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The manifest as a positional argument.
#[derive(Debug, Clone, Args)]
pub struct ManifestArg {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    pub manifest: Option<PathBuf>,
}

/// Arguments of `validate`.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Also download the first bytes of linked pictures, and compare them with the model's limits
    #[arg(long)]
    pub check_images: bool,
    /// Also compare the clips with the limits of this destination, such as google or reels; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    pub destinations: Vec<String>,
}

/// Arguments of `prune`.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Move the clips even if they are more than `guards.max_removed` in the manifest allows
    #[arg(long)]
    pub accept_changes: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `models`.
#[derive(Debug, Clone, Args)]
pub struct ModelsArgs {
    /// The model, or a unique part of its name; the name of a provider shows all its models
    pub name: Option<String>,
}

/// Arguments of `show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The job: shot/item, an item with one job, or a pattern such as 'hero/WH-*' that matches one
    pub job: String,
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
}

/// Parses a whole number, such as a maximum number of submissions.
fn whole_number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, such as 5".to_owned())
}

/// Parses a duration with its unit, such as `90s`, `5m`, `2h`, `7d` or `300ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let refused =
        || format!("`{text}` is not a time: write a number with ms, s, m, h or d, such as 90s, 5m or 2h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
    let number: u64 = text[..digits].parse().map_err(|_| refused())?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(refused()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(refused)
}

#[cfg(test)]
mod tests;
