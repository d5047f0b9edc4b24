//! The error of all use cases: what failed, its effect on the money, and the next command.

use super::exit::Exit;
use crate::domain::problem::Problem;
use crate::store::{ApplyError, StoreError};
use crate::transport::ClientTrouble;
use std::error::Error as StdError;
use std::fmt;

/// The reason why a use case ended without its report.
#[derive(Debug)]
pub struct Error {
    /// Exit code.
    pub exit: Exit,
    /// Description of the failure and its place.
    pub what: String,
    /// Effect on the money, in a sentence.
    pub money: Option<String>,
    /// Command to type next.
    pub hint: Option<String>,
    /// Problems in the user's files, each with its place.
    pub problems: Vec<Problem>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error with this exit code.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), money: None, hint: None, problems: Vec::new(), source: None }
    }

    /// Adds the effect on the money.
    #[must_use]
    pub fn money(mut self, money: impl Into<String>) -> Self {
        self.money = Some(money.into());
        self
    }

    /// Adds the command to type next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the command to type next where none is known.
    #[must_use]
    pub(crate) fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Adds the problems in the user's files that caused the error.
    #[must_use]
    pub fn problems(mut self, problems: Vec<Problem>) -> Self {
        self.problems = problems;
        self
    }

    /// Creates a local error (exit 9) from another error.
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
            error @ (ApplyError::Changed | ApplyError::TaskTaken(_)) => Self::local(error),
        }
    }
}
