//! `shotlist validate`: everything that can be known before anything is sent.

use super::album::hand_on;
use super::error::Error;
use super::exit::Exit;
use super::images;
use super::project::Project;
use crate::cli::args::ValidateArgs;
use crate::domain::take::Wanted;
use crate::load::{Jobs, open};
use crate::plan::order::LinkBook;
use crate::report::terminal::Terminal;

/// Checks manifest, catalog and every job against its model's documented limits.
pub(crate) async fn validate(
    project: &Project,
    terminal: &Terminal,
    args: &ValidateArgs,
) -> Result<Exit, Error> {
    let places = project.places.clone();
    let mut loaded = open(&places.manifest, &project.registry);
    hand_on(&places, &mut loaded, &LinkBook::new(), args.check_images, &mut Nobody);
    if args.check_images {
        let links = images::look(terminal, &places, &loaded).await?;
        loaded = open(&places.manifest, &project.registry);
        hand_on(&places, &mut loaded, &links, false, &mut Nobody);
    }
    let invalid = loaded.is_invalid();
    let jobs = loaded.jobs;
    let tally = terminal.problems(loaded.problems);
    if invalid {
        terminal.say(format_args!("{tally}. Nothing was sent."));
        terminal.next(places.typed(if args.check_images { "validate --check-images" } else { "validate" }));
        return Ok(Exit::Invalid);
    }
    let doubts = if tally.warnings > 0 { format!(", {tally}") } else { String::new() };
    if terminal.json {
        terminal.data(
            serde_json::json!({ "format": 1, "valid": true, "jobs": jobs, "warnings": tally.warnings }),
        );
    } else {
        let jobs = if jobs == 1 { "1 job, valid".to_owned() } else { format!("{jobs} jobs, all valid") };
        terminal.say(format_args!("{}: {jobs}{doubts}. Nothing was sent.", places.shown));
    }
    terminal.next(places.typed("plan"));
    Ok(Exit::Done)
}

/// Jobs that nobody needs: they are counted, and nothing is wrong with them.
struct Nobody;

impl Jobs for Nobody {
    fn begin(&mut self) {}

    fn take(&mut self, _: Wanted, _: i64) {}
}
