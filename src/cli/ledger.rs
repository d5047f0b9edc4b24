//! Implements `shotlist ledger`.

use super::args::{LedgerAdjust, LedgerArgs, LedgerDo, LedgerShow};
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::ledger::LedgerRequest;
use crate::app::ledger::adjust::{AdjustRequest, Which};
use crate::domain::key::TakeId;
use crate::report::{json, text};

/// Shows the money that the project has spent, or corrects the recorded cost of a rendering.
pub(super) async fn ledger(context: &Context, args: &LedgerArgs) -> Result<Exit, Error> {
    match &args.action {
        Some(LedgerDo::Adjust(args)) => adjust(context, args).await,
        Some(LedgerDo::Show(args)) => show(context, args).await,
        None => show(context, &args.show).await,
    }
}

async fn show(context: &Context, args: &LedgerShow) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = context.open(args.manifest.manifest.as_deref())?.project;
    if args.csv && terminal.json {
        return Err(Error::new(Exit::Usage, "--csv and --json cannot be combined"));
    }
    let report = project.ledger(&LedgerRequest { by: args.by.into(), since: args.since }).await?;
    if terminal.json {
        terminal.data(json::ledger::object(project.places(), &report));
    } else if args.csv {
        terminal.data(text::ledger::csv(&report.table).trim_end());
    } else {
        terminal.all_data(text::ledger::lines(project.places(), &report, terminal.size().0));
    }
    terminal.next(&report.next);
    Ok(Exit::Done)
}

async fn adjust(context: &Context, args: &LedgerAdjust) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let project = context.open(args.manifest.as_deref())?.project;
    let which = match &args.take {
        Some(take) => Which::Take(TakeId(take.clone())),
        None => Which::Job(args.job.clone().unwrap_or_default()),
    };
    let request = AdjustRequest { which, usd: args.usd, reason: args.reason.clone() };
    let report = project.adjust(&request).await?;
    if terminal.json {
        terminal.data(json::ledger::adjusted(&report));
    } else {
        terminal.say(text::ledger::adjusted(&report));
    }
    terminal.next(&report.next);
    Ok(Exit::Done)
}
