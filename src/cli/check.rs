//! Implements `shotlist check`.

use super::args::ManifestArg;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Checks the clips that have no valid verdict yet, and reports the verdicts about all clips.
///
/// A verdict is valid as long as the clip's file and the settings of the checks stay the same.
pub(super) async fn check(context: &Context, args: &ManifestArg) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let opened = context.open(args.manifest.as_deref())?;
    let report = opened.project.check_clips().await?;
    if terminal.json {
        terminal.data(json::check::object(&report));
    } else {
        for line in text::check::lines(opened.project.places(), &report, terminal.columns()) {
            terminal.data(line);
        }
    }
    terminal.next(&report.next);
    Ok(report.exit)
}
