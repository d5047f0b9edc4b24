//! Writes data to stdout and messages to stderr. A closed pipe ends the output but never the work.

mod live;

use super::layout::{Row, wrap};
use super::problems;
use crate::app::environment::variable;
use crate::app::error::Error;
use crate::domain::foreign::{shown_json, shown_lines};
use crate::domain::problem::{Problem, Tally, grouped};
use live::Live;
use serde_json::ser::{Formatter, Serializer};
use std::fmt::Display;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::sync::OnceLock;

/// The columns and rows that are assumed for a terminal that does not report its size.
const SIZE: (u16, u16) = (100, 24);
/// The minimum columns and rows. A smaller reported size is ignored.
const LEAST: (u16, u16) = (20, 5);

/// The first error of a write to stdout. The work continues; the exit code of the program reports the error.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Records a failed write to stdout for the exit code of the program.
///
/// A reader that has closed the pipe (`| head -1`) wants no more data, so this is not an error.
fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // Only the first error counts.
        let _ = LOST.set(error);
    }
}

/// A formatter of JSON that escapes a terminal's control characters in all strings.
struct EscapingFormatter;

impl Formatter for EscapingFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(shown_json(fragment).as_bytes())
    }
}

/// The choice of when to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorWhen {
    /// Colour is used on a terminal, unless `NO_COLOR` or `TERM=dumb` is set. `CLICOLOR_FORCE` asks for colour in a
    /// pipe too.
    Auto,
    /// Colour is always used.
    Always,
    /// Colour is never used.
    Never,
}

/// The two output streams and the settings for them.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
#[derive(Debug, Clone)]
pub struct Terminal {
    /// True if stdout gets JSON.
    pub json: bool,
    /// True if stderr gets only errors.
    pub quiet: bool,
    /// True if stderr gets colours.
    pub color: bool,
    /// True if stdin and stderr are terminals, so that questions can be asked.
    pub interactive: bool,
    /// True if stderr is a terminal that can move its cursor.
    movable: bool,
    live: Live,
}

