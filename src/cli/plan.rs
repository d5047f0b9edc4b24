//! Implements `shotlist plan`.

use super::args::PlanArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::plan::PlanRequest;
use crate::report::json::plan::Listed;
use crate::report::terminal::Terminal;
use crate::report::text;

/// Shows the jobs that a run would render, with the reasons and the price. Sends nothing to a provider.
pub(super) async fn plan(context: &Context, args: &PlanArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    context.check_named("plan", args.manifest.manifest.as_deref(), true)?;
    // A plan does not save clips, so its `--out` is the file to which it is written.
    let places = context.open(args.manifest.manifest.as_deref())?.project.places().without_out()?;
    let opened = context.open_at(places)?;
    let (out, destinations) = (args.out.clone(), args.destinations.clone());
    let (selection, fail_if_empty) = (args.selection.request(), args.fail_if_empty);
    let request = PlanRequest { selection, out, destinations, fail_if_empty };
    let report = opened.project.plan(&request).await?;
    if args.show_requests {
        report.each_request(Terminal::json_data)?;
    } else if terminal.json {
        terminal.long_data(&Listed::new(opened.project.places(), &report)).map_err(Error::local)?;
    } else {
        text::plan::tell(terminal, opened.project.places(), &report, context.global.verbose > 0);
    }
    if let Some(file) = &report.written {
        terminal.say(format_args!("plan written to `{}`: running this plan approves it", file.display()));
    }
    terminal.next(&report.next);
    Ok(report.exit(args.detailed_exitcode))
}
