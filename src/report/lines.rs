//! One line for each thing that happened: whole for pipes and log files, made to fit for terminals.

use super::layout::{lasted, shorten, width, wrap};
use crate::domain::lifecycle::{Charged, HeldReason, Phase, State};
use crate::domain::money::Usd;
use crate::domain::notice::{Notice, WhyStopped};
use crate::domain::time::passed;
use jiff::Timestamp;
use std::fmt;

/// The meaning of a line for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A clip is there.
    Good,
    /// Something failed.
    Bad,
    /// A person should look at it.
    Doubt,
    /// Worth knowing.
    Plain,
    /// A step on the way, which a terminal shows among what is in flight.
    Step,
}

/// One thing that happened, in words. [`fmt::Display`] gives it whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The meaning of the line.
    pub tone: Tone,
    word: &'static str,
    parts: Vec<Part>,
    /// When its request was sent, where a clip came of it.
    sent: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Key(String),
    Fact(String),
    Path(String),
    /// The words of the provider or the machine, which go to lines of its own where there is no room.
    Words(String),
}

impl Part {
    fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Fact(text) | Self::Path(text) | Self::Words(text) => text,
        }
    }
}

/// Columns of the first word and the space behind it, as a rule.
const INDENT: usize = 9;
/// The word for what did not get through and is tried again.
const AGAIN: &str = "again";
/// Columns that are left to a path and to a key before anything else gives way.
const LEAST: usize = 14;

impl Line {
    fn new(tone: Tone, word: &'static str, parts: Vec<Part>) -> Self {
        Self { tone, word, parts, sent: None }
    }

    /// Returns the line with its paths as this function writes them.
    #[must_use]
    pub fn with_paths(mut self, shown: impl Fn(&str) -> String) -> Self {
        for part in &mut self.parts {
            if let Part::Path(path) = part {
                *path = shown(path);
            }
        }
        self
    }

    /// Returns the words of the provider or the machine, where something is sent again.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self.parts.last() {
            Some(Part::Words(words)) if self.word == AGAIN => Some(words),
            _ => None,
        }
    }

    /// Returns the line for a terminal of so many columns: a path or key too long loses its middle, words too long go below.
    /// `paint` colours the first word.
    #[must_use]
    pub fn fitted(&self, columns: usize, now: Timestamp, paint: impl Fn(&str) -> String) -> Vec<String> {
        let mut parts = self.parts.clone();
        if let Some(sent) = self.sent {
            parts.insert(1.min(parts.len()), Part::Fact(lasted(passed(sent, now))));
        }
        let words = parts.pop_if(|part| matches!(part, Part::Words(_)));
        let indent = INDENT.max(width(self.word) + 1);
        let room = columns.saturating_sub(indent);
        let used = |parts: &[Part]| {
            parts.iter().map(|part| width(part.text())).sum::<usize>() + 2 * parts.len().saturating_sub(1)
        };
        for shrinks in
            [|part: &Part| matches!(part, Part::Path(_)), |part: &Part| matches!(part, Part::Key(_))]
        {
            let excess = used(&parts).saturating_sub(room);
            let part = parts.iter_mut().find(|part| excess > 0 && shrinks(part));
            if let Some(Part::Path(text) | Part::Key(text)) = part {
                *text = shorten(text, width(text).saturating_sub(excess).max(LEAST));
            }
        }
        let joined = parts.iter().map(Part::text).collect::<Vec<_>>().join("  ");
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
        let parts: Vec<&str> = self.parts.iter().map(Part::text).collect();
        write!(f, "{:<8} {}", self.word, parts.join("  "))
    }
}

