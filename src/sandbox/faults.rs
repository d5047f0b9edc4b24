//! Defines fault rules, which decide which calls go wrong, and how.
//!
//! A rule says to which calls it applies, how often, and with which fault. Every rule counts every call that it
//! matches. If several rules apply to a call, the first one decides.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::defects::Defect;

/// The kind of call to which a fault rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A valid request for a new task. Invalid requests are refused before any fault rule is applied, so that no fault
    /// hides an error of the client.
    Submit,
    /// A poll of a known task. A poll of many tasks counts as one call for each of them.
    Poll,
    /// A request for a list of tasks, which only the provider `echo` supports. It never meets a condition of [`When`]
    /// about a single task.
    List,
    /// A download of a clip with a valid link. Downloads of covers never have faults.
    Download,
}

/// The conditions of a fault rule. A call must fulfil all of them. A condition that is `None` does not restrict the
/// calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The name of the provider that receives the call.
    pub provider: Option<String>,
    /// The model of the task.
    pub model: Option<String>,
    /// A text that the task's prompt must contain.
    pub prompt_contains: Option<String>,
    /// A text that the client's request id must contain: `request_id` for Z.AI, `client_id` for the provider `echo`.
    pub request_contains: Option<String>,
    /// A number `n`: the rule applies only to the `n`-th matching call, counted from 1.
    pub nth: Option<NonZeroU32>,
    /// A number `n`: the rule applies to every `n`-th matching call.
    pub every: Option<NonZeroU32>,
    /// The probability with which the rule applies, from 0 to 1.
    pub chance: Option<f64>,
    /// The share of all submissions to which the rule applies, from 0 to 1.
    ///
    /// The content of a request decides, not chance, so the same request gets the fault in each run. Several rules with
    /// shares apply to different requests, as long as their shares add up to at most 1.
    pub share: Option<f64>,
}

/// A fault rule: the calls to which it applies, how many of them, and the fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The kind of call to which the rule applies.
    pub on: On,
    /// The conditions that a call must fulfil. Without conditions, the rule applies to all calls of its kind.
    #[serde(default)]
    pub when: When,
    /// The maximum number of calls to which the rule applies; `None` means unlimited.
    #[serde(default)]
    pub times: Option<u32>,
    /// The fault that occurs when the rule applies.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// A fault that the sandbox can simulate.
///
/// Faults of the connection or of the answer can happen to every kind of call. `ResetAfterAccept`, `CloseAfterAccept`
/// and `HangAfterAccept` accept a task only if the call is a submission; other calls just get no answer. In a poll of
/// many tasks, only the first fault of the connection or of the answer counts, and changes the whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is reset before anything is accepted.
    ResetBefore,
    /// The task is accepted and charged, then the connection is reset.
    ResetAfterAccept,
    /// The task is accepted and charged, then the connection is closed without an answer.
    CloseAfterAccept,
    /// The task is accepted and charged; after some seconds the connection is closed without an answer.
    HangAfterAccept {
        /// The number of seconds without an answer before the connection is closed.
        seconds: u64,
    },
    /// The sandbox sends this HTTP answer, such as a bare 500, an HTML page or a redirect.
    Status {
        /// The HTTP status of the answer, 200 to 599.
        code: u16,
        /// The body of the answer.
        #[serde(default)]
        body: String,
        /// The headers of the answer, such as an unusual form of `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// True if the task is accepted and charged although the answer is an error.
        #[serde(default)]
        accept: bool,
    },
    /// The answer is an error in the provider's own form.
    Error {
        /// The HTTP status of the answer, 200 to 599.
        http: u16,
        /// The provider's error code as a string. Vtrix supports only numbers.
        code: String,
        /// The message of the error.
        message: String,
        /// The value of the header `Retry-After` in seconds; `None` sends no such header.
        #[serde(default)]
        retry_after: Option<u64>,
        /// True if the task is accepted and charged although the answer is an error.
        #[serde(default)]
        accept: bool,
    },
    /// The answer is incomplete JSON. If the call is a submission, its task is accepted and charged all the same.
    Malformed,
    /// The usual answer is sent with a delay.
    Delay {
        /// The delay in milliseconds.
        ms: u64,
    },
    /// The task fails. If the fault is one of a poll, only the answer to this poll reports a failure, and the task
    /// continues.
    Fail {
        /// The error code of the failed task.
        #[serde(default = "Fault::internal_code")]
        code: String,
        /// The reason for the failure in words.
        #[serde(default = "Fault::internal_message")]
        message: String,
        /// The form in which answers report why the task failed.
        #[serde(default)]
        shape: Shape,
        /// True if the failed task is charged.
        #[serde(default)]
        charged: bool,
    },
    /// The task is reported as successful, but without a clip.
    NoResult,
    /// The task ends with a status word that no document mentions.
    UnknownWord {
        /// The unknown status word in answers about the task.
        word: String,
    },
    /// The answer to a request for a list of tasks does not contain the clients' request ids.
    Mute,
    /// The download of the clip breaks off.
    Truncate {
        /// The share of the bytes that is sent, from 0 to 1.
        at: f64,
        /// True to send the full `Content-Length`, which shows that bytes are missing. Otherwise only the clip itself
        /// shows that.
        #[serde(default = "Fault::announced")]
        announce: bool,
    },
    /// The clip is sent slowly.
    Slow {
        /// The speed at which the clip is sent, in bytes per second.
        bytes_per_second: NonZeroU64,
    },
    /// The link has expired: this and later downloads are answered with 403. The next poll returns a new link.
    Expire,
    /// The download is answered with 401 unless the client sends the provider's key, as some gateways require.
    NeedsKey,
    /// The answer lacks a tenth of the clip, and `Content-Length` matches the bytes that are sent.
    WrongLength,
    /// The answer has the status 200 and is an HTML page instead of the clip.
    Html,
    /// A request for a range of bytes is answered with the whole clip.
    IgnoreRange,
    /// A request for a range is answered with a `Content-Range` that begins one byte too late.
    WrongRange,
    /// One byte in the middle of the clip is wrong, and the length is right.
    Flip,
    /// The clip arrives complete, but has a visual defect.
    Defect(Defect),
}

