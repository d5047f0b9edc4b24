//! Interprets the replies of a provider in the same way for every provider. The code of each provider only adds its
//! form of error bodies and its table of error codes.
//!
//! After a submission the question is always: does a paid task exist? "No" needs proof: a refusal in the provider's own
//! words, or an HTTP status that is sent before any work. Without proof the result is `Unknown`, and a person must
//! decide before anything is paid again. A poll costs nothing, so an unclear reply is simply polled again.

use super::{Cost, Progress, json};
use crate::domain::fault::{Fault, FaultKind, Refusal, Said, Stop, printable};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Charged;
use crate::domain::money::Usd;
use crate::wire::Reply;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::time::Duration;

/// The largest number of characters from an unclear reply that a message shows.
const MOST_LETTERS: usize = 200;

/// An error, as a provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Complaint {
    /// The provider's error code as a string, if there is one.
    pub code: Option<String>,
    /// The provider's error message; empty if there is none.
    pub message: String,
    /// The pause that the message asks for, if it names one.
    pub pause: Option<Duration>,
}

/// The tables of the meanings of errors after a submission, by the provider's error code and by HTTP status.
pub struct ErrorTables {
    /// The kind of fault that each error code means. Any kind but `Unknown` says that no task was created.
    pub codes: &'static [(&'static str, FaultKind)],
    /// The kinds of fault that this provider's HTTP statuses mean, for errors without a known code. A status that is
    /// not listed has its usual meaning, such as an empty balance for 402.
    pub statuses: &'static [(u16, FaultKind)],
}

impl ErrorTables {
    /// Returns the meaning of an error's code; `None` if the table `codes` does not contain the code.
    #[must_use]
    pub fn of_code(&self, complaint: Option<&Complaint>) -> Option<FaultKind> {
        let code = complaint?.code.as_deref()?;
        self.codes.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
    }

    fn of_status(&self, status: u16) -> FaultKind {
        let listed = self.statuses.iter().find(|(known, _)| *known == status).map(|(_, kind)| *kind);
        listed.unwrap_or(match status {
            401 | 403 => FaultKind::Stop(Stop::Auth),
            402 => FaultKind::Stop(Stop::Balance),
            // The address does not exist, so every job would be refused in the same way.
            404 | 405 => FaultKind::Stop(Stop::Setup),
            _ => FaultKind::Rejected(Refusal::Input),
        })
    }
}

/// Returns the body of a reply if it is a JSON object. Returns `None` also for JSON nested deeper than 128 levels, and
/// for an object that gives one name two different values.
///
/// A number beyond the range of a 64-bit float, such as `1e400`, becomes a string. Bytes that are not UTF-8 and halves
/// of surrogate pairs become U+FFFD.
pub fn object(reply: &Reply) -> Option<Json> {
    json::read(&reply.body).filter(Json::is_object)
}

