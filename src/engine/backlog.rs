//! Works off the lists of the store, page by page, as there is room in flight.

use super::Run;
use super::owed::Debt;
use super::world::{Failure, World};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::store::{Cursor, Queue, Queued};
use std::collections::{HashMap, VecDeque};

/// The takes in flight, each with the lane that it waits for.
type Flying = HashMap<TakeId, Option<ModelName>>;

/// Takes read at once.
const PAGE: u32 = 64;
/// Takes of earlier runs that are polled or downloaded at once; more wait in the store, nearest due first. They have this
/// room to themselves, whatever is submitted meanwhile.
const OWED_WINDOW: usize = 256;
/// Takes kept waiting per lane beyond its slots, so that a freed slot finds one at once.
const WAITING_PER_LANE: usize = 4;

/// One list of the store, and how far it was read.
struct Reading {
    queue: Queue,
    page: VecDeque<Queued>,
    after: Cursor,
    ended: bool,
}

impl Reading {
    fn new(queue: Queue) -> Self {
        Self { queue, page: VecDeque::new(), after: Cursor::START, ended: false }
    }

    /// Returns the next take of the list; `None` behind its last.
    ///
    /// Leaves out what is in flight when the page is read: it may have moved on by its turn.
    async fn next(&mut self, world: &World, flying: &Flying) -> Result<Option<Queued>, Failure> {
        while self.page.is_empty() && !self.ended {
            let page = world.store.queued(world.run, &self.queue, self.after, PAGE).await;
            let page = page.map_err(Failure::store)?;
            self.after = page.last().map_or(self.after, |last| last.at);
            self.ended = page.len() < PAGE as usize;
            self.page = page.into_iter().filter(|queued| !flying.contains_key(&queued.take.id)).collect();
        }
        Ok(self.page.pop_front())
    }
}

/// The lists of a run.
///
/// Each take is read once. What the run itself changes never has to be read again; what another process changed is
/// found by [`Backlog::start_over`].
pub(super) struct Backlog {
    /// In the order in which they are worked off.
    owed: [Reading; 2],
    pending: HashMap<ModelName, Reading>,
    /// Whether clips wait in the store that were rendered after their list was read.
    has_rendered: bool,
    /// What is owed for takes that wait in the store.
    stored: HashMap<TakeId, Debt>,
}

impl Backlog {
    pub(super) fn new() -> Self {
        let owed = [Queue::Clips, Queue::Tasks].map(Reading::new);
        Self { owed, pending: HashMap::new(), has_rendered: false, stored: HashMap::new() }
    }

    /// Reads every list from its beginning again.
    pub(super) fn start_over(&mut self) {
        let stored = std::mem::take(&mut self.stored);
        *self = Self { stored, ..Self::new() };
    }

    async fn owed(&mut self, world: &World, flying: &Flying) -> Result<Option<Queued>, Failure> {
        for reading in &mut self.owed {
            let next = reading.next(world, flying).await?;
            if next.is_some() {
                return Ok(next);
            }
        }
        if !self.has_rendered {
            // Both lists were read to their ends: what was not taken up from them will not be.
            self.stored.clear();
        }
        Ok(None)
    }

    async fn pending(
        &mut self,
        world: &World,
        model: &ModelName,
        flying: &Flying,
    ) -> Result<Option<Queued>, Failure> {
        if !self.pending.contains_key(model) {
            self.pending.insert(model.clone(), Reading::new(Queue::Pending(model.clone())));
        }
        match self.pending.get_mut(model) {
            Some(reading) => reading.next(world, flying).await,
            None => Ok(None),
        }
    }
}

impl Run<'_> {
    /// Goes on with a take of this run as with those of earlier ones: a host of clips that is down must not keep others
    /// from being ordered.
    pub(super) fn rendered(&mut self, take: Take, replaces: bool) {
        if self.collecting < OWED_WINDOW {
            self.spawn(Queued { take, approved: true, replaces, at: Cursor::START }, None);
        } else {
            self.backlog.has_rendered = true;
            self.store_debt(&take);
        }
    }

    /// Notes what is owed for a take that waits in the store.
    fn store_debt(&mut self, take: &Take) {
        let Some(account) = self.accounts.get(&take.request.model.provider) else { return };
        let mut debt = Debt::new(&self.world.owed, account);
        debt.follow(&take.state, account.lane(&take.request.model.model).link_life);
        self.backlog.stored.insert(take.id.clone(), debt);
    }

    /// Notes what is owed for takes of earlier runs that have to wait in the store.
    async fn store_debts(&mut self) -> Result<(), Failure> {
        for queue in [Queue::Clips, Queue::Tasks] {
            let mut reading = Reading::new(queue);
            while let Some(Queued { take, .. }) = reading.next(self.world, &self.flying).await? {
                if !self.flying.contains_key(&take.id) && !self.parked.contains(&take.id) {
                    self.store_debt(&take);
                }
            }
        }
        Ok(())
    }

    /// Spawns drives for what is due and not in flight.
    pub(super) async fn top_up(&mut self, first: bool) -> Result<(), Failure> {
        // Not for each place that becomes free, for the list is read from its beginning.
        if self.backlog.has_rendered && self.collecting <= OWED_WINDOW / 2 {
            self.backlog.has_rendered = false;
            self.backlog.owed[0] = Reading::new(Queue::Clips);
        }
        while self.collecting < OWED_WINDOW {
            let Some(queued) = self.backlog.owed(self.world, &self.flying).await? else { break };
            let owed = matches!(queued.take.state, State::Downloading { .. } | State::Placing { .. });
            let id = queued.take.id.clone();
            if self.spawn(queued, None) && first && owed {
                self.drain.insert(id.clone());
            }
            self.backlog.stored.remove(&id);
        }
        if first && self.paid.is_some() && self.collecting >= OWED_WINDOW {
            self.store_debts().await?;
        }
        if self.paid.is_none() || !self.drain.is_empty() || self.world.stop.submissions().is_cancelled() {
            return Ok(());
        }
        let now = self.world.clock.now();
        for account in self.accounts.values() {
            if !account.is_open() || account.is_paused() || account.day_is_over(now) {
                continue;
            }
            for (card, lane) in account.lanes().filter(|(_, lane)| lane.is_open()) {
                self.top_up_lane(&card.name, lane.width()).await?;
            }
        }
        Ok(())
    }

    /// Spawns drives for a model's pending takes until enough of them wait for its slots.
    async fn top_up_lane(&mut self, model: &ModelName, width: usize) -> Result<(), Failure> {
        while self.waiting.get(model).copied().unwrap_or(0) < width + WAITING_PER_LANE {
            let Some(queued) = self.backlog.pending(self.world, model, &self.flying).await? else { break };
            self.spawn(queued, Some(model.clone()));
        }
        Ok(())
    }
}
