//! The command line: arguments in, exit code out; the one place where things are put together.

mod again;
mod album;
mod anew;
mod approval;
pub mod args;
mod budget;
mod cancel;
mod catalog;
mod collect;
mod crash;
mod decided;
mod dismiss;
mod doctor;
pub mod exit;
mod guards;
mod held;
pub mod help;
mod images;
mod init;
mod layout;
mod ledger;
mod listed;
mod listen;
mod live;
mod logging;
mod lost;
mod models;
mod names;
mod obstacles;
mod output;
mod pause;
mod plan;
mod prune;
mod recover;
mod redo;
mod resolve;
mod retry;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod session;
pub mod settings;
mod setup;
mod show;
mod signals;
mod status;
mod summary;
pub mod terminal;
mod validate;
pub mod verify;

use args::{Cli, Command};
use clap::FromArgMatches as _;
use exit::{Error, Exit};
use terminal::Terminal;

/// Number of threads for short work on disk and database. Tokio's 512 bring no speed where one database is written, and
/// each keeps memory of its own. Nothing that waits for a network holds one of them.
const BLOCKING: usize = 8;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> Exit {
    // clap prints usage errors itself and ends with 2, the code of wrong usage here as well.
    let arguments = help::command().get_matches();
    let cli = Cli::from_arg_matches(&arguments).unwrap_or_else(|error| error.exit());
    let terminal = Terminal::new(&cli.global);
    match start(&cli, &terminal) {
        Ok(exit) => exit,
        Err(error) => {
            terminal.error(&error);
            error.exit
        }
    }
}

fn start(cli: &Cli, terminal: &Terminal) -> Result<Exit, Error> {
    logging::start(&cli.global, terminal)?;
    if let Command::Completions { shell } = &cli.command {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut help::command(), "shotlist", &mut script);
        terminal.data(String::from_utf8_lossy(&script).trim_end());
        return Ok(Exit::Done);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build();
    let runtime =
        runtime.map_err(|error| Error::new(Exit::Local, format!("no threads can be started: {error}")))?;
    let exit = runtime.block_on(dispatch(cli, terminal));
    // Blocking reads of standard input cannot be interrupted; they must not keep the program alive.
    runtime.shutdown_background();
    exit
}

async fn dispatch(cli: &Cli, terminal: &Terminal) -> Result<Exit, Error> {
    let global = &cli.global;
    match &cli.command {
        Command::Run(args) => run::run(terminal, global, args).await,
        Command::Collect(args) => collect::collect(terminal, global, args).await,
        Command::Validate(args) => validate::validate(terminal, global, args).await,
        Command::Plan(args) => plan::plan(terminal, global, args).await,
        Command::Status(args) => status::status(terminal, global, args).await,
        Command::Show(args) => show::show(terminal, global, args).await,
        Command::Ledger(args) => ledger::ledger(terminal, global, args).await,
        Command::Verify(args) => verify::verify(terminal, global, args).await,
        Command::Recover(args) => recover::recover(terminal, global, args).await,
        Command::Retry(args) => retry::retry(terminal, global, args).await,
        Command::Prune(args) => prune::prune(terminal, global, args).await,
        Command::Redo(args) => redo::redo(terminal, global, args).await,
        Command::Resolve(args) => resolve::resolve(terminal, global, args).await,
        Command::Dismiss(args) => dismiss::dismiss(terminal, global, args).await,
        Command::Cancel(args) => cancel::cancel(terminal, global, args).await,
        Command::Pause(args) => pause::pause(terminal, global, args).await,
        Command::Resume(args) => pause::resume(terminal, global, args).await,
        Command::Doctor(args) => doctor::doctor(terminal, global, args).await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::serve(terminal, args).await,
        Command::Models(args) => models::models(terminal, global, args),
        Command::Init(args) => init::init(terminal, global, args),
        Command::Catalog(args) => catalog::catalog(terminal, args),
        Command::Schema => Ok(schema::schema(terminal)),
        Command::Completions { .. } => Ok(Exit::Done),
    }
}
