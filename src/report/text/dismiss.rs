//! Writes the result of `dismiss` as text.

use crate::app::dismiss::DismissReport;
use crate::report::json;
use crate::report::terminal::Terminal;

/// Writes the jobs that were dismissed, or whose dismissal was undone, and the command to type next.
pub fn tell(terminal: &Terminal, report: &DismissReport) {
    let words = if report.undo {
        "reported again from now on, because its dismissal was undone"
    } else {
        "dismissed: not reported again until its input changes"
    };
    for (job, take) in &report.jobs {
        if terminal.json {
            terminal.data(json::dismiss::object(job, take, !report.undo));
        } else {
            terminal.tell(&format!("{job}  {words}"), 2);
        }
    }
    terminal.next(&report.next);
}
