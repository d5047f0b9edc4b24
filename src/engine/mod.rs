//! Works on every take (a paid rendering of a job) until it ends: finds the next action, acts, saves, and reports.
//!
//! Each take in flight has one async task (`drive`). The take's states come from `domain::lifecycle`, and its pace from
//! its [`lane`], the queue of its model. Other takes stay in the store, and `backlog` reads them as soon as there is
//! room: downloads first, then polls, then new submissions. [`world`] has the parts that all takes share.

mod backlog;
mod batched_polls;
mod blocking;
pub mod clock;
mod concurrent;
mod disk;
mod doubt;
mod drive;
mod filing;
pub mod handles;
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
pub mod world;

use crate::domain::key::{JobKey, ModelName, TakeId};
use crate::plan::filing::Filings;
use crate::plan::known::Filed;
use crate::store::{Pause, Queued, StoreError};
use crate::transport::Paid;
use backlog::Backlog;
use blocking::lock;
use concurrent::IdleEnd;
use drive::{Drive, Left};
use lane::Account;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use world::{Failure, World};

/// The number of clips in unusable folders after which nothing more is submitted, because probably more than one folder
/// is affected.
const OBSTRUCTED: usize = 3;
/// The longest time for which new submissions wait until the paid clips of earlier runs are downloaded. The server of
/// the clips may be down, so the time is limited.
const DRAIN: Duration = Duration::from_mins(5);

/// The work that a plan gives to a run.
#[derive(Debug, Default)]
pub struct Work {
    /// The existing clips to move or copy to the names that the plan wants.
    pub filings: Filings,
    /// The takes of earlier runs that this run submits. If an earlier request may have been charged, the run first
    /// needs proof that it never arrived.
    pub submit: HashSet<TakeId>,
}

/// The results of a run that are not in the store.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The failures that ended the run.
    pub failures: Vec<Failure>,
    /// The number of takes whose async task panicked; they stay in their last saved state.
    pub panicked: usize,
    /// The takes that this run leaves unfinished, for the next run.
    pub left: HashSet<TakeId>,
    /// The number of renderings that this run was allowed to submit but did not submit.
    pub waiting: u64,
    /// The takes whose tasks have been rendering longer than a run waits.
    pub overdue: HashSet<TakeId>,
    /// The jobs whose pictures changed after the plan: nothing was sent for them.
    pub input_changed: Vec<JobKey>,
    /// The jobs whose clips could not be saved under their names, each with the reason.
    pub unfiled: Vec<(JobKey, String)>,
}

impl Outcome {
    /// Reports whether the next run has work to continue.
    #[must_use]
    pub fn leaves_work(&self) -> bool {
        self.waiting > 0 || !self.left.is_empty() || !self.overdue.is_empty()
    }
}

/// Collects paid clips, and submits nothing: the run gets no transport that can send paid requests.
pub async fn collect(world: &Arc<World>, accounts: &BTreeMap<String, Arc<Account>>) -> Outcome {
    world.attend(Run::new(world, accounts, None, Work::default()).go()).await
}

