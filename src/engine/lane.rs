//! Limits submissions: a lane for each model, and an account for each provider.
//!
//! A lane is the queue of one model. It has a pace, and slots for running tasks: a task holds its slot from the
//! submission until the provider is finished. An account is one provider in a run. It has the pace of polls and the
//! reasons to stop submitting.

mod control;
mod day;
mod downloads;
pub(super) mod learn;
mod ticket;
mod times;

pub use times::Times;

pub(super) use control::Slot;
pub(super) use ticket::{Asking, Ticket};

use super::batched_polls::WaitingPolls;
use super::doubt::{Ask, Breakers};
use super::lock;
use super::pace::Pace;
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
use crate::store::KeyUse;
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

/// The default number of concurrent polls of one provider.
const POLLS: u32 = 8;
/// The default number of concurrent downloads from one provider.
const DOWNLOADS: u32 = 4;
/// The default rate of polls of one provider.
const POLL_RATE: Rate = Rate { count: NonZeroU32::new(5).unwrap(), per: Duration::from_secs(1) };
/// The default number of concurrent tasks of one model.
const CONCURRENCY: u32 = 2;
/// The default rate of submissions to one model.
const RATE: Rate = Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) };
/// The assumed time for which links to clips of an unknown model are valid: the same as for all documented models.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// The lane (queue) of one model: the limits on the number and the pace of its tasks.
pub struct Lane {
    /// The card (description) of the model. If it is `None`, tasks can be collected, but nothing can be submitted.
    pub card: Option<Arc<ModelCard>>,
    /// The model's policy for polls, retries and look-ups.
    pub policy: Policy,
    /// The time for which a link to a clip of this model is valid.
    pub link_life: Duration,
    /// The time after which a task of the model should have finished; `None` if neither manifest nor model card sets
    /// it.
    pub(super) first_poll: Option<Duration>,
    per_day: Option<u32>,
    /// A lock that a take of this model holds until its clip can be downloaded in time and fits on the disk. The
    /// model's other takes wait for the lock.
    pub(super) turn: tokio::sync::Mutex<()>,
    slots: Arc<Semaphore>,
    width: usize,
    pace: Pace,
    control: Arc<Control>,
    /// True once this run has warned that the provider accepts fewer submissions than the limits allow.
    slowed: AtomicBool,
    refusals: Mutex<u32>,
    closed: CancellationToken,
}

impl Lane {
    /// Builds the lane (queue) of a model with its limits. The manifest's limits take precedence over those of the
    /// model's card, and these over the provider's.
    #[must_use]
    pub fn new(card: Option<&Arc<ModelCard>>, provider: &dyn Provider, manifest: &Limits) -> Self {
        let own = card.map(|card| card.limits).unwrap_or_default();
        let limits = manifest.over(own).over(provider.profile().limits);
        let width = limits.concurrency.map_or(CONCURRENCY, NonZeroU32::get);
        let standard = provider.profile().policy();
        // The card's times are used only until durations are known.
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

    /// Returns the largest number of concurrent tasks.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the limits on submissions to the model. A limit that a run has learned counts if it is lower than the
    /// configured one.
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

    /// Takes a slot for a task that is already running. Returns `None` if no slot is free; the task then runs without
    /// one.
    #[must_use]
    pub(super) fn occupy(&self) -> Option<Slot> {
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(self.control.occupy(permit))
    }

    /// Sets the model's submission rate and maximum number of concurrent tasks (slots) to the values that an earlier
    /// run learned.
    pub fn recall(&self, learned: Learned) {
        self.control.recall(learned);
    }

    /// Returns the submission rate and the number of concurrent tasks (slots) that the provider turned out to accept.
    /// Returns `None` if the configured limits apply. The second value is true if the result differs from that of
    /// earlier runs.
    pub(super) fn learned(&self) -> (Option<Learned>, bool) {
        self.control.learned()
    }

    /// Reports whether the model accepts submissions in this run.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.is_cancelled()
    }
}

