//! Faults: rules that say which call goes wrong, and how.
//!
//! A rule names a kind of call, what the call must look like, how often it strikes, and what then happens. Every rule
//! counts every call that it matches; of the rules that are due the first one acts.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::defects::Defect;

/// The kind of call a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A request for a new task that would be accepted. A request with an error in it is refused without asking the
    /// rules, so that no fault hides an error of the client.
    Submit,
    /// A question about a known task. A question about many tasks at once is one call for each of them.
    Poll,
    /// A question for what was accepted in a time, which only echo takes. It is about no task: of [`When`], what looks
    /// at a task does not match it.
    List,
    /// A clip fetched over a valid link. Covers are never disturbed.
    Download,
}

/// Which calls a rule matches, and which of those it strikes. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The provider, by its name.
    pub provider: Option<String>,
    /// The task's model.
    pub model: Option<String>,
    /// A part of the task's prompt.
    pub prompt_contains: Option<String>,
    /// A part of the client's label for the task: Z.AI's `request_id`, echo's `client_id`.
    pub request_contains: Option<String>,
    /// Strikes only the n-th matching call, counted from 1.
    pub nth: Option<NonZeroU32>,
    /// Strikes every n-th matching call.
    pub every: Option<NonZeroU32>,
    /// Strikes with this probability, from 0 to 1.
    pub chance: Option<f64>,
    /// Strikes this share of all orders, from 0 to 1, by what is ordered and not by chance: the same order is struck in
    /// each run. Rules with shares strike different orders as long as their shares come to at most 1.
    pub share: Option<f64>,
}

/// One rule: on which calls, at most how often, what happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The kind of call.
    pub on: On,
    /// Which of them; all, when left out.
    #[serde(default)]
    pub when: When,
    /// How often the rule strikes in all; without end, when left out.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// What goes wrong. Faults of the connection and of the answer are for every kind of call; on all but submissions
/// "after accept" only means "without an answer". On a question about many tasks at once such a fault bends the whole
/// answer, and the first that strikes decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is reset; nothing was accepted.
    ResetBefore,
    /// The task is accepted and charged, then the connection is reset.
    ResetAfterAccept,
    /// The task is accepted and charged, then the connection is closed without an answer.
    CloseAfterAccept,
    /// The task is accepted and charged; after this time the connection is closed without an answer.
    HangAfterAccept {
        /// Seconds of silence.
        seconds: u64,
    },
    /// Any HTTP answer: a bare 500, an HTML page, a redirect, another kind of `Retry-After`.
    Status {
        /// The HTTP status, 200 to 599.
        code: u16,
        /// The body as sent.
        #[serde(default)]
        body: String,
        /// Headers to send with it.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Whether the task is accepted and charged all the same.
        #[serde(default)]
        accept: bool,
    },
    /// An error, as the provider words its errors.
    Error {
        /// The HTTP status, 200 to 599.
        http: u16,
        /// The provider's code, as text. Vtrix has room for numbers only.
        code: String,
        /// The message.
        message: String,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether the task is accepted and charged all the same.
        #[serde(default)]
        accept: bool,
    },
    /// The answer is JSON that breaks off; a submitted task is accepted and charged.
    Malformed,
    /// The usual answer, late.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The task fails; on a poll, only this answer says so.
    Fail {
        /// The code of the reason.
        #[serde(default = "Fault::internal_code")]
        code: String,
        /// The text of the reason.
        #[serde(default = "Fault::internal_message")]
        message: String,
        /// The form in which the answer carries the reason.
        #[serde(default)]
        shape: Shape,
        /// Whether the failed task costs its price.
        #[serde(default)]
        charged: bool,
    },
    /// The task ends well, but without a result.
    NoResult,
    /// The task ends with a status word that no document knows.
    UnknownWord {
        /// The word.
        word: String,
    },
    /// A list that does not say the clients' own names for its tasks.
    Mute,
    /// The clip breaks off.
    Truncate {
        /// The part of the body that is sent, from 0 to 1.
        at: f64,
        /// With `Content-Length` (the client can tell), or without one (only the clip itself can tell).
        #[serde(default = "Fault::announced")]
        announce: bool,
    },
    /// The clip comes slowly.
    Slow {
        /// Bytes per second.
        bytes_per_second: NonZeroU64,
    },
    /// The link has expired: 403 from now on. The next poll gives another link.
    Expire,
    /// The link wants the provider's key: 401 without it, as gateways answer that hand out links to themselves.
    NeedsKey,
    /// `Content-Length` is a tenth too small, and so is what is sent.
    WrongLength,
    /// 200 with an HTML page in place of the clip.
    Html,
    /// A range is answered with the whole clip.
    IgnoreRange,
    /// A range is answered with a `Content-Range` that begins one byte late.
    WrongRange,
    /// One byte in the middle is wrong, the length is right.
    Flip,
    /// The clip arrives whole and shows something wrong.
    Defect(Defect),
}

