//! Draws the lines at the bottom of a terminal that change during a run.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The lines at the bottom of the terminal. Clones share them; nothing is shown before the first [`Live::draw`].
#[derive(Debug, Clone)]
pub(super) struct Live {
    bar: ProgressBar,
    drawn: Arc<Mutex<Drawn>>,
}

/// The number of lines that were drawn last, and the number of columns for which they were drawn.
#[derive(Debug, Default)]
struct Drawn {
    lines: usize,
    columns: usize,
}

impl Live {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg}").expect("one placeholder is a template");
        let bar = ProgressBar::hidden().with_style(style);
        Self { bar, drawn: Arc::default() }
    }

    /// Replaces the drawn lines with `lines`, each of at most `columns` columns. An empty list changes nothing.
    pub(super) fn draw(&self, lines: &[String], columns: usize) {
        if lines.is_empty() {
            return;
        }
        let mut drawn = self.drawn();
        if drawn.lines == 0 {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        drawn.heed(columns);
        self.bar.set_message(lines.join("\n"));
        *drawn = Drawn { lines: lines.len(), columns };
        drawn.rest();
    }

    /// Runs an action that writes to the terminal, so that its output appears above the drawn lines.
    pub(super) fn above<T>(&self, columns: usize, write: impl FnOnce() -> T) -> T {
        let mut drawn = self.drawn();
        drawn.heed(columns);
        let result = self.bar.suspend(write);
        drawn.rest();
        result
    }

    /// Removes the drawn lines, and leaves the cursor where the first line began.
    pub(super) fn end(&self) {
        let mut drawn = self.drawn();
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        self.bar.reset();
        *drawn = Drawn::default();
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawn {
    /// Moves the cursor to the start of the last line. After Ctrl-C, a terminal writes `^C` at the cursor; at the end
    /// of a full line, these characters would begin a new row.
    fn rest(&self) {
        if self.lines > 0 {
            emit("\r");
        }
    }

    /// Removes the drawn lines if the width of the terminal has changed, and moves the cursor to the row of the last
    /// line.
    ///
    /// A terminal with a new width wraps its text again. Every drawn line is as wide as the terminal was, so the
    /// terminal wraps all drawn lines like one long line.
    fn heed(&mut self, columns: usize) {
        if self.lines == 0 || columns == 0 || self.columns == columns {
            return;
        }
        let above = (self.lines - 1) * self.columns / columns;
        let up = if above > 0 { format!("\x1b[{above}A") } else { String::new() };
        emit(&format!("\r{up}\x1b[J{}", "\n".repeat(self.lines - 1)));
        self.columns = columns;
    }
}

fn emit(codes: &str) {
    let mut stderr = io::stderr().lock();
    // A closed terminal ends the output but never the work.
    let _ = stderr.write_all(codes.as_bytes()).and_then(|()| stderr.flush());
}
