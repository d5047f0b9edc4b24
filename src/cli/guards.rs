//! A plan that the manifest's guards refuse: what was found, and how to go on if it is meant.

use super::exit::{Error, Exit};
use super::settings::Places;
use super::terminal::Terminal;
use crate::report::guards::lines;
use crate::report::plan::Plan;

/// Says which guards the plan is too much for. For people alone: programs have it in the plan.
pub(super) fn tell(terminal: &Terminal, plan: &Plan<'_>) {
    for trip in plan.trips.iter().filter(|_| !terminal.json) {
        for line in lines(trip) {
            terminal.tell(&line, 11);
        }
    }
}

/// The refusal of a run that is too much for the guards.
pub(super) fn refused(terminal: &Terminal, places: &Places, plan: &Plan<'_>) -> Result<(), Error> {
    if plan.trips.is_empty() {
        return Ok(());
    }
    tell(terminal, plan);
    let write = places.typed("plan --out plan.json");
    let run = places.typed("run --plan plan.json");
    terminal.say("An edited template or a broken export looks like this. If it is meant, one of:");
    terminal.say(format_args!("  {}", places.typed("run --accept-changes")));
    terminal.say(format_args!("  {write}   and, once it is approved,   {run}"));
    let names: Vec<&str> = plan.trips.iter().map(|trip| trip.guard).collect();
    let what = format!("{} of the manifest's guards stops this run; nothing was sent", names.join(", "));
    Err(Error::new(Exit::Budget, what).money("not charged").next(places.typed("plan")))
}
