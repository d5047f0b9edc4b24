//! What the answers of a provider mean, the same for every provider: an adapter brings its own reading of error
//! bodies and its own table of codes.
//!
//! On a submission the question is always the same: does a paid task exist? "No" needs proof, which is a complete
//! refusal in the provider's own words. Without proof the answer is `Unknown`, and a person is asked before anything
//! is paid again. A poll costs nothing, so there everything that is unclear is simply asked again.

use super::{Cost, Progress};
use crate::domain::fault::{Fault, FaultKind, Refusal, Said, Stop, printable};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Charged;
use crate::domain::money::Usd;
use crate::wire::Reply;
use serde_json::Value as Json;
use std::time::Duration;

/// An error as the provider words it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Complaint {
    /// Its code as text.
    pub code: Option<String>,
    /// Its words.
    pub message: String,
    /// How long to wait, where the words say so.
    pub pause: Option<Duration>,
}

/// What a provider's codes and its peculiar HTTP statuses mean on a submission.
pub struct Meanings {
    /// By the provider's code. Any kind but `Unknown` states that no task was created.
    pub codes: &'static [(&'static str, FaultKind)],
    /// By HTTP status, where an error has no known code.
    pub statuses: &'static [(u16, FaultKind)],
}

impl Meanings {
    /// What the code of a complaint means, where the table has it.
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
            // No such address: every job would be refused alike.
            404 | 405 => FaultKind::Stop(Stop::Setup),
            _ => FaultKind::Rejected(Refusal::Input),
        })
    }
}

/// The body, if it is a JSON object. Nesting beyond 128 levels is an error of the parser's, not a stack overflow.
pub fn object(reply: &Reply) -> Option<Json> {
    serde_json::from_slice(&reply.body).ok().filter(Json::is_object)
}

