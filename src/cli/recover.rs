//! Implements `shotlist recover`.

use super::args::ManifestArg;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Rebuilds a lost, outdated or damaged database of a project from the ledger, the old database and the clips.
pub(super) async fn recover(context: &Context, args: &ManifestArg) -> Result<Exit, Error> {
    let report = context.open(args.manifest.as_deref())?.project.recover().await?;
    if context.terminal.json {
        context.terminal.data(json::recover::object(&report));
    } else {
        text::recover::tell(&context.terminal, &report);
    }
    Ok(Exit::Done)
}
