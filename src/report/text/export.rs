//! Writes the result of `export` as text.

use crate::app::export::ExportReport;
use crate::domain::text::count;
use crate::report::terminal::Terminal;

/// Writes the paths of the exported files to stdout, and the number of clips left out to stderr.
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
