//! Refuses plans that exceed the manifest's guards (safety limits), and shows the commands that accept them.

use super::error::Error;
use super::exit::Exit;
use super::planned::Plan;
use super::project::Project;
use super::reporter::News;
use crate::plan::guards::Found;

/// The commands after a guard stopped a run.
pub(crate) struct Approving {
    /// Command that plans the jobs of the run.
    pub(crate) look: String,
    /// Commands that accept the plan: a run that accepts it, or a written plan and its run.
    pub(crate) approve: [String; 3],
}

/// Refuses to move clips to the archive if the plan exceeds the manifest's limit on removed jobs.
pub(crate) fn check_removals(project: &Project, plan: &Plan) -> Result<(), Error> {
    let Some(trip) = plan.trips.iter().find(|trip| matches!(trip.found, Found::Removed(..))) else {
        return Ok(());
    };
    let accept = project.places.typed("prune --accept-changes");
    project.tell(&News::Guards { trips: std::slice::from_ref(trip), commands: None });
    let what = format!("the limit `guards.{}` in the manifest stops this; nothing was moved", trip.guard);
    Err(Error::new(
        Exit::Budget,
        format!("{what}. A broken product export can cause this. If the change is intended: {accept}"),
    )
    .hint(project.places.typed("plan")))
}

/// Refuses a run whose plan exceeds one of the manifest's guards (safety limits).
pub(crate) fn check(project: &Project, plan: &Plan, approving: Approving) -> Result<(), Error> {
    if plan.trips.is_empty() {
        return Ok(());
    }
    project.tell(&News::Guards { trips: &plan.trips, commands: Some(approving.approve) });
    let names: Vec<String> = plan.trips.iter().map(|trip| format!("`guards.{}`", trip.guard)).collect();
    let (limit, stop) = if names.len() == 1 { ("limit", "stops") } else { ("limits", "stop") };
    let what =
        format!("the {limit} {} in the manifest {stop} this run; nothing was sent", names.join(" and "));
    Err(Error::new(Exit::Budget, what).money("not charged").hint(approving.look))
}
