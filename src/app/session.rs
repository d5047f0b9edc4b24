//! The state of a project, opened by the one process that drives it, and the engine put to work on it.

use super::board::{Board, Roster, Start};
use super::budget::{Gauge, Level};
use super::error::Error;
use super::exit::Exit;
use super::failpoint;
use super::interrupt::Interrupt;
use super::listener::Listener;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::setup::Setup;
use crate::domain::foreign::shown;
use crate::domain::key::ModelName;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::default_in_doubt;
use crate::engine::clock::Clock;
use crate::engine::stop::StopReason;
use crate::engine::world::{LOOK_EVERY, Parts, World};
use crate::engine::{self, Outcome, Work};
use crate::files::Tree;
use crate::store::{Lock, LockError, Mode, Options, Place, Reader, RunId, Store, StoreError, Window};
use crate::transport::{FreeClient, PaidClient};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long answers to paid requests are awaited after the first request to end …
const GRACE: Duration = Duration::from_mins(1);
/// … and after the second.
const SHORT_GRACE: Duration = Duration::from_secs(5);

/// The state of a project, opened by the one process that drives it.
pub(crate) struct Session {
    /// The project.
    pub(crate) project: Project,
    /// Where everything is.
    pub(crate) places: Places,
    /// The time.
    pub(crate) clock: Clock,
    /// The memory.
    pub(crate) store: Store,
}

/// What the engine is to do.
pub(crate) struct Order<'a> {
    /// Whose jobs; empty for everybody's.
    pub(crate) project: &'a str,
    /// In the books.
    pub(crate) run: RunId,
    /// What to submit and to file. Without it nothing is submitted: there is no client to do it with.
    pub(crate) work: Option<Work>,
    /// When to stop submitting.
    pub(crate) max_time: Option<Duration>,
    /// Where the jobs of the manifest stand.
    pub(crate) roster: Roster,
    /// What is to be paid, besides what was paid before; `None` where nothing is ordered.
    pub(crate) price: Option<Usd>,
    /// What the manifest lets be in doubt.
    pub(crate) max_in_doubt: Option<Usd>,
    /// How full the budgets are.
    pub(crate) levels: Vec<Level>,
}

/// How a run went.
pub(crate) struct Went {
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// Why it was stopped, if it was.
    pub(crate) reason: Option<StopReason>,
    /// Providers and models that stopped taking submissions.
    pub(crate) closed: HashMap<String, WhyStopped>,
    /// Where the jobs stand now.
    pub(crate) board: Board,
}

impl Session {
    /// Takes the lock, opens and repairs the state.
    pub(crate) fn open(project: &Project, command: &str) -> Result<Self, Error> {
        let lock = lock(&project.places, command)?;
        Self::open_locked(project, lock, matches!(command, "run" | "retry" | "redo"))
    }

    /// Opens and repairs the state with a lock that is held already. A command that submits refuses a ledger that cannot be
    /// trusted.
    pub(crate) fn open_locked(project: &Project, lock: Lock, submits: bool) -> Result<Self, Error> {
        let (places, clock) = (project.places.clone(), project.clock.clone());
        let policy = |model: &ModelName| project.registry.policy(&model.provider);
        let mode = Mode::Drive { lock, policy: &policy };
        let place = Some(here(&places));
        let options = Options { trust_damaged_ledger: !submits, place, ..Options::default() };
        let opened = Store::open(&places.state, mode, &options, clock.now());
        let (store, opened) = opened.map_err(|error| unopened(&places, error))?;
        for warning in &opened.warnings {
            project.tell(&News::Warning(warning));
        }
        if let Some(elsewhere) = &opened.elsewhere {
            project.tell(&News::Elsewhere(elsewhere));
        }
        for repair in &opened.repairs {
            project.tell(&News::Repaired(repair));
        }
        Ok(Self { project: project.clone(), places, clock, store })
    }

    /// Names of the providers that still owe something.
    pub(crate) async fn owing(&self) -> Result<BTreeSet<String>, Error> {
        let owed = self.store.owed(None, usize::MAX).await;
        let owed = owed?;
        Ok(owed.into_iter().map(|take| take.request.model.provider).collect())
    }

    /// The output tree.
    pub(crate) fn tree(&self) -> Result<Tree, Error> {
        Tree::open(&self.places.state, &self.places.out).map_err(|error| {
            let out = self.places.out.display();
            Error::new(Exit::Local, format!("clips cannot be put into {out}: {error}")).money("not charged")
        })
    }

    /// Tells what is on hold of a project, before anything is asked or sent.
    pub(crate) async fn tell_pauses(&self, project: &str) -> Result<(), Error> {
        let pauses = self.store.pauses(Some(project)).await?;
        self.project.tell(&News::Paused { pauses: &pauses, now: self.clock.now() });
        Ok(())
    }

