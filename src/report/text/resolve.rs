//! Decisions about held jobs, in words.

use crate::app::resolve::{Resolution, ResolveReport, ResolvedJob};
use crate::report::terminal::Terminal;

/// Tells where nothing was held, and the command to type next; each job was told before.
pub fn tell(terminal: &Terminal, report: &ResolveReport) {
    if report.jobs.is_empty() {
        terminal.say(if report.is_filtered { "nothing of that kind is held" } else { "nothing is held" });
    }
    terminal.next(&report.next);
}

/// Returns the line of one job.
#[must_use]
pub fn line(job: &ResolvedJob) -> String {
    let skipped = if job.outcome.is_ok() { "" } else { "skipped  " };
    format!("{skipped}{}  {}", job.job, words(job))
}

/// Returns what was done about a job, or why it stays held.
#[must_use]
pub fn words(job: &ResolvedJob) -> String {
    match &job.outcome {
        Ok(Resolution::Adopted(task)) => {
            format!("task {task} adopted; its clip is fetched by the next run or collect")
        }
        Ok(Resolution::AskedAgain) => "the same task is asked for once more; free".to_owned(),
        Ok(Resolution::Resubmitted(price)) => {
            format!("written off and ordered anew; the next run sends it ({price})")
        }
        Ok(Resolution::WrittenOff(usd)) => format!("written off; {usd} counts as spent"),
        Err(unresolved) => unresolved.to_string(),
    }
}
