//! The loop that drives every take to its end: look, act, apply, save, tell.
//!
//! A take in flight is one spawned task (`drive`); its states come from `domain::lifecycle`, its pace from its
//! [`lane`]. Only takes in flight are in memory: the rest is paged from the store. What is owed (downloads, then
//! polls) goes before what is to be paid.

pub mod clock;
mod drive;
mod filing;
pub mod ids;
pub mod lane;
mod sidecar;
pub mod stop;
pub mod world;

use crate::domain::key::{JobKey, ModelName, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::plan::filing::Filings;
use crate::transport::PaidClient;
use drive::{Drive, Left};
use lane::Account;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use world::{Failure, World};

/// Takes polled or downloaded at once; more wait in the store, nearest due first.
const OWED_WINDOW: usize = 256;
/// Takes kept waiting per lane beyond its slots, so that a freed slot finds one at once.
const WAITING_PER_LANE: usize = 4;
/// How soon the decisions of other processes (`resolve`, `collect`) are seen.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a run has to do.
#[derive(Debug, Default)]
pub struct Work {
    /// Clips that are there already, to be filed.
    pub filings: Filings,
    /// The takes that may be submitted; what else is pending stays.
    pub submit: HashSet<TakeId>,
}

/// What came of a run, beside what the store knows.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What ended it.
    pub failures: Vec<Failure>,
    /// Takes whose drive panicked; they are where they were.
    pub panicked: usize,
    /// Takes that wait for the next run: closed providers, the day's quota, exhausted tries, a stop.
    pub left: HashSet<TakeId>,
    /// Tasks that render longer than a run waits.
    pub overdue: HashSet<TakeId>,
    /// Names that could not be filed, with the reason.
    pub unfiled: Vec<(JobKey, String)>,
}

/// Collects what is owed; submits nothing, for it has nothing to submit with.
pub async fn collect(world: &Arc<World>, accounts: &BTreeMap<String, Arc<Account>>) -> Outcome {
    Run::new(world, accounts, None, Work::default()).go().await
}

/// Collects what is owed, then submits, polls, downloads.
pub async fn run(
    world: &Arc<World>,
    accounts: &BTreeMap<String, Arc<Account>>,
    paid: PaidClient,
    work: Work,
) -> Outcome {
    Run::new(world, accounts, Some(Arc::new(paid)), work).go().await
}

type Ended = Result<(tokio::task::Id, (TakeId, JobKey, Result<Left, Failure>)), tokio::task::JoinError>;

