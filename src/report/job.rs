//! Describes the state of one job in words, for the text and the JSON of `show`.

use crate::app::show::{Settled, cost};
use crate::domain::fault::Said;
use crate::domain::lifecycle::{CancelledBy, Charged, HeldReason, MoneyState, State};
use crate::domain::price::counts_as_spent;
use crate::domain::units::{bytes, utc};
use crate::report::lines::{charged_words, held_words};
use crate::store::{Entry, History, TakeHistory};

/// Returns the state of a job in words, and adds a remark if the manifest no longer asks for the job.
pub(crate) fn headline(history: &History, settled: Option<Settled>) -> String {
    let state = match history.decisive() {
        None if history.filed.is_some() => "done: it has the clip of another job, not charged".to_owned(),
        None => "never submitted, not charged".to_owned(),
        Some(decisive) => match settled {
            None => state_words(decisive),
            Some(Settled::KeepsClip) => {
                format!("done: it keeps its earlier clip; newest rendering: {}", state_words(decisive))
            }
            Some(Settled::Dismissed) => format!("dismissed; newest rendering: {}", state_words(decisive)),
        },
    };
    let outdated =
        history.decisive().is_some_and(|decisive| decisive.take.fingerprint != history.fingerprint);
    match (history.wanted, outdated) {
        (false, _) => format!("{state}; the manifest no longer asks for it"),
        (true, true) => format!("{state}; its input has changed since then"),
        (true, false) => state,
    }
}

/// Returns the state of a rendering in words, and whether it was charged.
pub(crate) fn state_words(entry: &TakeHistory) -> String {
    let take = &entry.take;
    let (money, usd) = cost(entry);
    match &take.state {
        State::Held { reason, since, .. } => {
            let money = if reason.charge_in_doubt() {
                charged_words(Charged::Unknown, usd)
            } else {
                format!("charged {usd}")
            };
            let reason = reason_words(*reason, said(entry));
            format!("needs your decision since {}: {reason} ({money})", utc(*since))
        }
        State::Failed { refusal, charged, .. } => {
            format!("failed: {} ({}; {})", refusal.words(), refusal.name(), charged_words(*charged, usd))
        }
        State::Done { file, .. } => {
            format!("done: {}, charged {usd}", bytes(file.size))
        }
        State::Pending { tries_left: 0, .. } => {
            "pending: the provider refused it for now; the next run tries again (not charged)".into()
        }
        State::Pending { .. } => "pending: not sent, not charged".into(),
        State::Cancelled { by } => match by {
            CancelledBy::User => "cancelled by you before it was sent, not charged".into(),
            CancelledBy::Superseded => {
                "cancelled because it was replaced before it was sent, not charged".into()
            }
        },
        State::WrittenOff { reason, .. } => {
            format!("written off: {} ({})", reason_words(*reason, said(entry)), counts_as_spent(usd))
        }
        State::Submitting { .. } => {
            format!("submitting: the request is being sent ({} reserved)", take.price)
        }
        State::Doubtful { .. } => {
            format!(
                "in doubt: no reply that names a task; checking with the provider ({})",
                charged_words(Charged::Unknown, usd)
            )
        }
        State::Running { .. } if money == MoneyState::Settled => {
            format!("running: the provider is asked for its clip again (charged {usd})")
        }
        State::Running { .. } => format!("running: the provider is rendering it ({usd} reserved)"),
        State::Downloading { .. } if money == MoneyState::Settled => {
            format!("downloading: its clip is being downloaded again (charged {usd})")
        }
        State::Downloading { .. } => {
            format!("downloading: rendered, its clip is being downloaded ({usd} reserved)")
        }
        State::Placing { .. } => {
            format!("placing: downloaded, its clip is being saved ({usd} reserved)")
        }
    }
}

/// Returns why a rendering needs a person's decision. `said` is the provider's last answer to its submission.
pub(crate) fn reason_words(reason: HeldReason, said: Option<&Said>) -> String {
    format!("{} ({})", held_words(reason, said.and_then(|said| said.http)), reason.name())
}

/// Returns the note or the reason in a ledger line about a person's action; empty if the line has neither.
pub(crate) fn reason(line: &Entry) -> &str {
    line.note.as_deref().or(line.why.as_deref()).unwrap_or_default()
}

/// Returns the provider's answer to the last submission of a rendering; `None` if no answer came.
fn said(entry: &TakeHistory) -> Option<&Said> {
    entry.attempts.last()?.said.as_ref()
}
