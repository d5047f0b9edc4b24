//! Formats the reviews of clips as text and as JSON.

use crate::domain::review::{Outcome, Review, words};
use crate::domain::text::count;
use crate::domain::units::utc;
use crate::store::ReviewCounts;
use serde_json::{Value, json};

/// Returns the counts of a project's reviews in words; `None` if nothing was reviewed. The text `mark` follows the
/// price of the queued redos: it says that the money is not real in a rehearsal, and is empty otherwise.
#[must_use]
pub fn counts(reviews: &ReviewCounts, mark: &str) -> Option<String> {
    let ReviewCounts { approved, rejected, undecided, outdated, queued, queued_usd } = *reviews;
    let parts =
        [(approved, "approved"), (rejected, "rejected"), (undecided, "undecided"), (outdated, "outdated")];
    let parts = parts.into_iter().filter(|(clips, _)| *clips > 0);
    let parts: Vec<String> = parts.map(|(clips, word)| format!("{clips} {word}")).collect();
    let queue = if queued > 0 {
        format!("; {} queued for {queued_usd}{mark}", count(queued, "redo"))
    } else {
        String::new()
    };
    reviews.is_any().then(|| format!("{}{queue}", parts.join(" · ")))
}

/// Returns the counts of a project's reviews as JSON.
#[must_use]
pub fn json(reviews: &ReviewCounts) -> Value {
    json!({
        "approved": reviews.approved,
        "rejected": reviews.rejected,
        "undecided": reviews.undecided,
        "outdated": reviews.outdated,
        "queued_redos": reviews.queued,
        "queued_redos_usd": reviews.queued_usd.plain(),
    })
}

/// Returns one review in words: outcome, reasons, note, reviewer and time.
#[must_use]
pub fn sentence(review: &Review) -> String {
    let outcome = match review.outcome {
        Outcome::Undecided => "review taken back",
        other => other.name(),
    };
    let reasons =
        if review.reasons.is_empty() { String::new() } else { format!(" ({})", words(&review.reasons)) };
    let redo = if review.redo { ", redo queued," } else { "" };
    let note = review.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    format!("{outcome}{reasons}{redo} by {}, {}{note}", review.who, utc(review.at))
}

/// Returns one review as JSON.
#[must_use]
pub fn object(review: &Review) -> Value {
    json!({
        "revision": review.revision,
        "take": review.take.0,
        "clip_sha256": review.clip.to_string(),
        "outcome": review.outcome.name(),
        "reasons": review.reasons.iter().map(|reason| reason.name()).collect::<Vec<_>>(),
        "note": review.note,
        "redo": review.redo,
        "who": review.who,
        "at": review.at.to_string(),
    })
}
