//! Dismissed jobs in words.

use crate::app::dismiss::DismissReport;
use crate::report::json;
use crate::report::terminal::Terminal;

/// Tells the jobs that are dismissed, or reported again, and the command to type next.
pub fn tell(terminal: &Terminal, report: &DismissReport) {
    let words = if report.undo {
        "told again from now on"
    } else {
        "dismissed: told no more until its input changes"
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
