//! Writes a finished report to stdout or to a file.

use super::own::is_report;
use super::terminal::Terminal;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::out_file::replacing;
use crate::app::places::Places;
use crate::domain::foreign::shown_json;
use crate::files::Output;
use serde_json::Value;
use std::path::Path;

/// Returns one line of JSON that is safe to show on a terminal.
#[must_use]
pub fn json(value: &Value) -> String {
    format!("{}\n", shown_json(&value.to_string()))
}

/// Checks that a report may be written to `file`. Returns the checked file, to which [`put`] writes the report. An
/// existing file that is not a report is an error.
///
/// `repeat` is the command without the file.
pub fn check(places: &Places, file: &Path, repeat: &str) -> Result<Output, Error> {
    replacing(file, "a report", is_report)
        .map_err(|error| error.hint(places.typed(&format!("{repeat} --out REPORT_FILE"))))
}

/// Writes a document to a file, or to stdout if no file is named.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn put(terminal: &Terminal, places: &Places, file: Option<&Output>, document: &str) -> Result<(), Error> {
    let Some(file) = file else {
        Terminal::document(document);
        return Ok(());
    };
    if file.is_stdout() {
        Terminal::document(document);
        return Ok(());
    }
    let shown = file.named().display();
    file.write(document.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the report cannot be written to {shown}: {error}"))
            .money("nothing was sent and nothing was changed")
            .hint(places.typed("jobs"))
    })?;
    terminal.say(format_args!("report written to {shown}"));
    Ok(())
}
