//! Follows changes by other processes during a run: decisions of a person, and paused providers.

use super::Run;
use super::world::Failure;
use crate::domain::durations::RenderKind;
use crate::domain::fault::Refusal;
use crate::domain::lifecycle::{Phase, State};
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::store::Pause;

/// The time until which a run leaves an unfinished take alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdleEnd {
    /// The run tries the take again after another process has changed the store, because a person may have decided
    /// about it or ended a pause.
    UntilChange,
    /// The run does not try the take again, because no command can remove the reason. The take is counted and reported
    /// once.
    UntilNextRun,
}

impl Run<'_> {
    /// Reads the store's counter of changes, and the pauses of providers, when the run begins.
    pub(super) async fn read_first_state(&mut self) -> Result<(), Failure> {
        // In this order: a write between the two is seen as a change.
        self.changes = self.world.store.changes().await.map_err(Failure::store)?;
        self.paused = self.pauses().await?;
        self.pause_accounts();
        Ok(())
    }

    /// Reads the changes that other processes have saved and acts on them; returns `false` if there are none.
    pub(super) async fn see_other_processes(&mut self) -> bool {
        match self.look().await {
            Ok(changed) => changed,
            Err(failure) => {
                self.fail(failure);
                false
            }
        }
    }

    async fn look(&mut self) -> Result<bool, Failure> {
        let changes = self.world.store.changes().await.map_err(Failure::store)?;
        if changes == self.changes {
            return Ok(false);
        }
        self.changes = changes;
        // A held take may have become active again.
        self.parked.retain(|_, until| *until == IdleEnd::UntilNextRun);
        self.backlog.start_over();
        let before = std::mem::take(&mut self.paused);
        self.paused = self.pauses().await?;
        self.pause_accounts();
        for pause in self.paused.iter().filter(|pause| !is_among(pause, &before)) {
            let why = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            self.tell(format!("{} paused{why}: nothing new is submitted", who(pause)));
        }
        for pause in before.iter().filter(|pause| !is_among(pause, &self.paused)) {
            self.tell(format!("{} no longer paused", who(pause)));
        }
        Ok(true)
    }

    /// Counts the takes that this run may submit and has not submitted, for example because of a stop, a used-up quota
    /// or a pause.
    ///
    /// Also reports the takes that were cancelled before this run began to work on them.
    pub(super) async fn missed(&mut self) -> Result<(), Failure> {
        let pending = self.world.store.still_pending(self.world.run).await.map_err(Failure::store)?;
        // Takes whose pictures changed do not wait: they are reported separately.
        let all: u64 = pending.values().sum();
        self.outcome.waiting = all.saturating_sub(self.outcome.input_changed.len() as u64);
        for (provider, waiting) in &pending {
            let account = self.accounts.get(provider);
            if let Some(words) = account.and_then(|it| it.day_words(self.world.clock.now(), *waiting)) {
                self.world.warn_once(words);
            }
        }
        let called_off = self.world.store.called_off(self.world.run).await.map_err(Failure::store)?;
        for Take { id, key, request, price, path, state, .. } in called_off {
            if !self.changed.contains(&id) {
                let (from, to) = (Phase::Pending, Box::new(state));
                let kind = RenderKind::of(&request);
                self.world.tell(&Notice::Moved { take: id, key, kind, price, path, from, to, said: None });
            }
        }
        self.miss_leaders().await
    }

    /// Counts the jobs that waited for the clip of a cancelled take as renderings that were not submitted.
    async fn miss_leaders(&mut self) -> Result<(), Failure> {
        for (take, followers) in std::mem::take(&mut self.work.filings.with_leader) {
            let take = self.world.store.take_by_id(&take).await.map_err(Failure::store)?;
            let cancelled = matches!(
                take.map(|take| take.state),
                Some(State::Cancelled { .. } | State::Failed { refusal: Refusal::Cancelled, .. })
            );
            if cancelled {
                self.outcome.waiting += followers.len() as u64;
            }
        }
        Ok(())
    }

    /// Returns the pauses of providers that a person has set for the project; empty in a run that does not submit.
    async fn pauses(&self) -> Result<Vec<Pause>, Failure> {
        if self.paid.is_none() {
            return Ok(Vec::new());
        }
        self.world.store.pauses(Some(&self.world.project)).await.map_err(Failure::store)
    }

    fn pause_accounts(&self) {
        for account in self.accounts.values() {
            let name = account.provider.name();
            account.pause(self.paused.iter().any(|pause| pause.covers(name)));
        }
    }

    fn tell(&self, words: String) {
        self.world.tell(&Notice::Warning(words));
    }
}

fn is_among(pause: &Pause, others: &[Pause]) -> bool {
    others.iter().any(|other| other.provider == pause.provider)
}

fn who(pause: &Pause) -> String {
    match &pause.provider {
        Some(provider) => format!("{provider} is"),
        None => "all providers are".to_owned(),
    }
}
