//! The lines at the bottom of a terminal that change while a run is at work.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bottom of the terminal. Clones share it; nothing is shown before the first [`Live::draw`].
#[derive(Debug, Clone)]
pub(super) struct Live {
    bar: ProgressBar,
    drawn: Arc<Mutex<Drawn>>,
}

/// The lines that were drawn last.
#[derive(Debug, Default)]
struct Drawn {
    lines: usize,
    columns: usize,
}

impl Live {
    /// Returns a bottom with no lines drawn.
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg}").expect("one placeholder is a template");
        let bar = ProgressBar::hidden().with_style(style);
        Self { bar, drawn: Arc::default() }
    }

    /// Shows these lines, none of them wider than the terminal, in place of what was shown before.
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

    /// Runs an action that writes to the terminal, so that its output comes above the lines.
    pub(super) fn above<T>(&self, columns: usize, write: impl FnOnce() -> T) -> T {
        let mut drawn = self.drawn();
        drawn.heed(columns);
        let result = self.bar.suspend(write);
        drawn.rest();
        result
    }

    /// Removes the lines. The cursor is where the first of them began.
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
    /// Moves the cursor to where the last line begins. At its end, the `^C` that a terminal shows would open another row.
    fn rest(&self) {
        if self.lines > 0 {
            emit("\r");
        }
    }

    /// After a change of width a terminal breaks the drawn lines again, as one paragraph, for each line fills its row.
    /// That paragraph is removed here, and the cursor put where the last line would be.
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
    // A terminal that went away ends the talk, never the work.
    let _ = stderr.write_all(codes.as_bytes()).and_then(|()| stderr.flush());
}
