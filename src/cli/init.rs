//! Implements `shotlist init`.

use super::args::InitArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::init::{InitRequest, Subject, init as write};
use crate::app::words::Words;
use crate::report::text;

/// Writes a manifest for a new project, and a JSON Schema file with which editors check and complete the manifest.
pub(super) fn init(context: &Context, args: &InitArgs) -> Result<Exit, Error> {
    let subject = match &args.from {
        Some(file) => Subject::File { file: file.clone(), reading: args.reading.reading() },
        None if !args.reading.is_empty() => {
            let what = "--one-per, --dialect, --sheet and --all need a product file, but none is named";
            return Err(Error::new(Exit::Usage, what)
                .money("nothing was written")
                .hint(Words::new("shotlist init --from FILE").reading(&args.reading.reading()).build()));
        }
        None if args.scenes => Subject::Scenes,
        None => Subject::Sample,
    };
    let manifest = args.manifest.manifest.clone().or_else(|| context.global.file.clone());
    let report = write(&InitRequest { manifest, subject, force: args.force })?;
    text::init::tell(&context.terminal, &report);
    Ok(report.exit())
}
