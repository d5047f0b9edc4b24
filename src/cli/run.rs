//! `shotlist run`.

use super::args::RunArgs;
use super::context::{Context, tiny};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::run::RunRequest;
use crate::rehearsal::{InProcess, rules};
use crate::report::text;

/// Runs the whole manifest, or the selected part of it.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Error> {
    let mut opened =
        context.open(args.manifest.manifest.as_deref())?.asking(context.consent(args.bounds.yes));
    if let Some(faults) = &args.faults {
        opened = opened.rehearsed(InProcess { faults: rules(faults)?, tiny: tiny() })?;
    }
    let request = RunRequest {
        selection: args.selection.request(),
        bounds: args.bounds.request(),
        plan: args.plan.clone(),
        accept_changes: args.accept_changes,
    };
    let report = opened.at_work(&context.terminal, opened.project.run(&request)).await?;
    text::run::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
