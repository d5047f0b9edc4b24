//! Who is told what happens during a run: a terminal, a pipe, or a program.

use super::args::Global;
use super::terminal::Terminal;
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
pub(super) struct Listener {
    terminal: Terminal,
    clock: Clock,
    verbose: bool,
    /// Whether the log tells it too: not where it would stand twice on stderr.
    logged: bool,
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
    /// Whether the run has ended; a request that was left alone may still tell something.
    over: bool,
}

impl Listener {
    /// Nothing was heard yet.
    pub(super) fn new(
        terminal: &Terminal,
        clock: Clock,
        global: &Global,
        board: Board,
        gauge: Gauge,
    ) -> Self {
        let logged = global.log_file.is_some() || terminal.json || terminal.quiet;
        let (closed, reasons) = (HashMap::new(), HashSet::new());
        let heard = Mutex::new(Heard { board, gauge, closed, reasons, over: false });
        Self { terminal: terminal.clone(), clock, verbose: global.verbose > 0, logged, heard }
    }

    /// Tells one thing, and what it means for the budgets.
    pub(super) fn hear(&self, notice: &Notice) {
        self.tell(notice);
        let low = self.heard().gauge.hear(notice);
        for words in low {
            self.tell(&Notice::Warning(words));
        }
    }

    fn tell(&self, notice: &Notice) {
        if let Some(line) = line(notice, true).filter(|_| self.logged) {
            tracing::info!(target: "shotlist", "{line}");
        }
        let now = self.clock.now();
        let mut heard = self.heard();
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
        } else if let Some(line) =
            line(notice, self.verbose).filter(|_| !matches!(notice, Notice::Trouble(_)))
        {
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
    pub(super) async fn keep_time(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.draw(&self.heard());
        }
    }

    /// Removes what changes from the terminal, and gives what was heard. What is told from now on stays as it is.
    pub(super) fn end(&self) -> (Board, HashMap<String, WhyStopped>) {
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
