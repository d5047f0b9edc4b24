//! An export in words.

use crate::app::export::ExportReport;
use crate::domain::text::count;
use crate::report::terminal::Terminal;

/// Tells what was written, on stdout by its path, and what was left out.
pub fn tell(terminal: &Terminal, report: &ExportReport) {
    let made = if report.sandbox { " of the sandbox" } else { "" };
    terminal.say(format_args!("{}{made} exported", count(report.clips, "clip")));
    for path in &report.written {
        terminal.data(path.display());
    }
    let left_out = report.left_out.parts();
    if !left_out.is_empty() {
        terminal.tell(&format!("left out: {}", left_out.join(" · ")), 2);
    }
    report.notes.iter().for_each(|note| terminal.tell(note, 2));
}
