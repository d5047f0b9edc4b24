//! Writes the results of `pause` and `resume` as text.

use crate::app::pause::{PauseReport, ResumeReport};
use crate::report::json;
use crate::report::pauses::{waiting, who, words};
use crate::report::terminal::Terminal;
use crate::store::Pause;

/// Writes the pauses that are in effect from now on.
pub fn paused(terminal: &Terminal, report: &PauseReport) {
    for pause in &report.pauses {
        let line = format!("paused   {}", words(pause, report.now));
        one(terminal, &report.projects, pause, "paused", &line);
    }
    terminal.say(
        "Clips of requests that were already submitted are still downloaded; nothing new is submitted, not even by a \
         run that is active.",
    );
    terminal.next(&report.next);
}

/// Writes the pauses that were lifted, and those that are still in effect.
pub fn resumed(terminal: &Terminal, report: &ResumeReport) {
    let ResumeReport { provider, projects, lifted, left, now, next } = report;
    for project in projects {
        for pause in lifted.iter().filter(|pause| pause.project == *project) {
            let line = format!("resumed  {}; {}", who(pause), waiting(pause));
            one(terminal, projects, pause, "resumed", &line);
        }
        for pause in left.iter().filter(|pause| pause.project == *project) {
            terminal.say(format_args!("paused   {}", words(pause, *now)));
        }
    }
    if lifted.is_empty() {
        terminal.say(match provider {
            Some(provider) => format!("{provider} was not paused separately; nothing was changed"),
            None => "nothing was paused".to_owned(),
        });
    }
    terminal.next(next);
}

/// Writes the line (or with `--json` the object) about one pause, after its project's name if there are several
/// projects.
fn one(terminal: &Terminal, projects: &[String], pause: &Pause, did: &str, line: &str) {
    if terminal.json {
        terminal.data(json::pause::object(pause, did));
    } else if projects.len() > 1 {
        terminal.say(format_args!("{line}  (project {})", pause.project));
    } else {
        terminal.say(line);
    }
}
