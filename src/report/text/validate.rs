//! Writes the result of `validate` as text.

use crate::app::places::Places;
use crate::app::validate::ValidateReport;
use crate::domain::problem::{Problem, Severity, grouped};
use crate::report::json;
use crate::report::terminal::Terminal;

/// Writes the problems, the number of jobs, and the command to type next.
pub fn tell(terminal: &Terminal, places: &Places, report: &ValidateReport) {
    let tally = terminal.problems(report.problems.clone());
    let counts = counts(&report.problems);
    if report.is_invalid() {
        terminal.say(format_args!("{counts}. Nothing was sent."));
    } else if terminal.json {
        terminal.data(json::validate::object(report, tally));
    } else {
        let jobs = match report.jobs {
            1 => "1 job, valid".to_owned(),
            jobs => format!("{jobs} jobs, all valid"),
        };
        let doubts = if tally.warnings > 0 { format!(", {counts}") } else { String::new() };
        terminal.say(format_args!("{}: {jobs}{doubts}. Nothing was sent.", places.shown));
    }
    terminal.next(&report.next);
}

/// Returns the numbers of errors, warnings and notes in words, such as `1 error, 2 notes`. Problems with one cause
/// count once.
fn counts(problems: &[Problem]) -> String {
    let problems = grouped(problems.to_vec());
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let count = |(severity, word): (Severity, &str)| {
        let count = problems.iter().filter(|problem| problem.severity == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {word}{plural}"))
    };
    kinds.into_iter().filter_map(count).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