/// Collects paid clips, then submits, polls and downloads.
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
    /// The unfinished takes in the store on which this run can work next.
    backlog: Backlog,
    /// The takes that this run works on now. The value is the model of a take that this run has to submit, and `None`
    /// for a take that an earlier run submitted.
    flying: HashMap<TakeId, Option<ModelName>>,
    /// The number of takes, by model, that were unsubmitted when the work on them began.
    waiting: HashMap<ModelName, usize>,
    /// The number of takes that were already submitted when the work on them began.
    collecting: usize,
    /// The take of each spawned async task, to find the take of a task that has panicked.
    tasks: HashMap<tokio::task::Id, TakeId>,
    /// The unfinished takes on which this run does not work, for example because a person or another run must continue
    /// them.
    parked: HashMap<TakeId, IdleEnd>,
    /// The takes whose paid clips had to be downloaded when the run began. New submissions wait for them.
    drain: HashSet<TakeId>,
    /// The takes that another process changed during this run; each change was reported when it was seen.
    changed: HashSet<TakeId>,
    paused: Vec<Pause>,
    /// The value of the store's counter of changes by other processes when this run last read the counter.
    changes: u64,
    /// The number of clips whose folders could not be used.
    obstructed: usize,
    /// The clips that this run will still move to other paths, by their present paths. If another clip comes to such a
    /// path first, the clip there is set aside.
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
            parked: HashMap::new(),
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
        if let Err(failure) = self.read_first_state().await {
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
                // Decisions and resumed providers of the last second are handled as well.
                if self.see_other_processes().await {
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
                    self.see_other_processes().await;
                    self.look_at_disk().await;
                }
            }
        }
    }

    /// Records a number that identifies each provider's address and API key, before anything is sent. Also reads
    /// whether the address has ever accepted a submission.
    async fn note_keys(&self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        for (name, account) in self.accounts {
            let proven = self.world.store.has_accepted(name, account.endpoint.base_url.as_str()).await?;
            account.proven.store(proven, Ordering::Relaxed);
            let key_use = self.world.store.key_in_use(name, account.endpoint.mark(), now).await?;
            account.key_use.get_or_init(|| key_use);
        }
        Ok(())
    }

    /// Sets the submission rate and the number of concurrent tasks (slots) of each model to the values that earlier
    /// runs learned.
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

    /// Saves the submission rates and numbers of slots that this run has learned.
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

    /// Records in the store which takes this run may submit, so that it submits no others.
    async fn approve(&mut self) -> Result<(), StoreError> {
        let submit = std::mem::take(&mut self.work.submit);
        self.world.store.approve(self.world.run, submit.into_iter().collect()).await
    }

    /// Starts the async task that works on a take. Returns `false` if the run already works on the take, must not do so
    /// now, or has no provider for the take.
    fn spawn(&mut self, queued: Queued, lane_of: Option<ModelName>) -> bool {
        let Queued { take, approved, replaces, .. } = queued;
        if self.flying.contains_key(&take.id) || self.parked.contains_key(&take.id) {
            return false;
        }
        let Some(account) = self.accounts.get(&take.request.model.provider) else {
            self.outcome.left.insert(take.id.clone());
            self.parked.insert(take.id, IdleEnd::UntilNextRun);
            self.world.warn_once(format!(
                "{}: its provider is no longer set up, so its paid task cannot be collected",
                take.request.model
            ));
            return false;
        };
        let lane = account.lane(&take.request.model.model);
        self.outcome.left.remove(&take.id);
        if take.state.task().is_some() {
            self.world.doubt_limit.settle(&take.id);
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
                // A panic affects only its job: the take is in its last saved state.
                let Some(take) = self.tasks.remove(&error.id()) else { return };
                self.outcome.panicked += 1;
                self.landed(&take);
                self.parked.insert(take, IdleEnd::UntilNextRun);
                return;
            }
        };
        self.landed(&take);
        match result {
            Ok((Left::Done, _)) => self.file_followers(&take).await,
            Ok((Left::Settled, _)) => {}
            Ok((Left::Rendered { take, replaces }, _)) => self.rendered(*take, replaces),
            // This run may have to continue the take in its new state.
            Ok((Left::Changed, _)) => {
                self.changed.insert(take);
                self.backlog.start_over();
            }
            Ok((Left::Stopping | Left::Closed | Left::Late | Left::HostAway | Left::Resting, _)) => {
                self.outcome.left.insert(take.clone());
                self.parked.insert(take, IdleEnd::UntilChange);
            }
            Ok((Left::InputChanged, key)) => {
                self.outcome.input_changed.push(key);
                self.parked.insert(take, IdleEnd::UntilNextRun);
            }
            // The take is taken up again as soon as the pause ends.
            Ok((Left::Paused, _)) => {
                self.parked.insert(take, IdleEnd::UntilChange);
            }
            Ok((Left::Overdue, _)) => {
                self.outcome.overdue.insert(take.clone());
                self.parked.insert(take, IdleEnd::UntilChange);
            }
            Ok((Left::Obstructed(reason), key)) => {
                let reason = format!("{reason}; the clip is paid, and is downloaded once this is fixed");
                self.outcome.unfiled.push((key, reason));
                self.parked.insert(take, IdleEnd::UntilNextRun);
                self.obstructed += 1;
                if self.obstructed >= OBSTRUCTED {
                    self.world.stop.no_more_submissions(stop::StopReason::Local);
                }
            }
            Err(failure) => {
                self.parked.insert(take, IdleEnd::UntilChange);
                self.fail(failure);
            }
        }
    }

    /// Removes a take from those that this run works on.
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
