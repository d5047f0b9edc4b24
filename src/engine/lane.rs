//! Who may submit, and how fast: a lane per model, an account per provider.
//!
//! A lane has slots (tasks in flight: held from the submission until the provider is finished) and a pace. An account
//! has the pace of polls and the reasons to stop submitting for this run.

use super::pace::Pace;
use super::together::Questions;
use crate::domain::fault::{Fault, FaultKind, Refusal, Said, Stop};
use crate::domain::limits::{Limits, Rate};
use crate::domain::notice::WhyStopped;
use crate::domain::policy::{Moment, Policy};
use crate::provider::card::ModelCard;
use crate::provider::cards::Cards;
use crate::provider::{self, Provider};
use crate::transport::Endpoint;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Polls at once and in a second, downloads at once, and tasks in flight, where neither card nor manifest says otherwise.
const POLLS: u32 = 8;
const DOWNLOADS: u32 = 4;
const POLLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).unwrap();
const CONCURRENCY: u32 = 2;
/// How long links live of models that have no card any more: as long as those of every documented one.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// Unanswered submissions within the window that stop a provider: by then its answers cannot be trusted.
const AMBIGUITY: (usize, Duration) = (3, Duration::from_mins(10));
/// Connection failures in a row after which the whole provider pauses, and the pauses' bounds.
const UNREACHED: u32 = 5;
const PAUSE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(10));
/// Without any submission getting through for so long, a provider is given up for this run.
const GIVE_UP: Duration = Duration::from_hours(1);
/// Refusals of one model in a row that stop the model.
const MODEL_REFUSALS: u32 = 3;
/// A key that is refused is tried once more after this, in case it was being exchanged.
pub(super) const AUTH_RETRY: Duration = Duration::from_secs(5);

/// One model: how many tasks at once, and how fast.
pub struct Lane {
    /// What the model takes. Where there is no card any more its tasks can be collected, and nothing can be ordered.
    pub card: Option<Arc<ModelCard>>,
    /// The model's numbers.
    pub policy: Policy,
    /// How long a link of this model lives.
    pub link_life: Duration,
    slots: Arc<Semaphore>,
    width: usize,
    pace: Pace,
    refusals: Mutex<u32>,
    closed: CancellationToken,
}

impl Lane {
    /// From the model's card and its provider's numbers, corrected by the manifest's limits.
    #[must_use]
    pub fn new(card: Option<&Arc<ModelCard>>, provider: &dyn Provider, manifest: &Limits) -> Self {
        let own = card.map(|card| card.limits).unwrap_or_default();
        let limits = manifest.over(own).over(provider.profile().limits);
        let width = limits.concurrency.map_or(CONCURRENCY, NonZeroU32::get) as usize;
        let standard = provider::policy(provider.name());
        let policy = Policy {
            first_poll: limits.first_poll.unwrap_or(standard.first_poll),
            poll_every: limits.poll_every.unwrap_or(standard.poll_every),
            ..standard
        };
        let rate = limits.rate.unwrap_or(Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) });
        Self {
            card: card.cloned(),
            policy,
            link_life: card.map_or(LINK_LIFE, |card| card.link_life),
            slots: Arc::new(Semaphore::new(width)),
            width,
            pace: Pace::new(rate),
            refusals: Mutex::new(0),
            closed: CancellationToken::new(),
        }
    }

    /// Tasks in flight at once.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A place for a task that is already running: takes one if there is one, for resumed tasks come unasked.
    #[must_use]
    pub fn occupy(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
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
    pub provider: &'static dyn Provider,
    /// Its address and key.
    pub endpoint: Endpoint,
    /// Since when the key has been this one, where the provider can be asked for what was sent: set at the start of a
    /// run.
    pub(super) key_since: OnceLock<Timestamp>,
    /// Whether its address has ever accepted a submission: set at the start of a run.
    pub(super) proven: AtomicBool,
    lanes: HashMap<String, Arc<Lane>>,
    /// Of models without a card.
    strangers: Arc<Lane>,
    polls: Semaphore,
    poll_pace: Pace,
    /// Polls that wait for it.
    pub(super) questions: Questions,
    /// Downloads at once.
    pub(super) downloads: Semaphore,
    per_day: Option<u32>,
    closed: CancellationToken,
    /// Whether a person has put it on hold.
    paused: watch::Sender<bool>,
    history: Mutex<History>,
}

