//! `shotlist validate`: everything that can be known before anything is sent.

use super::album::{load, load_and_look};
use super::args::{Global, ValidateArgs};
use super::exit::{Error, Exit};
use super::images;
use super::settings::Places;
use super::terminal::Terminal;

/// Checks manifest, catalog and every job against its model's documented limits.
pub(super) async fn validate(
    terminal: &Terminal,
    global: &Global,
    args: &ValidateArgs,
) -> Result<Exit, Error> {
    let places = Places::find(args.manifest.manifest.as_deref(), global)?;
    let mut loaded = load(&places);
    if args.check_images {
        let links = images::look(terminal, &places, &loaded).await?;
        loaded = load_and_look(&places, &links).0;
    }
    let invalid = loaded.is_invalid();
    let jobs = loaded.wanted.len();
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
