//! Implements `shotlist dismiss`.

use super::args::DismissArgs;
use super::context::Context;
use crate::app::dismiss::DismissRequest;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::text;

/// Dismisses jobs that failed or whose clips are missing, or undoes their dismissal.
///
/// Runs no longer report dismissed jobs.
pub(super) async fn dismiss(context: &Context, args: &DismissArgs) -> Result<Exit, Error> {
    let request = DismissRequest { jobs: args.jobs.clone(), undo: args.undo, reason: args.reason.clone() };
    let report = context.open(None)?.project.dismiss(&request).await?;
    text::dismiss::tell(&context.terminal, &report);
    Ok(Exit::Done)
}
