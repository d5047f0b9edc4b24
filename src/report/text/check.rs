//! Formats the verdicts of the automatic checks in words.

use crate::app::check::{CheckReport, CheckedClip};
use crate::app::places::Places;
use crate::report::layout::labelled;

/// Returns the lines about each clip that has a finding, is missing or is altered, and then the counts.
#[must_use]
pub fn lines(places: &Places, report: &CheckReport, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for CheckedClip { key, path, older, loss, checked, .. } in &report.clips {
        let older = if *older { "  (an earlier version)" } else { "" };
        if let Some(loss) = loss.filter(|_| older.is_empty()) {
            lines.push(format!("{}  {key}  {}", loss.name(), places.opened(path)));
        }
        let Some(checked) = checked.as_ref().filter(|checked| !checked.findings.is_empty()) else { continue };
        lines.push(format!("{}  {key}{older}  {}", checked.verdict(), places.opened(path)));
        for finding in &checked.findings {
            let label = format!("      {:<9}", finding.check);
            lines.extend(labelled(&label, &finding.reason, columns));
        }
    }
    let looked = if report.frames { "" } else { " (without looking at frames: ffmpeg is not used)" };
    lines.extend(labelled("", &format!("checks: {}{looked}", report.tally.line()), columns));
    lines
}
