//! Implements `shotlist pause` and `shotlist resume`.

use super::args::{PauseArgs, ResumeArgs};
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::pause::{PauseRequest, ResumeRequest};
use crate::report::text;

/// Stops new submissions to one provider, or to all providers, until `shotlist resume`.
pub(super) async fn pause(context: &Context, args: &PauseArgs) -> Result<Exit, Error> {
    let request = PauseRequest { provider: args.provider.clone(), reason: args.reason.clone() };
    let report = context.open(None)?.project.pause(&request).await?;
    text::pause::paused(&context.terminal, &report);
    Ok(Exit::Done)
}

/// Allows new submissions again to one provider or to all providers.
pub(super) async fn resume(context: &Context, args: &ResumeArgs) -> Result<Exit, Error> {
    let request = ResumeRequest { provider: args.provider.clone() };
    let report = context.open(None)?.project.resume(&request).await?;
    text::pause::resumed(&context.terminal, &report);
    Ok(Exit::Done)
}