/// The form in which a failed task reports its reason. No document defines it; replies differ between providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The reason for the failure is an object with a code and a message.
    #[default]
    Object,
    /// The reason for the failure is a string: only the message.
    String,
    /// The answer contains no reason for the failure.
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

    /// Returns true if a submission with this fault creates a task.
    pub(super) fn accepts(&self) -> bool {
        match self {
            Self::ResetBefore => false,
            Self::Status { accept, .. } | Self::Error { accept, .. } => *accept,
            _ => true,
        }
    }

    /// Returns true if this fault changes how a task ends, false if it changes a single answer.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self, Self::Fail { .. } | Self::NoResult | Self::UnknownWord { .. })
    }

    /// Returns the HTTP status that is sent, where `usual` is the status without the fault; `None` if the connection is
    /// cut.
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
    /// Checks that the fault can happen on this kind of call, and that its numbers, headers and provider are valid.
    ///
    /// `providers` are the names of the providers that exist. The error says what is wrong.
    pub fn check(&self, providers: &[&str]) -> Result<(), String> {
        if let Some(name) = &self.when.provider
            && !providers.contains(&name.as_str())
        {
            return Err(format!("there is no provider `{name}`; the sandbox has {}", providers.join(", ")));
        }
        if !self.fault.is_for(self.on) {
            return Err(format!("{:?} cannot happen on {:?}", self.fault, self.on));
        }
        if let Some(chance) = self.when.chance
            && !(0.0..=1.0).contains(&chance)
        {
            return Err(format!("a chance must be between 0 and 1, not {chance}"));
        }
        if let Some(share) = self.when.share {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("a share must be between 0 and 1, not {share}"));
            }
            if self.on != On::Submit {
                return Err(format!(
                    "a share is a share of submissions, so it needs `on: submit`, not {:?}",
                    self.on
                ));
            }
        }
        match &self.fault {
            Fault::Truncate { at, .. } if !(0.0..=1.0).contains(at) => {
                Err(format!("`at` must be between 0 and 1, not {at}"))
            }
            Fault::Status { code, .. } | Fault::Error { http: code, .. }
                if !(200..600).contains(code) || StatusCode::from_u16(*code).is_err() =>
            {
                Err(format!("{code} is not the status of a final answer (200 to 599)"))
            }
            Fault::Status { headers, .. } => headers.iter().try_for_each(|(name, value)| {
                let name_fits = HeaderName::try_from(name).is_ok();
                if name_fits && HeaderValue::try_from(value).is_ok() {
                    Ok(())
                } else {
                    Err(format!("`{name}: {value}` is not a valid header"))
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

/// The facts about a call by which the fault rules decide whether they apply.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
    /// The prompt; empty if the task has none.
    pub(super) prompt: &'a str,
    /// The client's request id; empty if the client sent none.
    pub(super) request_id: &'a str,
    /// True if the call submits a request whose clip begins with a picture.
    pub(super) pictured: bool,
    /// A number from 0 to 1 that is derived from the request's content. It decides whether a rule with a
    /// [`When::share`] applies.
    pub(super) lot: f64,
}

struct Armed {
    rule: Rule,
    seen: u32,
    fired: u32,
}

impl Armed {
    /// Counts a matching call, and returns true if the rule applies to the call.
    ///
    /// A rule with a share applies if `lot` is at least 0 and below the share. `lot` is [`Call::lot`], a number from 0
    /// to 1, minus the shares of all earlier rules. So each rule with a share applies to different requests.
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

/// The active fault rules. Each comes with the number of calls that matched it and the number of calls that it changed.
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

    /// Counts the call for every rule that matches it. Returns the fault of the first rule that applies, or `None`.
    pub(super) fn pick(&mut self, on: On, call: Call<'_>, dice: &mut StdRng) -> Option<Fault> {
        let mut picked = None;
        let mut lot = call.lot;
        for armed in self.rules.iter_mut().filter(|armed| armed.rule.on == on) {
            // A share keeps its place even if the rule does not match, so that other rules still get the same requests.
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
