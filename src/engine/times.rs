//! Loads the learned rendering times at the start of a run. Saves them every minute (more often at first) and at the
//! end.

use super::Run;
use std::time::Duration;
use tokio::time::Instant;

/// The longest time between two saves of the rendering times. At the start of a run, the time is shorter.
const SAVE_EVERY: Duration = Duration::from_mins(1);

/// Checks whether the rendering times are due to be saved. A run saves them more often at its start, because other
/// commands read them to show its progress.
pub(super) fn is_time_to_save(began: Instant, saved: Instant) -> bool {
    saved.elapsed() > SAVE_EVERY.min(began.elapsed() / 2)
}

impl Run<'_> {
    /// Loads the rendering times that earlier runs have learned. If that fails, the run learns them again.
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
                self.world.warn_once(format!(
                    "rendering times could not be read: {error}; this run learns them again"
                ));
            }
        }
    }

    /// Saves the learned rendering times. A failure is only a warning, because only the times of later polls depend on
    /// them.
    pub(super) async fn save_times(&self) {
        let learned: Vec<_> = self.accounts.values().flat_map(|account| account.unsaved()).collect();
        if learned.is_empty() {
            return;
        }
        if let Err(error) = self.world.store.save_durations(learned).await {
            self.world.warn_once(format!(
                "rendering times could not be saved: {error}; later runs learn them again"
            ));
        }
    }
}
