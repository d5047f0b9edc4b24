//! Formats each notice (report of an event) as one line: complete for pipes and log files, fitted to the width of
//! terminals.

use super::layout::{lasted, shorten, width, wrap};
use crate::domain::fault::Said;
use crate::domain::lifecycle::{Charged, HeldReason, Phase, State};
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::price::up_to;
use crate::domain::time::passed;
use jiff::Timestamp;
use std::fmt;

/// The importance of a line, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A clip was saved.
    Good,
    /// Something failed.
    Bad,
    /// A person should look at the reported event.
    Doubt,
    /// A neutral event, neither good nor bad.
    Plain,
    /// An intermediate step of a job. A terminal shows it in the list of active jobs, and on a line of its own only
    /// with `--verbose`.
    Step,
}

/// A notice in words. [`fmt::Display`] writes it complete on one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The importance of the line, which decides its colour.
    pub tone: Tone,
    word: &'static str,
    parts: Vec<Segment>,
    /// The time at which the request for a finished clip was sent, to show how long the clip took; `None` for other
    /// events.
    sent: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
enum Segment {
    Key(String),
    Fact(String),
    Path(String),
    /// A message of the provider or of this computer. If the line has no room for the message, the message gets lines
    /// of its own.
    Words(String),
}

impl Segment {
    fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Fact(text) | Self::Path(text) | Self::Words(text) => text,
        }
    }
}

/// The column at which the text after a line's first word begins, unless that word is longer.
const INDENT: usize = 9;
/// The first word of the line for a request that was not accepted and will be sent again.
const AGAIN: &str = "retrying";
/// The minimum width in columns to which a path or a job key is shortened.
const LEAST: usize = 14;

impl Line {
    fn new(tone: Tone, word: &'static str, parts: Vec<Segment>) -> Self {
        Self { tone, word, parts, sent: None }
    }

    /// Returns the line with its paths rewritten by a function.
    #[must_use]
    pub fn with_paths(mut self, shown: impl Fn(&str) -> String) -> Self {
        for part in &mut self.parts {
            if let Segment::Path(path) = part {
                *path = shown(path);
            }
        }
        self
    }

    /// Returns the message that explains why a request is sent again; `None` for lines about other events.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self.parts.last() {
            Some(Segment::Words(words)) if self.word == AGAIN => Some(words),
            _ => None,
        }
    }

    /// Returns the line fitted to a terminal of `columns` columns. `paint` colours the first word.
    ///
    /// A path or key that is too long is shortened in the middle; words that are too long go to the next lines.
    #[must_use]
    pub fn fitted(&self, columns: usize, now: Timestamp, paint: impl Fn(&str) -> String) -> Vec<String> {
        let mut parts = self.parts.clone();
        if let Some(sent) = self.sent {
            parts.insert(1.min(parts.len()), Segment::Fact(lasted(passed(sent, now))));
        }
        let words = parts.pop_if(|part| matches!(part, Segment::Words(_)));
        let indent = INDENT.max(width(self.word) + 1);
        let room = columns.saturating_sub(indent);
        let used = |parts: &[Segment]| {
            parts.iter().map(|part| width(part.text())).sum::<usize>() + 2 * parts.len().saturating_sub(1)
        };
        for shrinks in [
            |part: &Segment| matches!(part, Segment::Path(_)),
            |part: &Segment| matches!(part, Segment::Key(_)),
        ] {
            let excess = used(&parts).saturating_sub(room);
            let part = parts.iter_mut().find(|part| excess > 0 && shrinks(part));
            if let Some(Segment::Path(text) | Segment::Key(text)) = part {
                *text = shorten(text, width(text).saturating_sub(excess).max(LEAST));
            }
        }
        let joined = parts.iter().map(Segment::text).collect::<Vec<_>>().join("  ");
        let mut lines = wrap(&joined, room, 0);
        if let Some(words) = words {
            let last = lines.last_mut().filter(|last| width(last) + 2 + width(words.text()) <= room);
            match last {
                Some(last) if last.is_empty() => words.text().clone_into(last),
                Some(last) => *last = format!("{last}  {}", words.text()),
                None => {
                    lines.retain(|line| !line.is_empty());
                    lines.extend(wrap(words.text(), room, 0));
                }
            }
        }
        let margin = " ".repeat(indent);
        let word = paint(self.word) + &margin[width(self.word)..];
        let first = |at: usize| if at == 0 { &word } else { &margin };
        lines.iter().enumerate().map(|(at, line)| format!("{}{line}", first(at))).collect()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.parts.iter().map(Segment::text).collect();
        write!(f, "{:<8} {}", self.word, parts.join("  "))
    }
}

