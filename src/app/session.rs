//! A project whose database is open and locked, and the engine that runs on it.
//!
//! Only one process at a time can have a session of a project.

use super::budget::{BudgetMonitor, Level};
use super::checker::background::{self, Background, RunChecks};
use super::error::Error;
use super::exit::Exit;
use super::failpoint;
use super::find::manifest;
use super::forgotten::refuse_unknown;
use super::interrupt::Interrupt;
use super::listener::Listener;
use super::places::Places;
use super::project::Project;
use super::reporter::News;
use super::setup::Setup;
use super::totals::{RunJobs, RunTotals, Start};
use crate::domain::estimate::Known;
use crate::domain::foreign::shown;
use crate::domain::key::ModelName;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::policy::default_in_doubt;
use crate::engine::clock::Clock;
use crate::engine::outlook::Outlook;
use crate::engine::stop::{Stop, StopReason};
use crate::engine::world::{LOOK_EVERY, Parts, World};
use crate::engine::{self, Outcome, Work};
use crate::files::Tree;
use crate::store::{Lock, LockError, Mode, Options, Place, Reader, RunId, Store, StoreError, Window};
use crate::transport::{FreeClient, PaidClient};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// Time to wait for answers to paid requests after the user first asks to stop.
const GRACE: Duration = Duration::from_mins(1);
/// Further time to wait for answers to paid requests, after [`GRACE`] or after the user asks again.
const SHORT_GRACE: Duration = Duration::from_secs(5);

/// A project whose database this process has opened and locked.
pub(crate) struct Session {
    pub(crate) project: Project,
    pub(crate) places: Places,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    /// Output folder; empty until it is opened. It is opened only once, so all files of this process go to the same
    /// folder.
    tree: OnceLock<Tree>,
}

/// The input of the engine for one run: the jobs to send, and the limits of the run.
pub(crate) struct Order<'a> {
    /// Name of the project to run; empty for all projects.
    pub(crate) project: &'a str,
    /// Number of the run in the history.
    pub(crate) run: RunId,
    /// Jobs to submit and clips to save; `None` if the run only downloads clips that are paid for already.
    ///
    /// With `None`, the engine gets no client that could submit a request.
    pub(crate) work: Option<Work>,
    /// Maximum time of the run; `None` for no limit.
    ///
    /// Nothing is submitted that would probably finish after this time.
    pub(crate) max_time: Option<Duration>,
    /// Jobs of the manifest with their status at the start of the run.
    pub(crate) run_jobs: RunJobs,
    /// Price of the jobs to send; `None` if nothing is sent.
    pub(crate) price: Option<Usd>,
    /// Maximum sum of uncertain charges before the run stops; `None` for the default.
    pub(crate) max_in_doubt: Option<Usd>,
    pub(crate) levels: Vec<Level>,
}

/// The result of the engine's work for one run.
pub(crate) struct RunResult {
    pub(crate) outcome: Outcome,
    /// Reason why the run ended early; `None` if it was not stopped.
    pub(crate) reason: Option<StopReason>,
    /// Providers and models that take no more submissions, by name, with the reason.
    pub(crate) closed: HashMap<String, WhyStopped>,
    pub(crate) totals: RunTotals,
    /// Verdicts of the automatic checks about the clips of the run.
    pub(crate) checks: RunChecks,
}

impl Session {
    /// Takes the project's lock, then opens and repairs its database.
    pub(crate) fn open(project: &Project, command: &str) -> Result<Self, Error> {
        let lock = lock(&project.places, command)?;
        Self::open_locked(project, lock, matches!(command, "run" | "retry" | "redo"))
    }