/// Returns the line of a notice; `None` for steps that only `--verbose` tells.
#[must_use]
pub fn line(notice: &Notice, verbose: bool) -> Option<Line> {
    use Part::{Fact, Key, Path, Words};
    Some(match notice {
        Notice::Moved { key, price, path, from, to, said, .. } => {
            let key = Key(key.to_string());
            let price = *price;
            let (tone, word, mut parts) = match &**to {
                State::Done { .. } => {
                    (Tone::Good, "done", vec![key, Fact(price.to_string()), Path(path.clone())])
                }
                State::Failed { refusal, charged, .. } => {
                    let why = format!("{} ({})", refusal.name(), charged_words(*charged, price));
                    (Tone::Bad, "failed", vec![key, Fact(why)])
                }
                State::Held { reason, .. } => {
                    let money = if reason.charge_in_doubt() {
                        charged_words(Charged::Unknown, price)
                    } else {
                        format!("charged {price}, the clip is missing")
                    };
                    let why = held_words(*reason, said.as_ref().and_then(|said| said.http));
                    (Tone::Doubt, "held", vec![key, Fact(format!("needs your decision: {why} ({money})"))])
                }
                State::Pending { tries_left: 0, .. } => {
                    (Tone::Doubt, "left", vec![key, Fact("not charged".into())])
                }
                State::Pending { .. } if matches!(from, Phase::Submitting | Phase::Doubtful) => {
                    (Tone::Doubt, AGAIN, vec![key, Fact("not charged".into())])
                }
                State::Doubtful { .. } if *from == Phase::Submitting => {
                    let why = charged_words(Charged::Unknown, price);
                    let what = answer_words(said.as_ref().and_then(|said| said.http));
                    let what = format!("{what}: the provider is asked whether it has it");
                    (Tone::Doubt, "doubtful", vec![key, Fact(why), Fact(what)])
                }
                State::Running { task, .. } if matches!(from, Phase::Submitting | Phase::Doubtful) => {
                    let task = Fact(format!("task {}", task.id));
                    let (tone, word) =
                        if *from == Phase::Doubtful { (Tone::Plain, "found") } else { (Tone::Step, "sent") };
                    (tone, word, vec![key, Fact(price.to_string()), task])
                }
                State::Cancelled { .. } => (Tone::Plain, "off", vec![key, Fact("not charged".into())]),
                state if verbose => (Tone::Step, state.name(), vec![key]),
                _ => return None,
            };
            parts.extend(said.as_ref().map(|said| Words(said.to_string())));
            let sent = match &**to {
                State::Done { task, .. } => Some(task.intent.at),
                _ => None,
            };
            Line { sent, ..Line::new(tone, word, parts) }
        }
        Notice::Filed { key, path } => {
            let parts = vec![Key(key.to_string()), Fact(Usd::ZERO.to_string()), Path(path.clone())];
            Line::new(Tone::Good, "filed", parts)
        }
        Notice::Stopped { who, why, said } => {
            let parts = vec![Fact(who.clone()), Fact(why_words(*why).to_owned()), Words(said.to_string())];
            Line::new(Tone::Doubt, "stopped", parts)
        }
        Notice::Stopping { on_wire } => {
            let words = if *on_wire == 0 {
                "no new submissions, saving what is in flight (Ctrl-C again to leave now; nothing is lost)"
                    .to_owned()
            } else {
                format!(
                    "no new submissions; awaiting the answers to {} for up to 60 s (Ctrl-C again leaves \
                     sooner, and what is unanswered then is in doubt)",
                    crate::domain::text::count(*on_wire, "paid request")
                )
            };
            Line::new(Tone::Doubt, "stopping:", vec![Words(words)])
        }
        Notice::Warning(text) => Line::new(Tone::Doubt, "warning", vec![Words(text.clone())]),
        Notice::Trouble(text) => Line::new(Tone::Bad, "error", vec![Words(text.clone())]),
    })
}

/// Returns why a take is held. `http` is the status of the last answer to its submission, where one came.
#[must_use]
pub fn held_words(reason: HeldReason, http: Option<u16>) -> String {
    match reason {
        HeldReason::AmbiguousSubmit => return answer_words(http),
        HeldReason::IdConflict => "the provider named another job's task",
        HeldReason::IdMismatch => "the provider answered about another task",
        HeldReason::TaskLost => "the provider no longer knows the task",
        HeldReason::TaskStuck => "the task has been running for a week",
        HeldReason::NoResult => "the task succeeded, but no whole clip came",
        HeldReason::UrlExpired => "the link has expired",
        HeldReason::UnsafeUrl => "the link leads where no clip can be",
        HeldReason::NameConflict => "a file that is not ours has the clip's name",
    }
    .to_owned()
}

/// Returns what came back for a submission that names no task.
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
        _ => "",
    };
    format!("the provider answered {http}{phrase}")
}

/// Returns the cost of a failure in words.
#[must_use]
pub fn charged_words(charged: Charged, price: Usd) -> String {
    match charged {
        Charged::No => "not charged".to_owned(),
        Charged::Yes => format!("charged {price}"),
        Charged::Unknown => format!("may have been charged, up to {price}"),
    }
}

/// Returns the reason in words for which nothing more is submitted.
#[must_use]
pub fn why_words(why: WhyStopped) -> &'static str {
    use crate::domain::fault::Stop;
    match why {
        WhyStopped::Provider(Stop::Auth) => "the key is refused",
        WhyStopped::Provider(Stop::Balance) => "the balance is exhausted",
        WhyStopped::Provider(Stop::Account) => "the account is locked",
        WhyStopped::Provider(Stop::Setup) => "the set-up is wrong",
        WhyStopped::Model => "this model is refused",
        WhyStopped::TasksLost => "it does not know the last three tasks that were paid for",
        WhyStopped::TasksEmpty => "the last three tasks that were paid for ended without a clip",
        WhyStopped::TasksFail => "the last three tasks that were paid for failed for the same reason",
        WhyStopped::NoProgress => "an hour without progress",
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
