//! Implements `shotlist catalog`.

use super::args::CatalogArgs;
use super::context::Context;
use crate::app::catalog::{CatalogRequest, catalog as read};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::{json, text};

/// Shows the content of a product file, and the items that get clips.
pub(super) fn catalog(context: &Context, args: &CatalogArgs) -> Result<Exit, Error> {
    let report = read(&CatalogRequest { file: args.product_file.clone(), reading: args.reading.reading() })?;
    if context.terminal.json {
        context.terminal.data(json::catalog::object(&report));
    } else {
        text::catalog::tell(&context.terminal, &report);
    }
    Ok(report.exit())
}
