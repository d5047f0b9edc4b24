//! The lines of the ledger, the record of money: one JSON line for each submission and each later event.
//!
//! Lines are only ever added. Lines of one batch are written and synced together, under a lock of the file. The lock
//! also spans the commit to the database, so several processes may write and `seq` always grows.

mod amounts;
pub(super) mod bounds;

use super::rows;
use crate::domain::fault::Refusal;
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::{CancelledBy, Charged, Event, Intent, MoneyState, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use amounts::{maybe_usd, usd};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the lines that this program writes. Version 1 did not record why a submission surely made no task;
/// version 2 had no reviews.
pub(super) const VERSION: u32 = 3;

/// The kind of a ledger line: the event that the line records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A submission is about to be sent. The ledger line has all that is needed to know what was bought.
    Intent,
    /// It is certain that the submission made no task, and the take may be sent again.
    SentBack,
    /// The provider refused the submission for good.
    Rejected,
    /// The provider accepted the submission and made a task.
    Accepted,
    /// The submission got no answer, so the provider's tasks are searched for it.
    Doubt,
    /// A search of the provider's tasks proved that the submission made none.
    Absent,
    /// A person must decide about the take.
    Held,
    /// A person gave the task id, which was found in the provider's console.
    Adopted,
    /// A person wants the same task polled and downloaded again.
    Again,
    /// The task ended without a clip.
    Failed,
    /// The clip was placed in the output folder under its name, and the charge is final.
    Settled,
    /// A person wrote the take off.
    WrittenOff,
    /// A person ordered another rendering of the same request. This take is that rendering.
    Ordered,
    /// A person cancelled the take before it was sent.
    Cancelled,
    /// A clip that was paid for earlier is now the clip of this job.
    Filed,
    /// A person corrected the charge.
    Adjusted,
    /// A person accepted the outcome of the take, for example a failure.
    Dismissed,
    /// A person no longer accepts the outcome of the take.
    Recalled,
    /// A person reviewed the clip.
    Reviewed,
}

impl Kind {
    /// Returns the kind of ledger line for an event that leads to state `to`; `None` if the event is not about money.
    ///
    /// Every event after which a person must decide has the kind `Held`.
    pub(super) const fn of(event: &Event, to: &State) -> Option<Self> {
        if matches!(to, State::Held { .. }) {
            return Some(Self::Held);
        }
        match event {
            Event::Claimed(_) => Some(Self::Intent),
            Event::SentBack(_) => Some(Self::SentBack),
            Event::Rejected(_) => Some(Self::Rejected),
            Event::Accepted(_) | Event::Found(_) => Some(Self::Accepted),
            Event::Unanswered => Some(Self::Doubt),
            Event::Absent(_) if matches!(to, State::Pending { .. }) => Some(Self::Absent),
            Event::Refused { .. } => Some(Self::Failed),
            Event::Placed => Some(Self::Settled),
            Event::Adopt(_) | Event::AcceptedLate(_) => Some(Self::Adopted),
            Event::Again => Some(Self::Again),
            Event::WriteOff => Some(Self::WrittenOff),
            Event::Cancel(CancelledBy::User) => Some(Self::Cancelled),
            Event::AcceptedTwice
            | Event::Absent(_)
            | Event::Unclear
            | Event::Afresh
            | Event::StillRunning
            | Event::Ready(_)
            | Event::Empty
            | Event::Missing
            | Event::Mistaken
            | Event::PollSetback { .. }
            | Event::Fetched(_)
            | Event::FetchSetback(_)
            | Event::LinkDead
            | Event::LinkOld
            | Event::LinkUnsafe
            | Event::NameTaken
            | Event::PartLost
            | Event::Cancel(CancelledBy::Superseded)
            | Event::ClipGone
            // The line about the corrected amount says it.
            | Event::Billed(_)
            | Event::WasHeld(_)
            | Event::WasPlaced(_) => None,
        }
    }

    /// Returns the kind of the ledger line that reports this state of a take; `None` if no line does.
    pub(super) const fn of_state(state: &State) -> Option<Self> {
        Some(match state {
            State::Pending { .. } | State::Submitting { .. } | State::Cancelled { .. } => return None,
            State::Doubtful { .. } => Self::Doubt,
            State::Running { .. } | State::Downloading { .. } | State::Placing { .. } => Self::Accepted,
            State::Done { .. } => Self::Settled,
            State::Held { .. } => Self::Held,
            State::Failed { task: None, .. } => Self::Rejected,
            State::Failed { .. } => Self::Failed,
            State::WrittenOff { .. } => Self::WrittenOff,
        })
    }

