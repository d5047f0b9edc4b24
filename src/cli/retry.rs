//! Implements `shotlist retry`.

use super::args::RetryArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::retry::RetryRequest;
use crate::report;

/// Sends failed jobs to their providers again.
pub(super) async fn retry(context: &Context, args: &RetryArgs) -> Result<Exit, Error> {
    context.check_named("retry", args.manifest.manifest.as_deref(), true)?;
    let opened = context.open(args.manifest.manifest.as_deref())?.asking(context.consent(args.bounds.yes));
    let request = RetryRequest {
        selection: args.selection.request(),
        bounds: args.bounds.request(),
        charged: args.charged,
        include_permanent: args.include_permanent,
        written_off: args.written_off,
    };
    let report = opened.at_work(&context.terminal, opened.project.retry(&request)).await?;
    report::run::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
