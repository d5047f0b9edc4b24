//! Implements the provider Vtrix: every model at one address, with the parameters of a request inside the member
//! `input`.
//!
//! Vtrix offers no way to ask whether a request arrived. A request has no field for a request id of the client: the
//! member `payload` belongs to the user, and no documented call finds a task by it.

use super::card::ModelCard;
use super::document::{Document, Profile};
use super::reply::{self, Complaint, ErrorTables};
use super::{Cost, Progress, Provider, body};
use crate::domain::fault::{Fault, FaultKind, Refusal, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Clip;
use crate::domain::request::Request;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

#[derive(Debug)]
pub(super) struct Vtrix;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::built_in("vtrix", include_str!("vtrix.yaml")));

const INPUT: FaultKind = FaultKind::Rejected(Refusal::Input);

/// The meanings of the error codes that the model page documents. Codes are strings, because they exceed 32 bits, and
/// those of other models have leading zeros.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("8008003001", INPUT),
        ("8008003002", INPUT),
        ("8008003003", INPUT),
        ("8008003004", INPUT),
        // "Generation failed": something was rendered, and its cost cannot be determined without its id.
        ("8008003098", FaultKind::Unknown),
        // "Provider unavailable" is sent instead of a task.
        ("8008003099", FaultKind::Busy { after: None }),
    ],
    // "Insufficient balance or permission denied": only the words, which are shown, distinguish the two.
    statuses: &[(403, FaultKind::Stop(Stop::Account))],
};

/// The status words of an unfinished task. The page about Vtrix's API documents only `in_progress`. The other words are
/// in the documentation of Vtrix's own program, or in clients of the gateway software that Vtrix uses.
const UNDER_WAY: [&str; 8] =
    ["pending", "queued", "in_queue", "submitted", "created", "in_progress", "processing", "running"];

/// The status words of a task that has a clip.
const RENDERED: [&str; 4] = ["completed", "done", "succeeded", "success"];

/// The status words of a task that will never have a clip.
const FAILED: [&str; 4] = ["failed", "error", "cancelled", "canceled"];

impl Provider for Vtrix {
    fn name(&self) -> &'static str {
        "vtrix"
    }

    fn profile(&self) -> &Profile {
        &DOCUMENT.profile
    }

    fn cards(&self) -> &[ModelCard] {
        &DOCUMENT.models
    }

    fn submit(&self, card: &ModelCard, request: &Request, _key: &RequestId) -> PaidCall {
        let params = Json::Object(body::members(card, request));
        let value = json!({ "model": request.model.model, "input": [{ "params": params }] });
        PaidCall(Call {
            method: Method::Post,
            path: "/model/v1/generation".into(),
            auth: Auth::Bearer,
            headers: Vec::new(),
            body: Some(Body::json(&value, &body::files(request))),
        })
    }

    /// Interprets the reply to a submission. A task that is already finished or failed when it is accepted counts as
    /// accepted, because the poll then returns its result.
    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        let complaint = answer.as_ref().and_then(complaint);
        // In an error, an `id` alone may be that of the request.
        let task = answer.as_ref().filter(|answer| reply.status < 400 || is_a_task(answer));
        let ids = task.map(ids).unwrap_or_default();
        reply::submitted(reply, ids, task.and_then(status).is_some(), complaint, &MEANINGS)
    }

    fn poll(&self, _card: &ModelCard, task: &TaskId) -> Call {
        poll(task)
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        let answer = reply::object(reply);
        let complaint = answer.as_ref().and_then(complaint);
        let unanswered = || reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &[]);
        let answer = answer.as_ref().ok_or_else(unanswered)?;
        let status = status(answer).ok_or_else(unanswered)?;
        let word = status.trim().to_ascii_lowercase();
        let (is_rendered, is_failed) = (RENDERED.contains(&word.as_str()), FAILED.contains(&word.as_str()));
        let ids = ids(answer);
        let is_named = ids.iter().any(|id| task.0 == *id);
        if let Some(other) = ids.first().filter(|_| reply::is_success(reply) && !is_named) {
            return Ok(reply::mistaken(reply, task, other));
        }
        // A finished task may come with an error status. Only the task itself repeats its id; an error of the gateway,
        // which may contain `failed` too, does not, and must not end a paid task.
        let is_the_task = match reply.status {
            200..=299 => is_named || !is_failed,
            400.. => is_named && (is_rendered || is_failed),
            _ => false,
        };
        if !is_the_task {
            return Err(unanswered());
        }
        Ok(if is_rendered {
            rendered(answer)
        } else if is_failed {
            reply::failed(reply, complaint.unwrap_or_default(), cost(answer), &MEANINGS)
        } else {
            let fraction = answer.get("progress").and_then(Json::as_f64);
            Progress::Pending {
                percent: fraction.and_then(|fraction| reply::percent(fraction * 100.0)),
                unknown_word: (!UNDER_WAY.contains(&word.as_str())).then(|| status.to_owned()),
            }
        })
    }
}

/// Returns the call that polls a task, which is the same for every model.
fn poll(task: &TaskId) -> Call {
    Call {
        method: Method::Get,
        path: format!("/model/v1/generation/task/{}", escaped(task.0.raw())),
        auth: Auth::Bearer,
        headers: Vec::new(),
        body: None,
    }
}

/// Returns the ids of the task in a reply, which are equal in a valid reply. Vtrix's own program prints the id as
/// `task_id`.
fn ids(answer: &Json) -> Vec<String> {
    ["id", "task_id"].iter().filter_map(|name| reply::text(answer.get(name))).collect()
}

/// Checks whether a reply describes a task and not only an error of the request.
fn is_a_task(answer: &Json) -> bool {
    status(answer).is_some() || answer.get("task_id").is_some()
}

fn status(answer: &Json) -> Option<&str> {
    answer.get("status")?.as_str()
}

/// Returns the error in a reply. A task's error is plain text, or an object with `error_message` or `message`. The
/// gateway's error is `message` or `error` in plain text, or an object `status`.
fn complaint(answer: &Json) -> Option<Complaint> {
    let from = match (answer.get("error"), answer.get("status")) {
        (Some(Json::String(words)), _) => {
            return Some(Complaint { message: words.clone(), ..Complaint::default() });
        }
        (Some(error @ Json::Object(_)), _) => error,
        (_, Some(status @ Json::Object(_))) => status,
        _ => answer,
    };
    let code = reply::text(from.get("code"));
    let message = reply::text(from.get("error_message")).or_else(|| reply::text(from.get("message")));
    (code.is_some() || message.is_some()).then(|| Complaint {
        code,
        message: message.unwrap_or_default(),
        pause: None,
    })
}

/// Returns the progress of a finished task. The clip is the first link in the task's results.
fn rendered(answer: &Json) -> Progress {
    let contents = list(answer, "output").iter().flat_map(|result| list(result, "content"));
    let links = contents.filter_map(|content| reply::link(content.get("url")));
    let cost = cost(answer);
    match Clip::first(links.map(Clip::at)) {
        Some(clip) => Progress::Ready { clip, cost },
        None => Progress::Empty { cost },
    }
}

fn cost(answer: &Json) -> Cost {
    Cost::read(answer.pointer("/usage/cost"))
}

fn list<'a>(value: &'a Json, name: &str) -> &'a [Json] {
    value.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
#[path = "vtrix_tests.rs"]
mod tests;
