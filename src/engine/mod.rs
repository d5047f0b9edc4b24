//! The loop that drives every take to its end: look, act, apply, save, tell.
//!
//! A take in flight is one spawned task (`drive`); its states come from `domain::lifecycle`, its pace from its
//! [`lane`]. Only takes in flight are in memory: the rest is paged from the store. What is owed (downloads, then
//! polls) goes before what is to be paid.

mod backlog;
mod blocking;
pub mod clock;
mod disk;
mod doubt;
mod drive;
mod filing;
mod handles;
mod hold;
mod hosts;
pub mod ids;
pub mod lane;
pub mod lost;
pub mod order;
pub mod outlook;
pub mod owed;
mod pace;
mod sidecar;
pub mod stop;
mod timekeeping;
mod times;
mod together;
pub mod world;

use crate::domain::key::{JobKey, ModelName, TakeId};
use crate::plan::filing::Filings;
use crate::plan::known::Filed;
use crate::store::{Pause, Queued, StoreError};
use crate::transport::Paid;
use backlog::Backlog;
use drive::{Drive, Left};
use lane::Account;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use world::{Failure, World};

/// Clips whose folders cannot be used, after which nothing more is paid: what is wrong is not one folder.
const OBSTRUCTED: usize = 3;
/// Longest wait of new submissions for clips that are paid already: their host may be down.
const DRAIN: Duration = Duration::from_mins(5);

/// What a run has to do.
#[derive(Debug, Default)]
pub struct Work {
    /// Clips that are there already, to be filed.
    pub filings: Filings,
    /// The takes of earlier runs that may be submitted; those in doubt only after proof that they never arrived.
    pub submit: HashSet<TakeId>,
}

/// What came of a run, beside what the store knows.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What ended it.
    pub failures: Vec<Failure>,
    /// Takes whose drive panicked; they are where they were.
    pub panicked: usize,
    /// Takes that were taken up and wait for the next run.
    pub left: HashSet<TakeId>,
    /// How many takes may be submitted and still wait.
    pub waiting: u64,
    /// Tasks that render longer than a run waits.
    pub overdue: HashSet<TakeId>,
    /// Jobs whose pictures changed after the plan: nothing was sent for them.
    pub input_changed: Vec<JobKey>,
    /// Clips that could not be filed, with the reason.
    pub unfiled: Vec<(JobKey, String)>,
}

impl Outcome {
    /// Whether the next run has something to go on with.
    #[must_use]
    pub fn leaves_work(&self) -> bool {
        self.waiting > 0 || !self.left.is_empty() || !self.overdue.is_empty()
    }
}

/// Collects what is owed; submits nothing, for it has nothing to submit with.
pub async fn collect(world: &Arc<World>, accounts: &BTreeMap<String, Arc<Account>>) -> Outcome {
    world.attend(Run::new(world, accounts, None, Work::default()).go()).await
}

/// Collects what is owed, then submits, polls, downloads.
pub async fn run(
    world: &Arc<World>,
    accounts: &BTreeMap<String, Arc<Account>>,
    paid: Arc<dyn Paid>,
    work: Work,
) -> Outcome {
    world.attend(Run::new(world, accounts, Some(paid), work).go()).await
}

type Ended = Result<(tokio::task::Id, (TakeId, JobKey, Result<Left, Failure>)), tokio::task::JoinError>;

