//! Implements `shotlist report`.

use super::args::ReportArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::jobs::JobsReport;
use crate::app::places::Places;
use crate::domain::units::bytes;
use crate::files::Output;
use crate::report::html::write::{Written, write};
use crate::report::terminal::Terminal;
use crate::report::{csv, document, json, junit, markdown, text};

/// Writes a page with all clips, a list of the jobs in another format, or a comparison of two runs.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    if terminal.json && (args.csv || args.junit || args.markdown) {
        return Err(Error::new(Exit::Usage, "--json and another format cannot be combined"));
    }
    let opened = context.open(args.manifest.manifest.as_deref())?.project;
    // Here `--out` is the file of the report, so the clips are looked for in their recorded folder.
    let project = context.open_at(opened.places().without_out()?)?.project;
    let places = project.places();
    let filter = args.filter.request(&[]);
    let out = args.out.as_deref().map(|file| document::check(places, file, &args.repeat())).transpose()?;
    let hinted = |error: Error| args.turned(error).or_hint(places.typed("jobs"));
    let (whole, next) = if let Some(span) = args.compare {
        let found = project.compare(span, &filter).await.map_err(hinted)?;
        let width = if args.out.is_some() { usize::MAX } else { terminal.data_columns() };
        let written = match (terminal.json, args.markdown) {
            (true, _) => document::json(&json::compare::object(&found)),
            (false, true) => markdown::compare::document(&found),
            (false, false) => text::compare::document(&found, width),
        };
        (written, found.next)
    } else {
        // Clips that arrived since the last check have no verdict and no poster yet.
        if places.has_state()
            && let Err(error) = project.check_clips().await
        {
            terminal.say(format_args!("warning: new clips could not be checked for the report: {error}"));
        }
        let report = project.jobs(&filter).await.map_err(hinted)?;
        let written = match args {
            _ if terminal.json => document::json(&json::report::object(&report)),
            args if args.csv => csv::jobs(&report),
            args if args.junit => junit::document(&report),
            args if args.markdown => markdown::document(&report),
            _ => return page(terminal, places, out, &report),
        };
        (written, report.next)
    };
    document::put(terminal, places, out.as_ref(), &whole)?;
    terminal.next(&next);
    Ok(Exit::Done)
}

/// Writes the page with all clips to a file, and shows the file's path and size.
fn page(
    terminal: &Terminal,
    places: &Places,
    out: Option<Output>,
    report: &JobsReport,
) -> Result<Exit, Error> {
    let Written { path, bytes: size, jobs, clips, pictures } = write(&report.gallery, places, out)?;
    if let Some(path) = path {
        terminal.data(path.display());
    }
    let pictures_note = match pictures {
        0 => String::new(),
        count => format!(", and {count} pictures in report_files next to it"),
    };
    terminal.tell(
        &format!("{clips} of {jobs} clips, {}{pictures_note}; open the page in a browser", bytes(size)),
        0,
    );
    terminal.next(&report.next);
    Ok(Exit::Done)
}
