//! The error type of all commands: it says what failed, whether money was charged, and the next command.

use super::exit::Exit;
use crate::domain::problem::Problem;
use crate::store::{ApplyError, StoreError};
use crate::transport::ClientTrouble;
use std::error::Error as StdError;
use std::fmt;

/// A failure of a command such as `run`, which then returns no report.
#[derive(Debug)]
pub struct Error {
    /// Exit code of the program for this error.
    pub exit: Exit,
    /// Sentence that says what failed and where.
    pub what: String,
    /// Clause that says whether money was charged, such as `not charged`; `None` if money is not concerned.
    pub money: Option<String>,
    /// Command to type next; `None` if there is none to suggest.
    pub hint: Option<String>,
    /// Problems in the user's files, each with its location.
    pub problems: Vec<Problem>,
    /// True if nothing was run yet, but the same command shows a rehearsal if it has the option `--sandbox`.
    pub(crate) is_rehearsed: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error with an exit code and a sentence about the failure.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            money: None,
            hint: None,
            problems: Vec::new(),
            is_rehearsed: false,
            source: None,
        }
    }

    /// Sets the clause that says whether money was charged.
    #[must_use]
    pub fn money(mut self, money: impl Into<String>) -> Self {
        self.money = Some(money.into());
        self
    }

    /// Sets the command to type next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the command to type next, unless the error has one already.
    #[must_use]
    pub(crate) fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Sets the problems in the user's files that caused the error.
    #[must_use]
    pub fn problems(mut self, problems: Vec<Problem>) -> Self {
        self.problems = problems;
        self
    }

    /// Creates an error with the exit code [`Exit::Local`] (9) from its cause, such as a disk error.
    pub fn local(source: impl StdError + Send + Sync + 'static) -> Self {
        let error = Self::new(Exit::Local, source.to_string());
        Self { source: Some(Box::new(source)), ..error }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::local(error)
    }
}

impl From<ClientTrouble> for Error {
    fn from(error: ClientTrouble) -> Self {
        Self::local(error)
    }
}

impl From<ApplyError> for Error {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            ApplyError::Illegal(illegal) => {
                Self::new(Exit::Unexpected, format!("{illegal}; this is a defect of shotlist"))
            }
            error @ (ApplyError::Changed | ApplyError::TaskTaken { .. }) => Self::local(error),
        }
    }
}
