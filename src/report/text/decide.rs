//! Reviews that were recorded.

use crate::app::decide::DecideReport;
use crate::app::places::Places;
use crate::report::json;
use crate::report::reviews;
use crate::report::terminal::Terminal;

/// Tells which reviews were recorded, or which reviews of others stand in the way.
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
        let newest = newest.unwrap_or_else(|| "it shows another clip now".to_owned());
        terminal.tell(&format!("{key}  changed meanwhile, nothing was recorded: {newest}"), 2);
    }
    if let Some(counts) = reviews::counts(&report.counts, places.mark()).filter(|_| !terminal.json) {
        terminal.tell(&format!("reviews  {counts}"), 9);
    }
}
