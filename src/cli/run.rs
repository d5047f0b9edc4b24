//! Implements `shotlist run`.

use super::args::RunArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::run::RunRequest;
use crate::report;

/// Renders the jobs of the whole manifest, or only the selected jobs.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Error> {
    context.check_named("run", args.manifest.manifest.as_deref(), true)?;
    let opened = context.open(args.manifest.manifest.as_deref())?.asking(context.consent(args.bounds.yes));
    #[cfg(feature = "sandbox")]
    let opened = opened.misbehaving(args.faults.as_deref())?;
    let request = RunRequest {
        selection: args.selection.request(),
        bounds: args.bounds.request(),
        plan: args.plan.clone(),
        accept_changes: args.accept_changes,
        fail_if_empty: args.fail_if_empty,
    };
    let report = opened.at_work(&context.terminal, opened.project.run(&request)).await?;
    report::run::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
