//! Writes the end of a run, in words or as JSON.

use super::terminal::Terminal;
use super::{json, text};
use crate::app::places::Places;
use crate::app::summary::RunReport;
use crate::domain::text::count;

/// Writes the outcome of a run as text or JSON, and the command to type next.
pub fn tell(terminal: &Terminal, places: &Places, report: &RunReport) {
    let summary = match report {
        RunReport::Nothing { what, next, exit } => {
            if terminal.json {
                terminal.data(json::run::nothing(what, *exit));
            } else {
                terminal.say(what);
            }
            if let Some(next) = next {
                terminal.next(next);
            }
            return;
        }
        RunReport::Ran(summary) => summary,
    };
    for (key, reason) in &summary.unfiled {
        terminal.say(format_args!("unsaved  {key}  {reason}"));
    }
    if summary.panicked > 0 {
        terminal.say(format_args!(
            "error: a defect in shotlist interrupted {}; the next run continues",
            count(summary.panicked, "job")
        ));
    }
    if terminal.json {
        terminal.data(json::run::object(places, summary));
    } else {
        text::run::tell(terminal, places, summary);
    }
}
