//! Builds the commands that repeat a run, for hints.

use super::RunRequest;
use crate::app::guards::Approving;
use crate::app::places::Places;
use crate::app::selection::{Bounds, Selection};
use crate::app::words::Words;
use crate::domain::money::Usd;

/// Returns the command that continues the run with the same selection, and that asks again before it spends.
pub(super) fn repeat_command(request: &RunRequest) -> String {
    let RunRequest { selection, bounds, plan, accept_changes: _, fail_if_empty } = request;
    let plan = plan.as_ref().map(|plan| plan.display());
    Words::new("run")
        .selection(selection)
        .option("--plan", plan)
        .flag("--fail-if-empty", *fail_if_empty)
        .bounds(bounds)
        .build()
}

/// Returns the command that continues the run with a `--max-cost` that allows all its jobs at this price.
pub(super) fn raised(request: &RunRequest, price: Option<Usd>) -> String {
    let bounds = Bounds { max_cost: price, ..request.bounds.clone() };
    repeat_command(&RunRequest { bounds, ..request.clone() })
}

/// Returns the command that repeats the run and sends its jobs although they may have been paid for earlier.
pub(super) fn accepting(places: &Places, request: &RunRequest) -> String {
    places.typed(&format!("{} --accept-changes", repeat_command(request)))
}

/// Returns the command that plans the jobs that the run selects.
pub(super) fn plan_command(request: &RunRequest) -> Words {
    let RunRequest { selection: Selection { only, limit }, fail_if_empty, .. } = request;
    // Without a job there is nothing to look at.
    let limit = limit.filter(|limit| *limit > 0);
    Words::new("plan")
        .selection(&Selection { only: only.clone(), limit })
        .flag("--fail-if-empty", *fail_if_empty)
}

/// Returns the commands after a guard stopped the run.
pub(super) fn approving(places: &Places, request: &RunRequest) -> Approving {
    let written = plan_command(request).option("--out", ["plan.json"]);
    let run = Words::new("run").option("--plan", ["plan.json"]).bounds(&request.bounds);
    Approving {
        look: places.typed(&plan_command(request).build()),
        approve: [accepting(places, request), places.typed(&written.build()), places.typed(&run.build())],
    }
}
