//! Implements `shotlist dismiss`.

use super::args::DismissArgs;
use super::context::Context;
use crate::app::dismiss::DismissRequest;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::text;

/// Dismisses failed or missing jobs, which are then no longer reported, or undoes their dismissal.
pub(super) async fn dismiss(context: &Context, args: &DismissArgs) -> Result<Exit, Error> {
    let request = DismissRequest { jobs: args.jobs.clone(), undo: args.undo, reason: args.reason.clone() };
    let report = context.open(None)?.project.dismiss(&request).await?;
    text::dismiss::tell(&context.terminal, &report);
    Ok(Exit::Done)
}