/// How a failed task gives its reason, which no document says for sure. The fields differ from provider to provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// An object with a code and a message.
    #[default]
    Object,
    /// The message alone.
    String,
    /// No reason at all.
    None,
}

impl Fault {
    fn internal_code() -> String {
        "500".to_owned()
    }

    fn internal_message() -> String {
        "The video could not be generated".to_owned()
    }

    fn announced() -> bool {
        true
    }

    /// Whether a submission that is struck becomes a task.
    pub(super) fn accepts(&self) -> bool {
        match self {
            Self::ResetBefore => false,
            Self::Status { accept, .. } | Self::Error { accept, .. } => *accept,
            _ => true,
        }
    }

    /// Whether this is about how a task ends, not about one answer.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self, Self::Fail { .. } | Self::NoResult | Self::UnknownWord { .. })
    }

    /// The HTTP status that leaves in place of the usual one; none when the connection is cut.
    pub(super) fn status(&self, usual: u16) -> Option<u16> {
        match self {
            Self::ResetBefore
            | Self::ResetAfterAccept
            | Self::CloseAfterAccept
            | Self::HangAfterAccept { .. } => None,
            Self::Status { code, .. } => Some(*code),
            Self::Error { http, .. } => Some(*http),
            _ => Some(usual),
        }
    }

    fn is_for(&self, on: On) -> bool {
        match self {
            Self::ResetBefore
            | Self::ResetAfterAccept
            | Self::CloseAfterAccept
            | Self::HangAfterAccept { .. }
            | Self::Status { .. }
            | Self::Error { .. }
            | Self::Malformed
            | Self::Delay { .. } => true,
            Self::Fail { .. } | Self::NoResult | Self::UnknownWord { .. } => {
                matches!(on, On::Submit | On::Poll)
            }
            Self::Mute => on == On::List,
            Self::Defect(_) => on == On::Submit,
            Self::Truncate { .. }
            | Self::Slow { .. }
            | Self::Expire
            | Self::NeedsKey
            | Self::WrongLength
            | Self::Html
            | Self::IgnoreRange
            | Self::WrongRange
            | Self::Flip => on == On::Download,
        }
    }
}

