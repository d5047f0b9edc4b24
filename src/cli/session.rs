//! One sitting with the state of a project: lock, store, providers, and the engine with its listeners.

use super::args::Global;
use super::crash;
use super::exit::{Error, Exit};
use super::listen::Listener;
use super::settings::Places;
use super::setup::{Setup, registry};
use super::signals::Signals;
use super::terminal::Terminal;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::default_in_doubt;
use crate::engine::clock::Clock;
use crate::engine::stop::StopReason;
use crate::engine::world::{LOOK_EVERY, Parts, World};
use crate::engine::{self, Outcome, Work};
use crate::files::Tree;
use crate::report::budget::{Gauge, Level};
use crate::report::live::{Board, Roster, Start};
use crate::report::text::count;
use crate::store::{
    Elsewhere, Lock, LockError, Mode, Options, Place, Reader, Repair, RunId, Store, StoreError, Window,
};
use crate::transport::{FreeClient, PaidClient};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The state of a project, opened by the one process that drives it.
pub(super) struct Session {
    /// Where everything is.
    pub(super) places: Places,
    /// The time.
    pub(super) clock: Clock,
    /// The memory.
    pub(super) store: Store,
}

/// What the engine is to do.
pub(super) struct Order<'a> {
    /// Whose jobs; empty for everybody's.
    pub(super) project: &'a str,
    /// In the books.
    pub(super) run: RunId,
    /// What to submit and to file. Without it nothing is submitted: there is no client to do it with.
    pub(super) work: Option<Work>,
    /// When to stop submitting.
    pub(super) max_time: Option<Duration>,
    /// Where the jobs of the manifest stand.
    pub(super) roster: Roster,
    /// What is to be paid, besides what was paid before; `None` where nothing is ordered.
    pub(super) price: Option<Usd>,
    /// What the manifest lets be in doubt.
    pub(super) max_in_doubt: Option<Usd>,
    /// How full the budgets are.
    pub(super) levels: Vec<Level>,
}

/// How a run went.
pub(super) struct Went {
    /// What came of it.
    pub(super) outcome: Outcome,
    /// Why it was stopped, if it was.
    pub(super) reason: Option<StopReason>,
    /// Providers and models that stopped taking submissions.
    pub(super) closed: HashMap<String, WhyStopped>,
    /// Where the jobs stand now.
    pub(super) board: Board,
}

impl Session {
    /// Takes the lock, opens and repairs the state.
    pub(super) fn open(terminal: &Terminal, places: Places, command: &str) -> Result<Self, Error> {
        let lock = lock(&places, command)?;
        Self::open_locked(terminal, places, lock, matches!(command, "run" | "retry" | "redo"))
    }

    /// Opens and repairs the state with a lock that is held already. A command that submits refuses a ledger that cannot be
    /// trusted.
    pub(super) fn open_locked(
        terminal: &Terminal,
        places: Places,
        lock: Lock,
        submits: bool,
    ) -> Result<Self, Error> {
        let clock = Clock::system();
        let now = clock.now();
        let registry = registry();
        let policy = |model: &ModelName| registry.policy(&model.provider);
        let mode = Mode::Drive { lock, policy: &policy };
        let place = Some(here(&places));
        let options = Options { trust_damaged_ledger: !submits, place, ..Options::default() };
        let (store, opened) =
            Store::open(&places.state, mode, &options, now).map_err(|error| unopened(&places, &error))?;
        for warning in opened.warnings {
            terminal.tell(&format!("warning: {warning}"), 9);
        }
        if let Some(elsewhere) = &opened.elsewhere {
            terminal.tell(&format!("warning: {}", driven(elsewhere)), 9);
        }
        for repair in &opened.repairs {
            if let Some(line) = repaired(repair) {
                terminal.tell(&line, 9);
            }
        }
        Ok(Self { places, clock, store })
    }

