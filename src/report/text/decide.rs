//! Reports recorded reviews in words.

use crate::app::decide::DecideReport;
use crate::app::places::Places;
use crate::report::json;
use crate::report::reviews;
use crate::report::terminal::Terminal;

/// Writes the recorded reviews or, if nothing was recorded, the conflicts; then writes the counts of all reviews. In a
/// conflict, the job was reviewed, or got another clip, after the person saw the clip.
pub fn tell(terminal: &Terminal, places: &Places, report: &DecideReport) {
    if terminal.json {
        terminal.data(json::decide::object(report));
    }
    let made = report.made.iter().filter(|_| !terminal.json);
    for (key, review) in made {
        terminal.tell(&format!("{key}  {}", reviews::sentence(review)), 2);
    }
    for (key, newest) in &report.conflicts {
        let newest = newest.as_ref().map(reviews::sentence);
        let newest = newest.unwrap_or_else(|| "the job now has another clip".to_owned());
        terminal.tell(&format!("{key}  changed in the meantime, nothing was recorded: {newest}"), 2);
    }
    if let Some(counts) = reviews::counts(&report.counts, places.mark()).filter(|_| !terminal.json) {
        terminal.tell(&format!("reviews  {counts}"), 9);
    }
}
