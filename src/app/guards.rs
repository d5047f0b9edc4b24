//! A plan that the manifest's guards refuse: what was found, and how to go on if it is meant.

use super::error::Error;
use super::exit::Exit;
use super::places::Places;
use crate::cli::terminal::Terminal;
use crate::plan::guards::Found;
use crate::report::guards::{json, lines};
use crate::report::plan::Plan;
use serde_json::json;

/// Says which guards the plan is too much for; whether there are any.
pub(crate) fn tell(terminal: &Terminal, plan: &Plan<'_>) -> bool {
    for line in plan.trips.iter().flat_map(lines) {
        terminal.tell(&line, 11);
    }
    !plan.trips.is_empty()
}

/// Refuses to archive where more is gone than the guard allows.
pub(crate) fn let_go(terminal: &Terminal, places: &Places, plan: &Plan<'_>) -> Result<(), Error> {
    let Some(trip) = plan.trips.iter().find(|trip| matches!(trip.found, Found::Removed(..))) else {
        return Ok(());
    };
    for line in lines(trip) {
        terminal.tell(&line, 11);
    }
    let what = format!("{} of the manifest's guards stops this; nothing was moved", trip.guard);
    let accept = places.typed("prune --accept-changes");
    Err(Error::new(
        Exit::Budget,
        format!("{what}. A broken export looks like this; if it is meant: {accept}"),
    )
    .hint(places.typed("plan")))
}

/// Refuses a run that is too much for the guards.
pub(crate) fn pass(terminal: &Terminal, places: &Places, plan: &Plan<'_>) -> Result<(), Error> {
    if plan.trips.is_empty() {
        return Ok(());
    }
    if terminal.json {
        let trips: Vec<_> = plan.trips.iter().map(json).collect();
        terminal.data(json!({ "event": "refused", "guards": trips }));
    } else {
        tell(terminal, plan);
        terminal.tell("An edited template or a broken export looks like this. If it is meant, accept it:", 2);
        terminal.say(format_args!("  {}", places.typed("run --accept-changes")));
        terminal.say("or have a plan approved, and carry out that:");
        terminal.say(format_args!("  {}", places.typed("plan --out plan.json")));
        terminal.say(format_args!("  {}", places.typed("run --plan plan.json")));
    }
    let names: Vec<&str> = plan.trips.iter().map(|trip| trip.guard).collect();
    let stop = if names.len() == 1 { "stops" } else { "stop" };
    let what = format!("{} of the manifest's guards {stop} this run; nothing was sent", names.join(", "));
    Err(Error::new(Exit::Budget, what).money("not charged").hint(places.typed("plan")))
}
