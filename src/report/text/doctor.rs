//! Writes the results of `doctor` as text.

use crate::app::doctor::{Check, DoctorReport, Verdict};
use crate::domain::foreign::shown_lines;
use crate::domain::text::count;
use crate::report::layout::labelled;
use crate::report::terminal::Terminal;

/// Writes each check to stdout, and the number of failures and the command to type next to stderr.
pub fn tell(terminal: &Terminal, report: &DoctorReport) {
    report.checks.iter().for_each(|check| tell_check(terminal, check));
    terminal.say(sum(report));
    terminal.next(&report.next);
}

/// Returns the number of failures and warnings in one line.
fn sum(report: &DoctorReport) -> String {
    let words = match (report.failed(), report.warnings()) {
        (0, 0) => "All checks passed".to_owned(),
        (0, warnings) => format!("No check failed, {}", count(warnings, "warning")),
        (failed, 0) => format!("{} failed", count(failed, "check")),
        (failed, warnings) => format!("{} failed, {}", count(failed, "check"), count(warnings, "warning")),
    };
    words + ". Nothing was submitted."
}

fn tell_check(terminal: &Terminal, check: &Check) {
    let verdict = format!("{:<4}", check.verdict.name());
    let color = match check.verdict {
        Verdict::Ok => "32",
        Verdict::Warn => "33",
        Verdict::Fail(_) => "1;31",
    };
    let mut lines = labelled(&format!("{verdict}  {:<9} ", check.about), &check.what, terminal.size().0);
    if let Some(todo) = &check.todo {
        lines.extend(labelled("                -> ", todo, terminal.size().0));
    }
    for (at, line) in lines.into_iter().enumerate() {
        // Only the first line begins with the verdict.
        match line.strip_prefix(&verdict).filter(|_| at == 0) {
            Some(rest) => Terminal::painted_data(format_args!(
                "{}{}",
                terminal.paint(&verdict, color),
                shown_lines(rest)
            )),
            None => terminal.data(line),
        }
    }
}