    /// Names of the providers that still owe something.
    pub(super) async fn owing(&self) -> Result<BTreeSet<String>, Error> {
        let owed = self.store.owed(None, usize::MAX).await;
        let owed = owed.map_err(|error| store_error(&error))?;
        Ok(owed.into_iter().map(|take| take.request.model.provider).collect())
    }

    /// The output tree.
    pub(super) fn tree(&self) -> Result<Tree, Error> {
        Tree::open(&self.places.state, &self.places.out).map_err(|error| {
            let out = self.places.out.display();
            Error::new(Exit::Local, format!("clips cannot be put into {out}: {error}")).money("not charged")
        })
    }

    /// Puts the engine to work until it is done or stopped.
    pub(super) async fn drive(
        self,
        terminal: &Terminal,
        global: &Global,
        setup: &Setup,
        order: Order<'_>,
    ) -> Result<(Went, Arc<World>), Error> {
        let Order { project, run, work, max_time, roster, price, max_in_doubt, levels } = order;
        let unbuilt = |error: crate::transport::ClientTrouble| Error::new(Exit::Local, error.to_string());
        let owed = self.store.owed(None, usize::MAX).await.map_err(|e| store_error(&e))?;
        let spent = self.store.spent(Window::Run(run)).await.map_err(|e| store_error(&e))?;
        let doubtful = owed.iter().filter(|take| matches!(take.state, State::Doubtful { .. })).count();
        let paid = owed.len() - doubtful;
        if paid > 0 && work.is_some() {
            terminal.say(format_args!("{} paid before: collected at no new cost", count(paid, "clip")));
        }
        if doubtful > 0 {
            let submissions = count(doubtful, "submission");
            terminal
                .say(format_args!("{submissions} without an answer: the provider is asked, free of charge"));
        }
        let estimate = price.map(|price| spent.settled + spent.reserved + price);
        let board = Board::new(Start { roster, owed, spent: spent.settled, estimate }, self.clock.now());
        let listener = Listener::new(
            terminal,
            self.clock.clone(),
            global,
            self.places.clone(),
            board,
            Gauge::new(&levels),
        );
        let listener = Arc::new(listener);
        let hear = {
            let listener = Arc::clone(&listener);
            move |notice: &Notice| listener.hear(notice)
        };
        let tree = self.tree()?;
        let world = Arc::new(World::new(Parts {
            store: self.store,
            free: Box::new(FreeClient::new(&setup.settings).map_err(unbuilt)?),
            tree,
            pictures: self.places.folder.clone(),
            clock: self.clock,
            run,
            project: project.to_owned(),
            look_every: LOOK_EVERY,
            max_in_doubt: max_in_doubt.unwrap_or_else(|| default_in_doubt(price.unwrap_or_default())),
            sandbox: global.sandbox,
            listener: Box::new(hear),
            reach: crash::reach,
        }));
        let signals = Signals::listen()
            .map_err(|error| Error::new(Exit::Local, format!("signals cannot be listened for: {error}")))?;
        let leave = CancellationToken::new();
        let watch = signals.watch(Arc::clone(&world), leave.clone(), terminal);
        let time_box = async {
            match max_time {
                Some(max_time) => tokio::time::sleep(max_time).await,
                None => std::future::pending().await,
            }
            world.stop.no_more_submissions(StopReason::MaxTime);
            std::future::pending::<()>().await;
        };
        let engine = async {
            match work {
                Some(work) => {
                    let paid = PaidClient::new(&setup.settings).map_err(unbuilt)?;
                    Ok(engine::run(&world, &setup.accounts, Arc::new(paid), work).await)
                }
                None => Ok(engine::collect(&world, &setup.accounts).await),
            }
        };
        let outcome = tokio::select! {
            outcome = engine => outcome,
            () = leave.cancelled() => Ok(Outcome::default()),
            () = async { tokio::join!(watch, time_box, listener.keep_time()); } => Ok(Outcome::default()),
        };
        let (board, closed) = listener.end();
        Ok((Went { outcome: outcome?, reason: world.stop.reason(), closed, board }, world))
    }
}

