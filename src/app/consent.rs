//! Questions to ask before money is spent or files are moved, and the trait that answers them.

use super::planned::Changes;
use crate::domain::take::Take;

/// A question about money or files that must be answered before the work continues.
#[derive(Debug, Clone)]
pub struct Question {
    /// Action that is taken if the answer is yes.
    pub topic: Topic,
    /// Text of the question, with the price if the action costs money.
    pub text: String,
    /// Changed jobs that the question is about; empty if it is not about changed jobs.
    pub changes: Changes,
    /// Renderings that may have been charged and are sent again if the answer is yes; empty for other questions.
    pub held: Vec<Take>,
}

/// An action for which a question asks permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Spends the amount of money that the text of the question states.
    Spend,
    /// Renders finished clips again because their input changed.
    ///
    /// The option `--yes`, the general consent to prices, does not permit this second rendering.
    RenderChanged,
    /// Moves clip files to the archive.
    Move,
    /// Settles doubtful requests by sending them again, although they may have been charged.
    Settle,
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes: the action is taken.
    Yes,
    /// No: the action is not taken, and the command ends or continues without it.
    No,
    /// No answer, because there is no terminal or person to ask.
    Unavailable,
}

/// A source of answers to questions about money and files.
pub trait Consent: Send + Sync {
    /// Answers a question.
    ///
    /// It may block, because nothing else waits for it.
    fn answer(&self, question: &Question) -> Answer;

    /// Returns whether a person can answer questions.
    ///
    /// If it returns true, a run that gets no consent ends at once. If it returns false, such a run still collects the
    /// work that was paid for earlier.
    fn is_attended(&self) -> bool {
        false
    }
}

/// A consent that answers [`Answer::Unavailable`] to every question.
///
/// No clip is moved, and money is spent only if the request sets a limit on it, such as `max_cost`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Never;

impl Consent for Never {
    fn answer(&self, _: &Question) -> Answer {
        Answer::Unavailable
    }
}

/// A consent that agrees to every price and to every move of a clip file, as `--yes` does.
///
/// It also agrees to send a request again that may have been charged already. It does not agree to render clips again
/// because their input changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Always;

impl Consent for Always {
    fn answer(&self, question: &Question) -> Answer {
        if question.topic == Topic::RenderChanged { Answer::Unavailable } else { Answer::Yes }
    }
}
