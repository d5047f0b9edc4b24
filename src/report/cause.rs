//! Explains in words why a job needs a person's attention.

use super::job::reason_words;
use super::lines::charged_words;
use crate::app::gallery::GalleryJob;
use crate::domain::lifecycle::State;
use crate::domain::review::{Reason, ReviewState};
use crate::plan::bucket::Bucket;

/// Returns the reason why a job needs a person's attention, such as a failed rendering or a rejected clip; `None` if
/// there is none.
#[must_use]
pub(crate) fn cause(job: &GalleryJob) -> Option<String> {
    match job.bucket {
        Bucket::Missing => Some("its clip is missing".to_owned()),
        Bucket::Altered => Some("another file has the clip's name".to_owned()),
        Bucket::Held | Bucket::Failed | Bucket::WrittenOff => Some(ended(job)),
        _ if job.open_redo.is_some() => Some(ended(job)),
        _ if job.standing == ReviewState::Rejected => Some(rejected(job)),
        _ => None,
    }
}

/// Returns the outcome of the rendering that decides a job's status, with the provider's message if there is one.
fn ended(job: &GalleryJob) -> String {
    // A job that shares the clip of another one has no rendering of its own.
    let Some(take) = job.record.decisive() else {
        return format!("{}: it uses the clip of another job", job.bucket.words(1));
    };
    let said = take.said.as_ref();
    let state = match &take.take.state {
        State::Failed { refusal, charged, .. } => {
            let money = charged_words(*charged, take.take.cost());
            format!("{} ({}; {money})", refusal.words(), refusal.name())
        }
        State::Held { reason, .. } => reason_words(*reason, said),
        State::WrittenOff { .. } => "a person wrote it off".to_owned(),
        other => other.name().to_owned(),
    };
    match said {
        Some(said) => format!("{state}: {said}"),
        None => state,
    }
}

/// Returns who rejected a job's clip, with the reasons and the note; empty if the job has no review.
fn rejected(job: &GalleryJob) -> String {
    let Some(review) = &job.record.review else { return String::new() };
    let mut words: Vec<&str> = review.reasons.iter().map(|reason: &Reason| reason.words()).collect();
    words.extend(review.note.as_deref());
    format!("rejected by {}: {}", review.who, words.join(", "))
}