impl Rule {
    /// Checks what the types cannot: that the fault fits the kind of call, that its numbers and headers are possible, and
    /// that it is about one of the providers with these names.
    pub fn check(&self, providers: &[&str]) -> Result<(), String> {
        if let Some(name) = &self.when.provider
            && !providers.contains(&name.as_str())
        {
            return Err(format!("there is no provider `{name}`; the sandbox plays {}", providers.join(", ")));
        }
        if !self.fault.is_for(self.on) {
            return Err(format!("{:?} cannot happen on {:?}", self.fault, self.on));
        }
        if let Some(chance) = self.when.chance
            && !(0.0..=1.0).contains(&chance)
        {
            return Err(format!("a chance lies between 0 and 1, not at {chance}"));
        }
        if let Some(share) = self.when.share {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("a share lies between 0 and 1, not at {share}"));
            }
            if self.on != On::Submit {
                return Err(format!(
                    "a share is one of orders, so it goes with submit, not with {:?}",
                    self.on
                ));
            }
        }
        match &self.fault {
            Fault::Truncate { at, .. } if !(0.0..=1.0).contains(at) => {
                Err(format!("`at` is a fraction between 0 and 1, not {at}"))
            }
            Fault::Status { code, .. } | Fault::Error { http: code, .. }
                if !(200..600).contains(code) || StatusCode::from_u16(*code).is_err() =>
            {
                Err(format!("{code} is no status of a final answer (200 to 599)"))
            }
            Fault::Status { headers, .. } => headers.iter().try_for_each(|(name, value)| {
                let name_fits = HeaderName::try_from(name).is_ok();
                if name_fits && HeaderValue::try_from(value).is_ok() {
                    Ok(())
                } else {
                    Err(format!("`{name}: {value}` is no valid header"))
                }
            }),
            _ => Ok(()),
        }
    }

    fn matches(&self, on: On, call: Call<'_>) -> bool {
        let within = |part: &Option<String>, whole: &str| part.as_ref().is_none_or(|p| whole.contains(p));
        self.on == on
            && self.when.provider.as_ref().is_none_or(|provider| provider == call.provider)
            && self.when.model.as_ref().is_none_or(|model| model == call.model)
            && within(&self.when.prompt_contains, call.prompt)
            && within(&self.when.request_contains, call.request_id)
            && !matches!(self.fault, Fault::Defect(defect) if defect.needs_picture() && !call.pictured)
    }
}

/// What rules look at.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
    /// Empty when the task has none.
    pub(super) prompt: &'a str,
    /// Empty when the client sent none.
    pub(super) request_id: &'a str,
    /// Whether an order has a picture to begin with.
    pub(super) pictured: bool,
    /// A number of an order from 0 to 1, which follows from what is ordered.
    pub(super) lot: f64,
}

struct Armed {
    rule: Rule,
    seen: u32,
    fired: u32,
}

impl Armed {
    /// Counts a matching call, whose lot is counted from where this rule's share begins, and returns whether it is struck.
    fn is_due(&mut self, lot: f64, dice: &mut StdRng) -> bool {
        self.seen += 1;
        let when = &self.rule.when;
        self.rule.times.is_none_or(|times| self.fired < times)
            && when.nth.is_none_or(|nth| self.seen == nth.get())
            && when.every.is_none_or(|every| self.seen.is_multiple_of(every.get()))
            && when.share.is_none_or(|share| (0.0..share).contains(&lot))
            && when.chance.is_none_or(|chance| dice.random_bool(chance))
    }
}

/// The rules in force, with their counts.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Armed>,
}

impl Faults {
    /// Adds a rule that has passed [`Rule::check`].
    pub(super) fn add(&mut self, rule: Rule) {
        self.rules.push(Armed { rule, seen: 0, fired: 0 });
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Counts the call with every rule that matches it, and gives the fault of the first that is due.
    pub(super) fn pick(&mut self, on: On, call: Call<'_>, dice: &mut StdRng) -> Option<Fault> {
        let mut picked = None;
        let mut lot = call.lot;
        for armed in self.rules.iter_mut().filter(|armed| armed.rule.on == on) {
            // A share takes its place whether the rule matches or not, so that others strike the same orders all the same.
            let from_here = lot;
            lot -= armed.rule.when.share.unwrap_or_default();
            if armed.rule.matches(on, call) && armed.is_due(from_here, dice) && picked.is_none() {
                armed.fired += 1;
                picked = Some(armed.rule.fault.clone());
            }
        }
        picked
    }
}
