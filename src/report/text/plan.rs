//! Writes the result of `plan` as text.

use crate::app::places::Places;
use crate::app::plan::PlanReport;
use crate::domain::text::count;
use crate::report::changes::change_line;
use crate::report::guards;
use crate::report::pauses;
use crate::report::reviews;
use crate::report::terminal::Terminal;

/// Writes the table of a plan to stdout; its notes, budgets and warnings go to stderr.
pub fn tell(terminal: &Terminal, places: &Places, report: &PlanReport, verbose: bool) {
    let PlanReport { plan, changes, .. } = report;
    let buckets = &plan.sum.buckets;
    let jobs = count(buckets.jobs(), "job");
    terminal.tell(&format!("{}: {jobs}: {}", places.shown, buckets.line()), 2);
    terminal.say("");
    terminal.all_data(plan.table(places.mark(), terminal.columns()));
    for (key, fields) in &changes.examples {
        let fields: Vec<String> = fields.iter().map(change_line).collect();
        terminal.tell(&format!("{key}  {}", fields.join("; ")), 2);
    }
    if changes.jobs > changes.examples.len() {
        terminal.say(format_args!("… and {} more", changes.jobs - changes.examples.len()));
    }
    plan.notes(verbose).iter().for_each(|note| terminal.tell(note, 2));
    if let Some(counts) = reviews::counts(&report.reviews, places.mark()) {
        terminal.tell(&format!("reviews  {counts}"), 9);
    }
    plan.budget_lines().into_iter().for_each(|line| terminal.tell(&(line + places.mark()), 9));
    for line in pauses::lines(&report.paused, report.now) {
        terminal.tell(&line, 9);
    }
    plan.trips.iter().flat_map(guards::lines).for_each(|line| terminal.tell(&line, 11));
    if report.has_gaps {
        terminal.tell(
            "The project's records were rebuilt, and requests may be missing from them: jobs without a clip may have \
             been paid for before, so `run` asks for your approval first. Look in your provider's console; \
             `run --accept-changes` pays for every clip that is not there.",
            2,
        );
    }
    if !plan.trips.is_empty() {
        let what = format!(
            "A run would send nothing, because the plan exceeds a limit under `guards:`. If the plan is right, type \
             `{}`, or approve a saved plan with `{}`.",
            report.accepting,
            places.typed("run --plan FILE")
        );
        terminal.tell(&what, 2);
    }
    terminal.say("Nothing was sent.");
    report.lost.lines(places).iter().for_each(|line| terminal.tell(line, 9));
    if !report.choices.is_empty() {
        terminal.tell(&format!("other choices of one_per: {}", report.choices.join(" · ")), 2);
    }
}
