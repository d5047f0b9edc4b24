//! The command line, which reads the arguments, runs the use cases and returns the exit code.

pub mod args;
mod cancel;
mod catalog;
mod check;
mod collect;
mod context;
mod decide;
mod decisions;
mod dismiss;
mod doctor;
mod export;
pub mod help;
mod init;
mod jobs;
mod ledger;
mod logging;
mod memory;
mod mistyped;
mod models;
mod pause;
mod plan;
mod prune;
mod recover;
mod redo;
mod report;
mod resolve;
mod retry;
mod review;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod show;
mod signals;
mod status;
mod validate;
mod verify;

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::quoted;
use crate::engine::handles;
use crate::report::terminal::{ColorWhen, Terminal};
use args::{Cli, Command};
use clap::FromArgMatches as _;
use context::Context;
use std::ffi::OsString;

/// Number of threads for blocking work: short accesses to the disk and the database.
///
/// Tokio's 512 threads are not faster with one database, and each needs its own memory. Work that waits for a network
/// never occupies one of these threads.
const BLOCKING: usize = 4;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> Exit {
    memory::protect();
    let asks_for_help = std::env::args_os().any(|word| word == "--help" || word == "help");
    let command = if asks_for_help { help::whole() } else { help::command() };
    let parsed = command.try_get_matches().and_then(|arguments| Cli::from_arg_matches(&arguments));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(answer) => {
            let exit = print(&answer);
            return if answer.use_stderr() { mistyped::tell(&answer, exit) } else { exit };
        }
    };
    let terminal = Terminal::new(cli.global.json, cli.global.quiet, cli.global.color.into());
    let context = Context { terminal: terminal.clone(), global: cli.global.clone() };
    let exit = match start(&cli, &context) {
        Ok(exit) => exit,
        Err(mut error) => {
            if error.is_rehearsed {
                error = error.hint(in_sandbox(std::env::args_os().skip(1)));
            }
            terminal.end(&error, writes_events(&cli.command));
            error.exit
        }
    };
    complete(&terminal, exit)
}

/// Returns the command line with these arguments and the option `--sandbox`.
fn in_sandbox(arguments: impl Iterator<Item = OsString>) -> String {
    let mut words: Vec<String> = arguments.map(|argument| quoted(&argument.to_string_lossy())).collect();
    // What follows `--` is never an option.
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.insert(end, "--sandbox".to_owned());
    format!("shotlist {}", words.join(" "))
}

/// Prints the help, the version or an error of the arguments, and returns the exit code.
fn print(answer: &clap::Error) -> Exit {
    // Errors of the arguments go to stderr, where nothing can report that they were lost.
    match answer.print() {
        Err(error) if !answer.use_stderr() && error.kind() != std::io::ErrorKind::BrokenPipe => {
            let terminal = Terminal::new(false, false, ColorWhen::Auto);
            terminal.insist(&incomplete(&error));
            Exit::Local
        }
        _ if answer.use_stderr() => Exit::Usage,
        _ => Exit::Done,
    }
}

/// Returns the exit code of a command that has ended with `exit`. If data on stdout was lost, prints a message and
/// returns the more serious of `exit` and [`Exit::Local`].
fn complete(terminal: &Terminal, exit: Exit) -> Exit {
    let Some(error) = Terminal::lost_data() else { return exit };
    terminal.insist(&incomplete(error));
    Exit::gravest([exit, Exit::Local])
}

fn incomplete(error: &std::io::Error) -> String {
    format!("standard output could not be written, and what is there is incomplete: {error}")
}

/// Returns whether this command, with `--json`, writes an event on each line, and not one document.
const fn writes_events(command: &Command) -> bool {
    matches!(command, Command::Run(_) | Command::Collect(_) | Command::Retry(_) | Command::Redo(_))
}

/// The names of the commands that [`writes_events`] recognises.
const STREAMS: [&str; 4] = ["run", "collect", "retry", "redo"];

fn start(cli: &Cli, context: &Context) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    if let Some(what) = handles::too_few_files() {
        return Err(Error::new(Exit::Local, what).money("not charged").hint("ulimit -n 1024"));
    }
    logging::start(&cli.global, terminal)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING).build();
    let runtime =
        runtime.map_err(|error| Error::new(Exit::Local, format!("no threads can be started: {error}")))?;
    let exit = runtime.block_on(async {
        signals::outlive_file_limit();
        dispatch(cli, context).await
    });
    // Blocking reads of standard input cannot be interrupted; they must not keep the program alive.
    runtime.shutdown_background();
    exit
}

async fn dispatch(cli: &Cli, context: &Context) -> Result<Exit, Error> {
    match &cli.command {
        Command::Run(args) => run::run(context, args).await,
        Command::Collect(args) => collect::collect(context, args).await,
        Command::Plan(args) => plan::plan(context, args).await,
        Command::Approve(args) => decide::approve(context, args).await,
        Command::Reject(args) => decide::reject(context, args).await,
        Command::Retry(args) => retry::retry(context, args).await,
        Command::Review(args) => review::review(context, args).await,
        Command::Redo(args) => redo::redo(context, args).await,
        Command::Validate(args) => validate::validate(context, args).await,
        Command::Status(args) => status::status(context, args).await,
        Command::Jobs(args) => jobs::jobs(context, args).await,
        Command::Show(args) => show::show(context, args).await,
        Command::Ledger(args) => ledger::ledger(context, args).await,
        Command::Report(args) => report::report(context, args).await,
        Command::Export(args) => export::export(context, args).await,
        Command::Check(args) => check::check(context, args).await,
        Command::Verify(args) => verify::verify(context, args).await,
        Command::Recover(args) => recover::recover(context, args).await,
        Command::Prune(args) => prune::prune(context, args).await,
        Command::Resolve(args) => resolve::resolve(context, args).await,
        Command::Dismiss(args) => dismiss::dismiss(context, args).await,
        Command::Cancel(args) => cancel::cancel(context, args).await,
        Command::Pause(args) => pause::pause(context, args).await,
        Command::Resume(args) => pause::resume(context, args).await,
        Command::Doctor(args) => doctor::doctor(context, args).await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::serve(&context.terminal, args).await,
        Command::Models(args) => models::models(context, args).await,
        Command::Init(args) => init::init(context, args),
        Command::Catalog(args) => catalog::catalog(context, args),
        Command::Schema => Ok(schema::schema(context)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut help::command(), "shotlist", &mut script);
            context.terminal.data(String::from_utf8_lossy(&script).trim_end());
            Ok(Exit::Done)
        }
    }
}
