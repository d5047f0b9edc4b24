//! Who may submit, and how fast: a lane per model, an account per provider.
//!
//! A lane has slots (tasks in flight: held from the submission until the provider is finished) and a pace. An account
//! has the pace of polls and the reasons to stop submitting for this run.

mod control;
mod day;
mod downloads;
pub(super) mod learn;
mod ticket;
mod times;

pub use times::Times;

pub(super) use control::Slot;
pub(super) use ticket::{Asking, Ticket};

use super::doubt::{Ask, Breakers};
use super::lock;
use super::pace::Pace;
use super::together::Questions;
use crate::domain::estimate::Flow;
use crate::domain::fault::Said;
use crate::domain::key::ModelName;
use crate::domain::limits::{Limits, Rate};
use crate::domain::notice::WhyStopped;
use crate::domain::policy::Policy;
use crate::domain::polling::PollTimes;
use crate::domain::throttle::{Learned, Throttle};
use crate::provider::Provider;
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::transport::Endpoint;
use control::Control;
use downloads::Downloads;
use jiff::Timestamp;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, atomic::AtomicBool};
use std::time::Duration;
use times::Kinds;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Limits of polls, downloads, tasks in flight and submissions where neither card nor manifest sets them.
const POLLS: u32 = 8;
const DOWNLOADS: u32 = 4;
const POLL_RATE: Rate = Rate { count: NonZeroU32::new(5).unwrap(), per: Duration::from_secs(1) };
const CONCURRENCY: u32 = 2;
const RATE: Rate = Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) };
/// How long links live of models that have no card any more: as long as those of every documented one.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// One model: how many tasks at once, and how fast.
pub struct Lane {
    /// What the model takes. Where there is no card any more its tasks can be collected, and nothing can be ordered.
    pub card: Option<Arc<ModelCard>>,
    /// The model's numbers.
    pub policy: Policy,
    /// How long a link of this model lives.
    pub link_life: Duration,
    /// The time after which a task of the model can be expected to have finished, as manifest or card say.
    pub(super) first_poll: Option<Duration>,
    per_day: Option<u32>,
    /// Held by the one that asks whether more may be owed, so that the others need not ask as well.
    pub(super) turn: tokio::sync::Mutex<()>,
    slots: Arc<Semaphore>,
    width: usize,
    pace: Pace,
    control: Arc<Control>,
    /// Whether it was told that the lane slows down.
    slowed: AtomicBool,
    refusals: Mutex<u32>,
    closed: CancellationToken,
}

impl Lane {
    /// From the model's card and its provider's numbers, corrected by the manifest's limits.
    #[must_use]
    pub fn new(card: Option<&Arc<ModelCard>>, provider: &dyn Provider, manifest: &Limits) -> Self {
        let own = card.map(|card| card.limits).unwrap_or_default();
        let limits = manifest.over(own).over(provider.profile().limits);
        let width = limits.concurrency.map_or(CONCURRENCY, NonZeroU32::get);
        let standard = provider.profile().policy();
        // What the card says serves only until durations are known.
        let card_limits = own.over(provider.profile().limits);
        let polls = PollTimes {
            first: manifest.first_poll,
            every: manifest.poll_every,
            card_first: card_limits.first_poll.unwrap_or(standard.polls.card_first),
            card_every: card_limits.poll_every.unwrap_or(standard.polls.card_every),
        };
        let policy = Policy { polls, ..standard };
        let rate = limits.rate.unwrap_or(RATE);
        let control = Control::new(Throttle::new(rate, width, policy.throttle_backoff));
        Self {
            card: card.cloned(),
            policy,
            link_life: card.map_or(LINK_LIFE, |card| card.link_life),
            first_poll: limits.first_poll,
            per_day: limits.per_day,
            turn: tokio::sync::Mutex::default(),
            slots: Arc::new(Semaphore::new(width as usize)),
            width: width as usize,
            pace: Pace::new(rate),
            control,
            slowed: AtomicBool::new(false),
            refusals: Mutex::new(0),
            closed: CancellationToken::new(),
        }
    }