/// Returns the line for a notice; `None` for steps that are shown only with `--verbose`.
#[must_use]
pub fn line(notice: &Notice, verbose: bool) -> Option<Line> {
    use Segment::{Fact, Key, Path, Words};
    Some(match notice {
        Notice::Moved { key, price, path, from, to, said, .. } => {
            let key = Key(key.to_string());
            let price = *price;
            let (tone, word, mut parts) = match &**to {
                State::Done { .. } => {
                    (Tone::Good, "done", vec![key, Fact(price.to_string()), Path(path.clone())])
                }
                State::Failed { refusal, charged, .. } => {
                    let money = charged_words(*charged, price);
                    let why = format!("{} ({}; {money})", refusal.words(), refusal.name());
                    (Tone::Bad, "failed", vec![key, Fact(why)])
                }
                State::Held { reason, .. } => {
                    let money = if reason.charge_in_doubt() {
                        charged_words(Charged::Unknown, price)
                    } else {
                        format!("charged {price}, the clip is missing")
                    };
                    let why = detailed(*reason, *from, said.as_ref());
                    (Tone::Doubt, "held", vec![key, Words(format!("needs your decision: {why} ({money})"))])
                }
                State::Pending { tries_left: 0, .. } => {
                    (Tone::Doubt, "deferred", vec![key, Fact("to the next run (not charged)".into())])
                }
                State::Pending { .. } if matches!(from, Phase::Submitting | Phase::Doubtful) => {
                    (Tone::Doubt, AGAIN, vec![key, Fact("(not charged)".into())])
                }
                State::Doubtful { .. } if *from == Phase::Submitting => {
                    let money = charged_words(Charged::Unknown, price);
                    let why = detailed(HeldReason::AmbiguousSubmit, *from, said.as_ref());
                    let what = format!("{why}; asking the provider whether it has the task");
                    (Tone::Doubt, "in doubt", vec![key, Fact(money), Words(what)])
                }
                State::Running { task, .. } if matches!(from, Phase::Submitting | Phase::Doubtful) => {
                    let task = Fact(format!("task {}", task.id));
                    let (tone, word) =
                        if *from == Phase::Doubtful { (Tone::Plain, "found") } else { (Tone::Step, "sent") };
                    (tone, word, vec![key, Fact(price.to_string()), task])
                }
                State::Cancelled { .. } => {
                    (Tone::Plain, "cancelled", vec![key, Fact("(not charged)".into())])
                }
                state if verbose => (Tone::Step, state.name(), vec![key]),
                _ => return None,
            };
            // Some lines already contain the details.
            if !matches!(parts.last(), Some(Words(_))) {
                parts.extend(said.as_ref().map(|said| Words(said.to_string())));
            }
            let sent = match &**to {
                State::Done { task, .. } => Some(task.intent.at),
                _ => None,
            };
            Line { sent, ..Line::new(tone, word, parts) }
        }
        Notice::Filed { key, path } => {
            let parts = vec![Key(key.to_string()), Fact("(not charged)".into()), Path(path.clone())];
            Line::new(Tone::Good, "reused", parts)
        }
        Notice::Stopped { who, why, said } => {
            let parts = vec![Fact(who.clone()), Fact(why_words(*why).to_owned()), Words(said.to_string())];
            Line::new(Tone::Doubt, "stopped", parts)
        }
        Notice::Stopping { on_wire } => {
            let words = if *on_wire == 0 {
                "no new submissions; saving the state of all jobs (press Ctrl-C again to exit now; nothing is \
                 lost)"
                    .to_owned()
            } else {
                format!(
                    "no new submissions; waiting for the provider's answers to {} (up to 60 s; press Ctrl-C again \
                     to exit sooner, without knowing what was charged)",
                    crate::domain::text::count(*on_wire, "paid request")
                )
            };
            Line::new(Tone::Doubt, "stopping:", vec![Words(words)])
        }
        Notice::Warning(text) => Line::new(Tone::Doubt, "warning", vec![Words(text.clone())]),
        Notice::Trouble(text) => Line::new(Tone::Bad, "error", vec![Words(text.clone())]),
    })
}

