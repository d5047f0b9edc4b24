//! A plan in words.

use crate::app::places::Places;
use crate::app::plan::PlanReport;
use crate::domain::text::count;
use crate::report::guards;
use crate::report::pauses;
use crate::report::plan::change_line;
use crate::report::terminal::Terminal;

/// Tells a plan: the table on stdout, everything else on stderr.
pub fn tell(terminal: &Terminal, places: &Places, report: &PlanReport) {
    let PlanReport { plan, changes, .. } = report;
    let buckets = &plan.sum.buckets;
    terminal.say(format_args!("{}: {}: {}\n", places.shown, count(buckets.jobs(), "job"), buckets.line()));
    terminal.data(plan.table(places.mark()).trim_end());
    for (key, fields) in &changes.examples {
        let fields: Vec<String> = fields.iter().map(change_line).collect();
        terminal.tell(&format!("{key}  {}", fields.join("; ")), 2);
    }
    if changes.jobs > changes.examples.len() {
        terminal.say(format_args!("… and {} more", changes.jobs - changes.examples.len()));
    }
    plan.notes().iter().for_each(|note| terminal.tell(note, 2));
    plan.budget_lines().into_iter().for_each(|line| terminal.tell(&(line + places.mark()), 9));
    pauses::lines(&report.paused, report.now).iter().for_each(|line| terminal.tell(line, 9));
    plan.trips.iter().flat_map(guards::lines).for_each(|line| terminal.tell(&line, 11));
    if !plan.trips.is_empty() {
        terminal.tell("A run would send nothing: see `run --accept-changes`, `run --plan`.", 2);
    }
    terminal.say("Nothing was sent.");
    report.lost.lines(places).iter().for_each(|line| terminal.tell(line, 9));
    if !report.choices.is_empty() {
        terminal.tell(&format!("other choices of one_per: {}", report.choices.join(" · ")), 2);
    }
}
