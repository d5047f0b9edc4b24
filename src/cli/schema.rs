//! Implements `shotlist schema`.

use super::context::Context;
use crate::app::exit::Exit;
use crate::app::schema::{MODELINE, PLACE, document};

/// Prints the JSON Schema of a manifest.
pub(super) fn schema(context: &Context) -> Exit {
    let terminal = &context.terminal;
    terminal.data(document());
    terminal.say(format_args!(
        "`shotlist init` writes it to {PLACE} next to the manifest, whose first line is then:"
    ));
    terminal.say(MODELINE);
    terminal.next("shotlist validate");
    Exit::Done
}