    /// Returns the name of this kind of ledger line: in the ledger, and as an outcome in the list of a take's attempts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::SentBack => "sent_back",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Doubt => "doubt",
            Self::Absent => "absent",
            Self::Held => "held",
            Self::Adopted => "adopted",
            Self::Again => "again",
            Self::Failed => "failed",
            Self::Settled => "settled",
            Self::WrittenOff => "written_off",
            Self::Ordered => "ordered",
            Self::Cancelled => "cancelled",
            Self::Filed => "filed",
            Self::Adjusted => "adjusted",
            Self::Dismissed => "dismissed",
            Self::Recalled => "recalled",
            Self::Reviewed => "reviewed",
        }
    }

    /// Checks whether a ledger line of this kind records an outcome of an attempt. `Intent`, its start, is no outcome.
    pub(super) const fn is_outcome(self) -> bool {
        !matches!(
            self,
            Self::Intent | Self::Again | Self::Cancelled | Self::Dismissed | Self::Recalled | Self::Reviewed
        )
    }

    /// Checks whether a ledger line of this kind has an amount that budgets count.
    pub(super) const fn counts(self) -> bool {
        let is_no_amount = matches!(
            self,
            Self::Intent
                | Self::Ordered
                | Self::Cancelled
                | Self::Filed
                | Self::Dismissed
                | Self::Recalled
                | Self::Reviewed
        );
        !self.is_free() && !is_no_amount
    }

    /// Checks whether a ledger line of this kind proves that the submission cost nothing.
    pub(super) const fn is_free(self) -> bool {
        matches!(self, Self::SentBack | Self::Rejected | Self::Absent)
    }
}

/// A line of the ledger. An optional field is `None`, and left out of the file, if the line's kind does not use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of the line's format, at most 3.
    pub v: u32,
    /// The number of the line. Numbers grow from line to line, and may have gaps.
    pub seq: u64,
    /// The time of the event.
    #[serde(with = "rows::text")]
    pub at: Timestamp,
    /// The kind of the line: the event that it records.
    pub kind: Kind,
    /// The id of the take.
    pub take: String,
    /// The project of the take.
    pub project: String,
    /// The job of the take, as it is shown: `shot/item`.
    pub job: String,
    /// The number of the take's attempt, from 1; 0 if this ledger line is not about a submission.
    pub attempt: u32,
    /// The request id that shotlist gave to the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The provider's id of the accepted task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The model, as `provider/model`.
    #[serde(with = "rows::text")]
    pub model: ModelName,
    /// The fingerprint of the take's request, in text form.
    pub fingerprint: String,
    /// The charge of the take, or its price as long as the charge is not known. Ledger lines about a submission that
    /// cost nothing have the price, too. Lines about a review or about the path of a clip have zero.
    #[serde(with = "usd")]
    pub usd: Usd,
    /// The take's cost before a correction; only on lines about a correction.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_usd")]
    pub was: Option<Usd>,
    /// The name of the reason for the take's new state. A ledger line about a corrected charge has the person's reason
    /// here, and a line about a review has the outcome of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A person's remark about a decision, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The reason why the provider refused the request or the task failed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_refusal")]
    pub refusal: Option<Refusal>,
    /// The charge of a failed take: `yes`, `no` or `unknown`; only on lines about a failure or its corrected cost.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_charged")]
    pub charged: Option<Charged>,
    /// The title of the item; only on lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The path of the clip below the output folder, even before the clip exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The size of the clip in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The SHA-256 digest of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The whole request as JSON; only on lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<serde_json::Value>,
    /// The digest of the request's bytes that are sent; only on ledger lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The number of the run whose budget pays; only on lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The id of an older take, perhaps charged, that this take replaces; only on lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// The path of the output folder, relative to the manifest. The paths of clips in the ledger are relative to this
    /// folder. Only on lines of kind `Intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    /// The number of the review, counted over all jobs; only on lines about a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The reasons for which the reviewer rejected the clip, joined by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<String>,
    /// True if the review asks for another rendering of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redo: Option<bool>,
    /// The name of the reviewer, or of the person who chose an earlier version of a clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The id of the newest take of the job at the time of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
}

