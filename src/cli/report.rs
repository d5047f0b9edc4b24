//! `shotlist report`.

use super::args::ReportArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::jobs::JobsReport;
use crate::app::places::Places;
use crate::domain::foreign::shown_json;
use crate::domain::units::bytes;
use crate::files::atomic_write;
use crate::report::html::write::{Written, write};
use crate::report::terminal::Terminal;
use crate::report::{csv, json, junit, markdown, text};
use std::path::Path;

/// Writes the page with all clips, the jobs in another format, or the comparison of two runs.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    if terminal.json && (args.csv || args.junit || args.markdown) {
        return Err(Error::new(Exit::Usage, "--json and another format exclude each other"));
    }
    let opened = context.open(args.manifest.manifest.as_deref())?.project;
    // The clips are where they were placed: `--out` is the file of the report.
    let project = context.open_at(opened.places().without_out()?)?.project;
    let places = project.places();
    let filter = args.filter.request(&[]);
    let hinted = |error: Error| error.or_hint(places.typed("jobs"));
    let (document, next) = if let Some(span) = args.compare {
        let found = project.compare(span, &filter).await.map_err(hinted)?;
        let width = if args.out.is_some() { usize::MAX } else { terminal.data_columns() };
        let document = match (terminal.json, args.markdown) {
            (true, _) => data(&json::compare::object(&found)),
            (false, true) => markdown::compare::document(&found),
            (false, false) => text::compare::document(&found, width),
        };
        (document, found.next)
    } else {
        // Clips that arrived since the last look have no verdict and no poster yet.
        if places.has_state() {
            project.check_clips().await?;
        }
        let report = project.jobs(&filter).await.map_err(hinted)?;
        let document = match args {
            _ if terminal.json => data(&json::report::object(&report)),
            args if args.csv => csv::jobs(&report),
            args if args.junit => junit::document(&report),
            args if args.markdown => markdown::document(&report),
            args => return page(terminal, places, args, &report),
        };
        (document, report.next)
    };
    put(terminal, places, args.out.as_deref(), &document)?;
    terminal.next(&next);
    Ok(Exit::Done)
}

/// Writes the page.
fn page(terminal: &Terminal, places: &Places, args: &ReportArgs, report: &JobsReport) -> Result<Exit, Error> {
    let Written { path, bytes: size, jobs, clips, pictures } =
        write(&report.gallery, places, args.out.as_deref())?;
    terminal.data(path.strip_prefix(".").unwrap_or(&path).display());
    let beside = match pictures {
        0 => String::new(),
        count => format!(", and {count} pictures in report_files beside it"),
    };
    terminal.tell(&format!("{clips} of {jobs} clips, {}{beside}; open it in a browser", bytes(size)), 0);
    terminal.next(&report.next);
    Ok(Exit::Done)
}

/// Returns one line of JSON that a terminal can show.
fn data(value: &serde_json::Value) -> String {
    format!("{}\n", shown_json(&value.to_string()))
}

/// Writes a document to a file or to stdout.
fn put(terminal: &Terminal, places: &Places, file: Option<&Path>, document: &str) -> Result<(), Error> {
    let Some(file) = file else {
        Terminal::document(document);
        return Ok(());
    };
    atomic_write(file, document.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the report cannot be written to {}: {error}", file.display()))
            .money("nothing was sent and nothing was changed")
            .hint(places.typed("jobs"))
    })?;
    terminal.say(format_args!("written to {}", file.display()));
    Ok(())
}
