//! A fault is what the engine does next, not what the API said; the API's words travel beside it.

use super::foreign::is_hidden;
use std::fmt;
use std::time::Duration;

/// Why a call did not bring what it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What follows.
    pub kind: FaultKind,
    /// The words to show.
    pub said: Said,
}

impl Fault {
    /// A fault with the words that came with it.
    #[must_use]
    pub fn new(kind: FaultKind, said: Said) -> Self {
        Self { kind, said }
    }
}

/// What the engine does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Proof that no byte of the request left: again later, no attempt used.
    NotSent,
    /// Too fast: slow down, no attempt used.
    Throttled {
        /// What `Retry-After` asked for.
        after: Option<Duration>,
    },
    /// Refused for a passing reason, surely without a task: again later, an attempt is used.
    Busy {
        /// What `Retry-After` asked for.
        after: Option<Duration>,
    },
    /// This request is refused for good; nothing was charged.
    Rejected(Refusal),
    /// Something before the provider refused the request without a word of the provider's: no task, and not again in this
    /// run.
    Barred,
    /// No such address, without a word of the provider's. At an address that never accepted a submission there is no task;
    /// anywhere else there may be one.
    NoRoute,
    /// The provider knows no such task.
    Gone,
    /// Something may have been accepted. The default of every paid call.
    Unknown,
    /// The provider as a whole, for this run.
    Stop(Stop),
}

/// Why a request is refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A parameter, a picture, the prompt's length.
    Input,
    /// The provider's content policy.
    Policy,
    /// The model does not exist, is off, or is not in the account's plan.
    Model,
    /// The provider tried and could not; only a task that was accepted ends so.
    Generation,
    /// Somebody took it back; only a task that was accepted ends so.
    Cancelled,
}

impl Refusal {
    /// Whether the same request would be refused again.
    #[must_use]
    pub const fn permanent(self) -> bool {
        match self {
            Self::Input | Self::Policy | Self::Model => true,
            Self::Generation | Self::Cancelled => false,
        }
    }

    /// One word for tables and JSON.
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
}

/// Why a provider takes no more submissions in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The key is refused.
    Auth,
    /// No credit is left.
    Balance,
    /// The account is locked or inactive.
    Account,
    /// TLS, a redirect, a wrong address: the set-up is wrong, not the job.
    Setup,
}

impl Stop {
    /// One word for tables and JSON.
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

/// What was said, for people: never branched on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// HTTP status, where a reply came.
    pub http: Option<u16>,
    /// The provider's code as text: codes overflow 32 bits and some have leading zeros.
    pub code: Option<String>,
    /// The provider's or our words, without control characters.
    pub text: String,
}

/// Longest text kept of a provider's message, in characters: enough for any sentence, too little for a page of HTML.
const LONGEST_TEXT: usize = 300;

impl Said {
    /// Words without a code. Control characters are shown as escapes, so that no reply can write to a terminal.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self { http: None, code: None, text: printable(text.as_ref()) }
    }

    /// Words with the provider's code.
    #[must_use]
    pub fn coded(http: u16, code: Option<String>, text: &str) -> Self {
        Self { http: Some(http), code: code.map(|code| printable(&code)), text: printable(text) }
    }
}

/// Control and bidirectional characters as visible escapes, cut at a length.
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
            // Words of ours that tell the status are not followed by it once more.
            (None, Some(http)) if !self.text.contains(&http.to_string()) => {
                write!(f, "{} (HTTP {http})", self.text)
            }
            (None, _) => f.write_str(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_cannot_write_to_the_terminal() {
        let said = Said::text("ok\x1b]52;c;AAAA\x07\nFAKE \u{202e}line");
        assert_eq!(said.text, "ok\\u{1b}]52;c;AAAA\\u{7}\\nFAKE \\u{202e}line");
    }

    #[test]
    fn a_page_of_html_is_cut() {
        assert_eq!(Said::text("x".repeat(5_000)).text.chars().count(), LONGEST_TEXT + 1);
    }
}