/// Text, or a whole number as text: the same field comes as either. A number too large to be exact is no text.
#[must_use]
pub fn text(value: Option<&Json>) -> Option<String> {
    let text = match value? {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A link, if there is one that is not blank.
#[must_use]
pub fn link(value: Option<&Json>) -> Option<String> {
    let link = value?.as_str()?.trim();
    (!link.is_empty()).then(|| link.to_owned())
}

/// Returns what a provider says that a clip cost, given as decimal text or as a JSON number, with or without an exponent.
///
/// A part of a micro-dollar counts as a whole one. What is negative, no amount, or more than [`DEAREST`] is kept as it
/// was written, to be told and not believed.
#[must_use]
pub fn charge(value: Option<&Json>) -> Cost {
    let figure = match value {
        None | Some(Json::Null) => return Cost::Untold,
        Some(Json::String(text)) if text.trim().is_empty() => return Cost::Untold,
        Some(Json::String(text)) => text.trim().to_owned(),
        // The shortest decimal text that reads as the same number.
        Some(other) => other.to_string(),
    };
    match amount(&figure).filter(|cost| *cost <= DEAREST) {
        Some(cost) => Cost::Told(cost),
        None => Cost::Doubtful(printable(&figure)),
    }
}

/// Reads digits with an optional `$`, decimal point and exponent; rounds up to a micro-dollar.
fn amount(figure: &str) -> Option<Usd> {
    let figure = figure.strip_prefix('$').unwrap_or(figure);
    let (mantissa, exponent) = match figure.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (figure, 0),
    };
    let (whole, decimals) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let digits = format!("{whole}{decimals}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Usd::ZERO);
    }
    // Digits that stand before the point if it is set behind the micro-dollars.
    let decimals = i32::try_from(decimals.len()).ok()?;
    let kept =
        i32::try_from(digits.len()).ok()?.checked_add(exponent)?.checked_sub(decimals)?.checked_add(6)?;
    let Ok(kept) = usize::try_from(kept) else { return Some(Usd::from_micros(1)) };
    if kept > 18 {
        return None;
    }
    let (micros, rest) = digits.split_at(kept.min(digits.len()));
    let micros: i64 = format!("{micros:0<kept$}").parse().unwrap_or_default();
    let more = i64::from(rest.bytes().any(|digit| digit != b'0'));
    Some(Usd::from_micros(micros + more))
}

/// No clip costs more: a figure beyond it is an error of the answer's, and a few of the largest would overflow every
/// sum that they are part of. The estimate stays in force.
pub const DEAREST: Usd = Usd::from_micros(10_000_000_000);

/// A number of hundredths as the nearest whole one; nothing where it is beyond 0 to 100.
#[must_use]
pub fn percent(hundredths: f64) -> Option<u8> {
    (0..=100).find(|percent| (f64::from(*percent) - hundredths).abs() <= 0.5)
}

/// The error of an answer in its most common shapes: `{"error": {"code", "message"}}` or `{"code", "message"}`, with
/// codes as text or as numbers.
#[must_use]
pub fn complaint(answer: &Json) -> Option<Complaint> {
    let inner = answer.get("error").filter(|error| error.is_object());
    let from = inner.unwrap_or(answer);
    let code = text(from.get("code"));
    let message = text(from.get("message"));
    // Outside an `error` object, `message` alone is any gateway's and no word of the provider's.
    if code.is_none() && (inner.is_none() || message.is_none()) {
        return None;
    }
    Some(Complaint { code, message: message.unwrap_or_default(), pause: None })
}

/// Whether the HTTP status says that all is well.
#[must_use]
pub fn is_success(reply: &Reply) -> bool {
    (200..300).contains(&reply.status)
}

/// What a reply to a submission means that names no task.
#[must_use]
pub fn refused(reply: &Reply, complaint: Option<&Complaint>, meanings: &Meanings) -> Fault {
    let by_code = meanings.of_code(complaint);
    let kind = match reply.status {
        // A redirect that keeps the body comes before anything was done; one that drops it may come after.
        307 | 308 => FaultKind::Stop(Stop::Setup),
        // Timeouts and conflicts: the request may have been taken.
        408 | 409 | 425 | 499 => FaultKind::Unknown,
        429 => by_code.unwrap_or(FaultKind::Throttled { after: None }),
        404 | 405 if complaint.is_none() => FaultKind::NoRoute,
        // A body that is too large for the server is too large again.
        413 => by_code.unwrap_or(FaultKind::Rejected(Refusal::Input)),
        401 | 414 | 415 | 431 if complaint.is_none() => FaultKind::Barred,
        400..=499 if complaint.is_some() => by_code.unwrap_or_else(|| meanings.of_status(reply.status)),
        // "Come again later": nothing was taken in. Without that word the server may have failed half-way.
        503 if retry_after(reply).is_some() => by_code.unwrap_or(FaultKind::Busy { after: None }),
        200..=299 | 500..=599 => by_code.unwrap_or(FaultKind::Unknown),
        _ => FaultKind::Unknown,
    };
    let mut said = said(reply, complaint);
    if kind == FaultKind::Rejected(Refusal::Input)
        && let Some(check) = missed_by(reply, complaint)
    {
        said.text = format!("{}; `{check}` of the model's card let it pass", said.text);
    }
    Fault::new(paused(kind, reply, complaint), said)
}

/// Returns the part of a card whose check should have found why an input was refused. The words serve as a hint alone.
fn missed_by(reply: &Reply, complaint: Option<&Complaint>) -> Option<&'static str> {
    let words = complaint.map(|complaint| complaint.message.to_lowercase()).unwrap_or_default();
    match reply.status {
        413 => Some("max_body_megabytes"),
        _ if ["image", "picture"].iter().any(|word| words.contains(word)) => Some("pictures"),
        _ => None,
    }
}

/// Returns the task that an answer names. One whose id cannot be kept was accepted all the same, so the result is
/// unknown.
pub fn accepted(reply: &Reply, id: &str) -> Result<TaskId, Fault> {
    TaskId::read(id).map_err(|wrong| {
        let message = format!("the answer accepts the request, but {wrong}");
        Fault::new(FaultKind::Unknown, said(reply, Some(&Complaint { message, ..Complaint::default() })))
    })
}

