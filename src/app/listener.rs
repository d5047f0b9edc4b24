//! The receiver of a run's events, which counts them and reports them to the user.

use super::budget::BudgetMonitor;
use super::reporter::{News, Reporter, SharedTotals};
use super::totals::RunTotals;
use crate::domain::notice::{Notice, WhyStopped};
use crate::engine::clock::Clock;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A receiver of the engine's notices (events), which updates the counts and passes each notice to a [`Reporter`].
pub(crate) struct Listener {
    reporter: Arc<dyn Reporter>,
    clock: Clock,
    totals: SharedTotals,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    monitor: BudgetMonitor,
    /// Providers and models that take no more submissions, by name, with the reason.
    closed: HashMap<String, WhyStopped>,
    /// Texts of the faults of this computer that were reported. A full disk affects each clip but is reported only
    /// once.
    troubles: HashSet<String>,
}

impl Heard {
    /// Returns whether a notice (event) must be reported. A fault of this computer, such as a full disk, is not
    /// reported twice with the same text.
    fn is_new(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Trouble(trouble) => self.troubles.insert(trouble.clone()),
            _ => true,
        }
    }
}

impl Listener {
    /// Returns the receiver of a new run's events, and reports that the run has started.
    pub(crate) fn new(
        reporter: Arc<dyn Reporter>,
        clock: Clock,
        totals: RunTotals,
        monitor: BudgetMonitor,
    ) -> Self {
        let totals = Arc::new(Mutex::new(totals));
        reporter.hear(&News::Started(&totals));
        Self { reporter, clock, totals, heard: Mutex::new(Heard { monitor, ..Heard::default() }) }
    }

    /// Counts and reports a notice (an event of the run), and reports a warning if a budget runs low.
    pub(crate) fn hear(&self, notice: &Notice) {
        self.tell(notice);
        let low = self.heard().monitor.hear(notice);
        for words in low {
            self.tell(&Notice::Warning(words));
        }
    }

    fn tell(&self, notice: &Notice) {
        let at = self.clock.now();
        let mut heard = self.heard();
        if !heard.is_new(notice) {
            return;
        }
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).hear(notice, at);
        if let Notice::Stopped { who, why, .. } = notice {
            heard.closed.insert(who.clone(), *why);
        }
        // The lock is still held here, so lines keep their order.
        self.reporter.hear(&News::Notice { notice, at });
    }

    /// Reports the end of the run. Returns the final counts, and the providers and models that take no more
    /// submissions.
    pub(crate) fn end(&self) -> (RunTotals, HashMap<String, WhyStopped>) {
        let mut heard = self.heard();
        self.reporter.hear(&News::Ended);
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (totals, std::mem::take(&mut heard.closed))
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
