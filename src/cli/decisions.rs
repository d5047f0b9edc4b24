//! Reads and writes decisions about clips as files, for `shotlist review --import` and `--export`.

use super::args::ReviewArgs;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::out_file;
use crate::app::project::Project;
use crate::app::session::reader;
use crate::app::words::Words;
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
    // Without a database there are no clips to decide about, whatever the file contains.
    drop(reader(project.places())?);
    if let Some(file) = &args.import {
        let report = project.import_reviews(&file.display().to_string(), &read(project, file)?, who).await;
        let report = report.map_err(|error| {
            if error.problems.is_empty() {
                return error;
            }
            let words = Words::new("review")
                .option("--import", [file.display()])
                .option("--export", args.export.as_ref().map(|file| file.display()))
                .option("--who", &args.who);
            error.hint(project.places().typed(&words.build()))
        })?;
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
    let hint = || project.places().typed("review --export -");
    // An existing file may contain decisions that a person typed.
    let output = out_file::new(file).map_err(|error| error.hint(hint()))?;
    if output.is_stdout() {
        Terminal::document(table);
        return Ok(());
    }
    output.write(table.as_bytes(), 0o644).map_err(|error| {
        Error::new(Exit::Local, format!("the decisions could not be written to {}: {error}", file.display()))
            .money("not charged")
            .hint(hint())
    })?;
    terminal.say(format_args!("decisions written to {}", file.display()));
    Ok(())
}