/// What this run has seen of a provider.
#[derive(Default)]
struct History {
    why: Option<WhyStopped>,
    not_before: Option<Timestamp>,
    unanswered: VecDeque<Timestamp>,
    unreached: u32,
    auth_refused: bool,
    /// Since when nothing has got through; by a clock that stands still while the computer sleeps.
    trouble: Option<Instant>,
    day: Option<(String, u32)>,
}

impl History {
    /// Takes one from the day's count: no byte left, so the provider has not counted it either.
    fn give_back(&mut self) {
        self.day = self.day.take().map(|(day, sent)| (day, sent.saturating_sub(1)));
    }
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
    pub fn new(provider: &'static dyn Provider, endpoint: Endpoint, limits: Limits, cards: &Cards) -> Self {
        let own = limits.over(provider.profile().limits);
        let lane = |card| Arc::new(Lane::new(card, provider, &limits));
        let lanes =
            cards.of(provider.name()).map(|card| (card.name.model.clone(), lane(Some(card)))).collect();
        let poll_rate = Rate { count: POLLS_PER_SECOND, per: Duration::from_secs(1) };
        Self {
            key_since: OnceLock::new(),
            proven: AtomicBool::new(false),
            provider,
            endpoint,
            lanes,
            strangers: lane(None),
            polls: Semaphore::new(own.polls.map_or(POLLS, NonZeroU32::get) as usize),
            downloads: Semaphore::new(own.downloads.map_or(DOWNLOADS, NonZeroU32::get) as usize),
            poll_pace: Pace::new(own.poll_rate.unwrap_or(poll_rate)),
            questions: Questions::default(),
            per_day: own.per_day,
            closed: CancellationToken::new(),
            paused: watch::Sender::new(false),
            history: Mutex::default(),
        }
    }

    /// The lane of a model.
    #[must_use]
    pub fn lane(&self, model: &str) -> &Arc<Lane> {
        self.lanes.get(model).unwrap_or(&self.strangers)
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

    /// Takes over how many submissions today's earlier runs made.
    pub fn sent_today(&self, now: Timestamp, count: u32) {
        self.history().day = Some((now.strftime("%F").to_string(), count));
    }

    /// Waits for a slot, for the provider's pause to end, and for the pace; in this order, so that nobody holds a
    /// cell of the pace while waiting for a slot. `None` if a stop or a closure came first.
    pub async fn admission(
        &self,
        lane: &Lane,
        clock: &super::clock::Clock,
        stop: &CancellationToken,
    ) -> Option<OwnedSemaphorePermit> {
        let admission = async {
            let slot = Arc::clone(&lane.slots).acquire_owned().await.ok()?;
            loop {
                let pause = self.history().not_before.filter(|pause| *pause > clock.now());
                let Some(pause) = pause else { break };
                if !clock.until(pause, stop).await {
                    return None;
                }
            }
            if self.day_is_over(clock.now()) || !lane.pace.next(stop).await {
                return None;
            }
            Some(slot)
        };
        let slot = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            () = self.closed.cancelled() => return None,
            () = lane.closed.cancelled() => return None,
            slot = admission => slot?,
        };
        (self.is_open() && lane.is_open() && self.take_of_the_day(clock.now())).then_some(slot)
    }

