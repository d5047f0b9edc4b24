//! Reads the unfinished takes from the store, page by page, and starts the work on each take when there is room for one
//! more.

use super::Run;
use super::owed::OwedClip;
use super::world::{Failure, World};
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::store::{Cursor, Queue, Queued};
use std::collections::{HashMap, VecDeque};

/// The takes that a run works on now, by id. The value is the take's model if the take was unsubmitted when the work on
/// it began, and `None` for any other take.
type Flying = HashMap<TakeId, Option<ModelName>>;

const PAGE: u32 = 64;
/// The largest number of takes that a run polls or downloads concurrently. Takes that this run has submitted and that
/// still render do not count. Further takes wait in the store, and the most urgent take is read first.
const OWED_WINDOW: usize = 256;
/// The number of takes kept waiting per model beyond its slots, so that a freed slot is filled immediately.
const WAITING_PER_LANE: usize = 4;

/// A list of takes in the store, with the position up to which this run has read it.
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

    /// Returns the next take of the list; `None` after the last one.
    ///
    /// Leaves out the takes that this run was working on when their page was read, because their states on the page may
    /// soon be out of date.
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

/// The takes in the store that a run must still work on, as lists that are read page by page.
///
/// Each list is read once. After a change by another process, all lists are read again ([`Backlog::start_over`]). The
/// list of clips to download is also read again after this run has left rendered clips in the store.
pub(super) struct Backlog {
    /// The lists of the submitted takes: first those with a clip to download, then those with a task to poll.
    owed: [Reading; 2],
    pending: HashMap<ModelName, Reading>,
    /// True if this run has left rendered takes in the store since it last read the list of clips to download. The list
    /// must then be read again.
    has_rendered: bool,
    /// The takes that wait in the store. While a take is in this map, its clip counts as one to be downloaded.
    stored: HashMap<TakeId, OwedClip>,
}

impl Backlog {
    pub(super) fn new() -> Self {
        let owed = [Queue::Clips, Queue::Tasks].map(Reading::new);
        Self { owed, pending: HashMap::new(), has_rendered: false, stored: HashMap::new() }
    }

    /// Begins again at the start of every list of takes, so that the lists are read again.
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
            // Both lists were read to their ends: takes that were not taken up from them will not be.
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
    /// Starts the download of a clip that was rendered in this run. If too many clips are being downloaded already, the
    /// take waits in the store instead: a server that delivers no clips must not stop new submissions.
    pub(super) fn rendered(&mut self, take: Take, replaces: bool) {
        if self.collecting < OWED_WINDOW {
            self.spawn(Queued { take, approved: true, replaces, at: Cursor::START }, None);
        } else {
            self.backlog.has_rendered = true;
            self.store_debt(&take);
        }
    }

    /// Counts the clip of a take as one to be downloaded, although no work on the take begins yet.
    fn store_debt(&mut self, take: &Take) {
        let Some(account) = self.accounts.get(&take.request.model.provider) else { return };
        let mut owed_clip = OwedClip::new(&self.world.owed, account);
        owed_clip.follow(&take.state, account.lane(&take.request.model.model).link_life);
        self.backlog.stored.insert(take.id.clone(), owed_clip);
    }

    /// Counts the clips of earlier runs as clips to be downloaded, if no work on their takes has begun yet.
    async fn store_debts(&mut self) -> Result<(), Failure> {
        for queue in [Queue::Clips, Queue::Tasks] {
            let mut reading = Reading::new(queue);
            while let Some(Queued { take, .. }) = reading.next(self.world, &self.flying).await? {
                if !self.flying.contains_key(&take.id) && !self.parked.contains_key(&take.id) {
                    self.store_debt(&take);
                }
            }
        }
        Ok(())
    }

    /// Starts the work on further takes of the store, as long as there is room. `first` is true for the first call of a
    /// run.
    pub(super) async fn top_up(&mut self, first: bool) -> Result<(), Failure> {
        // Not for each place that becomes free, because the list is read from its beginning.
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

    /// Starts the work on a model's unsent takes, until enough of them wait for a slot of the model.
    async fn top_up_lane(&mut self, model: &ModelName, width: usize) -> Result<(), Failure> {
        while self.waiting.get(model).copied().unwrap_or(0) < width + WAITING_PER_LANE {
            let Some(queued) = self.backlog.pending(self.world, model, &self.flying).await? else { break };
            self.spawn(queued, Some(model.clone()));
        }
        Ok(())
    }
}
