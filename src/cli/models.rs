//! Implements `shotlist models`.

use super::args::ModelsArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::models::{self, ModelsRequest};
use crate::report::{json, text};

/// Shows the models that can be bought. If there is a manifest, its corrections of the models are applied.
pub(super) async fn models(context: &Context, args: &ModelsArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = match context.open(None) {
        Ok(opened) => Some(opened.project),
        Err(error) if context.global.file.is_some() => return Err(error),
        // Without a manifest nothing is corrected.
        Err(_) => None,
    };
    let report = models::models(project.as_ref(), &ModelsRequest { name: args.name.clone() }).await?;
    if terminal.json {
        terminal.data(json::models::object(&report));
    } else {
        terminal.all_data(text::models::lines(&report, terminal.size().0));
    }
    if let Some(error) = report.incomplete {
        return Err(error);
    }
    terminal.next(&report.next);
    Ok(Exit::Done)
}
