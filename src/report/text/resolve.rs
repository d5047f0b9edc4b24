//! Formats the result of `resolve` as text.

use crate::app::resolve::{Resolution, ResolveReport, ResolvedJob};
use crate::domain::price::{amount, counts_as_spent};
use crate::report::terminal::Terminal;

/// Writes a note if no job needed a decision, and the command to type next. The line of each job was written before.
pub fn tell(terminal: &Terminal, report: &ResolveReport) {
    if report.jobs.is_empty() {
        terminal.say(if report.is_filtered {
            "no job that matches needs your decision"
        } else {
            "no job needs your decision"
        });
    }
    terminal.next(&report.next);
}

/// Returns the line about the decision for one job.
#[must_use]
pub fn line(job: &ResolvedJob) -> String {
    let skipped = if job.outcome.is_ok() { "" } else { "skipped  " };
    let of = job.project.as_ref().map(|project| format!(" of the project `{project}`")).unwrap_or_default();
    format!("{skipped}{}{of}  {}", job.job, words(job))
}

/// Returns what was done about a job, or why the job still needs a decision.
#[must_use]
pub fn words(job: &ResolvedJob) -> String {
    match &job.outcome {
        Ok(Resolution::Adopted(task)) => {
            format!(
                "task {task} recorded; the next run or collect asks the provider for it and downloads its clip"
            )
        }
        Ok(Resolution::AskedAgain) => {
            "the next run asks the provider for the result again, free of charge".to_owned()
        }
        Ok(Resolution::Resubmitted(price)) => {
            format!("the next run sends it again, at a new charge of {}", amount([*price]))
        }
        Ok(Resolution::ResubmittedChanged(price)) => {
            format!(
                "its input has changed: the next run renders it as it is now, at a new charge of {}",
                amount([*price])
            )
        }
        Ok(Resolution::WrittenOff(usd)) => {
            let spent = counts_as_spent(*usd);
            format!("written off; {spent}; a job without a clip keeps runs at exit 3 until you `dismiss` it")
        }
        Err(unresolved) => unresolved.to_string(),
    }
}