/// Returns why a rendering needs a person's decision. `http` is the status of the last answer to its submission.
#[must_use]
pub fn held_words(reason: HeldReason, http: Option<u16>) -> String {
    match reason {
        HeldReason::AmbiguousSubmit => return answer_words(http),
        HeldReason::IdConflict => "the provider answered with the task of an earlier request",
        HeldReason::IdMismatch => "the provider's reply is about another task",
        HeldReason::TaskLost => "the provider no longer has the task",
        HeldReason::TaskStuck => "the task has been running for a week",
        HeldReason::NoResult => "the task succeeded, but the provider delivered no complete clip",
        HeldReason::UrlExpired => "the link to the clip has expired",
        HeldReason::UnsafeUrl => "the link to the clip leads to an address that is not allowed",
        HeldReason::NameConflict => "another file already has the clip's name",
    }
    .to_owned()
}

/// Returns why a rendering is in doubt or needs a person's decision, with the provider's message. `from` is the phase
/// before that.
fn detailed(reason: HeldReason, from: Phase, said: Option<&Said>) -> String {
    let why = held_words(reason, said.and_then(|said| said.http));
    let Some(said) = said else { return why };
    match reason {
        // This message already says that the task belongs to an earlier request.
        HeldReason::IdConflict => return said.to_string(),
        // This message is about the look-up, not about the reply to the submission.
        HeldReason::AmbiguousSubmit if from == Phase::Doubtful => {
            return format!(
                "no reply that names a task, and the provider's task list gave no clear answer; {said}"
            );
        }
        _ => {}
    }
    // Such details already say which answer came to the submission, or that none came.
    let is_whole = said.http.is_none_or(|http| said.code.is_none() && said.text.contains(&http.to_string()));
    if reason == HeldReason::AmbiguousSubmit && from == Phase::Submitting && is_whole {
        return said.to_string();
    }
    format!("{why}: {said}")
}

/// Returns in words a provider's answer to a submission that names no task; `None` for `http` means that no answer
/// came.
fn answer_words(http: Option<u16>) -> String {
    let Some(http) = http else { return "no reply to the request".to_owned() };
    let phrase = match http {
        404 => " Not Found",
        408 => " Request Timeout",
        409 => " Conflict",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        200..=299 => ", but named no task",
        _ => "",
    };
    format!("the provider answered {http}{phrase}")
}

/// Returns in words whether a rendering was charged. `price` is the amount, or the maximum if the charge is unknown.
#[must_use]
pub fn charged_words(charged: Charged, price: Usd) -> String {
    match charged {
        Charged::No => "not charged".to_owned(),
        Charged::Yes => format!("charged {price}"),
        Charged::Unknown => format!("may have been charged, {}", up_to([price])),
    }
}

/// Returns in words why a run submits nothing more to a provider or for a model.
#[must_use]
pub fn why_words(why: WhyStopped) -> &'static str {
    use crate::domain::fault::Stop;
    match why {
        WhyStopped::Provider(Stop::Auth) => "the provider refused the key",
        WhyStopped::Provider(Stop::Balance) => "the balance is exhausted",
        WhyStopped::Provider(Stop::Account) => "the account is locked",
        WhyStopped::Provider(Stop::Setup) => "the address or the account is not set up correctly",
        WhyStopped::Model => "the provider refused this model",
        WhyStopped::TasksLost => "the provider no longer has the last three paid tasks",
        WhyStopped::TasksEmpty => "the last three paid tasks ended without a clip",
        WhyStopped::TasksFail => "the last three paid tasks failed for the same reason",
        WhyStopped::NoProgress => "no progress for an hour",
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
