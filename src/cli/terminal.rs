//! stdout is data, stderr is talk. A closed pipe ends the talk, never the work.

use super::args::{ColorWhen, Global};
use super::exit::Error;
use super::settings::variable;
use crate::domain::problem::{Problem, grouped};
use crate::report::problems;
use std::fmt::Display;
use std::io::{BufRead, IsTerminal, Write};

/// How wide talk is where nobody knows the terminal's width.
const WIDTH: u16 = 100;

/// The two streams and how to use them.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// JSON on stdout.
    pub json: bool,
    /// Only errors on stderr.
    pub quiet: bool,
    /// Colour on stderr.
    pub color: bool,
    /// Whether questions can be asked.
    pub interactive: bool,
    width: u16,
}

impl Terminal {
    /// From flags, environment and what the streams are connected to.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let set = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
        let color = match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => !set("NO_COLOR") && (set("CLICOLOR_FORCE") || (terminal && !dumb)),
        };
        let columns = rustix::termios::tcgetwinsize(std::io::stderr()).ok().map(|size| size.ws_col);
        Self {
            json: global.json,
            quiet: global.quiet,
            color,
            interactive: terminal && std::io::stdin().is_terminal(),
            width: columns.filter(|columns| *columns > 20).unwrap_or(WIDTH),
        }
    }

    /// Columns of the terminal.
    #[must_use]
    pub fn width(&self) -> usize {
        usize::from(self.width)
    }

    /// A line of data.
    pub fn data(&self, line: impl Display) {
        // A reader that went away (`| head -1`) does not end paid work.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    /// A line of talk.
    pub fn say(&self, line: impl Display) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }

    /// The command to type next.
    pub fn next(&self, command: impl Display) {
        if !self.json {
            self.say(format_args!("next: {command}"));
        }
    }

    /// Problems of the user's files, causes joined; on stdout as JSON where JSON is wanted.
    #[expect(clippy::must_use_candidate, reason = "telling is the point; the tally is a by-product")]
    pub fn problems(&self, found: Vec<Problem>) -> Tally {
        let found = grouped(found);
        let errors = found.iter().filter(|problem| problem.is_error()).count();
        let tally = Tally { errors, warnings: found.len() - errors };
        if self.json {
            for problem in &found {
                self.data(problems::json(problem));
            }
        } else if !found.is_empty() && (errors > 0 || !self.quiet) {
            let shown = problems::render(&found, self.color, self.width);
            let _ = write!(std::io::stderr().lock(), "{shown}");
        }
        tally
    }

    /// An error and what to type next.
    pub fn error(&self, error: &Error) {
        let mut err = std::io::stderr().lock();
        let money = error.money.as_ref().map(|money| format!(" ({money})")).unwrap_or_default();
        let _ = writeln!(err, "{} {}{money}", self.paint("error:", "1;31"), error.what);
        if let Some(next) = &error.next {
            let _ = writeln!(err, "next: {next}");
        }
    }

    /// Asks a question that only `y` or `yes` answers with yes.
    #[must_use]
    pub fn ask(&self, question: &str) -> bool {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{question} [y/N] ");
        let _ = err.flush();
        drop(err);
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// The text in a colour, where colour is wanted.
    #[must_use]
    pub fn paint(&self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// How many causes were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Causes that must be mended.
    pub errors: usize,
    /// Warnings and notes.
    pub warnings: usize,
}

impl Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        match (self.errors, self.warnings) {
            (0, warnings) => f.write_str(&plural(warnings, "warning")),
            (errors, 0) => f.write_str(&plural(errors, "error")),
            (errors, warnings) => write!(f, "{}, {}", plural(errors, "error"), plural(warnings, "warning")),
        }
    }
}