/// The account of a provider in this run: its key, its limits, and a lane (queue) for each model.
pub struct Account {
    /// The provider's functions.
    pub provider: Arc<dyn Provider>,
    /// The provider's address and key.
    pub endpoint: Endpoint,
    /// The time since which the present address and API key are in use. Set at the start of a run.
    pub(super) key_use: OnceLock<KeyUse>,
    /// True if the provider's address has ever accepted a submission. Set at the start of a run.
    pub(super) proven: AtomicBool,
    /// True once a free query of this run has shown that submissions may be sent.
    pub(super) let_in: tokio::sync::Mutex<bool>,
    lanes: HashMap<String, Arc<Lane>>,
    /// The lane (queue) that all models without a card (description) share.
    strangers: Arc<Lane>,
    polls: Arc<Semaphore>,
    poll_pace: Pace,
    /// The learned rendering times, by kind of request (model, length and size of the clip).
    kinds: Kinds,
    poll_control: Arc<Control>,
    pub(super) waiting_polls: WaitingPolls,
    /// The permits for concurrent downloads.
    pub(super) downloads: Arc<Downloads>,
    per_day: Option<u32>,
    closed: CancellationToken,
    /// True if a person has paused the provider.
    paused: watch::Sender<bool>,
    history: Mutex<History>,
    /// The breakers: rules that pause or end submissions after missing answers or clips.
    pub(super) breakers: Breakers,
}

/// The failures, pauses and counts of a provider in this run.
#[derive(Default)]
struct History {
    why: Option<WhyStopped>,
    not_before: Option<Timestamp>,
    unreached: u32,
    /// The time until which further refusals of the API key are ignored, because their requests may have been sent
    /// before the first refusal. A refusal after this time ends the submissions to the provider. `None` if the key was
    /// not refused.
    auth_refused: Option<Timestamp>,
    /// The time of the first failure since the last useful answer; `None` if there was none. The clock stops while the
    /// computer sleeps.
    trouble: Option<Instant>,
    day: Option<(String, u32)>,
}

/// A provider or model to which nothing more is submitted in this run, to be reported.
pub struct Closed {
    /// The name of the provider, or `provider/model` if submissions ended for one model only.
    pub who: String,
    /// The reason why nothing more is submitted to the provider or model.
    pub why: WhyStopped,
    /// A message that explains the reason, mostly in the provider's words.
    pub said: Said,
}

impl Account {
    /// Builds an account with a lane (queue) for each model of the provider in `cards`, and one lane for all other
    /// models.
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
            key_use: OnceLock::new(),
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
            waiting_polls: WaitingPolls::default(),
            per_day: own.per_day,
            closed: CancellationToken::new(),
            paused: watch::Sender::new(false),
            history: Mutex::default(),
            breakers: Breakers::new(),
        }
    }

    /// Returns the card (description) with which a model's tasks are polled. For an unknown model, it has only the
    /// name.
    #[must_use]
    pub fn card(&self, model: &ModelName) -> Arc<ModelCard> {
        let known = self.lane(&model.model).card.clone();
        known.unwrap_or_else(|| Arc::new(ModelCard::unlisted(model.clone())))
    }

    /// Returns the lane (queue) of a model. All models without a card (description) share one lane.
    #[must_use]
    pub fn lane(&self, model: &str) -> &Arc<Lane> {
        self.lanes.get(model).unwrap_or(&self.strangers)
    }

    /// Checks whether a model has its own lane (queue), which is true for every model with a card (description).
    pub(super) fn knows(&self, model: &str) -> bool {
        self.lanes.contains_key(model)
    }

    /// Returns the models to which takes can be submitted, each with its card (description) and its lane (queue).
    pub fn lanes(&self) -> impl Iterator<Item = (&Arc<ModelCard>, &Arc<Lane>)> {
        self.lanes.values().filter_map(|lane| Some((lane.card.as_ref()?, lane)))
    }

    /// Reports whether this run may still submit takes to the provider. For example, a refused key ends the
    /// submissions.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.is_cancelled()
    }

    /// Pauses the provider if `paused` is true; otherwise lets it continue.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Reports whether the provider is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Waits until a person pauses the provider.
    pub(super) async fn paused(&self) {
        // The sender lives as long as the account, so only a pause ends the wait.
        let _ = self.paused.subscribe().wait_for(|paused| *paused).await;
    }

    /// Waits until a submission may be sent: a slot (place for a concurrent task) is free, and no pause is in force.
    /// The learned rate, the configured rate and the breakers (rules that stop submissions after failures) must allow
    /// it, too.
    ///
    /// The configured rate is awaited last, so that no other wait wastes the permit. Returns `None` if the run stopped,
    /// if nothing more may be submitted to the provider or model, or if the day's quota is used up.
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

    /// Waits for a permit to poll at the provider's pace; returns `None` if the run stopped first.
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

    /// Returns the reason why nothing more is submitted to the provider in this run; `None` if submissions go on.
    #[must_use]
    pub fn why_closed(&self) -> Option<WhyStopped> {
        self.history().why
    }

    fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }
}