    /// Tasks in flight at once.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the limits on submissions, those that were learned among them.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let learned = self.learned().0;
        let interval = learned.map_or(Duration::ZERO, |learned| Duration::from_secs_f64(1.0 / learned.rate));
        Flow {
            slots: learned.map_or(self.width, |learned| self.width.min(learned.slots as usize)),
            interval: self.pace.interval().max(interval),
            per_day: self.per_day,
        }
    }

    /// A place for a task that is already running: takes one if there is one, for resumed tasks come unasked.
    #[must_use]
    pub(super) fn occupy(&self) -> Option<Slot> {
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(self.control.occupy(permit))
    }

    /// Starts at the rate and slots that an earlier run learned.
    pub fn recall(&self, learned: Learned) {
        self.control.recall(learned);
    }

    /// Returns the rate and slots that the model lets through, `None` for those of the limits, and whether this run has
    /// learned that.
    pub(super) fn learned(&self) -> (Option<Learned>, bool) {
        self.control.learned()
    }

    /// Whether the model takes submissions in this run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.is_cancelled()
    }
}

/// One provider in this run.
pub struct Account {
    /// Its functions.
    pub provider: Arc<dyn Provider>,
    /// Its address and key.
    pub endpoint: Endpoint,
    /// Since when the key has been this one, where the provider can be asked for what was sent: set at the start of a
    /// run.
    pub(super) key_since: OnceLock<Timestamp>,
    /// Whether its address has ever accepted a submission: set at the start of a run.
    pub(super) proven: AtomicBool,
    /// True once a free question of this run has shown that the key is not refused.
    pub(super) let_in: tokio::sync::Mutex<bool>,
    lanes: HashMap<String, Arc<Lane>>,
    /// Of models without a card.
    strangers: Arc<Lane>,
    polls: Arc<Semaphore>,
    poll_pace: Pace,
    /// Durations of renderings.
    kinds: Kinds,
    poll_control: Arc<Control>,
    /// Polls that wait for it.
    pub(super) questions: Questions,
    /// Downloads at once.
    pub(super) downloads: Arc<Downloads>,
    per_day: Option<u32>,
    closed: CancellationToken,
    /// Whether a person has put it on hold.
    paused: watch::Sender<bool>,
    history: Mutex<History>,
    /// What pauses and ends submissions that bring nothing.
    pub(super) breakers: Breakers,
}

/// What this run has seen of a provider.
#[derive(Default)]
struct History {
    why: Option<WhyStopped>,
    not_before: Option<Timestamp>,
    unreached: u32,
    /// The time before which refusals of the key count as one.
    auth_refused: Option<Timestamp>,
    /// Since when nothing has got through; by a clock that stands still while the computer sleeps.
    trouble: Option<Instant>,
    day: Option<(String, u32)>,
}

/// What the account made of a fault, to be told.
pub struct Closed {
    /// The provider, or `provider/model`.
    pub who: String,
    /// Why.
    pub why: WhyStopped,
    /// Its words.
    pub said: Said,
}