struct Run<'a> {
    world: &'a Arc<World>,
    accounts: &'a BTreeMap<String, Arc<Account>>,
    paid: Option<Arc<PaidClient>>,
    work: Work,
    drives: JoinSet<(TakeId, JobKey, Result<Left, Failure>)>,
    /// In flight, with the lane of those that were pending.
    flying: HashMap<TakeId, Option<ModelName>>,
    /// Whose task it is, to know a panicked one.
    tasks: HashMap<tokio::task::Id, TakeId>,
    /// Takes that nothing more can be done about in this run.
    parked: HashSet<TakeId>,
    /// Paid clips found at the start that are fetched before anything new is paid.
    drain: HashSet<TakeId>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn new(
        world: &'a Arc<World>,
        accounts: &'a BTreeMap<String, Arc<Account>>,
        paid: Option<Arc<PaidClient>>,
        work: Work,
    ) -> Self {
        Self {
            world,
            accounts,
            paid,
            work,
            drives: JoinSet::new(),
            flying: HashMap::new(),
            tasks: HashMap::new(),
            parked: HashSet::new(),
            drain: HashSet::new(),
            outcome: Outcome::default(),
        }
    }

    async fn go(mut self) -> Outcome {
        for filing in std::mem::take(&mut self.work.filings.now) {
            self.file(filing).await;
        }
        let mut changes = self.world.store.changes().await.unwrap_or_default();
        let mut first = true;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if !self.world.stop.waiting().is_cancelled() {
                if let Err(failure) = self.top_up(first).await {
                    self.fail(failure);
                }
                first = false;
            }
            if self.flying.is_empty() {
                return self.outcome;
            }
            tokio::select! {
                ended = self.drives.join_next_with_id() => self.ended(ended).await,
                _ = look.tick() => {
                    // Another process may have brought a held take back to life.
                    match self.world.store.changes().await {
                        Ok(now) if now != changes => {
                            changes = now;
                            self.parked.clear();
                        }
                        Ok(_) => {}
                        Err(error) => self.fail(Failure::store(error)),
                    }
                }
            }
        }
    }

    /// Spawns drives for what is due and not in flight.
    async fn top_up(&mut self, first: bool) -> Result<(), Failure> {
        let room = OWED_WINDOW.saturating_sub(self.flying.len());
        if room > 0 {
            let skip = self.known();
            for take in self.world.store.owed(None, room, &skip).await.map_err(Failure::store)? {
                if first && matches!(take.state, State::Downloading { .. } | State::Placing { .. }) {
                    self.drain.insert(take.id.clone());
                }
                self.spawn(take, None);
            }
        }
        if self.paid.is_none() || !self.drain.is_empty() || self.world.stop.submissions().is_cancelled() {
            return Ok(());
        }
        for account in self.accounts.values() {
            for card in account.provider.cards() {
                let model = card.name.clone();
                let Some(lane) =
                    account.lane(&model.model).filter(|lane| lane.is_open() && account.is_open())
                else {
                    continue;
                };
                let flying = self.flying.values().filter(|of| of.as_ref() == Some(&model)).count();
                let room = (lane.width() + WAITING_PER_LANE).saturating_sub(flying);
                if room == 0 {
                    continue;
                }
                let skip = self.known();
                let pending = self.world.store.pending(&self.world.project, &model, room, &skip).await;
                for take in pending.map_err(Failure::store)? {
                    if self.work.submit.contains(&take.id) {
                        self.spawn(take, Some(model.clone()));
                    } else {
                        self.parked.insert(take.id);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes that are not to be taken up: in flight, or nothing can be done about them.
    fn known(&self) -> HashSet<TakeId> {
        self.flying.keys().chain(&self.parked).cloned().collect()
    }

    fn spawn(&mut self, take: Take, lane_of: Option<ModelName>) {
        let account = self.accounts.get(&take.request.model.provider);
        let lane = account.and_then(|account| account.lane(&take.request.model.model));
        let (Some(account), Some(lane)) = (account, lane) else {
            self.parked.insert(take.id);
            self.world.warn_once(format!(
                "{}: no such model is set up any more; its paid task cannot be collected",
                take.request.model
            ));
            return;
        };
        self.flying.insert(take.id.clone(), lane_of);
        let drive = Drive {
            world: Arc::clone(self.world),
            account: Arc::clone(account),
            lane: Arc::clone(lane),
            paid: self.paid.clone(),
        };
        let (id, key) = (take.id.clone(), take.key.clone());
        let name = id.clone();
        let handle = self.drives.spawn(async move { (id, key, drive.drive(take).await) });
        self.tasks.insert(handle.id(), name);
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
                self.landed(take);
                return;
            }
        };
        self.landed(take.clone());
        match result {
            Ok((Left::Done, _)) => self.file_followers(&take).await,
            Ok((Left::Settled, _)) => {}
            Ok((Left::Changed, _)) => {
                self.parked.remove(&take);
            }
            Ok((Left::Stopping | Left::Closed | Left::Resting, _)) => {
                self.outcome.left.insert(take);
            }
            Ok((Left::Overdue, _)) => {
                self.outcome.overdue.insert(take);
            }
            Err(failure) => self.fail(failure),
        }
    }

    /// The take is no longer in flight and is not taken up again by itself.
    fn landed(&mut self, take: TakeId) {
        self.flying.remove(&take);
        self.drain.remove(&take);
        self.parked.insert(take);
    }

    fn fail(&mut self, failure: Failure) {
        self.world.fail();
        self.outcome.failures.push(failure);
    }
}
