//! Writes the documents of a report to stdout or to a file.

use super::terminal::Terminal;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::places::Places;
use crate::domain::foreign::shown_json;
use crate::files::atomic_write;
use serde_json::Value;
use std::path::Path;

/// Returns one line of JSON that is safe to show on a terminal.
#[must_use]
pub fn json(value: &Value) -> String {
    format!("{}\n", shown_json(&value.to_string()))
}

/// Writes a document to a file, or to stdout if no file is named.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn put(terminal: &Terminal, places: &Places, file: Option<&Path>, document: &str) -> Result<(), Error> {
    let Some(file) = file else {
        Terminal::document(document);
        return Ok(());
    };
    atomic_write(file, document.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the report cannot be written to {}: {error}", file.display()))
            .money("nothing was sent and nothing was changed")
            .hint(places.typed("jobs"))
    })?;
    terminal.say(format_args!("report written to {}", file.display()));
    Ok(())
}
