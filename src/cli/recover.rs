//! Implements `shotlist recover`.

use super::args::RecoverArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Accepts the gaps of a rebuilt database, or rebuilds a lost, outdated or damaged database of a project from the ledger, the old database and the clips.
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
