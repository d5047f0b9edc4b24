//! Implements `shotlist verify`.

use super::args::VerifyArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::verify::{Restore, VerifyRequest};
use crate::report::{json, text};

/// Compares the file of every clip with the clip's record in the database.
pub(super) async fn verify(context: &Context, args: &VerifyArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = context.open(args.manifest.manifest.as_deref())?.project;
    let restore = match (args.repair, args.replace_altered) {
        (false, _) => Restore::Nothing,
        (true, false) => Restore::Missing,
        (true, true) => Restore::MissingAndAltered,
    };
    let report = project.verify(&VerifyRequest { subset: args.subset, restore }).await?;
    if terminal.json {
        terminal.data(json::verify::object(&report));
    } else {
        for line in text::verify::lines(&report) {
            terminal.tell(&line, 0);
        }
    }
    terminal.next(&report.next);
    Ok(report.exit)
}
