//! Cancelled jobs in words.

use crate::app::cancel::{CancelOutcome, CancelReport, CancelledJob, Obstacle};
use crate::app::places::{Places, quoted, show_typed};
use crate::domain::key::JobKey;
use crate::domain::lifecycle::State;
use crate::domain::text::count;
use crate::report::lines::charged_words;
use crate::report::terminal::Terminal;

/// Tells what follows for all of the jobs; each was told before.
pub fn tell(terminal: &Terminal, report: &CancelReport) {
    if report.jobs.is_empty() {
        terminal.say("nothing of that waits or is in flight");
    }
    if report.any() {
        terminal.tell(
            "What the manifest still asks for is ordered again by the next run: remove it there, or leave it out with \
             --only.",
            0,
        );
    }
    terminal.next(&report.next);
}

/// Returns what became of a job.
#[must_use]
pub fn words(job: &CancelledJob, places: &Places) -> String {
    let what = match &job.outcome {
        CancelOutcome::Unsent => "taken off the list before it was sent (not charged)".to_owned(),
        CancelOutcome::TakenBack { provider, charged, price } => {
            format!("taken back from {provider} ({})", charged_words(*charged, *price))
        }
        CancelOutcome::Kept(obstacle) => obstacle_words(obstacle, &job.job, places),
    };
    what + &followers_words(&job.followers)
}

/// Returns why a job stays as it is, and what to do instead.
fn obstacle_words(obstacle: &Obstacle, job: &JobKey, places: &Places) -> String {
    match obstacle {
        Obstacle::NeverOrdered => "was never ordered".to_owned(),
        Obstacle::State { state, provider } => state_words(state, provider, job, places),
        Obstacle::NotSetUp(provider) => format!("{provider} is not set up"),
        Obstacle::TooLate => "too late: it is rendered, paid, and will be collected".to_owned(),
        Obstacle::Unanswered(said) => format!("not taken back: {said}; try again"),
        Obstacle::Busy => "another process is at work on it; try again".to_owned(),
    }
}

fn state_words(state: &State, provider: &str, job: &JobKey, places: &Places) -> String {
    match state {
        State::Running { .. } => {
            format!("{provider} offers no way to take a task back; it is paid and will be collected")
        }
        State::Downloading { .. } | State::Placing { .. } => {
            "it is rendered and paid; its clip will be collected".to_owned()
        }
        State::Submitting { .. } => {
            "its request may be on the wire, and cannot be taken back before the answer; try again".to_owned()
        }
        State::Doubtful { .. } => {
            format!("no answer came, and {provider} is asked whether it has it; try again once that is known")
        }
        State::Held { .. } => {
            let resolve = format!("resolve {} --write-off", quoted(&job.to_string()));
            format!("it is held, and may be charged; give it up with: {}", places.typed(&resolve))
        }
        State::Done { .. } => "its clip is there, and paid; nothing was changed".to_owned(),
        State::Failed { .. } => format!("it failed before; see: {}", show_typed(places, job)),
        State::Pending { .. } | State::Cancelled { .. } | State::WrittenOff { .. } => {
            "it is off the list already".to_owned()
        }
    }
}

/// Names other jobs that wait for the same clip.
fn followers_words(followers: &[JobKey]) -> String {
    let [first, others @ ..] = followers else { return String::new() };
    let (who, wait) = match others {
        [] => (first.to_string(), "waits"),
        others => (format!("{first} and {}", count(others.len(), "other job")), "wait"),
    };
    format!("; {who} {wait} for the same clip: the next run renders it")
}