    /// Puts the engine to work until it is done or stopped.
    pub(crate) async fn drive(self, setup: &Setup, order: Order<'_>) -> Result<(Went, Arc<World>), Error> {
        let Order { project: name, run, work, max_time, roster, price, max_in_doubt, levels } = order;
        let project = self.project.clone();
        let owed = self.store.owed(None, usize::MAX).await?;
        let spent = self.store.spent(Window::Run(run)).await?;
        let doubtful = owed.iter().filter(|take| matches!(take.state, State::Doubtful { .. })).count();
        let paid = if work.is_some() { owed.len() - doubtful } else { 0 };
        project.tell(&News::Owed { paid, doubtful });
        let estimate = price.map(|price| spent.settled + spent.reserved + price);
        let board = Board::new(Start { roster, owed, spent: spent.settled, estimate }, self.clock.now());
        let listener = Listener::new(project.reporter(), self.clock.clone(), board, Gauge::new(&levels));
        let listener = Arc::new(listener);
        let hear = {
            let listener = Arc::clone(&listener);
            move |notice: &Notice| listener.hear(notice)
        };
        let tree = self.tree()?;
        let world = Arc::new(World::new(Parts {
            store: self.store,
            free: Box::new(FreeClient::new(&setup.settings)?),
            tree,
            pictures: self.places.folder.clone(),
            clock: self.clock,
            run,
            project: name.to_owned(),
            look_every: LOOK_EVERY,
            max_in_doubt: max_in_doubt.unwrap_or_else(|| default_in_doubt(price.unwrap_or_default())),
            sandbox: self.places.sandbox,
            listener: Box::new(hear),
            reach: failpoint::reach,
        }));
        project.interrupt.begin();
        let leave = CancellationToken::new();
        let obey = obey(&project, &world, &leave);
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
                    let paid = PaidClient::new(&setup.settings)?;
                    Ok::<_, Error>(engine::run(&world, &setup.accounts, Arc::new(paid), work).await)
                }
                None => Ok(engine::collect(&world, &setup.accounts).await),
            }
        };
        let engine = engine.instrument(tracing::info_span!("run", project = %shown(name), number = run.0));
        let outcome = tokio::select! {
            outcome = engine => outcome,
            () = leave.cancelled() => Ok(Outcome::default()),
            () = async { tokio::join!(obey, time_box); } => Ok(Outcome::default()),
        };
        let (board, closed) = listener.end();
        Ok((Went { outcome: outcome?, reason: world.stop.reason(), closed, board }, world))
    }
}

/// Stops a run that is asked to end; cancels `leave` when its work has had its time.
async fn obey(project: &Project, world: &World, leave: &CancellationToken) {
    let interrupt: &Interrupt = &project.interrupt;
    world.stop.everything(interrupt.asked(1).await);
    world.tell(&Notice::Stopping { on_wire: world.requests_on_wire().0 });
    tokio::select! {
        _ = interrupt.asked(2) => {}
        () = tokio::time::sleep(GRACE) => {}
    }
    let (requests, price) = world.requests_on_wire();
    if requests > 0 {
        project.tell(&News::Leaving { requests, price });
    }
    tokio::time::sleep(SHORT_GRACE).await;
    leave.cancel();
}

/// Returns where this project is driven: the machine, told apart even where two have one name, and the folder.
fn here(places: &Places) -> Place {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|id| !id.is_empty()).unwrap_or(&host).to_owned();
    let folder = places.folder.canonicalize().unwrap_or_else(|_| places.folder.clone());
    Place { machine, host, folder: folder.display().to_string() }
}

/// Opens the state for reading; an error where nothing was ever run.
pub(crate) fn reader(places: &Places) -> Result<Reader, Error> {
    match Reader::open(&places.state) {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) => Err(Error::new(Exit::Usage, format!("nothing was ever run with {}", places.shown))
            .money("not charged")
            .hint(places.typed("plan"))),
        Err(error) => Err(unopened(places, error)),
    }
}

/// Takes the lock of a project's state.
pub(crate) fn lock(places: &Places, command: &str) -> Result<Lock, Error> {
    Lock::acquire(&places.state, command, Clock::system().now()).map_err(|error| match error {
        LockError::Held(_) => {
            Error::new(Exit::Locked, error.to_string()).money("not charged").hint(places.typed("status"))
        }
        LockError::Store(error) => error.into(),
    })
}

/// A state that cannot be opened, and whether it can be rebuilt.
#[must_use]
pub(crate) fn unopened(places: &Places, error: StoreError) -> Error {
    let is_recoverable = error.is_recoverable();
    let shown = Error::from(error);
    if is_recoverable { shown.hint(places.typed("recover")) } else { shown }
}
