//! Implements `shotlist jobs`.

use super::args::JobsArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::report::terminal::Terminal;
use crate::report::{csv, json, text};

/// Lists jobs, one on a line.
pub(super) async fn jobs(context: &Context, args: &JobsArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    if args.csv && terminal.json {
        return Err(Error::new(Exit::Usage, "--csv and --json cannot be combined"));
    }
    let project = context.open(None)?.project;
    let filter = args.filter.request(&args.patterns);
    let report =
        project.jobs(&filter).await.map_err(|error| error.or_hint(project.places().typed("jobs")))?;
    if terminal.json {
        terminal.data(json::jobs::object(&report));
    } else if args.csv {
        Terminal::document(&csv::jobs(&report));
    } else {
        terminal.all_data(text::jobs::lines(&report, terminal.data_columns()));
    }
    if !terminal.json {
        terminal.tell(&(text::jobs::sum(&report) + project.places().mark()), 2);
    }
    terminal.next(&report.next);
    Ok(Exit::Done)
}
