//! Writes the result of `prune` as text.

use crate::app::prune::PruneReport;
use crate::domain::text::count;
use crate::report::json;
use crate::report::terminal::Terminal;

/// Writes, as text or with `--json` as an object, the number of archived clips, the clips that could not be moved, and the command to type next.
pub fn tell(terminal: &Terminal, report: &PruneReport) {
    if terminal.json {
        return terminal.data(json::prune::object(report));
    }
    for (key, fault) in &report.left {
        terminal.say(format_args!("skipped  {key}  {fault}"));
    }
    if report.is_idle() {
        terminal.say("nothing to archive: every clip is wanted or already archived");
    } else {
        terminal.say(format_args!(
            "archived {} in the folder `{}`",
            count(report.archived, "clip"),
            report.archive.display()
        ));
    }
    terminal.next(&report.next);
}
