//! Implements the provider `UniAll`: six models at one address, with a few parameters in a separate object.
//!
//! `UniAll` offers no way to ask whether a request arrived, and no field for a request id of the client. It does not
//! document errors. Its replies are those of the gateway software New API, so that gateway's errors are expected here.

use super::card::ModelCard;
use super::document::{Document, Profile};
use super::reply::{self, Complaint, ErrorTables};
use super::{Cost, Progress, Provider, body};
use crate::domain::fault::{Fault, FaultKind, Refusal, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Clip;
use crate::domain::request::Request;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};
use serde_json::{Map, Value as Json};
use std::sync::LazyLock;

#[derive(Debug)]
pub(super) struct UniAll;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::built_in("uniall", include_str!("uniall.yaml")));

const BALANCE: FaultKind = FaultKind::Stop(Stop::Balance);

/// The meanings of the errors that the gateway reports before it forwards a request. Later errors may come after a task
/// was created, and are not listed.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("insufficient_user_quota", BALANCE),
        ("pre_consume_token_quota_failed", BALANCE),
        ("sensitive_words_detected", FaultKind::Rejected(Refusal::Policy)),
        // "No available channel for model": the gateway did not forward the request.
        ("model_not_found", FaultKind::Busy { after: None }),
    ],
    // The key belongs to a group that is switched off.
    statuses: &[(403, FaultKind::Stop(Stop::Account))],
};

/// The status words of an unfinished task. The documentation of `UniAll` contains two of these words. The others are
/// words of New API, the gateway software that `UniAll` uses.
const UNDER_WAY: [&str; 6] = ["queued", "in_progress", "submitted", "pending", "not_start", "processing"];

/// The status words of a task that has a clip.
const RENDERED: [&str; 3] = ["completed", "succeeded", "success"];

/// The status words of a task that will never have a clip.
const FAILED: [&str; 3] = ["failed", "failure", "error"];

/// The places of the link to the clip in a reply, in order of preference. The documentation names only the first.
const LINKS: [&str; 8] = [
    "/video_url",
    "/url",
    "/metadata/url",
    "/result_url",
    "/data/video_url",
    "/data/url",
    "/data/metadata/url",
    "/data/result_url",
];

impl Provider for UniAll {
    fn name(&self) -> &'static str {
        "uniall"
    }

    fn profile(&self) -> &Profile {
        &DOCUMENT.profile
    }

    fn cards(&self) -> &[ModelCard] {
        &DOCUMENT.models
    }

    fn submit(&self, card: &ModelCard, request: &Request, _key: &RequestId) -> PaidCall {
        let mut value = Map::new();
        value.insert("model".into(), request.model.model.as_str().into());
        value.extend(body::members(card, request));
        PaidCall(Call {
            method: Method::Post,
            path: "/v1/video/generations".into(),
            auth: Auth::Bearer,
            headers: Vec::new(),
            body: Some(Body::json(&Json::Object(value), &body::files(request))),
        })
    }

    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        let complaint = answer.as_ref().and_then(reply::complaint);
        let ids = answer.as_ref().map(ids).unwrap_or_default();
        let has_state = answer.as_ref().is_some_and(|answer| inner(answer).get("status").is_some());
        reply::submitted(reply, ids, has_state, complaint, &MEANINGS)
    }

    /// Returns the call that polls a task at the first of two documented addresses. The second, `/v1/videos/{id}`, is
    /// for older programs and returns nothing more. Replies in the form of the second address are understood too.
    fn poll(&self, _card: &ModelCard, task: &TaskId) -> Call {
        poll(task)
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        let answer = reply::object(reply);
        let status = answer.as_ref().map(inner).and_then(|inner| inner.get("status")?.as_str());
        let (Some(answer), Some(status), true) = (&answer, status, reply::is_success(reply)) else {
            let complaint = answer.as_ref().and_then(reply::complaint);
            return Err(reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &[]));
        };
        let ids = ids(answer);
        if let Some(other) = ids.first().filter(|_| ids.iter().all(|id| task.0 != *id)) {
            return Ok(reply::mistaken(reply, task, other));
        }
        let word = status.trim().to_ascii_lowercase();
        Ok(if RENDERED.contains(&word.as_str()) {
            match LINKS.iter().find_map(|place| reply::link(answer.pointer(place))) {
                Some(url) => Progress::Ready { clip: Clip::at(url), cost: Cost::Untold },
                None => Progress::Empty { cost: Cost::Untold },
            }
        } else if FAILED.contains(&word.as_str()) {
            // The gateway may report a failure of its own without an id, which must not end a paid task.
            if ids.is_empty() {
                let complaint = reply::complaint(answer);
                return Err(reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &[]));
            }
            reply::failed(reply, reason(inner(answer)), Cost::Untold, &MEANINGS)
        } else {
            Progress::Pending {
                percent: inner(answer).get("progress").and_then(percent),
                unknown_word: (!UNDER_WAY.contains(&word.as_str())).then(|| status.to_owned()),
            }
        })
    }
}

/// Returns the call that polls a task, which is the same for every model.
fn poll(task: &TaskId) -> Call {
    Call {
        method: Method::Get,
        path: format!("/v1/video/generations/{}", escaped(task.0.raw())),
        auth: Auth::Bearer,
        headers: Vec::new(),
        body: None,
    }
}

/// Returns the JSON object of the task in a reply: the whole object, or its `data` if the gateway wraps the task.
fn inner(answer: &Json) -> &Json {
    answer.get("data").filter(|data| data.get("status").is_some()).unwrap_or(answer)
}

/// Returns the ids of the task in a reply, which are equal in a valid reply. The field `id` of `data` is not used: it
/// is the number of a row in the gateway.
fn ids(answer: &Json) -> Vec<String> {
    ["/task_id", "/id", "/data/task_id"]
        .iter()
        .filter_map(|place| reply::text(answer.pointer(place)))
        .collect()
}

/// Returns the error in a failed task that explains why the task failed.
fn reason(task: &Json) -> Complaint {
    let complaint = reply::complaint(task).unwrap_or_default();
    if !complaint.message.is_empty() {
        return complaint;
    }
    let message = ["fail_reason", "message", "error"].iter().find_map(|name| reply::text(task.get(name)));
    Complaint { message: message.unwrap_or_default(), ..complaint }
}

/// Parses a percentage such as `25`, `25.0` or `"25%"`.
fn percent(progress: &Json) -> Option<u8> {
    match progress {
        Json::String(text) => text.trim().trim_end_matches('%').parse().ok().and_then(reply::percent),
        number => number.as_f64().and_then(reply::percent),
    }
}

#[cfg(test)]
#[path = "uniall_tests.rs"]
mod tests;
