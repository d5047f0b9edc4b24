//! Finds the command to type after a plan.

use super::PlanRequest;
use crate::app::lost::Lost;
use crate::app::places::Places;
use crate::app::planned::Plan;
use crate::app::selection::Selection;
use crate::app::words::Words;

/// Returns the command that repeats the request, without the file for the plan.
pub(super) fn repeat(request: &PlanRequest) -> Words {
    let PlanRequest { selection, out: _, destinations, fail_if_empty } = request;
    Words::new("plan")
        .selection(selection)
        .option("--for", destinations)
        .flag("--fail-if-empty", *fail_if_empty)
}

/// Returns the command for a run of the plan that accepts it as it is.
pub(super) fn accepting(request: &PlanRequest) -> Words {
    Words::new("run").selection(&request.selection).flag("--accept-changes", true)
}

/// Returns the command that repeats the request for all jobs.
pub(super) fn repeat_unselected(request: &PlanRequest) -> Words {
    repeat(&PlanRequest { selection: Selection::default(), ..request.clone() })
}

/// The facts on which the next command depends.
pub(super) struct Ends<'a> {
    pub(super) places: &'a Places,
    pub(super) plan: &'a Plan,
    pub(super) lost: &'a Lost,
    /// True if a provider of the plan has no usable API key.
    pub(super) lacks_key: bool,
    /// True if a run would ask about jobs that may have been paid for before.
    pub(super) has_gaps: bool,
}

impl Ends<'_> {
    /// Returns the command to type after the plan. A run gets the selection of the plan.
    pub(super) fn next(&self, request: &PlanRequest) -> String {
        let Self { places, plan, lost, lacks_key, has_gaps } = self;
        let run = |selection: &Selection| Words::new("run").selection(selection);
        let selection = &request.selection;
        let words = match plan.to_render() {
            _ if !plan.trips.is_empty() => repeat(request).option("--out", ["plan.json"]),
            0 if plan.rollout.open().next().is_some() => {
                return plan.rollout.next(places).unwrap_or_else(|| places.typed("status"));
            }
            // Nothing can be selected, so only a plan without the limit leads on.
            0 if selection.limit == Some(0) => {
                let selection = Selection { limit: None, ..selection.clone() };
                repeat(&PlanRequest { selection, ..request.clone() })
            }
            0 if places.has_state() => {
                let next =
                    lost.next_planned(places).or_else(|| plan.next_asking(places, &accepting(request)));
                return next.unwrap_or_else(|| places.typed("status"));
            }
            0 => Words::new("validate").option("--for", &request.destinations),
            _ if *lacks_key => run(selection).flag("--sandbox", true),
            // A run of a plan that is written now needs no further consent to these jobs, and sends no others.
            _ if *has_gaps => repeat(request).option("--out", ["plan.json"]),
            1 => run(selection),
            // The user should look at the canary before paying for all.
            _ if !plan.rollout.canaries.is_empty() => run(selection),
            // The user should look at one clip before paying for all.
            _ => run(&Selection { limit: Some(1), ..selection.clone() }),
        };
        places.typed(&words.build())
    }
}