/// Returns a task as messages name it. An id that no task has is described, not repeated.
#[must_use]
pub fn named(task: &str) -> String {
    match TaskId::read(task) {
        Ok(task) => format!("task {task}"),
        Err(wrong) => format!("a task that cannot be adopted ({wrong})"),
    }
}

/// An error that names a task all the same: no proof of none. The words name it, so that a person can adopt it.
#[must_use]
pub fn doubted(reply: &Reply, task: &str, complaint: Option<Complaint>) -> Fault {
    let words = complaint.unwrap_or_default().message;
    let message = format!("the answer is an error, yet names {}: {words}", named(task));
    Fault::new(FaultKind::Unknown, said(reply, Some(&Complaint { message, ..Complaint::default() })))
}

/// What a reply to a poll means that does not tell how the task stands. `gone` are the codes for "no such task".
#[must_use]
pub fn unanswered(reply: &Reply, complaint: Option<&Complaint>, meanings: &Meanings, gone: &[&str]) -> Fault {
    let code = complaint.and_then(|complaint| complaint.code.as_deref());
    let kind = match reply.status {
        // "No such API" is not "no such task": each poll would be answered alike.
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

/// A task that failed. `charged` is left open: no provider's documents say that a failed task costs nothing.
#[must_use]
pub fn failed(reply: &Reply, complaint: Complaint, meanings: &Meanings) -> Progress {
    let refusal = match meanings.of_code(Some(&complaint)) {
        Some(FaultKind::Rejected(refusal)) => refusal,
        _ => Refusal::Generation,
    };
    let message = match complaint.message.trim() {
        "" => "the task failed, without a reason given".to_owned(),
        words => words.to_owned(),
    };
    let said = said(reply, Some(&Complaint { message, ..complaint }));
    Progress::Refused { refusal, charged: Charged::Unknown, said }
}

/// An answer that is about another task than the one that was asked about.
#[must_use]
pub fn mistaken(reply: &Reply, asked: &TaskId, answered: &str) -> Progress {
    let message = format!("asked about task {asked}, the answer is about {}", named(answered));
    let said = said(reply, Some(&Complaint { message, ..Complaint::default() }));
    Progress::Mistaken { said }
}

/// An answer about a task that another request of ours brought: its clip is another job's.
#[must_use]
pub fn of_another_request(reply: &Reply, ours: &RequestId, label: &RequestId) -> Progress {
    let message = format!("the task belongs to request {}, this job's is {}", label.0, ours.0);
    let said = said(reply, Some(&Complaint { message, ..Complaint::default() }));
    Progress::Mistaken { said }
}

/// The kind with the pause that was asked for: by the header, else in words, else by the table.
fn paused(kind: FaultKind, reply: &Reply, complaint: Option<&Complaint>) -> FaultKind {
    let asked = retry_after(reply).or_else(|| complaint?.pause);
    match kind {
        FaultKind::Throttled { after } => FaultKind::Throttled { after: asked.or(after) },
        FaultKind::Busy { after } => FaultKind::Busy { after: asked.or(after) },
        other => other,
    }
}

/// What `Retry-After` asks for. A date counts from the reply's own `Date`: our clock and theirs may differ.
#[must_use]
pub fn retry_after(reply: &Reply) -> Option<Duration> {
    let header = reply.header("retry-after")?.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    Some(until.duration_since(sent(reply)?).unwrap_or_default())
}

/// When the provider sent the reply, by its own clock.
#[must_use]
pub fn sent(reply: &Reply) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(reply.header("date")?.trim()).ok()
}

/// The words to show: the provider's, else ours about what came.
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
        (None, _) if code.is_some() => "refused without words".to_owned(),
        (None, 404 | 405) => format!("{}: is base_url the provider's?", answered(reply)),
        (None, _) => answered(reply),
    };
    Said::coded(reply.status, code, &text)
}

/// An answer without words of the provider's, by its status.
fn answered(reply: &Reply) -> String {
    let body = match reply.body.trim_ascii().first() {
        None => "nothing more",
        Some(b'<') => "a web page",
        Some(b'{' | b'[') => "JSON that it does not document",
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
