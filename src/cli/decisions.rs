//! Decisions about clips as a file: `shotlist review --import` and `--export`.

use super::args::ReviewArgs;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::project::Project;
use crate::files::atomic_write;
use crate::report;
use crate::report::terminal::Terminal;
use std::io::Read as _;
use std::path::Path;

/// Records the decisions of the `--import` file, then writes all decisions to the `--export` file.
pub(super) async fn exchange(
    terminal: &Terminal,
    project: &Project,
    who: &str,
    args: &ReviewArgs,
) -> Result<Exit, Error> {
    let mut exit = Exit::Done;
    if let Some(file) = &args.import {
        let report = project.import_reviews(&file.display().to_string(), &read(project, file)?, who).await?;
        exit = if report.conflicts.is_empty() { Exit::Done } else { Exit::Held };
        report::imported::tell(terminal, &report, file);
    }
    if let Some(file) = &args.export {
        let table = project.export_reviews().await?;
        write(terminal, project, file, &table)?;
    }
    let next = if exit == Exit::Done { "status" } else { "review" };
    terminal.next(project.places().typed(next));
    Ok(exit)
}

fn read(project: &Project, file: &Path) -> Result<Vec<u8>, Error> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.map_err(|error| {
        Error::new(Exit::Local, format!("the decisions could not be read from {}: {error}", file.display()))
            .money("not charged")
            .hint(project.places().typed("review --export decisions.csv"))
    })
}

fn write(terminal: &Terminal, project: &Project, file: &Path, table: &str) -> Result<(), Error> {
    if file == Path::new("-") {
        Terminal::document(table);
        return Ok(());
    }
    // The file may contain decisions that a person typed.
    if file.exists() {
        let what = format!("{} already exists; name another file", file.display());
        return Err(Error::new(Exit::Usage, what)
            .money("nothing was written")
            .hint(project.places().typed("review --export -")));
    }
    atomic_write(file, table.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the decisions could not be written to {}: {error}", file.display()))
            .money("not charged")
            .hint(project.places().typed("review --export -"))
    })?;
    terminal.say(format_args!("decisions written to {}", file.display()));
    Ok(())
}
