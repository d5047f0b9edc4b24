//! Implements `shotlist validate`.

use super::args::ValidateArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::validate::ValidateRequest;
use crate::report::text;

/// Checks the manifest, the items and the pictures for problems before anything is sent to a provider.
pub(super) async fn validate(context: &Context, args: &ValidateArgs) -> Result<Exit, Error> {
    context.check_named("validate", args.manifest.manifest.as_deref(), false)?;
    let opened = context.open(args.manifest.manifest.as_deref())?;
    let request =
        ValidateRequest { check_images: args.check_images, destinations: args.destinations.clone() };
    let report = opened.project.validate(request).await?;
    text::validate::tell(&context.terminal, opened.project.places(), &report);
    Ok(report.exit())
}