/// Returns the last submission of a take, as its state records it; `None` if the state records none.
pub(super) fn intent(state: &State) -> Option<&Intent> {
    match state {
        State::Submitting { intent, .. } | State::Doubtful { intent, .. } | State::Held { intent, .. } => {
            Some(intent)
        }
        other => other.task().map(|task| &task.intent),
    }
}

impl Entry {
    /// Builds a ledger line about a take, without the data of an event. Its `seq` is set when the line is written.
    pub(super) fn about(take: &Take, kind: Kind, at: Timestamp) -> Self {
        Self {
            v: VERSION,
            seq: 0,
            at,
            kind,
            take: take.id.0.clone(),
            project: take.project.clone(),
            job: take.key.to_string(),
            attempt: 0,
            request_id: None,
            task_id: None,
            model: take.request.model.clone(),
            fingerprint: take.fingerprint.to_string(),
            usd: take.price,
            was: None,
            why: None,
            note: None,
            refusal: None,
            charged: None,
            title: None,
            path: None,
            size: None,
            sha256: None,
            request: None,
            body: None,
            run: None,
            instead_of: None,
            out: None,
            revision: None,
            reasons: None,
            redo: None,
            who: None,
            latest: None,
        }
    }

    /// Builds a line that is missing from the ledger, of the given kind, from the present state of a take. The amount
    /// in the line is the take's price.
    pub(super) fn standing(take: &Take, kind: Kind, at: Timestamp) -> Self {
        let mut entry = Self::about(take, kind, at);
        entry.fill(take, if kind == Kind::Intent { None } else { Some(&take.state) });
        if let Some(intent) = intent(&take.state) {
            entry.attempt = intent.attempt;
            entry.request_id = Some(intent.request_id.0.clone());
        }
        if kind == Kind::Accepted {
            (entry.path, entry.size, entry.sha256) = (None, None, None);
        }
        entry
    }

    /// Builds the ledger line for an event that leads a take to state `to`; `None` if the event is not about money.
    /// `settled` is the charge that the provider or a person reported.
    pub(super) fn of(
        take: &Take,
        event: &Event,
        to: &State,
        settled: Option<Usd>,
        now: Timestamp,
    ) -> Option<Self> {
        let mut entry = Self::about(take, Kind::of(event, to)?, now);
        if let Some(intent) = intent(to).or_else(|| intent(&take.state)) {
            entry.attempt = intent.attempt;
            entry.request_id = Some(intent.request_id.0.clone());
        }
        if to.account() != MoneyState::Free && entry.kind != Kind::Intent {
            entry.usd = settled.unwrap_or(take.price);
        }
        if let Event::SentBack(how) = event {
            entry.why = Some(how.name().to_owned());
        }
        entry.fill(take, Some(to).filter(|to| !matches!(to, State::Submitting { .. })));
        Some(entry)
    }

    /// Fills in the fields that describe the state `to`. If `to` is `None`, fills in the title, the path and the
    /// request, as in a line of kind `Intent`.
    fn fill(&mut self, take: &Take, to: Option<&State>) {
        self.task_id = to.and_then(State::task).map(|task| task.id.0.raw().to_owned());
        match to {
            None => {
                self.title = Some(take.title.raw().to_owned());
                self.path = Some(take.path.clone());
                self.request = serde_json::from_str(&rows::request_json(&take.request)).ok();
            }
            Some(State::Held { reason, .. } | State::WrittenOff { reason, .. }) => {
                self.why = Some(reason.name().to_owned());
            }
            Some(State::Failed { refusal, charged, .. }) => {
                (self.refusal, self.charged) = (Some(*refusal), Some(*charged));
            }
            Some(State::Done { file, .. }) => {
                self.path = Some(take.path.clone());
                (self.size, self.sha256) = (Some(file.size), Some(file.sha256.to_string()));
            }
            Some(_) => {}
        }
    }

    /// Returns the id of the take that the line is about.
    #[must_use]
    pub fn take_id(&self) -> TakeId {
        TakeId(self.take.clone())
    }

    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("text keys and no floats: always JSON") + "\n"
    }
}
