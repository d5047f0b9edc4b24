//! Failed calls to a provider, classified by what the program does next, with the provider's messages.

use super::foreign::is_hidden;
use std::fmt;
use std::time::Duration;

/// A failed call to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The class of the failure, which decides what the program does next.
    pub kind: FaultKind,
    /// The message for the user.
    pub said: Said,
}

impl Fault {
    /// Creates a fault from its class and its message.
    #[must_use]
    pub fn new(kind: FaultKind, said: Said) -> Self {
        Self { kind, said }
    }
}

/// The class of a failed call, which decides what the program does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// No byte of the request was sent: the program retries later, and the failure does not count as a try.
    NotSent,
    /// The provider refused because requests come too fast: the program slows down, and the refusal does not count as a
    /// try.
    Throttled {
        /// The pause that the reply's `Retry-After` header asked for; `None` without that header.
        after: Option<Duration>,
    },
    /// The provider refused for a temporary reason and surely created no task: the program retries later, and the
    /// refusal counts as a try.
    Busy {
        /// The pause that the reply's `Retry-After` header asked for; `None` without that header.
        after: Option<Duration>,
    },
    /// The provider refused this request permanently; nothing was charged.
    Rejected(Refusal),
    /// A proxy or a gateway refused the request, without a message of the provider's API: no task exists, and this run
    /// does not retry.
    Barred,
    /// The address was not found, and the answer has no message of the provider's API.
    ///
    /// No task exists if the address never accepted a submission; in any other case a task may exist.
    NoRoute,
    /// The provider cannot find the task.
    Gone,
    /// It is unknown whether the provider accepted the request. A failed paid call has this class unless something else
    /// is proven.
    Unknown,
    /// The provider accepts no more submissions in this run, for this reason.
    Stop(Stop),
}

/// The reason why a request was refused permanently, or why its task failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A parameter, a picture or the prompt's length is wrong.
    Input,
    /// The provider's content policy forbids the request.
    Policy,
    /// The model does not exist, is switched off, or is not in the account's plan.
    Model,
    /// The provider could not render an accepted task.
    Generation,
    /// An accepted task was cancelled.
    Cancelled,
}

impl Refusal {
    /// Returns whether the same request would be refused again.
    #[must_use]
    pub const fn permanent(self) -> bool {
        match self {
            Self::Input | Self::Policy | Self::Model => true,
            Self::Generation | Self::Cancelled => false,
        }
    }

    /// Returns the name of the refusal in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Policy => "policy",
            Self::Model => "model",
            Self::Generation => "generation",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the reason for the failure in words, as messages show it next to the name.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Input => "refused by the provider because of the job's input",
            Self::Policy => "refused by the provider's content policy",
            Self::Model => "refused by the provider because of the job's model",
            Self::Generation => "accepted but not rendered by the provider",
            Self::Cancelled => "cancelled at the provider",
        }
    }
}

/// The reason why a provider accepts no more submissions in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The provider refused the key.
    Auth,
    /// The account has no credit left.
    Balance,
    /// The account is locked or inactive.
    Account,
    /// The program is set up wrongly: for example, TLS fails, the key has forbidden characters, or the address of the
    /// API does not exist or redirects.
    Setup,
}

impl Stop {
    /// Checks whether the provider refused the key, or the account that the key belongs to.
    #[must_use]
    pub const fn is_refused_key(self) -> bool {
        matches!(self, Self::Auth | Self::Account)
    }

    /// Returns the name of the reason in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Balance => "balance",
            Self::Account => "account",
            Self::Setup => "setup",
        }
    }
}

/// A message for the user from a provider or from this program. The program never decides anything by its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The HTTP status, if there was a reply.
    pub http: Option<u16>,
    /// The provider's error code, kept as text, because some codes exceed 32 bits or have leading zeros.
    pub code: Option<String>,
    /// The text of the message, without control characters.
    pub text: String,
}

/// The maximum length of a provider's message in characters: enough for any sentence, too little for a page of HTML.
const LONGEST_TEXT: usize = 300;

impl Said {
    /// Creates a message that has only a text. Control characters become escapes, so that no answer can control a
    /// terminal.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self { http: None, code: None, text: printable(text.as_ref()) }
    }

    /// Creates the message about a task that was cancelled at the provider.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::text("the task was cancelled")
    }

    /// Creates a message with the HTTP status and the provider's error code.
    #[must_use]
    pub fn coded(http: u16, code: Option<String>, text: &str) -> Self {
        Self { http: Some(http), code: code.map(|code| printable(&code)), text: printable(text) }
    }
}

/// Returns a text with control and bidirectional characters as visible escapes, cut to at most 300 characters.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == LONGEST_TEXT {
            shown.push('…');
            break;
        }
        if is_hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, self.http) {
            (Some(code), _) => write!(f, "{} (code {code})", self.text),
            // Our own words may already contain the status.
            (None, Some(http)) if !self.text.contains(&http.to_string()) => {
                write!(f, "{} (HTTP {http})", self.text)
            }
            (None, _) => f.write_str(&self.text),
        }
    }
}

#[cfg(test)]
mod tests;
