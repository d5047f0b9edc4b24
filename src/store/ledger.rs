//! The record of money: one JSON line for each submission and each thing that became of one. It outlives the database.
//!
//! A line is only ever added. Lines of one batch are written and synced together, under a lock of the file that spans
//! the commit to the database as well, so that several processes may write and `seq` always grows.

mod amounts;
pub(super) mod bounds;

use super::rows;
use crate::domain::fault::Refusal;
use crate::domain::key::{ModelName, TakeId};
use crate::domain::lifecycle::{Account, CancelledBy, Charged, Event, Intent, State};
use crate::domain::money::Usd;
use crate::domain::take::Take;
use amounts::{maybe_usd, usd};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the lines that this program writes. Version 1 did not say how a submission was sent back; version 2
/// knew no reviews.
pub(super) const VERSION: u32 = 3;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A submission is about to be sent. Carries all that is needed to know what was bought.
    Intent,
    /// It surely brought no task.
    SentBack,
    /// It was refused for good.
    Rejected,
    /// A task exists.
    Accepted,
    /// No answer came; the provider is being asked.
    Doubt,
    /// A look-up proved that there is no task.
    Absent,
    /// A person must decide.
    Held,
    /// A person named the task.
    Adopted,
    /// A person wants the same task asked for and fetched once more.
    Again,
    /// The task ended without a clip.
    Failed,
    /// The clip stands under its name.
    Settled,
    /// A person gave it up.
    WrittenOff,
    /// A person ordered the same rendering once more, as this take.
    Ordered,
    /// A person took it off the list before it was sent.
    Cancelled,
    /// A clip that was paid before now stands under this job's name.
    Filed,
    /// A person corrected what was charged.
    Adjusted,
    /// A person said that what became of it is meant.
    Dismissed,
    /// A person took that back.
    Recalled,
    /// A person reviewed the clip.
    Reviewed,
}

impl Kind {
    /// Returns the kind of line that an event leaves where it leads to that state; `None` for steps that are not about money.
    ///
    /// Whatever ends with a person is one kind: what led there (counts of polls, of dead links) is no money.
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
            Event::Adopt(_) => Some(Self::Adopted),
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
            | Event::WasHeld(_)
            | Event::WasPlaced(_) => None,
        }
    }

    /// Returns the kind of the line that leads a take to its state; `None` for a state to which no line leads.
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

    /// The name in the ledger and in the list of attempts.
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

    /// Whether it says what became of a submission, and not what a person wants.
    pub(super) const fn is_outcome(self) -> bool {
        !matches!(
            self,
            Self::Intent | Self::Again | Self::Cancelled | Self::Dismissed | Self::Recalled | Self::Reviewed
        )
    }

    /// Whether a line of this kind names an amount that counts as spent, reserved or in doubt.
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

    /// Whether the submission surely cost nothing.
    pub(super) const fn is_free(self) -> bool {
        matches!(self, Self::SentBack | Self::Rejected | Self::Absent)
    }
}

/// One line. Fields that its kind does not have are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of the format: 3, or an older one.
    pub v: u32,
    /// Grows from line to line; gaps mean nothing.
    pub seq: u64,
    /// When.
    #[serde(with = "rows::text")]
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// Which take.
    pub take: String,
    /// For which project.
    pub project: String,
    /// For which job, as it is shown: `shot/item`.
    pub job: String,
    /// Which submission of the take; 0 where none is meant.
    pub attempt: u32,
    /// Our name for that submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The provider's name for what it accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// `provider/model`.
    #[serde(with = "rows::text")]
    pub model: ModelName,
    /// Of the order.
    pub fingerprint: String,
    /// What it costs, or did cost.
    #[serde(with = "usd")]
    pub usd: Usd,
    /// What it cost before; with a correction.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_usd")]
    pub was: Option<Usd>,
    /// Why it is held, how it was sent back, in whose words it was corrected, or the outcome of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Why a person decided so, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_refusal")]
    pub refusal: Option<Refusal>,
    /// Whether a failure cost money.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rows::maybe_charged")]
    pub charged: Option<Charged>,
    /// What people call the item; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the clip goes, or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Bytes of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The whole order; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<serde_json::Value>,
    /// Of the bytes that are sent; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The run that pays, by its number; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The take in doubt for which this one stands in; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// The output folder to which paths are relative, as seen from the manifest; with an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    /// Number of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Reasons of a rejection, with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<String>,
    /// True if the review queues another rendering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redo: Option<bool>,
    /// Name of the reviewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Newest take of the job at the time of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
}

/// The submission that a state is about.
pub(super) fn intent(state: &State) -> Option<&Intent> {
    match state {
        State::Submitting { intent, .. } | State::Doubtful { intent, .. } | State::Held { intent, .. } => {
            Some(intent)
        }
        other => other.task().map(|task| &task.intent),
    }
}

impl Entry {
    /// A line about a take; `seq` is given when it is written.
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

    /// Returns a line of that kind as it was written, or should have been, when the take came to its state; its amount
    /// is the take's price.
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

    /// Returns the line for an event that leads a take to that state; `None` where the step is not about money. `settled`
    /// is the amount that the provider, or a person, has named.
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
        if to.account() != Account::Free && entry.kind != Kind::Intent {
            entry.usd = settled.unwrap_or(take.price);
        }
        if let Event::SentBack(how) = event {
            entry.why = Some(how.name().to_owned());
        }
        entry.fill(take, Some(to).filter(|to| !matches!(to, State::Submitting { .. })));
        Some(entry)
    }

    /// Adds what a line about that state says; without one it is about the order, as it is submitted.
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

    /// The take that the line is about.
    #[must_use]
    pub fn take_id(&self) -> TakeId {
        TakeId(self.take.clone())
    }

    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("text keys and no floats: always JSON") + "\n"
    }
}
