//! Implements `shotlist show`.

use super::args::ShowArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::show::ShowRequest;
use crate::report::{json, text};

/// Shows all recorded facts about one job.
pub(super) async fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = context.open(args.manifest.manifest.as_deref())?.project;
    let report = project.show(&ShowRequest { job: args.job.clone() }).await?;
    if terminal.json {
        terminal.data(json::show::object(&report));
    } else {
        terminal.all_data(text::show::lines(project.places(), &report, terminal.size().0));
    }
    report.next.iter().for_each(|next| terminal.next(next));
    Ok(Exit::Done)
}
