//! Checks the free space of the disk for clips.

use super::Run;
use super::blocking::blocking;
use super::stop::StopReason;
use crate::domain::notice::Notice;
use std::sync::Arc;

impl Run<'_> {
    /// Measures the free space of the disk for clips.
    ///
    /// Stops all submissions if there is no room for one clip while no other clip waits for its download. Waiting would
    /// not help then.
    pub(super) async fn look_at_disk(&self) {
        if self.paid.is_none() || self.world.stop.submissions().is_cancelled() {
            return;
        }
        let free_space = Arc::clone(&self.world.free_space);
        let free = blocking(move || free_space()).await.unwrap_or_default();
        let submits = self.waiting.values().any(|waiting| *waiting > 0);
        if let Some(short) = self.world.owed.measured(free).filter(|_| submits) {
            self.world.tell(&Notice::Warning(short.words("")));
            self.world.stop.no_more_submissions(StopReason::Local);
        }
    }
}