impl Terminal {
    /// Returns the streams with settings from flags, from the environment and from the kind of the streams.
    #[must_use]
    pub fn new(json: bool, quiet: bool, color: ColorWhen) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let set = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
        // Any text counts, even `0`: https://no-color.org.
        let is_no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => !is_no_color && (set("CLICOLOR_FORCE") || (terminal && !dumb)),
        };
        Self {
            json,
            quiet,
            color,
            interactive: terminal && std::io::stdin().is_terminal(),
            movable: terminal && !dumb,
            live: Live::new(),
        }
    }

    /// Returns the current size of the terminal as (columns, rows).
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
        let columns = size.map(|size| size.ws_col).filter(|columns| *columns >= LEAST.0).unwrap_or(SIZE.0);
        let rows = size.map(|size| size.ws_row).filter(|rows| *rows >= LEAST.1).unwrap_or(SIZE.1);
        (columns.into(), rows.into())
    }

    /// Returns the width to which messages are wrapped: the columns of the terminal, or unlimited without a terminal.
    #[must_use]
    pub fn columns(&self) -> usize {
        if self.movable { self.size().0 } else { usize::MAX }
    }

    /// Returns the width for lists on stdout: the columns of the terminal, or unlimited without a terminal.
    #[must_use]
    pub fn data_columns(&self) -> usize {
        if std::io::stdout().is_terminal() { self.size().0 } else { usize::MAX }
    }

    /// Returns whether the terminal can show progress lines that change during a run.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.movable && !self.quiet && !self.json
    }

    /// Shows these lines at the bottom of the terminal until [`Terminal::still`] removes them. Other messages go above
    /// them.
    pub fn draw(&self, lines: &[String]) {
        self.live.draw(lines, self.size().0);
    }

    /// Removes the lines that [`Terminal::draw`] showed at the bottom of the terminal.
    pub fn still(&self) {
        self.live.end();
    }

    /// Runs an action that writes to stderr, so that its output appears above the lines of [`Terminal::draw`].
    pub fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.live.above(self.size().0, write)
    }

    /// Writes a line of data to stdout with all control characters escaped.
    pub fn data(&self, line: impl Display) {
        let line = line.to_string();
        Self::painted_data(if self.json { shown_json(&line) } else { shown_lines(&line) });
    }

    /// Writes a line of JSON to stdout, even without `--json`.
    pub fn json_data(line: impl Display) {
        Self::painted_data(shown_json(&line.to_string()));
    }

    /// Writes a line of data with colours. The caller has escaped control characters in text of users and providers.
    pub(crate) fn painted_data(line: impl Display) {
        let mut out = std::io::stdout().lock();
        note(writeln!(out, "{line}").and_then(|()| out.flush()));
    }

    /// Writes a document to stdout as it is, because the document has its own line ends. The caller has escaped the
    /// control characters in the document.
    pub(crate) fn document(text: &str) {
        let mut out = std::io::stdout().lock();
        note(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Writes lines of data to stdout.
    pub fn all_data(&self, lines: impl IntoIterator<Item = impl Display>) {
        lines.into_iter().for_each(|line| self.data(line));
    }

    /// Writes a line of JSON while it is serialized, because it may be too long for memory.
    ///
    /// Returns an error if the value cannot be serialized.
    pub fn long_data(&self, line: &impl serde::Serialize) -> Result<(), serde_json::Error> {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let written = line.serialize(&mut Serializer::with_formatter(&mut out, EscapingFormatter));
        note(match written {
            Ok(()) => writeln!(out).and_then(|()| out.flush()),
            Err(error) if error.is_io() => Err(error.into()),
            Err(error) => return Err(error),
        });
        Ok(())
    }

    /// Returns the first error of stdout, after which its data is incomplete. A closed pipe is not an error.
    #[must_use]
    pub fn lost_data() -> Option<&'static io::Error> {
        LOST.get()
    }

    /// Writes a message to stderr with all control characters escaped.
    pub fn say(&self, line: impl Display) {
        self.say_painted(shown_lines(&line.to_string()));
    }

    /// Writes a message with colours to stderr. The caller has escaped control characters in text of users and
    /// providers.
    pub(crate) fn say_painted(&self, line: impl Display) {
        if !self.quiet {
            self.above(|| {
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            });
        }
    }

    /// Writes an error that does not end the work, even with `--quiet`, because it may be recorded nowhere else.
    pub fn insist(&self, error: &str) {
        let shown = self.error_text(error);
        self.above(|| {
            let _ = writeln!(std::io::stderr().lock(), "{shown}");
        });
    }

    /// Writes a message wrapped to the width of the terminal. Further lines are indented.
    pub fn tell(&self, sentence: &str, indent: usize) {
        self.say(wrap(sentence, self.columns(), indent).join("\n"));
    }

    /// Writes a row of a report to stderr, wrapped to the width of the terminal.
    pub(crate) fn row(&self, row: &Row) {
        match row {
            Row::Text(text, indent) => self.tell(text, *indent),
            Row::Command(line) => self.say(line),
        }
    }

    /// Writes to stderr which command to type next; nothing with `--json`.
    pub fn next(&self, command: impl Display) {
        if !self.json {
            self.say(format_args!("next: {command}"));
        }
    }

    /// Writes the problems of the user's files, grouped by cause, and returns their counts.
    ///
    /// The problems go to stderr as text, or with `--json` to stdout as JSON.
    #[expect(clippy::must_use_candidate, reason = "writing is the purpose; the tally is a by-product")]
    pub fn problems(&self, found: Vec<Problem>) -> Tally {
        let found = grouped(found);
        let tally = Tally::of_grouped(&found);
        if self.json {
            for problem in &found {
                self.data(problems::json(problem));
            }
        } else if !found.is_empty() && (tally.errors > 0 || !self.quiet) {
            let width = u16::try_from(self.size().0).unwrap_or(SIZE.0);
            let shown = problems::render(&found, self.color, width, self.columns());
            let _ = write!(std::io::stderr().lock(), "{shown}");
        }
        tally
    }

    /// Writes an error with the problems that caused it and, without `--json`, the command to type next.
    pub fn error(&self, error: &Error) {
        self.problems(error.problems.clone());
        self.error_lines(error);
    }

    /// Writes the error that ends a command to stderr. With `--json` the error also goes to stdout as an object, with a
    /// field `event` if `is_event` is true.
    pub fn end(&self, error: &Error, is_event: bool) {
        if !self.json {
            return self.error(error);
        }
        self.error_data(error, is_event);
        self.error_lines(error);
    }

    /// Writes an error to stdout as a JSON object, with a field `event` if `is_event` is true.
    pub fn error_data(&self, error: &Error, is_event: bool) {
        let mut object = super::json::error::object(error);
        if is_event {
            object["event"] = "ended".into();
        }
        self.data(object);
    }

    fn error_lines(&self, error: &Error) {
        let shown = self.error_text(&with_money(&error.what, error.money.as_deref()));
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{shown}");
        // With --json the error's own object names the command.
        if let Some(next) = error.hint.as_ref().filter(|_| !self.json) {
            let _ = writeln!(err, "next: {}", shown_lines(next));
        }
    }

    /// Returns the text of an error after the word `error:`, wrapped to the width of the terminal.
    fn error_text(&self, what: &str) -> String {
        let text = format!("error: {}", shown_lines(what));
        let lines: Vec<String> = text.lines().flat_map(|line| wrap(line, self.columns(), 2)).collect();
        lines.join("\n").replacen("error:", &self.paint("error:", "1;31"), 1)
    }

    /// Asks a question, and returns true only for the answers `y` and `yes`.
    #[must_use]
    pub fn ask(&self, question: &str) -> bool {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{} [y/N] ", shown_lines(question));
        let _ = err.flush();
        drop(err);
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Returns the text in a colour if colours are on.
    #[must_use]
    pub fn paint(&self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Inserts the statement about money after the first sentence of an error.
///
/// Further sentences say what to do. They may end with a command, and nothing may follow a command that can be copied.
fn with_money(what: &str, money: Option<&str>) -> String {
    match (money, what.split_once(". ")) {
        (None, _) => what.to_owned(),
        (Some(money), None) => format!("{what} ({money})"),
        (Some(money), Some((first, further))) => format!("{first} ({money}). {further}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_money;

    #[test]
    fn nothing_follows_a_command() {
        let what = "nothing was sent. To send it: shotlist run";
        assert_eq!(
            with_money(what, Some("not charged")),
            "nothing was sent (not charged). To send it: shotlist run"
        );
        assert_eq!(with_money("nothing was sent", Some("not charged")), "nothing was sent (not charged)");
        assert_eq!(with_money(what, None), what);
    }
}
