//! `shotlist report`.

use super::args::ReportArgs;
use super::context::Context;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::domain::units::bytes;
use crate::report::html::write::{Written, write};
use serde_json::json;

/// Writes the page with all clips.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Error> {
    let terminal = &context.terminal;
    let opened = context.open(args.manifest.manifest.as_deref())?.project;
    // The clips are where they were placed: `--out` is the file of the report.
    let project = context.open_at(opened.places().without_out()?)?.project;
    let gallery = project.gallery().await?;
    let written = write(&gallery, project.places(), args.out.as_deref())?;
    let Written { path, bytes: size, jobs, clips, pictures } = &written;
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    if terminal.json {
        terminal.data(json!({
            "schema": "shotlist.report_file/1", "file": shown, "bytes": size, "jobs": jobs, "clips": clips,
            "pictures": pictures,
        }));
    } else {
        terminal.data(&shown);
        let beside = match pictures {
            0 => String::new(),
            count => format!(", and {count} pictures in report_files beside it"),
        };
        terminal.tell(&format!("{clips} of {jobs} clips, {}{beside}; open it in a browser", bytes(*size)), 0);
    }
    terminal.next(project.places().typed("status"));
    Ok(Exit::Done)
}
