//! Flags and commands, as clap reads them.

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
    ApproveArgs, CancelArgs, DismissArgs, PauseArgs, RejectArgs, ResolveArgs, ResumeArgs, ReviewedArgs,
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
    /// What to do.
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
    /// Where clips go, instead of the manifest's folder
    #[arg(long, global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Rehearse against a fake provider inside the program: no key, no network, no cost
    #[cfg_attr(feature = "sandbox", arg(long, global = true))]
    #[cfg_attr(not(feature = "sandbox"), arg(skip))]
    pub sandbox: bool,
    /// Data as JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More talk; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorWhen,
    /// How log lines are written: text or json
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub log_format: LogFormat,
    /// Where log lines go, instead of stderr
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` or TERM=dumb say otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
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

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do. The first line of each is its summary in the list of commands, short enough for 60 columns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect what is owed, submit, poll, download
    ///
    /// Clips that are paid are fetched first. Then every job that is new or changed is submitted, its task is asked for
    /// and its clip is put into the output folder. The same command goes on after any crash; nothing is paid twice.
    Run(RunArgs),
    /// Fetch what was paid before; never submits
    ///
    /// Asks for the tasks that are still owed and downloads their clips. Spends nothing, and is content beside a run.
    Collect(ManifestArg),
    /// Check manifest and catalog, offline
    ///
    /// Reads the manifest and the catalog, renders every template and holds every job against the documented limits of
    /// its model. All problems are told at once, each with its place. Sends nothing.
    Validate(ValidateArgs),
    /// What would be rendered, why, and its price
    ///
    /// Compares what the manifest asks for with what was rendered before. Sends nothing.
    Plan(PlanArgs),
    /// Where the project stands, on one screen
    ///
    /// The last run, jobs by state, what is in flight and how long, links that die soon, the money, and what needs a
    /// decision. Works while a run is active, and with a manifest that cannot be read.
    Status(ManifestArg),
    /// Every job on a line: state, price and path
    ///
    /// All jobs of the manifest, or those that the filters select: values of one filter are alternatives, and a job
    /// must satisfy every filter. Works while a run is active. A job that was ordered is as the last run left it; what
    /// an edit of the manifest would change is what `plan` shows.
    Jobs(JobsArgs),
    /// One job with every take and every answer
    ///
    /// Where its clip is, what it cost, each submission with its time, its request id and the provider's words, the
    /// request as it was sent, and every command with which one can go on.
    Show(ShowArgs),
    /// The money: by day, model, item or outcome
    ///
    /// What was settled, what is set aside for clips on their way, what may have been charged, what brought no clip, and
    /// what was refused at no cost. Works while a run is active, and with a manifest that cannot be read.
    /// `ledger adjust` corrects a wrong price.
    Ledger(LedgerArgs),
    /// A page with all clips; CSV, JSON, Markdown
    ///
    /// Each clip beside its picture, with its versions, price, times, checks and decisions. The page is one file beside
    /// the clips: it works without a network, and it can be searched, filtered and printed. Other formats are for
    /// spreadsheets, programs, build servers and chats; with --compare, what changed since the end of an earlier run.
    /// Works while a run is active.
    Report(ReportArgs),
    /// Look for black, frozen or wrong clips
    ///
    /// Gives every clip a verdict: pass, warn or fail. It reads the length, size, rate and tracks of each file, and looks at
    /// its frames where ffmpeg is installed. A run does so by itself; this command does it for clips that have no verdict, or
    /// one for other settings of `checks:`. Sends nothing. Exits 3 where a clip fails.
    Check(ManifestArg),
    /// Compare every clip with what was placed
    ///
    /// Reads each clip that should stand in the output folder and compares its size and hash, and its sidecar, with what
    /// was written down. Changes nothing. Exits 3 where something is missing, damaged or not ours.
    Verify(VerifyArgs),
    /// See the clips in the browser, and decide
    ///
    /// Serves a page on this computer until Ctrl-C, live while a run is active: approve clips, reject them with a reason,
    /// take an earlier version, or queue another rendering, which a run sends. The link is for whoever may decide.
    Review(ReviewArgs),
    /// Your sheet back with clips; feeds and folders
    ///
    /// Writes the clips that were approved in the form that a shop takes. With --all also those that nobody has reviewed;
    /// never one that was rejected. Sends nothing and changes no clip.
    Export(ExportArgs),
    /// Send failed jobs again
    ///
    /// Each as a new take. Jobs that were, or may have been, charged and jobs that would be refused again are left out
    /// unless they are asked for.
    Retry(RetryArgs),
    /// Render finished jobs once more
    ///
    /// Another take of the same order, and another charge: asked for with its price. The clip that is there is kept below
    /// `_takes/` beside the new one.
    Redo(RedoArgs),
    /// Settle jobs that are held
    ///
    /// A job is held where only a person can tell whether it was charged, or where a paid clip cannot be had. Works
    /// beside a run, which sees the decision within a second.
    Resolve(ResolveArgs),
    /// Take jobs off the list
    ///
    /// What was not sent yet is not sent. A task in flight is taken back where its provider allows that; others say so,
    /// and their clips are collected. Costs nothing and works beside a run. The next run orders again what the manifest
    /// still asks for: remove it there, or leave it out with --only.
    Cancel(CancelArgs),
    /// Let failed or missing jobs stay as they are
    ///
    /// No run alarms for them again, nor for jobs that share their clip, until their input changes. Free.
    Dismiss(DismissArgs),
    /// Approve clips that were looked at
    ///
    /// The approval holds for the clip that is there now: another version or a changed input makes it outdated. Free, and
    /// works beside a run.
    Approve(ApproveArgs),
    /// Reject clips, and queue another rendering
    ///
    /// A rejected clip serves no job, also none that shares it. With --redo the next run renders the job once more, and
    /// `plan` shows the price; `{{ feedback }}` in a prompt takes the note in. Sends nothing, and works beside a run.
    Reject(RejectArgs),
    /// Rebuild a lost or old database
    ///
    /// From the ledger, which has every submission, from what the old database still knew, and from the clips that are
    /// there. The old database is kept under another name. Sends nothing, buys nothing, and changes nothing where
    /// nothing is wrong.
    Recover(ManifestArg),
    /// Archive clips that nobody wants any more
    ///
    /// Moves the clips of jobs that the manifest no longer asks for, with their sidecars, below `_archive/` in the
    /// output folder. Deletes nothing; a job that comes back gets its clip back, free of charge.
    Prune(PruneArgs),
    /// Put a provider, or everything, on hold
    ///
    /// Nothing new is submitted until `resume`, not even by a run that is at work. What is in flight is collected. A run
    /// that has nothing else left ends with exit 5.
    Pause(PauseArgs),
    /// Let what is on hold go on
    ///
    /// A run that is at work goes on within a second.
    Resume(ResumeArgs),
    /// Check keys, state, disk and clock
    ///
    /// Sends nothing to a provider, costs nothing and changes nothing: manifest, keys, addresses, state folder, lock,
    /// database, free space, output folder and clock. Exits 0 if nothing fails, 4 for the manifest, 9 for this
    /// computer, 10 for a key.
    Doctor(ManifestArg),
    /// The models, and what each takes and costs
    ///
    /// Without a name, a table of all that can be bought. With one, its whole card: fields with their values and limits,
    /// what pictures must be, the price, what the provider's documents disagree about. As the manifest corrects them,
    /// where there is one.
    Models(ModelsArgs),
    /// Write a first manifest, for a product file
    ///
    /// With --from, for the export of a shop: which program wrote it, which of its columns hold titles and pictures, and the
    /// price. With --scenes, for a film. Without either, a small sample. It asks nothing, sends nothing and replaces
    /// nothing; its first line leads editors to the schema beside it.
    Init(InitArgs),
    /// What a product file is, and what is in it
    ///
    /// Reads CSV, TSV, XLSX, JSON and XML feeds as shops export them: which program wrote the file, which columns mean
    /// what, how many products, variants and pictures there are, and the first items as templates see them.
    Catalog(CatalogArgs),
    /// The manifest's JSON Schema, for editors
    ///
    /// Editors that know it complete keys, models and values, and underline what is wrong.
    Schema,
    /// The fake providers as a server
    ///
    /// Listens on 127.0.0.1 until a signal ends it. `--sandbox`, on any other command, needs no such server.
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A manifest as the positional argument.
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
    /// Also fetch the first bytes of linked pictures, and hold them against the model's limits
    #[arg(long)]
    pub check_images: bool,
    /// Also hold the clips against the limits of this destination, such as google or reels; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    pub destinations: Vec<String>,
}

/// Arguments of `prune`.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// It is meant: pass the manifest's guard on how much may be gone
    #[arg(long)]
    pub accept_changes: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `models`.
#[derive(Debug, Clone, Args)]
pub struct ModelsArgs {
    /// The model, or a part of its name that no other has; a provider shows all of its own
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

/// Reads `90s`, `5m`, `2h`, `7d`, `300ms`.
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
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        crate::cli::help::command().debug_assert();
    }

    #[test]
    fn s03_no_argument_takes_a_key() {
        let program = crate::cli::help::command();
        // The server that plays the providers has a key of its own, which opens nothing.
        let commands = program.get_subcommands().filter(|command| command.get_name() != "sandbox");
        for command in std::iter::once(&program).chain(commands) {
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or_default();
                let told =
                    ["key", "secret", "password", "bearer", "auth"].iter().any(|word| name.contains(word));
                assert!(!told, "{} --{name}", command.get_name());
            }
        }
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(duration("5h"), Ok(Duration::from_hours(5)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
        for text in ["", "5", "h", "-1s", "1.5h", "5 days", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
