//! Implements `shotlist doctor`.

use super::args::ManifestArg;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Checks the set-up (input, keys, servers, disks, clock and state folder) before anything is paid.
pub(super) async fn doctor(context: &Context, args: &ManifestArg) -> Result<Exit, Error> {
    let opened = context.open_any(args.manifest.as_deref())?;
    let report = opened.project.doctor().await?;
    if context.terminal.json {
        context.terminal.data(json::doctor::object(opened.project.places(), &report));
    } else {
        text::doctor::tell(&context.terminal, &report);
    }
    Ok(report.exit())
}
