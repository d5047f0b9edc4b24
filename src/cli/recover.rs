//! Implements `shotlist recover`.

use super::args::RecoverArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Rebuilds a project's lost, outdated or damaged database from the ledger, the old database and the clips.
///
/// With `--accept-gaps`, it rebuilds nothing. Instead, it lets runs send jobs that may have been paid for before
/// records were lost.
pub(super) async fn recover(context: &Context, args: &RecoverArgs) -> Result<Exit, Error> {
    let project = context.open(args.manifest.manifest.as_deref())?.project;
    let report = if args.accept_gaps { project.accept_gaps().await? } else { project.recover().await? };
    if context.terminal.json {
        context.terminal.data(json::recover::object(&report));
    } else {
        text::recover::tell(&context.terminal, &report);
    }
    Ok(Exit::Done)
}