    /// A permit to poll, at the pace of polls. `None` if a stop came first.
    pub async fn poll_admission(&self, stop: &CancellationToken) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            permit = self.polls.acquire() => permit.ok()?,
        };
        self.poll_pace.next(stop).await.then_some(permit)
    }

    /// A submission that was admitted is not made after all.
    pub fn not_made(&self) {
        self.history().give_back();
    }

    /// A submission was accepted.
    pub fn accepted(&self, lane: &Lane) {
        *lock(&lane.refusals) = 0;
        let mut history = self.history();
        history.unreached = 0;
        history.auth_refused = false;
        history.trouble = None;
    }

    /// Learns from a submission's fault; says so when it closes the provider or the model for this run.
    pub fn learn(&self, lane: &Lane, model: &str, fault: &Fault, at: Moment) -> Option<Closed> {
        let name = self.provider.name();
        let mut history = self.history();
        let close = |history: &mut History, why| {
            history.why = Some(why);
            self.closed.cancel();
            Some(Closed { who: name.to_owned(), why, said: fault.said.clone() })
        };
        if !self.is_open() {
            return None;
        }
        if !matches!(fault.kind, FaultKind::NotSent) {
            history.unreached = 0;
        }
        if !matches!(fault.kind, FaultKind::NotSent | FaultKind::Throttled { .. }) {
            history.trouble = None;
        }
        if matches!(fault.kind, FaultKind::NotSent) {
            history.give_back();
        }
        if !matches!(fault.kind, FaultKind::Rejected(Refusal::Model) | FaultKind::Barred) {
            *lock(&lane.refusals) = 0;
        }
        match fault.kind {
            FaultKind::Stop(Stop::Auth) if !history.auth_refused => {
                history.auth_refused = true;
                history.not_before = Some(at.after(AUTH_RETRY));
                None
            }
            FaultKind::Stop(stop) => close(&mut history, WhyStopped::Provider(stop)),
            FaultKind::Unknown => {
                history.unanswered.retain(|then| at.since(*then) < AMBIGUITY.1);
                history.unanswered.push_back(at.now);
                if history.unanswered.len() >= AMBIGUITY.0 {
                    return close(&mut history, WhyStopped::Ambiguity);
                }
                None
            }
            FaultKind::NotSent => {
                history.unreached += 1;
                let round = history.unreached / UNREACHED;
                if history.unreached.is_multiple_of(UNREACHED) {
                    let pause = PAUSE.0.saturating_mul(2u32.saturating_pow(round.min(20) - 1)).min(PAUSE.1);
                    history.not_before = Some(at.after(pause));
                }
                out_of_patience(&mut history).then(|| close(&mut history, WhyStopped::NoProgress))?
            }
            FaultKind::Throttled { after } => {
                if let Some(after) = after {
                    let pause = lane.policy.throttle_backoff.pause(1, Some(after), at.jitter);
                    history.not_before = history.not_before.max(Some(at.after(pause)));
                }
                out_of_patience(&mut history).then(|| close(&mut history, WhyStopped::NoProgress))?
            }
            FaultKind::Rejected(Refusal::Model) | FaultKind::Barred => {
                let mut refusals = lock(&lane.refusals);
                *refusals += 1;
                (*refusals >= MODEL_REFUSALS && lane.is_open()).then(|| {
                    lane.closed.cancel();
                    Closed {
                        who: format!("{name}/{model}"),
                        why: WhyStopped::Model,
                        said: fault.said.clone(),
                    }
                })
            }
            FaultKind::Busy { .. } | FaultKind::Rejected(_) | FaultKind::NoRoute | FaultKind::Gone => None,
        }
    }

    /// Takes no more submissions in this run.
    pub(super) fn close(&self, why: WhyStopped) {
        self.history().why.get_or_insert(why);
        self.closed.cancel();
    }

    /// Counts a submission against the day's quota (UTC). `false` where it is used up.
    fn take_of_the_day(&self, now: Timestamp) -> bool {
        let Some(quota) = self.per_day else { return true };
        let today = now.strftime("%F").to_string();
        let mut history = self.history();
        let sent = match &history.day {
            Some((day, sent)) if *day == today => *sent,
            _ => 0,
        };
        if sent >= quota {
            return false;
        }
        history.day = Some((today, sent + 1));
        true
    }

    /// Whether the day's quota is used up.
    #[must_use]
    pub fn day_is_over(&self, now: Timestamp) -> bool {
        let today = now.strftime("%F").to_string();
        let history = self.history();
        self.per_day.is_some_and(|quota| {
            history.day.as_ref().is_some_and(|(day, sent)| *day == today && *sent >= quota)
        })
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

/// Whether nothing got through for so long that waiting on makes no sense.
fn out_of_patience(history: &mut History) -> bool {
    history.trouble.get_or_insert_with(Instant::now).elapsed() > GIVE_UP
}

/// A panic while a lock is held leaves counters that are still right to read.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
