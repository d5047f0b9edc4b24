//! The state of one job in words, for the page of a job and for its JSON.

use crate::app::show::cost;
use crate::domain::fault::Said;
use crate::domain::lifecycle::{CancelledBy, HeldReason, State};
use crate::domain::units::{bytes, utc};
use crate::report::lines::{charged_words, held_words};
use crate::store::{Entry, History, TakeHistory};

/// Returns the state of a job in words, and says whether the manifest still asks for it.
pub(crate) fn headline(history: &History) -> String {
    let state = match history.decisive() {
        None => "never ordered, not charged".to_owned(),
        Some(decisive) => state_words(decisive),
    };
    let outdated =
        history.decisive().is_some_and(|decisive| decisive.take.fingerprint != history.fingerprint);
    match (history.wanted, outdated) {
        (false, _) => format!("{state}; the manifest no longer asks for it"),
        (true, true) => format!("{state}; the manifest asks for something else by now"),
        (true, false) => state,
    }
}

/// Returns the state of a take with what it means for the money.
pub(crate) fn state_words(entry: &TakeHistory) -> String {
    let take = &entry.take;
    let (_, usd) = cost(entry);
    match &take.state {
        State::Held { reason, since, .. } => {
            let money = if reason.charge_in_doubt() {
                format!("may have been charged, up to {usd}")
            } else {
                format!("charged {usd}")
            };
            format!("held: {} ({money}), since {}", reason_words(*reason, said(entry)), utc(*since))
        }
        State::Failed { refusal, charged, .. } => {
            format!("failed: {} ({})", refusal.name(), charged_words(*charged, usd))
        }
        State::Done { file, .. } => {
            format!("done: {}, charged {usd}", bytes(file.size))
        }
        State::Pending { tries_left: 0, .. } => {
            "pending: refused for passing reasons; the next run tries again (not charged)".into()
        }
        State::Pending { .. } => "pending: not sent, not charged".into(),
        State::Cancelled { by } => match by {
            CancelledBy::User => "cancelled by you before it was sent, not charged".into(),
            CancelledBy::Superseded => "never sent: something else was decided first, not charged".into(),
        },
        State::WrittenOff { reason, .. } => {
            format!("written off: {} ({usd} counts as spent)", reason_words(*reason, said(entry)))
        }
        State::Submitting { .. } => format!("submitting: {} is on its way to the provider", take.price),
        State::Doubtful { .. } => {
            format!(
                "doubtful: no answer came, the provider is being asked; it may have been charged, up to {usd}"
            )
        }
        State::Running { .. } => format!("running: accepted, being rendered ({usd} in flight)"),
        State::Downloading { .. } => {
            format!("downloading: rendered, being fetched ({usd} in flight)")
        }
        State::Placing { .. } => {
            format!("placing: fetched, on its way to its name ({usd} in flight)")
        }
    }
}

/// Returns why a take is held, with the name of the reason. `said` is the last answer to its submission.
pub(crate) fn reason_words(reason: HeldReason, said: Option<&Said>) -> String {
    format!("{} ({})", held_words(reason, said.and_then(|said| said.http)), reason.name())
}

/// Returns the reason of a decision in the words of the person who made it.
pub(crate) fn reason(line: &Entry) -> &str {
    line.note.as_deref().or(line.why.as_deref()).unwrap_or_default()
}

/// Returns the last answer to the last submission of a take.
fn said(entry: &TakeHistory) -> Option<&Said> {
    entry.attempts.last()?.said.as_ref()
}
