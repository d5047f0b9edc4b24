//! The questions that a use case asks before it spends money or moves files, and who answers them.

use super::planned::Changes;
use crate::domain::take::Take;

/// A question that is asked once, in full.
#[derive(Debug, Clone)]
pub struct Question {
    /// What a yes allows.
    pub topic: Topic,
    /// The question as a person reads it, with its price.
    pub text: String,
    /// The changed jobs that it is about.
    pub changes: Changes,
    /// The held renderings that it is about.
    pub held: Vec<Take>,
}

/// What a yes allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Spending the price that is named.
    Spend,
    /// Rendering finished clips again because their input changed. Whoever accepts every price has not said this yet.
    RenderChanged,
    /// Moving clips.
    Move,
    /// Settling submissions that are in doubt.
    Settle,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Yes,
    /// Change nothing.
    No,
    /// Nobody is there who could answer.
    Nobody,
}

/// Answers the questions of a use case.
pub trait Consent: Send + Sync {
    /// Answers a question. It may block: nothing else waits for it.
    fn answer(&self, question: &Question) -> Answer;

    /// Returns whether a person is there: then a refusal is the end, and is not followed by work that nobody asked for.
    fn is_attended(&self) -> bool {
        false
    }
}

/// Answers that nobody is there: a use case that would spend or move something is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Never;

impl Consent for Never {
    fn answer(&self, _: &Question) -> Answer {
        Answer::Nobody
    }
}

/// Agrees to every price and every move, as `--yes` does; changed clips still need an answer of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Always;

impl Consent for Always {
    fn answer(&self, question: &Question) -> Answer {
        if question.topic == Topic::RenderChanged { Answer::Nobody } else { Answer::Yes }
    }
}
