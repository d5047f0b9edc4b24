//! Implements `shotlist export`.

use super::args::ExportArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Writes the approved clips in the form that a shop accepts. Sends nothing.
pub(super) async fn export(context: &Context, args: &ExportArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let manifest = args.form.common().manifest.manifest.as_deref();
    // Here `--out` is the file to write, not the folder of the clips.
    let places = context.open(manifest)?.project.places().without_out()?;
    let opened = context.open_at(places)?;
    let report = opened.project.export(&args.form.request()).await?;
    if terminal.json {
        terminal.data(json::export::object(&report));
    } else {
        text::export::tell(terminal, &report);
    }
    terminal.next(&report.next);
    Ok(report.exit())
}
