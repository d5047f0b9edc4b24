//! Implements `shotlist prune`.

use super::args::PruneArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::prune::PruneRequest;
use crate::report::text;

/// Moves clips to the archive folder if the manifest no longer asks for their jobs.
pub(super) async fn prune(context: &Context, args: &PruneArgs) -> Result<Exit, Error> {
    let opened = context.open(args.manifest.manifest.as_deref())?.asking(context.consent(args.yes));
    let report = opened.project.prune(PruneRequest { accept_changes: args.accept_changes }).await?;
    text::prune::tell(&context.terminal, &report);
    Ok(report.exit())
}
