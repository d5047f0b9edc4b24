//! Decisions as a file: `shotlist review --import` and `--export`.

use super::args::ReviewArgs;
use crate::app::decide::ImportReport;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::project::Project;
use crate::files::atomic_write;
use crate::report::terminal::Terminal;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;

/// Number of refused rows that are named; the rest is counted.
const NAMED: usize = 10;

/// Records the decisions of a file, then writes all decisions to another.
pub(super) async fn exchange(
    terminal: &Terminal,
    project: &Project,
    who: &str,
    args: &ReviewArgs,
) -> Result<Exit, Error> {
    let mut exit = Exit::Done;
    if let Some(file) = &args.import {
        let report = project.import_reviews(&read(project, file)?, who).await?;
        exit = if report.conflicts.is_empty() { Exit::Done } else { Exit::Held };
        tell(terminal, &report, file);
    }
    if let Some(file) = &args.export {
        let table = project.export_reviews().await?;
        write(terminal, project, file, &table)?;
    }
    let next = if exit == Exit::Done { "status" } else { "review" };
    terminal.next(project.places().typed(next));
    Ok(exit)
}

fn tell(terminal: &Terminal, report: &ImportReport, file: &Path) {
    let ImportReport { made, undecided, unchanged, conflicts } = report;
    if terminal.json {
        let conflict = |it: &crate::app::decide::ImportConflict| {
            let newest = it.newest.as_ref().map(|review| {
                json!({ "revision": review.revision, "outcome": review.outcome.name(), "who": review.who })
            });
            json!({ "line": it.line, "job": it.job.to_string(), "newest": newest })
        };
        let conflicts: Vec<Value> = conflicts.iter().map(conflict).collect();
        terminal.data(json!({
            "schema": "shotlist.review_import/1", "recorded": made.len(), "undecided": undecided,
            "unchanged": unchanged, "conflicts": conflicts,
        }));
    }
    for it in conflicts.iter().take(NAMED) {
        let since = it.newest.as_ref().map_or_else(
            || "it shows another clip now".to_owned(),
            |review| format!("{} by {} since the file was written", review.outcome, review.who),
        );
        terminal.tell(&format!("{}:{}: {}: {since}", file.display(), it.line, it.job), 2);
    }
    if conflicts.is_empty() {
        let words =
            format!("recorded {} decisions; {unchanged} known, {undecided} rows without one", made.len());
        terminal.tell(&words, 0);
    } else {
        let words = format!(
            "{} rows are out of date, so nothing was recorded: decide about them anew",
            conflicts.len()
        );
        terminal.tell(&words, 0);
    }
}

fn read(project: &Project, file: &Path) -> Result<Vec<u8>, Error> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.map_err(|error| {
        Error::new(Exit::Local, format!("the decisions cannot be read from {}: {error}", file.display()))
            .money("not charged")
            .hint(project.places().typed("review --export decisions.csv"))
    })
}

fn write(terminal: &Terminal, project: &Project, file: &Path, table: &str) -> Result<(), Error> {
    if file == Path::new("-") {
        Terminal::document(table);
        return Ok(());
    }
    atomic_write(file, table.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the decisions cannot be written to {}: {error}", file.display()))
            .money("not charged")
            .hint(project.places().typed("review --export -"))
    })?;
    terminal.say(format_args!("written to {}", file.display()));
    Ok(())
}
