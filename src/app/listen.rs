//! Who is told what happens during a run: a terminal, a pipe, or a program.

use crate::cli::args::Global;
use super::places::Places;
use crate::cli::terminal::Terminal;
use crate::domain::notice::{Notice, WhyStopped};
use crate::engine::clock::Clock;
use crate::report::budget::Gauge;
use crate::report::json;
use crate::report::lines::{Tone, line};
use crate::report::live::Board;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the times on a terminal go on.
const TICK: Duration = Duration::from_millis(200);

/// Tells what happens, and keeps what the end of the run has to tell.
pub(crate) struct Listener {
    terminal: Terminal,
    clock: Clock,
    verbose: bool,
    /// Whether the log tells it too: not where it would stand twice on stderr.
    logged: bool,
    places: Places,
    heard: Mutex<Heard>,
}

/// What was heard.
struct Heard {
    /// Where the jobs stand.
    board: Board,
    /// How full the budgets are.
    gauge: Gauge,
    /// Providers and models that stopped taking submissions.
    closed: HashMap<String, WhyStopped>,
    /// Why something had to be sent again, in the words that were told already.
    reasons: HashSet<String>,
    /// What kept the machine from going on: a full disk meets each clip, and is told once.
    troubles: HashSet<String>,
    /// Whether the run has ended; a request that was left alone may still tell something.
    over: bool,
}

impl Heard {
    fn new(board: Board, gauge: Gauge) -> Self {
        let (closed, reasons, troubles) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { board, gauge, closed, reasons, troubles, over: false }
    }

    /// Returns whether this was not told before in the same words.
    fn is_news(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Trouble(trouble) => self.troubles.insert(trouble.clone()),
            _ => true,
        }
    }
}

impl Listener {
    /// Nothing was heard yet.
    pub(crate) fn new(
        terminal: &Terminal,
        clock: Clock,
        global: &Global,
        places: Places,
        board: Board,
        gauge: Gauge,
    ) -> Self {
        let logged = global.log_file.is_some() || terminal.json || terminal.quiet;
        let heard = Mutex::new(Heard::new(board, gauge));
        Self { terminal: terminal.clone(), clock, verbose: global.verbose > 0, logged, places, heard }
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
        let now = self.clock.now();
        let mut heard = self.heard();
        if !heard.is_news(notice) {
            return;
        }
        let line = |verbose: bool| {
            line(notice, verbose).map(|line| line.with_paths(|path| self.places.opened(path)))
        };
        if let Some(line) = line(true).filter(|_| self.logged) {
            tracing::info!(target: "shotlist", "{line}");
        }
        heard.board.hear(notice, now);
        if let Notice::Stopped { who, why, .. } = notice {
            heard.closed.insert(who.clone(), *why);
        }
        if let Notice::Trouble(trouble) = notice {
            self.terminal.insist(format_args!("{} {trouble}", self.terminal.paint("error:", "1;31")));
        }
        // Told while nobody else can be: what came later also stands below.
        if self.terminal.json {
            self.terminal.data(json::line(notice, now));
        } else if let Some(line) = line(self.verbose).filter(|_| !matches!(notice, Notice::Trouble(_))) {
            if !self.terminal.is_live() {
                self.terminal.say(line);
            } else if self.verbose || line.tone != Tone::Step {
                // A thousand jobs that are too fast are told so once; each stands below with the time of its next try.
                let known = line.reason().is_some_and(|reason| !heard.reasons.insert(reason.to_owned()));
                if known {
                    return self.draw(&heard);
                }
                let (columns, _) = self.terminal.size();
                let paint = |word: &str| match line.tone {
                    Tone::Good => self.terminal.paint(word, "32"),
                    Tone::Bad => self.terminal.paint(word, "31"),
                    Tone::Doubt => self.terminal.paint(word, "33"),
                    Tone::Plain | Tone::Step => word.to_owned(),
                };
                self.terminal.say(line.fitted(columns, now, paint).join("\n"));
            }
        }
        self.draw(&heard);
    }

    /// Lets the times on a terminal go on; never ends.
    pub(crate) async fn keep_time(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.draw(&self.heard());
        }
    }

    /// Removes what changes from the terminal, and gives what was heard. What is told from now on stays as it is.
    pub(crate) fn end(&self) -> (Board, HashMap<String, WhyStopped>) {
        let mut heard = self.heard();
        heard.over = true;
        self.terminal.still();
        (heard.board.clone(), std::mem::take(&mut heard.closed))
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, heard: &Heard) {
        if self.terminal.is_live() && !heard.over {
            let (columns, rows) = self.terminal.size();
            self.terminal.draw(&heard.board.lines(self.clock.now(), columns, rows));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::live::Start;
    use jiff::Timestamp;

    #[test]
    fn a_full_disk_is_told_once_and_another_trouble_beside_it() {
        let board = Board::new(Start::default(), Timestamp::UNIX_EPOCH);
        let mut heard = Heard::new(board, Gauge::default());
        let trouble = |words: &str| Notice::Trouble(words.to_owned());
        let told = ["the disk is full", "the disk is full", "task T-1 could not be written down"];
        assert_eq!(told.map(|words| heard.is_news(&trouble(words))), [true, false, true]);
        let warning = Notice::Warning("the disk is full".into());
        assert!(heard.is_news(&warning) && heard.is_news(&warning));
    }
}