struct Run<'a> {
    world: &'a Arc<World>,
    accounts: &'a BTreeMap<String, Arc<Account>>,
    paid: Option<Arc<dyn Paid>>,
    work: Work,
    drives: JoinSet<(TakeId, JobKey, Result<Left, Failure>)>,
    /// What may be taken up next.
    backlog: Backlog,
    /// In flight, with the lane of those that were pending.
    flying: HashMap<TakeId, Option<ModelName>>,
    /// How many of those in flight were pending, by lane.
    waiting: HashMap<ModelName, usize>,
    /// Number of those in flight that were owed already.
    collecting: usize,
    /// Whose task it is, to know a panicked one.
    tasks: HashMap<tokio::task::Id, TakeId>,
    /// Takes that have not ended and that nothing more can be done about in this run.
    parked: HashSet<TakeId>,
    /// Paid clips found at the start that are fetched before anything new is paid.
    drain: HashSet<TakeId>,
    /// Takes that another process changed under this run's hands, which was told then.
    changed: HashSet<TakeId>,
    /// What a person has put on hold.
    paused: Vec<Pause>,
    /// How often other processes had written when this run last looked.
    changes: u64,
    /// Clips whose folders could not be used.
    obstructed: usize,
    /// Clips that leave their names, by these: another clip may come to one before its own has gone.
    leaving: HashMap<String, Filed>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn new(
        world: &'a Arc<World>,
        accounts: &'a BTreeMap<String, Arc<Account>>,
        paid: Option<Arc<dyn Paid>>,
        work: Work,
    ) -> Self {
        Self {
            world,
            accounts,
            paid,
            work,
            drives: JoinSet::new(),
            backlog: Backlog::new(),
            flying: HashMap::new(),
            waiting: HashMap::new(),
            collecting: 0,
            tasks: HashMap::new(),
            parked: HashSet::new(),
            drain: HashSet::new(),
            changed: HashSet::new(),
            paused: Vec::new(),
            changes: 0,
            obstructed: 0,
            leaving: HashMap::new(),
            outcome: Outcome::default(),
        }
    }

    async fn go(mut self) -> Outcome {
        let filings = std::mem::take(&mut self.work.filings.now);
        self.file_all(filings).await;
        if let Err(failure) = self.look_first().await {
            self.fail(failure);
        }
        if let Err(error) = self.note_keys().await {
            self.fail(Failure::store(error));
        }
        if let Err(error) = self.recall().await {
            self.fail(Failure::store(error));
        }
        if let Err(error) = self.approve().await {
            self.fail(Failure::store(error));
        }
        self.load_times().await;
        self.look_at_disk().await;
        let mut first = true;
        let mut look = tokio::time::interval(self.world.look_every);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let began = tokio::time::Instant::now();
        let (drained, mut saved) = (began + DRAIN, began);
        loop {
            if !self.world.stop.waiting().is_cancelled() {
                if let Err(failure) = self.top_up(first).await {
                    self.fail(failure);
                }
                first = false;
            }
            if self.flying.is_empty() {
                // What was decided or let go on in the last moment is done as well.
                if self.look_beside().await {
                    continue;
                }
                if let Err(failure) = self.missed().await {
                    self.fail(failure);
                }
                self.save_times().await;
                if let Err(error) = self.remember().await {
                    self.fail(Failure::store(error));
                }
                return self.outcome;
            }
            tokio::select! {
                ended = self.drives.join_next_with_id() => self.ended(ended).await,
                _ = look.tick() => {
                    if tokio::time::Instant::now() > drained {
                        self.drain.clear();
                    }
                    if times::is_time_to_save(began, saved) {
                        saved = tokio::time::Instant::now();
                        self.save_times().await;
                    }
                    self.look_beside().await;
                    self.look_at_disk().await;
                }
            }
        }
    }

    /// Notes with which keys the providers are asked, before anything is sent with them, and whether their addresses have
    /// accepted submissions before.
    async fn note_keys(&self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        for (name, account) in self.accounts {
            let proven = self.world.store.has_accepted(name, account.endpoint.base_url.as_str()).await?;
            account.proven.store(proven, Ordering::Relaxed);
            if account.provider.look_up().is_none() {
                continue;
            }
            let since = self.world.store.key_in_use(name, account.endpoint.mark(), now).await?;
            account.key_since.get_or_init(|| since);
        }
        Ok(())
    }

    /// Starts each lane at the rate and slots that its model let through before.
    async fn recall(&self) -> Result<(), StoreError> {
        for (name, account) in self.accounts {
            for (model, learned) in self.world.store.learned(name).await? {
                if account.knows(&model) {
                    account.lane(&model).recall(learned);
                }
            }
        }
        Ok(())
    }

    /// Notes what the lanes have learned in this run.
    async fn remember(&self) -> Result<(), StoreError> {
        for (name, account) in self.accounts {
            for (card, lane) in account.lanes() {
                let (learned, is_new) = lane.learned();
                if is_new {
                    self.world.store.learn(name, &card.name.model, learned).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes down which takes this run may submit; from then on the store tells them from others.
    async fn approve(&mut self) -> Result<(), StoreError> {
        let submit = std::mem::take(&mut self.work.submit);
        self.world.store.approve(self.world.run, submit.into_iter().collect()).await
    }

    /// Spawns a drive; `false` for a take that is in flight or parked, or that nobody can drive.
    fn spawn(&mut self, queued: Queued, lane_of: Option<ModelName>) -> bool {
        let Queued { take, approved, replaces, .. } = queued;
        if self.flying.contains_key(&take.id) || self.parked.contains(&take.id) {
            return false;
        }
        let Some(account) = self.accounts.get(&take.request.model.provider) else {
            self.outcome.left.insert(take.id.clone());
            self.parked.insert(take.id);
            self.world.warn_once(format!(
                "{}: its provider is not set up any more; its paid task cannot be collected",
                take.request.model
            ));
            return false;
        };
        let lane = account.lane(&take.request.model.model);
        self.outcome.left.remove(&take.id);
        if take.state.task().is_some() {
            self.world.purse.settle(&take.id);
        }
        match &lane_of {
            Some(model) => *self.waiting.entry(model.clone()).or_default() += 1,
            None => self.collecting += 1,
        }
        let is_new = lane_of.is_some();
        self.flying.insert(take.id.clone(), lane_of);
        let drive = Drive {
            world: Arc::clone(self.world),
            account: Arc::clone(account),
            lane: Arc::clone(lane),
            times: account.times(&take.request),
            paid: self.paid.clone().filter(|_| approved),
            is_new,
            replaces,
        };
        let (id, key) = (take.id.clone(), take.key.clone());
        let name = id.clone();
        let span = tracing::debug_span!("take", job = %key, take = %id, model = %take.request.model);
        let driven = async move { (id, key, drive.drive(take).await) };
        let handle = self.drives.spawn(driven.instrument(span));
        self.tasks.insert(handle.id(), name);
        true
    }

    async fn ended(&mut self, ended: Option<Ended>) {
        let (take, result) = match ended {
            None => return,
            Some(Ok((task, (take, key, result)))) => {
                self.tasks.remove(&task);
                (take, result.map(|left| (left, key)))
            }
            Some(Err(error)) => {
                // Contained to its job: the take is where its last save left it.
                let Some(take) = self.tasks.remove(&error.id()) else { return };
                self.outcome.panicked += 1;
                self.landed(&take);
                self.parked.insert(take);
                return;
            }
        };
        self.landed(&take);
        match result {
            Ok((Left::Done, _)) => self.file_followers(&take).await,
            Ok((Left::Settled, _)) => {}
            Ok((Left::Rendered { take, replaces }, _)) => self.rendered(*take, replaces),
            // What became of it may be this run's to go on with.
            Ok((Left::Changed, _)) => {
                self.changed.insert(take);
                self.backlog.start_over();
            }
            Ok((Left::Stopping | Left::Closed | Left::Late | Left::HostAway | Left::Resting, _)) => {
                self.outcome.left.insert(take.clone());
                self.parked.insert(take);
            }
            Ok((Left::InputChanged, key)) => {
                self.outcome.input_changed.push(key);
                self.parked.insert(take);
            }
            // It is taken up as soon as somebody lets it go on.
            Ok((Left::Paused, _)) => {
                self.parked.insert(take);
            }
            Ok((Left::Overdue, _)) => {
                self.outcome.overdue.insert(take.clone());
                self.parked.insert(take);
            }
            Ok((Left::Obstructed(reason), key)) => {
                let reason = format!("{reason}; it is paid, and fetched as soon as that is mended");
                self.outcome.unfiled.push((key, reason));
                self.parked.insert(take);
                self.obstructed += 1;
                if self.obstructed >= OBSTRUCTED {
                    self.world.stop.no_more_submissions(stop::StopReason::Local);
                }
            }
            Err(failure) => {
                self.parked.insert(take);
                self.fail(failure);
            }
        }
    }

    /// The take is no longer in flight.
    fn landed(&mut self, take: &TakeId) {
        match self.flying.remove(take) {
            Some(Some(model)) => {
                if let Some(waiting) = self.waiting.get_mut(&model) {
                    *waiting -= 1;
                }
            }
            Some(None) => self.collecting -= 1,
            None => {}
        }
        self.drain.remove(take);
    }

    fn fail(&mut self, failure: Failure) {
        self.world.fail(&failure);
        self.outcome.failures.push(failure);
    }
}

/// Takes a lock. A panic while it was held leaves counters that are still right to read.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
