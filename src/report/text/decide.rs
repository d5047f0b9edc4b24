//! Reports recorded reviews in words.

use crate::app::decide::DecideReport;
use crate::app::places::Places;
use crate::report::json;
use crate::report::reviews;
use crate::report::terminal::Terminal;

/// Writes the recorded reviews or, if nothing was recorded, the jobs that were reviewed or got another clip meanwhile.
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