impl Account {
    /// An account with a lane for each of the provider's cards.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, endpoint: Endpoint, limits: Limits, cards: &Cards) -> Self {
        let own = limits.over(provider.profile().limits);
        let lane = |card| Arc::new(Lane::new(card, &*provider, &limits));
        let lanes =
            cards.of(provider.name()).map(|card| (card.name.model.clone(), lane(Some(card)))).collect();
        let strangers = lane(None);
        let poll_rate = own.poll_rate.unwrap_or(POLL_RATE);
        let polls = own.polls.map_or(POLLS, NonZeroU32::get);
        let poll_backoff = provider.profile().policy().throttle_backoff;
        Self {
            key_since: OnceLock::new(),
            proven: AtomicBool::new(false),
            let_in: tokio::sync::Mutex::default(),
            provider,
            endpoint,
            lanes,
            strangers,
            polls: Arc::new(Semaphore::new(polls as usize)),
            downloads: Downloads::new(own.downloads.map_or(DOWNLOADS, NonZeroU32::get)),
            kinds: Kinds::default(),
            poll_pace: Pace::new(poll_rate),
            poll_control: Control::new(Throttle::new(poll_rate, polls, poll_backoff).wide()),
            questions: Questions::default(),
            per_day: own.per_day,
            closed: CancellationToken::new(),
            paused: watch::Sender::new(false),
            history: Mutex::default(),
            breakers: Breakers::new(),
        }
    }

    /// Returns the card with which a model's tasks are asked for; one with the name alone where there is none any more.
    #[must_use]
    pub fn card(&self, model: &ModelName) -> Arc<ModelCard> {
        let known = self.lane(&model.model).card.clone();
        known.unwrap_or_else(|| Arc::new(ModelCard::unlisted(model.clone())))
    }

    /// The lane of a model.
    #[must_use]
    pub fn lane(&self, model: &str) -> &Arc<Lane> {
        self.lanes.get(model).unwrap_or(&self.strangers)
    }

    /// Returns whether a model has a lane of its own.
    pub(super) fn knows(&self, model: &str) -> bool {
        self.lanes.contains_key(model)
    }

    /// The models that can be ordered, with their lanes.
    pub fn lanes(&self) -> impl Iterator<Item = (&Arc<ModelCard>, &Arc<Lane>)> {
        self.lanes.values().filter_map(|lane| Some((lane.card.as_ref()?, lane)))
    }

    /// Whether the provider takes submissions in this run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.is_cancelled()
    }

    /// Puts the provider on hold, or lets it go on.
    pub fn hold(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Whether the provider is on hold.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Waits until the provider is on hold.
    pub(super) async fn paused(&self) {
        // The sender lives as long as the account, so the wait ends by a pause alone.
        let _ = self.paused.subscribe().wait_for(|paused| *paused).await;
    }

    /// Waits for a slot, for the provider's pauses to end, for the lane's controller, and for the pace; in this order, so
    /// that nobody holds a cell of the pace while waiting for a slot. `None` if a stop or a closure came first.
    pub(super) async fn admission<'a>(
        &'a self,
        lane: &'a Lane,
        clock: &super::clock::Clock,
        stop: &CancellationToken,
        ask: Ask<'_>,
    ) -> Option<(Slot, Ticket<'a>)> {
        let admission = async {
            loop {
                let permit = Arc::clone(&lane.slots).acquire_owned().await.ok()?;
                loop {
                    let pause = self.history().not_before.filter(|pause| *pause > clock.now());
                    let Some(pause) = pause else { break };
                    if !clock.until(pause, stop).await {
                        return None;
                    }
                }
                let pass = lane.control.pass().await;
                let slot = lane.control.slot(permit);
                let turn = self.breakers.turn(ask).await;
                if self.day_is_over(clock.now()) || !lane.pace.next(stop).await {
                    return None;
                }
                let ticket = Ticket::new(self, lane, turn, pass, self.take_of_the_day(clock.now()));
                if !ticket.is_of_the_day() {
                    return None;
                }
                if ticket.holds() {
                    return Some((slot, ticket));
                }
            }
        };
        let admitted = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            () = self.closed.cancelled() => return None,
            () = lane.closed.cancelled() => return None,
            admitted = admission => admitted?,
        };
        (self.is_open() && lane.is_open()).then_some(admitted)
    }

    /// A permit to poll, at the pace of polls. `None` if a stop came first.
    pub(super) async fn poll_admission(&self, stop: &CancellationToken) -> Option<Asking<'_>> {
        let admission = async {
            loop {
                let permit = Arc::clone(&self.polls).acquire_owned().await.ok()?;
                let pass = self.poll_control.pass().await;
                let slot = self.poll_control.slot(permit);
                if !self.poll_pace.next(stop).await {
                    return None;
                }
                if pass.holds() {
                    return Some(Asking::new(&self.poll_pace, slot, pass));
                }
                self.poll_pace.give_back();
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            asking = admission => asking,
        }
    }

    /// Why the provider was closed, if it was.
    #[must_use]
    pub fn why_closed(&self) -> Option<WhyStopped> {
        self.history().why
    }

    fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }
}
