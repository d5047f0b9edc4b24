//! Questions that a use case asks before it spends money or moves files, and the trait that answers them.

use super::planned::Changes;
use crate::domain::take::Take;

/// A question about money or files that is asked once.
#[derive(Debug, Clone)]
pub struct Question {
    /// Action that a yes allows.
    pub topic: Topic,
    /// The question as a person reads it, with its price.
    pub text: String,
    /// Changed jobs that the question is about.
    pub changes: Changes,
    /// Held renderings that the question is about.
    pub held: Vec<Take>,
}

/// The action that a yes allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Spends the price that the question names.
    Spend,
    /// Renders finished clips again because their input changed. Accepting prices in general does not answer this
    /// question.
    RenderChanged,
    /// Moves clips.
    Move,
    /// Settles submissions that are in doubt.
    Settle,
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The use case continues.
    Yes,
    /// The use case changes nothing.
    No,
    /// No person could be asked.
    Nobody,
}

/// The source of the answers to the questions of a use case.
pub trait Consent: Send + Sync {
    /// Answers a question.
    ///
    /// It may block, because nothing else waits for it.
    fn answer(&self, question: &Question) -> Answer;

    /// Returns whether a person can answer.
    ///
    /// If so, a refusal ends the use case; paid work is not collected after it.
    fn is_attended(&self) -> bool {
        false
    }
}

/// A consent that answers [`Answer::Nobody`] to every question: no use case spends or moves anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Never;

impl Consent for Never {
    fn answer(&self, _: &Question) -> Answer {
        Answer::Nobody
    }
}

/// A consent that agrees to every price and every move, as `--yes` does.
///
/// Changed clips still need an answer of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Always;

impl Consent for Always {
    fn answer(&self, question: &Question) -> Answer {
        if question.topic == Topic::RenderChanged { Answer::Nobody } else { Answer::Yes }
    }
}
