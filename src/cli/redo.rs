//! Implements `shotlist redo`.

use super::args::RedoArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::redo::RedoRequest;
use crate::report;

/// Renders finished jobs again, at a new charge.
pub(super) async fn redo(context: &Context, args: &RedoArgs) -> Result<Exit, Error> {
    let opened = context.open(None)?.asking(context.consent(args.bounds.yes));
    let request = RedoRequest {
        jobs: args.jobs.clone(),
        only: args.only.clone(),
        rejected: args.rejected,
        bounds: args.bounds.request(),
    };
    let report = opened.at_work(&context.terminal, opened.project.redo(&request)).await?;
    report::run::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
