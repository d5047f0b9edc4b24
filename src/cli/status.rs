//! Implements `shotlist status`.

use super::args::ManifestArg;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Shows the state of the project on one screen.
pub(super) async fn status(context: &Context, args: &ManifestArg) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = context.open(args.manifest.as_deref())?.project;
    let report = project.status().await?;
    if terminal.json {
        terminal.data(json::status::object(project.places(), &report));
    } else {
        terminal.all_data(text::status::lines(project.places(), &report, terminal.size().0));
    }
    if let Some(problem) = &report.folder_problem {
        terminal.insist(problem);
    }
    terminal.next(&report.next);
    Ok(report.exit())
}