/// Returns where this project is driven: the machine, told apart even where two have one name, and the folder.
fn here(places: &Places) -> Place {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|id| !id.is_empty()).unwrap_or(&host).to_owned();
    let folder = places.folder.canonicalize().unwrap_or_else(|_| places.folder.clone());
    Place { machine, host, folder: folder.display().to_string() }
}

/// Says that two copies of a project may send the same jobs.
fn driven(Elsewhere { place, waiting, usd }: &Elsewhere) -> String {
    let they = if *waiting == 1 { "it" } else { "they" };
    format!(
        "this project was last run on {} in {}; {} ({usd}) can be waiting in both places, and if that copy is still \
         used, {they} can be sent and paid twice",
        place.host,
        place.folder,
        count(usize::try_from(*waiting).unwrap_or(usize::MAX), "job"),
    )
}

/// What a crash had left, where a person may want to know.
fn repaired(repair: &Repair) -> Option<String> {
    Some(match repair {
        Repair::TornLine { bytes } => {
            format!("repaired: the ledger's last line was torn; {bytes} bytes were dropped")
        }
        Repair::LedgerCut => {
            "repaired: the ledger had lost lines; what was on the wire counts as sent".to_owned()
        }
        Repair::LinesAdded { .. } => return None,
        Repair::NeverSent(take) => format!("repaired: {} was never sent (not charged)", take.key),
        Repair::Unanswered(take) => {
            format!(
                "{:<8} {}  its submission was on the wire when the last run ended (may have been charged, up to {})",
                take.state.name(),
                take.key,
                take.price
            )
        }
        Repair::Imported(take) => format!("repaired: {} was taken over from the ledger", take.key),
    })
}

/// Opens the state for reading; an error where nothing was ever run.
pub(super) fn reader(places: &Places) -> Result<Reader, Error> {
    match Reader::open(&places.state) {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) => Err(Error::new(Exit::Usage, format!("nothing was ever run with {}", places.shown))
            .money("not charged")
            .next(places.typed("plan"))),
        Err(error) => Err(unopened(places, &error)),
    }
}

/// Takes the lock of a project's state.
pub(super) fn lock(places: &Places, command: &str) -> Result<Lock, Error> {
    Lock::acquire(&places.state, command, Clock::system().now()).map_err(|error| match error {
        LockError::Held(_) => {
            Error::new(Exit::Locked, error.to_string()).money("not charged").next(places.typed("status"))
        }
        LockError::Store(error) => store_error(&error),
    })
}

/// A state that cannot be opened, and whether it can be rebuilt.
#[must_use]
pub(super) fn unopened(places: &Places, error: &StoreError) -> Error {
    let shown = store_error(error);
    if error.is_recoverable() { shown.next(places.typed("recover")) } else { shown }
}

/// An error of the state as the user sees it.
#[must_use]
pub(super) fn store_error(error: &StoreError) -> Error {
    Error::new(Exit::Local, error.to_string())
}

/// The job that the user means: a key, or an item that has one job.
pub(super) fn job_named(text: &str, known: &[JobKey]) -> Result<JobKey, Error> {
    if let Some(key) = text.parse::<JobKey>().ok().filter(|key| known.contains(key)) {
        return Ok(key);
    }
    let mut of_item = known.iter().filter(|key| key.item == text);
    match (of_item.next(), of_item.next()) {
        (Some(key), None) => Ok(key.clone()),
        (Some(first), Some(second)) => Err(Error::new(
            Exit::Usage,
            format!("`{text}` has several jobs, among them {first} and {second}; name one"),
        )),
        _ => {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            let close = crate::domain::problem::did_you_mean(text, names.iter().map(String::as_str));
            let hint = close.map(|close| format!("; did you mean {close}?")).unwrap_or_default();
            Err(Error::new(Exit::Usage, format!("there is no job `{text}`{hint}")))
        }
    }
}