    /// Opens and repairs the project's database with a lock that is already held.
    ///
    /// A command that can submit (`submits`) refuses a damaged ledger.
    pub(crate) fn open_locked(project: &Project, lock: Lock, submits: bool) -> Result<Self, Error> {
        let (places, clock) = (project.places.clone(), project.clock.clone());
        let policy = |model: &ModelName| project.registry.policy(&model.provider);
        let mode = Mode::Drive { lock, policy: &policy };
        let place = Some(current_place(&places));
        let options = Options { trust_damaged_ledger: !submits, place, ..Options::default() };
        let opened = Store::open(&places.state, mode, &options, clock.now());
        let (store, opened) = opened.map_err(|error| cannot_open(&places, error))?;
        for warning in &opened.warnings {
            project.tell(&News::Warning(warning));
        }
        if let Some(elsewhere) = &opened.elsewhere {
            project.tell(&News::OtherCopy(elsewhere));
        }
        for repair in &opened.repairs {
            project.tell(&News::Repaired(repair));
        }
        Ok(Self { project: project.clone(), places, clock, store, tree: OnceLock::new() })
    }

    /// Returns the names of the providers with paid clips that are not collected yet.
    pub(crate) async fn owing(&self) -> Result<BTreeSet<String>, Error> {
        let owed = self.store.owed(None, usize::MAX).await;
        let owed = owed?;
        Ok(owed.into_iter().map(|take| take.request.model.provider).collect())
    }

    /// Opens the output folder; later calls return the same open folder.
    pub(crate) fn tree(&self) -> Result<Tree, Error> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree.clone());
        }
        let disks = self.store.disks()?.unwrap_or_default();
        let opened = Tree::open(&self.places.state, &self.places.out).and_then(|tree| tree.on_disks(disks));
        let opened = opened.map_err(|error| {
            let out = self.places.out.display();
            Error::new(Exit::Local, format!("clips cannot be saved in the folder `{out}`: {error}"))
                .money("not charged")
        });
        opened.map(|tree| self.tree.get_or_init(|| tree).clone())
    }

    /// Records the disks of the output folders, so that a later run notices if one is not mounted.
    pub(crate) async fn note_disks(&self) -> Result<(), Error> {
        let before = self.store.disks()?;
        let mut disks = self.tree()?.disks().map_err(|error| Error::new(Exit::Local, error.to_string()))?;
        disks.extend(before.iter().flatten().cloned());
        if before.as_ref() != Some(&disks) {
            self.store.note_disks(&disks).await?;
        }
        Ok(())
    }

    /// Reports the pauses of a project's providers before anything is asked or sent.
    pub(crate) async fn tell_pauses(&self, project: &str) -> Result<(), Error> {
        let pauses = self.store.pauses(Some(project)).await?;
        self.project.tell(&News::Paused { pauses: &pauses, now: self.clock.now() });
        Ok(())
    }

    /// Runs the engine until all work is done or the run is stopped.
    pub(crate) async fn drive(
        self,
        setup: &Setup,
        order: Order<'_>,
    ) -> Result<(RunResult, Arc<World>), Error> {
        let Order { project: name, run, work, max_time, run_jobs, price, max_in_doubt, levels } = order;
        let project = self.project.clone();
        let owed = self.store.owed(None, usize::MAX).await?;
        let spent = self.store.spent(Window::Run(run)).await?;
        let doubtful = owed.iter().filter(|take| matches!(take.state, State::Doubtful { .. })).count();
        let paid = if work.is_some() { owed.len() - doubtful } else { 0 };
        project.tell(&News::Owed { paid, doubtful });
        let estimate = price.map(|price| spent.settled + spent.reserved + price);
        let deadline = max_time.and_then(|time| Instant::now().checked_add(time));
        let stop = Arc::new(Stop::by(deadline));
        let known: Arc<dyn Known> = Arc::new(Outlook::new(&setup.accounts, &stop));
        let start = Start { run_jobs, owed, spent: spent.settled, estimate, known: Some(known) };
        let totals = RunTotals::new(start, self.clock.now());
        let listener =
            Listener::new(project.reporter(), self.clock.clone(), totals, BudgetMonitor::new(&levels, price));
        let listener = Arc::new(listener);
        let (inbox, outbox) = background::channel();
        let hear = {
            let (listener, inbox) = (Arc::clone(&listener), inbox.clone());
            move |notice: &Notice| {
                listener.hear(notice);
                inbox.hear(notice);
            }
        };
        let tree = self.tree()?;
        let disks = tree.clone();
        let world = Arc::new(World::new(Parts {
            store: self.store,
            free: Box::new(FreeClient::new(&setup.settings)?),
            tree,
            free_space: Arc::new(move || disks.free_space().ok()),
            pictures: self.places.folder.clone(),
            clock: self.clock,
            stop,
            run,
            project: name.to_owned(),
            look_every: LOOK_EVERY,
            max_in_doubt: max_in_doubt.unwrap_or_else(|| default_in_doubt(price.unwrap_or_default())),
            sandbox: self.places.sandbox,
            listener: Box::new(hear),
            reach: failpoint::hit,
        }));
        let settings = manifest(&self.places).map(|manifest| manifest.checks).unwrap_or_default();
        let checks = Background::start(&project, &world, settings, (inbox, outbox));
        project.interrupt.begin();
        let leave = CancellationToken::new();
        let stop_on_request = stop_on_request(&project, &world, &leave);
        let time_box = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
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
            () = async { tokio::join!(stop_on_request, time_box); } => Ok(Outcome::default()),
        };
        let reason = world.stop.reason();
        let checks = checks.end(&project, reason.is_some()).await;
        project.interrupt.end();
        let (totals, closed) = listener.end();
        Ok((RunResult { outcome: outcome?, reason, closed, totals, checks }, world))
    }
}

