//! Counts what a run does, and tells it on.

use super::board::Board;
use super::budget::Gauge;
use super::reporter::{News, Reporter, SharedBoard};
use crate::domain::notice::{Notice, WhyStopped};
use crate::engine::clock::Clock;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Hears the notices of the engine, counts them and tells them to a [`Reporter`].
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
    /// Faults of this machine: a full disk meets each clip, and is told once.
    troubles: HashSet<String>,
}

impl Heard {
    /// Returns whether this was not told before in the same words.
    fn is_news(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Trouble(trouble) => self.troubles.insert(trouble.clone()),
            _ => true,
        }
    }
}

impl Listener {
    /// Begins to listen.
    pub(crate) fn new(reporter: Arc<dyn Reporter>, clock: Clock, board: Board, gauge: Gauge) -> Self {
        let board = Arc::new(Mutex::new(board));
        reporter.hear(&News::Started(&board));
        Self { reporter, clock, board, heard: Mutex::new(Heard { gauge, ..Heard::default() }) }
    }

    /// Tells one thing, and what it means for the budgets.
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
        if !heard.is_news(notice) {
            return;
        }
        self.board.lock().unwrap_or_else(PoisonError::into_inner).hear(notice, at);
        if let Notice::Stopped { who, why, .. } = notice {
            heard.closed.insert(who.clone(), *why);
        }
        // Told while nobody else can be, so that lines keep their order.
        self.reporter.hear(&News::Notice { notice, at });
    }

    /// Ends the telling, and returns what was heard.
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
        assert_eq!(told.map(|words| heard.is_news(&trouble(words))), [true, false, true]);
        let warning = Notice::Warning("the disk is full".into());
        assert!(heard.is_news(&warning) && heard.is_news(&warning));
    }
}
