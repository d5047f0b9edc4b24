//! A person's review of a clip: approved, rejected with reasons, or undecided again.
//!
//! Reviews are added and never changed. The newest review of a job counts as long as the job has the same clip for the
//! same request; after that it is outdated. A clip without a review is never approved.

use super::digest::Sha256;
use super::key::TakeId;
use super::take::Fingerprint;
use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;

/// The outcome of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The clip may be delivered.
    Approved,
    /// The clip is not delivered.
    Rejected,
    /// An earlier review was withdrawn, so the clip is undecided again.
    Undecided,
}

impl Outcome {
    /// All outcomes of a review.
    pub const ALL: [Self; 3] = [Self::Approved, Self::Rejected, Self::Undecided];

    /// Returns the name of the outcome in files, in JSON and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Outcome {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text).ok_or(())
    }
}

/// A reason for a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The product in the clip has a wrong shape.
    WrongShape,
    /// The product in the clip has a wrong colour.
    WrongColour,
    /// The clip shows another product.
    WrongProduct,
    /// Text or a logo is wrong.
    TextLogo,
    /// The body of a person or an animal has a wrong shape, such as a hand with six fingers.
    Anatomy,
    /// The picture flickers.
    Flicker,
    /// The product is cut off.
    Cropped,
    /// The motion is wrong.
    Motion,
    /// The clip may not be shown.
    Unsafe,
    /// The picture shows an object that was not requested.
    ExtraObject,
    /// The background is wrong.
    Background,
    /// Nothing moves.
    Frozen,
    /// Someone else may own the rights to what the clip shows.
    Rights,
    /// Another reason, which a note explains.
    Other,
}

impl Reason {
    /// All reasons for a rejection, in the order of the review page. There, the keys 1 to 9 choose the first nine.
    pub const ALL: [Self; 14] = [
        Self::WrongShape,
        Self::WrongColour,
        Self::WrongProduct,
        Self::TextLogo,
        Self::Anatomy,
        Self::Flicker,
        Self::Cropped,
        Self::Motion,
        Self::Unsafe,
        Self::ExtraObject,
        Self::Background,
        Self::Frozen,
        Self::Rights,
        Self::Other,
    ];

    /// Returns the name of the reason in files, in JSON and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongShape => "wrong_shape",
            Self::WrongColour => "wrong_colour",
            Self::WrongProduct => "wrong_product",
            Self::TextLogo => "text_logo",
            Self::Anatomy => "anatomy",
            Self::Flicker => "flicker",
            Self::Cropped => "cropped",
            Self::Motion => "motion",
            Self::Unsafe => "unsafe",
            Self::ExtraObject => "extra_object",
            Self::Background => "background",
            Self::Frozen => "frozen",
            Self::Rights => "rights",
            Self::Other => "other",
        }
    }

    /// Returns the reason in words, for messages.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::WrongShape => "wrong shape",
            Self::WrongColour => "wrong colour",
            Self::WrongProduct => "wrong product",
            Self::TextLogo => "text or logo",
            Self::Anatomy => "anatomy",
            Self::Flicker => "flicker",
            Self::Cropped => "cropped",
            Self::Motion => "motion",
            Self::Unsafe => "unsafe",
            Self::ExtraObject => "extra object",
            Self::Background => "background",
            Self::Frozen => "frozen",
            Self::Rights => "rights",
            Self::Other => "other",
        }
    }
}

impl FromStr for Reason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|reason| reason.name() == text || reason.words() == text).ok_or(())
    }
}

/// Returns several reasons in words, separated by commas: `wrong colour, flicker`.
#[must_use]
pub fn words(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.words()).collect::<Vec<_>>().join(", ")
}

/// A review of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The number of the review among all reviews in the state folder; a later review has a higher number.
    pub revision: u64,
    /// The rendering that was reviewed.
    pub take: TakeId,
    /// The digest of the clip that was reviewed.
    pub clip: Sha256,
    /// The fingerprint of the job's request at the time of the review.
    pub fingerprint: Fingerprint,
    /// The outcome of the review.
    pub outcome: Outcome,
    /// The reasons, for a rejection.
    pub reasons: Vec<Reason>,
    /// The note of the reviewer.
    pub note: Option<String>,
    /// True if the review asks for another rendering, which the next run sends.
    pub redo: bool,
    /// The name of the reviewer.
    pub who: String,
    /// The time of the review.
    pub at: Timestamp,
}

/// The state of a job's review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewState {
    /// The clip has no decision by a person.
    Undecided,
    /// The clip is approved.
    Approved,
    /// The clip is rejected.
    Rejected,
    /// The review was about another clip or another request.
    Outdated,
}

impl ReviewState {
    /// Returns the state of a job's newest review, for the job's present clip and the fingerprint `order` of its
    /// present request.
    ///
    /// A review also applies to another rendering if its clip has the same bytes.
    #[must_use]
    pub fn of(review: Option<&Review>, clip: Option<&Sha256>, order: &Fingerprint) -> Self {
        let Some(review) = review else { return Self::Undecided };
        match review.outcome {
            Outcome::Undecided => Self::Undecided,
            _ if clip != Some(&review.clip) || *order != review.fingerprint => Self::Outdated,
            Outcome::Approved => Self::Approved,
            Outcome::Rejected => Self::Rejected,
        }
    }

    /// Returns the name of the state in files and in JSON, which messages use too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Outdated => "outdated",
        }
    }
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
