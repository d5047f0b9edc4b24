//! The listener that counts the events of a run and passes them on.

use super::board::Board;
use super::budget::Gauge;
use super::reporter::{News, Reporter, SharedBoard};
use crate::domain::notice::{Notice, WhyStopped};
use crate::engine::clock::Clock;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A listener that receives the engine's notices, counts them and sends them to a [`Reporter`].
pub(crate) struct Listener {
    reporter: Arc<dyn Reporter>,
    clock: Clock,
    board: SharedBoard,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    gauge: Gauge,
    /// Providers and models that stopped taking submissions.
    closed: HashMap<String, WhyStopped>,
    /// Local faults that were reported. A full disk affects each clip but is reported once.
    troubles: HashSet<String>,
}

impl Heard {
    /// Returns whether this notice was not sent before in the same words.
    fn is_new(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Trouble(trouble) => self.troubles.insert(trouble.clone()),
            _ => true,
        }
    }
}

impl Listener {
    /// Returns a listener for the start of a run.
    pub(crate) fn new(reporter: Arc<dyn Reporter>, clock: Clock, board: Board, gauge: Gauge) -> Self {
        let board = Arc::new(Mutex::new(board));
        reporter.hear(&News::Started(&board));
        Self { reporter, clock, board, heard: Mutex::new(Heard { gauge, ..Heard::default() }) }
    }

    /// Reports a notice, and warns about budgets that run low.
    pub(crate) fn hear(&self, notice: &Notice) {
        self.tell(notice);
        let low = self.heard().gauge.hear(notice);
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
        self.board.lock().unwrap_or_else(PoisonError::into_inner).hear(notice, at);
        if let Notice::Stopped { who, why, .. } = notice {
            heard.closed.insert(who.clone(), *why);
        }
        // The lock is still held here, so lines keep their order.
        self.reporter.hear(&News::Notice { notice, at });
    }

    /// Stops reporting, and returns the final counts and the closed providers and models.
    pub(crate) fn end(&self) -> (Board, HashMap<String, WhyStopped>) {
        let mut heard = self.heard();
        self.reporter.hear(&News::Ended);
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (board, std::mem::take(&mut heard.closed))
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_once_and_another_trouble_beside_it() {
        let mut heard = Heard::default();
        let trouble = |words: &str| Notice::Trouble(words.to_owned());
        let told = ["the disk is full", "the disk is full", "task T-1 could not be written down"];
        assert_eq!(told.map(|words| heard.is_new(&trouble(words))), [true, false, true]);
        let warning = Notice::Warning("the disk is full".into());
        assert!(heard.is_new(&warning) && heard.is_new(&warning));
    }
}
