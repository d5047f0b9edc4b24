//! `shotlist schema`.

use super::context::Context;
use crate::app::exit::Exit;
use crate::app::schema::{MODELINE, PLACE, document};

/// Prints the form of a manifest as JSON Schema.
pub(super) fn schema(context: &Context) -> Exit {
    let terminal = &context.terminal;
    terminal.data(document());
    terminal.say(format_args!(
        "`shotlist init` puts it into {PLACE} beside the manifest, whose first line then is:"
    ));
    terminal.say(MODELINE);
    terminal.next("shotlist validate");
    Exit::Done
}
