//! `shotlist ledger`: the money by day, model, provider, item or outcome; and a wrong price corrected.

mod adjust;
mod table;

use super::error::Error;
use super::exit::Exit;
use super::find::project_name;
use super::places::show_typed;
use super::project::Project;
use super::session::reader;
use crate::cli::args::{LedgerArgs, LedgerBy, LedgerDo, LedgerShow};
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::domain::text::count;
use crate::domain::time::passed;
use crate::engine::clock::Clock;
use crate::report::layout::utc;
use crate::report::layout::{lasted, wrap};
use crate::report::terminal::Terminal;
use crate::store::{By, Costs};
use serde_json::{Value, json};
use table::{Row, Table};

/// Takes in doubt that are named below the table.
const EXAMPLES: usize = 5;

/// Columns before what does not fit on the line of a take.
const DEEPER: usize = 6;

/// Shows the money, or corrects it.
pub(crate) async fn ledger(project: &Project, terminal: &Terminal, args: &LedgerArgs) -> Result<Exit, Error> {
    match &args.action {
        Some(LedgerDo::Adjust(args)) => adjust::adjust(project, terminal, args).await,
        Some(LedgerDo::Show(args)) => show(project, terminal, args).await,
        None => show(project, terminal, &args.show).await,
    }
}

async fn show(project: &Project, terminal: &Terminal, args: &LedgerShow) -> Result<Exit, Error> {
    if args.csv && terminal.json {
        return Err(Error::new(Exit::Usage, "--csv and --json exclude each other"));
    }
    let places = project.places.clone();
    let reader = reader(&places)?;
    let project = project_name(&places);
    let named = project.as_deref();
    let groups = reader.money(named, by(args.by), args.since).await?;
    let doubtful = reader.in_doubt(named).await?;
    let table = Table::of(args.by, &groups);
    let next = match doubtful.first() {
        Some(first) => show_typed(&places, &first.take.key),
        None => places.typed("status"),
    };
    if terminal.json {
        let mut object = as_json(project.as_deref(), args, &table, &doubtful, &next);
        object["sandbox"] = places.sandbox.into();
        terminal.data(object);
    } else if args.csv {
        terminal.data(table.csv().trim_end());
    } else if table.is_empty() {
        let since = args.since.map(|day| format!(" since {day}")).unwrap_or_default();
        terminal.data(format_args!("nothing was sent{since}"));
    } else {
        for line in table.lines(terminal.size().0) {
            terminal.data(line);
        }
        if places.sandbox {
            terminal.data("All of it is sandbox money.");
        }
        for line in doubt_lines(&doubtful, Clock::system().now()) {
            for line in wrap(&line, terminal.size().0, DEEPER) {
                terminal.data(line);
            }
        }
    }
    terminal.next(next);
    Ok(Exit::Done)
}

const fn by(by: LedgerBy) -> By {
    match by {
        LedgerBy::Day => By::Day,
        LedgerBy::Model => By::Model,
        LedgerBy::Provider => By::Provider,
        LedgerBy::Item => By::Item,
        LedgerBy::Outcome => By::Outcome,
    }
}

/// What may have been charged without anybody knowing; also what was sent before the first day of the table.
fn doubt_lines(doubtful: &[Costs], now: jiff::Timestamp) -> Vec<String> {
    if doubtful.is_empty() {
        return Vec::new();
    }
    let sum: Usd = doubtful.iter().map(|costs| costs.usd).sum();
    let mut lines =
        vec![String::new(), format!("{} in doubt, up to {sum} in all:", count(doubtful.len(), "take"))];
    for Costs { take, usd } in doubtful.iter().take(EXAMPLES) {
        lines.push(format!("  {}  {usd}  {}", take.key, why(&take.state)));
        if let Some((at, id)) = sent(&take.state) {
            lines.push(format!("      sent {} ({} ago) as {id}", utc(at), lasted(passed(at, now))));
        }
    }
    if doubtful.len() > EXAMPLES {
        lines.push(format!("  … and {} more", doubtful.len() - EXAMPLES));
    }
    lines
}

/// The last submission of a take in doubt: when, and our name for it.
fn sent(state: &State) -> Option<(jiff::Timestamp, &str)> {
    let intent = match state {
        State::Doubtful { intent, .. } | State::Held { intent, .. } => intent,
        other => &other.task()?.intent,
    };
    Some((intent.at, &intent.request_id.0))
}

fn why(state: &State) -> &'static str {
    match state {
        State::Held { reason, .. } => reason.name(),
        State::Failed { .. } => "failed, perhaps charged",
        other => other.name(),
    }
}

fn as_json(project: Option<&str>, args: &LedgerShow, table: &Table, doubtful: &[Costs], next: &str) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name,
            "takes": row.takes,
            "settled_usd": row.settled.plain(),
            "reserved_usd": row.reserved.plain(),
            "in_doubt_usd": row.in_doubt.plain(),
            "wasted_usd": row.wasted.plain(),
            "refused": row.refused,
            "refused_usd": row.refused_usd.plain(),
        })
    };
    let doubt = |Costs { take, usd }: &Costs| {
        let (at, id) = sent(&take.state).unzip();
        json!({
            "job": take.key.to_string(),
            "take": take.id.0,
            "usd": usd.plain(),
            "why": why(&take.state),
            "sent": at.map(|at| at.to_string()),
            "request_id": id,
            "task": take.state.task().map(|task| task.id.0.raw().to_owned()),
        })
    };
    json!({
        "format": 1,
        "project": project,
        "by": args.by.name(),
        "since": args.since.map(|day| day.to_string()),
        "groups": table.rows.iter().map(row).collect::<Vec<Value>>(),
        "total": row(&table.total),
        "in_doubt": doubtful.iter().map(doubt).collect::<Vec<Value>>(),
        "next": next,
    })
}
