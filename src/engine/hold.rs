//! What other processes do beside a run: decisions of a person, and providers put on hold.

use super::Run;
use super::world::Failure;
use crate::domain::durations::RenderKind;
use crate::domain::fault::Refusal;
use crate::domain::lifecycle::{Phase, State};
use crate::domain::notice::Notice;
use crate::domain::take::Take;
use crate::store::Pause;

impl Run<'_> {
    /// Where everything stands when the run begins.
    pub(super) async fn look_first(&mut self) -> Result<(), Failure> {
        // In this order: what is written between the two is seen as a change.
        self.changes = self.world.store.changes().await.map_err(Failure::store)?;
        self.paused = self.pauses().await?;
        self.hold();
        Ok(())
    }

    /// Takes note of what other processes wrote; `false` where nothing was written.
    pub(super) async fn look_beside(&mut self) -> bool {
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
        // A held take may have been brought back to life.
        self.parked.clear();
        self.backlog.start_over();
        let before = std::mem::take(&mut self.paused);
        self.paused = self.pauses().await?;
        self.hold();
        for pause in self.paused.iter().filter(|pause| !is_among(pause, &before)) {
            let why = pause.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            self.tell(format!("{} on hold{why}: nothing new is submitted", who(pause)));
        }
        for pause in before.iter().filter(|pause| !is_among(pause, &self.paused)) {
            self.tell(format!("{} no longer on hold", who(pause)));
        }
        Ok(true)
    }

    /// Counts what still waits, behind a stop, a closed provider, a day's quota or a pause, and tells what somebody
    /// cancelled before it was taken up.
    pub(super) async fn missed(&mut self) -> Result<(), Failure> {
        let pending = self.world.store.still_pending(self.world.run).await.map_err(Failure::store)?;
        // Those whose pictures changed wait for nothing: they are told as such.
        self.outcome.waiting = pending.saturating_sub(self.outcome.input_changed.len() as u64);
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

    /// Counts the jobs whose clip was to come of a take that somebody cancelled: they are still to be rendered.
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

    /// Of interest to those alone who submit.
    async fn pauses(&self) -> Result<Vec<Pause>, Failure> {
        if self.paid.is_none() {
            return Ok(Vec::new());
        }
        self.world.store.pauses(Some(&self.world.project)).await.map_err(Failure::store)
    }

    fn hold(&self) {
        for account in self.accounts.values() {
            let name = account.provider.name();
            account.hold(self.paused.iter().any(|pause| pause.covers(name)));
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
