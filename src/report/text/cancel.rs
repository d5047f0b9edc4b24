//! Formats the result of `cancel` as text.

use crate::app::cancel::{CancelOutcome, CancelReport, CancelledJob, Obstacle};
use crate::app::places::{Places, quoted, show_typed};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::text::count;
use crate::report::lines::charged_words;
use crate::report::terminal::Terminal;

/// Writes the end of the report: what the next run does with the cancelled jobs, and the next command. The line of each
/// job was written before.
pub fn tell(terminal: &Terminal, report: &CancelReport) {
    if report.jobs.is_empty() {
        terminal.say("nothing to cancel: no such job is waiting to be sent or waiting for the result");
    }
    if report.any() {
        terminal.tell(
            "The next run submits each of these jobs that has no clip, unless you remove it from the manifest or leave \
             it out with --only.",
            0,
        );
    }
    terminal.next(&report.next);
}

/// Returns the outcome for one job in words.
#[must_use]
pub fn words(job: &CancelledJob, places: &Places) -> String {
    let what = match &job.outcome {
        CancelOutcome::Unsent => "cancelled before it was sent (not charged)".to_owned(),
        CancelOutcome::TakenBack { provider, charged, price } => {
            format!("cancelled at {provider} ({})", charged_words(*charged, *price))
        }
        CancelOutcome::Kept(obstacle) => obstacle_words(obstacle, &job.job, places),
    };
    what + &followers_words(&job.followers)
}

/// Returns why a job was not cancelled, and what to do instead.
fn obstacle_words(obstacle: &Obstacle, job: &JobKey, places: &Places) -> String {
    match obstacle {
        Obstacle::NeverOrdered => "was never submitted".to_owned(),
        Obstacle::State { state, provider } => state_words(state, provider, job, places),
        Obstacle::NotSetUp(provider) => format!("not cancelled: {provider} is not set up"),
        Obstacle::TooLate => {
            "too late: its task has ended; `collect` downloads the clip if there is one".to_owned()
        }
        Obstacle::Unanswered(said) => format!("not cancelled: {said}; try again"),
        Obstacle::Busy => "another shotlist process is working on it; try again".to_owned(),
    }
}

fn state_words(state: &State, provider: &str, job: &JobKey, places: &Places) -> String {
    match state {
        State::Running { .. } => {
            format!("{provider} cannot cancel tasks: this one is paid, and its clip will be downloaded")
        }
        State::Downloading { .. } | State::Placing { .. } => {
            "the clip is rendered and paid, and will be downloaded".to_owned()
        }
        State::Submitting { .. } => {
            "its request is being sent: type the same command again after the provider has answered"
                .to_owned()
        }
        State::Doubtful { .. } => {
            format!(
                "no reply to its request; {provider} is asked whether it has the task; try again when that is known"
            )
        }
        State::Held { .. } => {
            let resolve = format!("resolve {} --write-off", quoted(&job.to_string()));
            format!(
                "it needs your decision and may be charged; write it off with: {}",
                places.typed(&resolve)
            )
        }
        State::Done { .. } => "its clip is saved and paid; nothing was changed".to_owned(),
        State::Failed { .. } => format!("it failed earlier; see: {}", show_typed(places, job)),
        State::Pending { .. } | State::Cancelled { .. } | State::WrittenOff { .. } => {
            "it is already cancelled or written off".to_owned()
        }
    }
}

/// Returns words about the other jobs that wait for the same clip; empty if there are none.
fn followers_words(followers: &[JobKey]) -> String {
    let [first, others @ ..] = followers else { return String::new() };
    let (who, wait) = match others {
        [] => (first.to_string(), "waits"),
        others => (format!("{first} and {}", count(others.len(), "other job")), "wait"),
    };
    format!("; {who} {wait} for the same clip: the next run renders it")
}
