//! The loop that drives every take to its end: look, act, apply, save, tell.
//!
//! A take in flight is one spawned task (`drive`); its states come from `domain::lifecycle`, its pace from its
//! [`lane`]. Only takes in flight are in memory: the rest is paged from the store. What is owed (downloads, then
//! polls) goes before what is to be paid.

pub mod clock;
mod drive;
mod filing;
mod hold;
pub mod ids;
pub mod lane;
pub mod order;
mod pace;
mod sidecar;
pub mod stop;
mod together;
pub mod world;

use crate::domain::key::{JobKey, ModelName, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::plan::filing::Filings;
use crate::store::{Pause, StoreError};
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
/// Clips whose folders cannot be used, after which nothing more is paid: what is wrong is not one folder.
const OBSTRUCTED: usize = 3;
/// Pending takes read at once.
const PAGE: usize = 64;
/// How soon the decisions of other processes (`resolve`, `collect`) are seen.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long new submissions wait for clips that are paid already: a host that is down must not keep the rest from
/// being ordered.
const DRAIN: Duration = Duration::from_mins(5);

/// What a run has to do.
#[derive(Debug, Default)]
pub struct Work {
    /// Clips that are there already, to be filed.
    pub filings: Filings,
    /// The takes that may be submitted, those among them that are in doubt as soon as they surely never arrived; what
    /// else is pending stays.
    pub submit: HashSet<TakeId>,
}

/// What came of a run, beside what the store knows.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What ended it.
    pub failures: Vec<Failure>,
    /// Takes whose drive panicked; they are where they were.
    pub panicked: usize,
    /// Takes that wait for the next run: closed providers, the day's quota, exhausted tries, models that are gone,
    /// a stop.
    pub left: HashSet<TakeId>,
    /// Tasks that render longer than a run waits.
    pub overdue: HashSet<TakeId>,
    /// Clips that could not be filed, with the reason.
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
    /// Of those that may be submitted, the ones that were taken up.
    driven: HashSet<TakeId>,
    /// What a person has put on hold.
    paused: Vec<Pause>,
    /// How often other processes had written when this run last looked.
    changes: u64,
    /// Clips whose folders could not be used.
    obstructed: usize,
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
            driven: HashSet::new(),
            paused: Vec::new(),
            changes: 0,
            obstructed: 0,
            outcome: Outcome::default(),
        }
    }

    async fn go(mut self) -> Outcome {
        for filing in std::mem::take(&mut self.work.filings.now) {
            self.file(filing).await;
        }
        if let Err(failure) = self.look_first().await {
            self.fail(failure);
        }
        if let Err(error) = self.note_keys().await {
            self.fail(Failure::store(error));
        }
        let mut first = true;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let drained = tokio::time::Instant::now() + DRAIN;
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
                return self.outcome;
            }
            tokio::select! {
                ended = self.drives.join_next_with_id() => self.ended(ended).await,
                _ = look.tick() => {
                    if tokio::time::Instant::now() > drained {
                        self.drain.clear();
                    }
                    self.look_beside().await;
                }
            }
        }
    }

    /// Notes with which keys the providers are asked, before anything is sent with them.
    async fn note_keys(&self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        for (name, account) in
            self.accounts.iter().filter(|(_, account)| account.provider.look_up().is_some())
        {
            let since = self.world.store.key_in_use(name, account.endpoint.mark(), now).await?;
            account.key_since.get_or_init(|| since);
        }
        Ok(())
    }

    /// Spawns drives for what is due and not in flight.
    async fn top_up(&mut self, first: bool) -> Result<(), Failure> {
        let room = OWED_WINDOW.saturating_sub(self.flying.len());
        if room > 0 {
            let skip = self.known();
            for take in self.world.store.owed(None, room, &skip).await.map_err(Failure::store)? {
                let owed = matches!(take.state, State::Downloading { .. } | State::Placing { .. });
                let id = take.id.clone();
                if self.spawn(take, None) && first && owed {
                    self.drain.insert(id);
                }
            }
        }
        if self.paid.is_none() || !self.drain.is_empty() || self.world.stop.submissions().is_cancelled() {
            return Ok(());
        }
        let now = self.world.clock.now();
        let takes_more =
            |account: &&Arc<Account>| account.is_open() && !account.is_paused() && !account.day_is_over(now);
        for account in self.accounts.values().filter(takes_more) {
            for (card, lane) in account.lanes().filter(|(_, lane)| lane.is_open()) {
                self.top_up_lane(&card.name, lane.width()).await?;
            }
        }
        Ok(())
    }

    /// Spawns drives for a model's pending takes until enough of them wait for its slots.
    async fn top_up_lane(&mut self, model: &ModelName, width: usize) -> Result<(), Failure> {
        loop {
            let flying = self.flying.values().filter(|of| of.as_ref() == Some(model)).count();
            let room = (width + WAITING_PER_LANE).saturating_sub(flying);
            if room == 0 {
                return Ok(());
            }
            // More than there is room for: many may be others' to submit, and are only passed over.
            let skip = self.known();
            let page = self.world.store.pending(&self.world.project, model, room.max(PAGE), &skip).await;
            let page = page.map_err(Failure::store)?;
            if page.is_empty() {
                return Ok(());
            }
            let (ours, others): (Vec<Take>, Vec<Take>) =
                page.into_iter().partition(|take| self.work.submit.contains(&take.id));
            self.parked.extend(others.into_iter().map(|take| take.id));
            for take in ours.into_iter().take(room) {
                self.spawn(take, Some(model.clone()));
            }
        }
    }

    /// Takes that are not to be taken up: in flight, or nothing can be done about them.
    fn known(&self) -> HashSet<TakeId> {
        self.flying.keys().chain(&self.parked).cloned().collect()
    }

    /// `false` where nobody can drive it.
    fn spawn(&mut self, take: Take, lane_of: Option<ModelName>) -> bool {
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
        let may_submit = self.work.submit.contains(&take.id);
        if may_submit {
            self.driven.insert(take.id.clone());
        }
        self.outcome.left.remove(&take.id);
        self.flying.insert(take.id.clone(), lane_of);
        let drive = Drive {
            world: Arc::clone(self.world),
            account: Arc::clone(account),
            lane: Arc::clone(lane),
            paid: self.paid.clone().filter(|_| may_submit),
        };
        let (id, key) = (take.id.clone(), take.key.clone());
        let name = id.clone();
        let handle = self.drives.spawn(async move { (id, key, drive.drive(take).await) });
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
            // As if it had not been taken up: it is, as soon as somebody lets it go on.
            Ok((Left::Paused, _)) => {
                self.driven.remove(&take);
            }
            Ok((Left::Overdue, _)) => {
                self.outcome.overdue.insert(take);
            }
            Ok((Left::Obstructed(reason), key)) => {
                let reason = format!("{reason}; it is paid, and fetched as soon as that is mended");
                self.outcome.unfiled.push((key, reason));
                self.obstructed += 1;
                if self.obstructed >= OBSTRUCTED {
                    self.world.stop.no_more_submissions(stop::StopReason::Local);
                }
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
        self.world.fail(&failure);
        self.outcome.failures.push(failure);
    }
}
