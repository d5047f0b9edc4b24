//! Implements `shotlist cancel`.

use super::args::CancelArgs;
use super::context::Context;
use crate::app::cancel::CancelRequest;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::text;

/// Cancels unsent jobs, and submitted tasks if their provider allows it.
pub(super) async fn cancel(context: &Context, args: &CancelArgs) -> Result<Exit, Error> {
    let request = CancelRequest { jobs: args.jobs.clone(), only: args.only.clone() };
    let report = context.open(None)?.project.cancel(&request).await?;
    text::cancel::tell(&context.terminal, &report);
    Ok(report.exit())
}