/// Returns a JSON string, or a whole number as text, because some fields come as either. `None` for other values, blank
/// text, and numbers too large to be exact.
#[must_use]
pub fn text(value: Option<&Json>) -> Option<String> {
    let text = match value? {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns a link from JSON; `None` if it is blank or not a string.
#[must_use]
pub fn link(value: Option<&Json>) -> Option<String> {
    let link = value?.as_str()?.trim();
    (!link.is_empty()).then(|| link.to_owned())
}

/// Rounds a percentage to a whole number; `None` if the result is not from 0 to 100.
#[must_use]
pub fn percent(percentage: f64) -> Option<u8> {
    (0..=100).find(|percent| (f64::from(*percent) - percentage).abs() <= 0.5)
}

/// Returns the error in a reply of one of the most common forms: `{"error": {"code", "message"}}` or
/// `{"code", "message"}`. A code may be text or a number.
#[must_use]
pub fn complaint(answer: &Json) -> Option<Complaint> {
    let inner = answer.get("error").filter(|error| error.is_object());
    let from = inner.unwrap_or(answer);
    let code = text(from.get("code"));
    let message = text(from.get("message"));
    // A `message` outside an `error` object may come from any gateway, not the provider.
    if code.is_none() && (inner.is_none() || message.is_none()) {
        return None;
    }
    Some(Complaint { code, message: message.unwrap_or_default(), pause: None })
}

/// Checks whether the HTTP status of a reply reports success (200 to 299).
#[must_use]
pub fn is_success(reply: &Reply) -> bool {
    (200..300).contains(&reply.status)
}

/// Returns the fault for a reply to a submission if the reply names no task at a documented place. The fault says
/// whether a paid task may exist: a refusal that names a task at any other place is in doubt.
#[must_use]
pub fn refused(reply: &Reply, complaint: Option<&Complaint>, meanings: &ErrorTables) -> Fault {
    let by_code = meanings.of_code(complaint);
    let kind = match reply.status {
        // A redirect that keeps the body comes before any work; one that drops it may come after.
        307 | 308 => FaultKind::Stop(Stop::Setup),
        // One of two error codes may mean that a task exists.
        _ if json::is_contradictory(&reply.body) => FaultKind::Unknown,
        // After a timeout or conflict the request may have been accepted.
        408 | 409 | 425 | 499 => FaultKind::Unknown,
        429 => by_code.unwrap_or(FaultKind::Throttled { after: None }),
        404 | 405 if complaint.is_none() => FaultKind::NoRoute,
        // A body that is too large for the server would be too large again.
        413 => by_code.unwrap_or(FaultKind::Rejected(Refusal::Input)),
        401 | 414 | 415 | 431 if complaint.is_none() => FaultKind::Barred,
        400..=499 if complaint.is_some() => by_code.unwrap_or_else(|| meanings.of_status(reply.status)),
        // A server that asks to come later has accepted nothing, whatever time it names. Without the header it may have
        // failed half-way.
        503 if reply.header("retry-after").is_some() => by_code.unwrap_or(FaultKind::Busy { after: None }),
        200..=299 | 500..=599 => by_code.unwrap_or(FaultKind::Unknown),
        _ => FaultKind::Unknown,
    };
    // A redirect comes before any work, so it is no proof of a task.
    let is_error = reply.status >= 400 || (is_success(reply) && kind != FaultKind::Unknown);
    if let tasks @ [_, ..] = &*tasks(reply)
        && is_error
    {
        return doubted(reply, tasks, complaint.cloned());
    }
    let mut said = said(reply, complaint);
    let has_words = complaint.is_some_and(|complaint| !complaint.message.is_empty());
    // Such an answer may name the task in a way that is not documented.
    let is_unclear = by_code.is_none() && (!has_words || is_success(reply));
    if kind == FaultKind::Unknown
        && is_unclear
        && let Some(start) = beginning(reply)
    {
        said.text = format!("{}; its answer begins `{start}`", said.text);
    }
    if kind == FaultKind::Rejected(Refusal::Input)
        && let Some(check) = missed_by(reply, complaint)
    {
        said.text = format!("{}; the check `{check}` of the model's card did not detect this", said.text);
    }
    Fault::new(paused(kind, reply, complaint), said)
}

/// Returns the ids of the tasks that a reply names at any place: each `task_id`, and the `id` of each `data`.
fn tasks(reply: &Reply) -> Vec<String> {
    let mut ids = BTreeSet::new();
    let mut collect = |value: &Json| {
        ids.extend(text(value.get("task_id")));
        ids.extend(text(value.pointer("/data/id")));
    };
    if let Some(answer) = json::read(&reply.body) {
        json::walk(&answer, &mut collect);
    }
    ids.into_iter().collect()
}

/// Returns the first characters of a reply, in which a person may find the id of a paid task; `None` for a web page or
/// an empty body.
fn beginning(reply: &Reply) -> Option<String> {
    let start = &reply.body[..reply.body.len().min(4 * MOST_LETTERS)];
    let start: String = String::from_utf8_lossy(start).trim().chars().take(MOST_LETTERS).collect();
    (!start.is_empty() && !start.starts_with('<')).then(|| printable(&start))
}

/// Guesses, from the words of a reply, which part of a model's card should have refused the request before it was sent.
fn missed_by(reply: &Reply, complaint: Option<&Complaint>) -> Option<&'static str> {
    let words = complaint.map(|complaint| complaint.message.to_lowercase()).unwrap_or_default();
    match reply.status {
        413 => Some("max_body_megabytes"),
        _ if ["image", "picture"].iter().any(|word| words.contains(word)) => Some("pictures"),
        _ => None,
    }
}

/// Returns the task that a reply to a submission names, or the fault that says whether a paid task may exist. `ids` has
/// the task ids in the reply.
///
/// A reply that contradicts itself is in doubt: it names several tasks, or names a task and is an error. `has_state` is
/// true if the reply states the state of the task. An error in a successful reply is then the reason why the task
/// failed, not a refusal of the request.
pub fn submitted(
    reply: &Reply,
    mut ids: Vec<String>,
    has_state: bool,
    complaint: Option<Complaint>,
    meanings: &ErrorTables,
) -> Result<TaskId, Fault> {
    ids.dedup();
    let is_refusal = meanings.of_code(complaint.as_ref()).is_some_and(|kind| kind != FaultKind::Unknown);
    match ids.as_slice() {
        [id] if is_success(reply) && (has_state || !is_refusal) => accepted(reply, id),
        [_, ..] if is_success(reply) || reply.status >= 400 => Err(doubted(reply, &ids, complaint)),
        _ => Err(refused(reply, complaint.as_ref(), meanings)),
    }
}

/// Returns the id of an accepted task. An invalid id cannot be stored, but the request was accepted, so the fault is
/// [`FaultKind::Unknown`].
pub fn accepted(reply: &Reply, id: &str) -> Result<TaskId, Fault> {
    TaskId::read(id).map_err(|wrong| {
        let message = format!("the answer accepts the request, but {wrong}");
        Fault::new(FaultKind::Unknown, said(reply, Some(&Complaint { message, ..Complaint::default() })))
    })
}

/// Formats the id of a task for a message. For an invalid id, the result says what is wrong with the id.
#[must_use]
pub fn named(task: &str) -> String {
    match TaskId::read(task) {
        Ok(task) => format!("task {task}"),
        Err(wrong) => format!("a task that cannot be adopted ({wrong})"),
    }
}

/// Returns the fault for a reply that contradicts itself and names tasks. A paid task may exist, so the message names
/// the tasks. A person can then say which of these tasks belongs to the job.
fn doubted(reply: &Reply, tasks: &[String], complaint: Option<Complaint>) -> Fault {
    let words = complaint.map(|complaint| complaint.message).filter(|words| !words.is_empty());
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    let message = match tasks {
        [task] => format!("the answer is an error, but names {}{words}", named(task)),
        several => {
            let all: Vec<_> = several.iter().map(|task| named(task)).collect();
            format!("the answer names several tasks: {}", all.join(" and "))
        }
    };
    Fault::new(FaultKind::Unknown, said(reply, Some(&Complaint { message, ..Complaint::default() })))
}

/// Returns the fault for a reply to a poll if the reply does not contain the task's status. `gone` lists the error
/// codes that mean "no such task".
#[must_use]
pub fn unanswered(
    reply: &Reply,
    complaint: Option<&Complaint>,
    meanings: &ErrorTables,
    gone: &[&str],
) -> Fault {
    let code = complaint.and_then(|complaint| complaint.code.as_deref());
    let kind = match reply.status {
        // "No such API" does not mean "no such task": every poll would get this reply.
        _ if let Some(kind @ FaultKind::Stop(Stop::Auth | Stop::Setup)) = meanings.of_code(complaint) => kind,
        301 | 302 | 303 | 307 | 308 => FaultKind::Stop(Stop::Setup),
        401 | 403 => meanings.of_status(reply.status),
        429 => FaultKind::Throttled { after: None },
        404 | 410 => FaultKind::Gone,
        400..=499 if code.is_some_and(|code| gone.contains(&code)) => FaultKind::Gone,
        _ => FaultKind::Busy { after: None },
    };
    Fault::new(paused(kind, reply, complaint), said(reply, complaint))
}

/// Returns the progress of a failed task. The task was charged if the reply has a cost above zero. Otherwise it may
/// have been charged, because no provider documents that a failed task costs nothing.
#[must_use]
pub fn failed(reply: &Reply, complaint: Complaint, cost: Cost, meanings: &ErrorTables) -> Progress {
    let refusal = match meanings.of_code(Some(&complaint)) {
        Some(FaultKind::Rejected(refusal)) => refusal,
        _ => Refusal::Generation,
    };
    let message = match complaint.message.trim() {
        "" => "the task failed; the provider gave no reason".to_owned(),
        words => words.to_owned(),
    };
    let said = said(reply, Some(&Complaint { message, ..complaint }));
    let charged = match &cost {
        Cost::Told(usd) if *usd > Usd::ZERO => Charged::Yes,
        _ => Charged::Unknown,
    };
    Progress::Refused { refusal, charged, cost, said }
}

/// Returns the progress for a poll whose reply is about another task.
#[must_use]
pub fn mistaken(reply: &Reply, asked: &TaskId, answered: &str) -> Progress {
    let message = format!("asked about task {asked}, the answer is about {}", named(answered));
    let said = said(reply, Some(&Complaint { message, ..Complaint::default() }));
    Progress::Mistaken { said }
}

/// Returns the progress for a task that belongs to another request of this program. The task's clip then belongs to
/// another job.
#[must_use]
pub fn of_another_request(reply: &Reply, ours: &RequestId, label: &RequestId) -> Progress {
    let message = format!("the task belongs to request {}, but this job's request is {}", label.0, ours.0);
    let said = said(reply, Some(&Complaint { message, ..Complaint::default() }));
    Progress::Mistaken { said }
}

/// Returns the fault kind with the pause that the reply asks for: in its header, or else in the error message.
///
/// Only `Throttled` and `Busy` have a pause; other kinds stay unchanged.
fn paused(kind: FaultKind, reply: &Reply, complaint: Option<&Complaint>) -> FaultKind {
    let asked = retry_after(reply).or_else(|| complaint?.pause);
    match kind {
        FaultKind::Throttled { after } => FaultKind::Throttled { after: asked.or(after) },
        FaultKind::Busy { after } => FaultKind::Busy { after: asked.or(after) },
        other => other,
    }
}

/// Returns the time to wait according to the header `Retry-After`; `None` if the header is missing or unreadable. A
/// fraction of a second is rounded up.
///
/// A date is compared with the reply's own `Date`, because the clock of this computer may differ. Without `Date` the
/// result is `None`.
#[must_use]
pub fn retry_after(reply: &Reply) -> Option<Duration> {
    let header = reply.header("retry-after")?.trim();
    let (whole, decimals) = header.split_once('.').unwrap_or((header, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.is_empty() && all_digits(whole) && all_digits(decimals) {
        // Digits that are no u64 are too many for it.
        let seconds = whole.parse().unwrap_or(u64::MAX);
        let more = u64::from(decimals.bytes().any(|digit| digit != b'0'));
        return Some(Duration::from_secs(seconds.saturating_add(more)));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    Some(until.duration_since(sent(reply)?).unwrap_or_default())
}

/// Returns the time when the provider sent the reply, from the header `Date`.
#[must_use]
pub fn sent(reply: &Reply) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(reply.header("date")?.trim()).ok()
}

/// Returns the words to show for a reply: the provider's error message or, if there is none, a description of the
/// reply. The words for a redirect say which setting to correct.
pub fn said(reply: &Reply, complaint: Option<&Complaint>) -> Said {
    let code = complaint.and_then(|complaint| complaint.code.clone());
    let words = complaint.map(|complaint| complaint.message.trim()).filter(|words| !words.is_empty());
    let text = match (words, reply.status) {
        (_, 300..=399) => {
            let to = reply.header("location").and_then(|location| url::Url::parse(location).ok());
            let host = to.as_ref().and_then(url::Url::host_str).unwrap_or("another address");
            format!("base_url redirects to {host}: put the final address into the manifest")
        }
        (Some(words), _) => words.to_owned(),
        (None, _) if code.is_some() => "the provider gave no reason".to_owned(),
        (None, 404 | 405) => format!("{}: is base_url correct?", answered(reply)),
        (None, _) => answered(reply),
    };
    Said::coded(reply.status, code, &text)
}

/// Describes a reply in which the provider says nothing readable, by its status and the kind of its body.
fn answered(reply: &Reply) -> String {
    let body = match reply.body.trim_ascii().first() {
        None => "an empty body",
        Some(b'<') => "a web page",
        Some(b'{' | b'[') => "unexpected JSON",
        Some(_) => "text",
    };
    let name = match reply.status {
        200 => " OK",
        400 => " Bad Request",
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found",
        405 => " Method Not Allowed",
        408 => " Request Timeout",
        413 => " Content Too Large",
        414 => " URI Too Long",
        415 => " Unsupported Media Type",
        431 => " Request Header Fields Too Large",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    };
    format!("the provider answered {}{name} with {body}", reply.status)
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
