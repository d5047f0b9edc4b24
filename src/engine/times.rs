//! Durations of renderings: read at the start of a run, saved every minute, more often at first, and at its end.

use super::Run;
use std::time::Duration;
use tokio::time::Instant;

/// How often what was learned is saved at most: never with each job.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// Returns whether what was learned is to be saved again: soon in a new run, for those who ask how far it is.
pub(super) fn is_time_to_save(began: Instant, saved: Instant) -> bool {
    saved.elapsed() > SAVE_EVERY.min(began.elapsed() / 2)
}

impl Run<'_> {
    /// Takes over what earlier runs have learned of durations. Without it a run learns afresh.
    pub(super) async fn load_times(&self) {
        match self.world.store.durations().await {
            Ok(known) => {
                for (kind, durations) in known {
                    if let Some(account) = self.accounts.get(&kind.model.provider) {
                        account.load(kind, durations);
                    }
                }
            }
            Err(error) => {
                self.world.warn_once(format!("how long renderings take is learned afresh: {error}"));
            }
        }
    }

    /// Saves what was learned of durations. Nothing depends on it but the times of later polls.
    pub(super) async fn save_times(&self) {
        let learned: Vec<_> = self.accounts.values().flat_map(|account| account.unsaved()).collect();
        if learned.is_empty() {
            return;
        }
        if let Err(error) = self.world.store.save_durations(learned).await {
            self.world.warn_once(format!("how long renderings took is not saved: {error}"));
        }
    }
}
