//! Writes the result of `validate` as text.

use crate::app::places::Places;
use crate::app::validate::ValidateReport;
use crate::report::json;
use crate::report::terminal::Terminal;

/// Writes the problems, the number of jobs, and the command to type next.
pub fn tell(terminal: &Terminal, places: &Places, report: &ValidateReport) {
    let tally = terminal.problems(report.problems.clone());
    if report.is_invalid() {
        terminal.say(format_args!("{tally}. Nothing was sent."));
    } else if terminal.json {
        terminal.data(json::validate::object(report, tally));
    } else {
        let jobs = match report.jobs {
            1 => "1 job, valid".to_owned(),
            jobs => format!("{jobs} jobs, all valid"),
        };
        let doubts = if report.problems.is_empty() { String::new() } else { format!(", {tally}") };
        terminal.say(format_args!("{}: {jobs}{doubts}. Nothing was sent.", places.shown));
    }
    terminal.next(&report.next);
}