/// Stops the run when the user asks for it.
///
/// It cancels `leave` when the time to wait for answers to paid requests is over.
async fn stop_on_request(project: &Project, world: &World, leave: &CancellationToken) {
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

/// Returns the machine and the folder that this project is used in.
///
/// A machine is identified by its id, because two machines may have the same name.
fn current_place(places: &Places) -> Place {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|id| !id.is_empty()).unwrap_or(&host).to_owned();
    let folder = places.folder.canonicalize().unwrap_or_else(|_| places.folder.clone());
    Place { machine, host, folder: folder.display().to_string() }
}

/// Opens the project's database for reading.
///
/// It fails if no run has created the database yet.
pub(crate) fn reader(places: &Places) -> Result<Reader, Error> {
    match Reader::open(&places.state) {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) => {
            refuse_unknown(places)?;
            Err(never_run(places))
        }
        Err(error) => Err(cannot_open(places, error)),
    }
}

/// Returns the error for a project that was never run; if it was rehearsed, the error says how to see the rehearsal.
fn never_run(places: &Places) -> Error {
    let mut what = format!("nothing was ever run with {}", places.shown);
    let is_rehearsed = places.is_only_rehearsed();
    if is_rehearsed {
        what += "; to see its rehearsal, add --sandbox";
    }
    let mut error = Error::new(Exit::Usage, what).hint(places.typed("plan"));
    error.is_rehearsed = is_rehearsed;
    error
}

/// Takes the lock of a project, so that no other process can send or move anything.
pub(crate) fn lock(places: &Places, command: &str) -> Result<Lock, Error> {
    Lock::acquire(&places.state, command, Clock::system().now()).map_err(|error| match error {
        LockError::Held(_) => {
            Error::new(Exit::Locked, error.to_string()).money("not charged").hint(places.typed("status"))
        }
        LockError::Store(error) => error.into(),
    })
}

/// Returns the error for a database that cannot be opened, with a hint on `recover` if it can be rebuilt.
#[must_use]
pub(crate) fn cannot_open(places: &Places, error: StoreError) -> Error {
    if matches!(error, StoreError::Absent { .. }) {
        return never_run(places);
    }
    let is_recoverable = error.is_recoverable();
    let shown = Error::from(error);
    if is_recoverable { shown.hint(places.typed("recover")) } else { shown }
}
