//! Implements `shotlist collect`.

use super::args::ManifestArg;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report;

/// Polls the tasks of paid clips and downloads the clips. Submits nothing.
pub(super) async fn collect(context: &Context, args: &ManifestArg) -> Result<Exit, Error> {
    context.check_named("collect", args.manifest.as_deref(), false)?;
    let opened = context.open(args.manifest.as_deref())?;
    let report = opened.at_work(&context.terminal, opened.project.collect()).await?;
    report::run::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
