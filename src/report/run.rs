//! The end of a run, in words or as JSON.

use super::terminal::Terminal;
use super::{json, text};
use crate::app::places::Places;
use crate::app::summary::RunReport;
use crate::domain::text::count;

/// Tells the outcome of a run in the form that the terminal asks for, and the command to type next.
pub fn tell(terminal: &Terminal, places: &Places, report: &RunReport) {
    let summary = match report {
        RunReport::Nothing { what, next, .. } => {
            terminal.say(what);
            if let Some(next) = next {
                terminal.next(next);
            }
            return;
        }
        RunReport::Ran(summary) => summary,
    };
    for (key, reason) in &summary.unfiled {
        terminal.say(format_args!("unfiled  {key}  {reason}"));
    }
    if summary.panicked > 0 {
        terminal.say(format_args!(
            "error: {} met a defect of shotlist and stayed where they were; the next run goes on with them",
            count(summary.panicked, "job")
        ));
    }
    if terminal.json {
        terminal.data(json::run::object(places, summary));
    } else {
        text::run::tell(terminal, places, summary);
    }
}
