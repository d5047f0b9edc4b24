//! `UniAll`: six models behind one address, with a few parameters in an object of their own.
//!
//! There is no way to ask whether an order arrived, and no field for our name of it. Errors are in no document of the
//! provider's. Its answers are those of the gateway software New API, so that one's errors are expected here.

use super::card::ModelCard;
use super::document::{Document, Profile};
use super::reply::{self, Complaint, Meanings};
use super::{Cost, Progress, Provider, body};
use crate::domain::fault::{Fault, FaultKind, Refusal, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Clip;
use crate::domain::request::Request;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};
use serde_json::{Map, Value as Json};
use std::sync::LazyLock;

/// The provider `uniall`.
#[derive(Debug)]
pub(super) struct UniAll;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::built_in("uniall", include_str!("uniall.yaml")));

const BALANCE: FaultKind = FaultKind::Stop(Stop::Balance);

/// What the gateway says before it hands a request on; whatever it says later may come after a task.
const MEANINGS: Meanings = Meanings {
    codes: &[
        ("insufficient_user_quota", BALANCE),
        ("pre_consume_token_quota_failed", BALANCE),
        ("sensitive_words_detected", FaultKind::Rejected(Refusal::Policy)),
        // "No available channel for model": nothing behind the gateway was asked.
        ("model_not_found", FaultKind::Busy { after: None }),
    ],
    // A key whose group is switched off.
    statuses: &[(403, FaultKind::Stop(Stop::Account))],
};

/// Words for a task that is not finished: two of the page, and those of the gateway.
const UNDER_WAY: [&str; 6] = ["queued", "in_progress", "submitted", "pending", "not_start", "processing"];

/// Words for a task with a clip.
const RENDERED: [&str; 3] = ["completed", "succeeded", "success"];

/// Words for a task that will never have one.
const FAILED: [&str; 3] = ["failed", "failure", "error"];

/// Where the link to a clip may stand, best first. The page has the first only.
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
        match answer.as_ref().and_then(id) {
            Some(id) if reply::is_success(reply) => reply::accepted(reply, &id),
            Some(id) if reply.status >= 400 => Err(reply::doubted(reply, &id, complaint)),
            _ => Err(reply::refused(reply, complaint.as_ref(), &MEANINGS)),
        }
    }

    /// The page has a second address, `/v1/videos/{id}`, for older programs. It tells no more, so it is not asked;
    /// answers in its form are understood.
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
        let id = id(answer);
        if let Some(other) = id.as_ref().filter(|id| task.0 != **id) {
            return Ok(reply::mistaken(reply, task, other));
        }
        let word = status.trim().to_ascii_lowercase();
        Ok(if RENDERED.contains(&word.as_str()) {
            match LINKS.iter().find_map(|place| reply::link(answer.pointer(place))) {
                Some(url) => Progress::Ready { clip: Clip::at(url), cost: Cost::Untold },
                None => Progress::Empty,
            }
        } else if FAILED.contains(&word.as_str()) {
            // An error of the gateway may say so too, without an id, and must not end a task that is paid.
            if id.is_none() {
                let complaint = reply::complaint(answer);
                return Err(reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &[]));
            }
            reply::failed(reply, reason(inner(answer)), &MEANINGS)
        } else {
            Progress::Pending {
                percent: inner(answer).get("progress").and_then(percent),
                unknown_word: (!UNDER_WAY.contains(&word.as_str())).then(|| status.to_owned()),
            }
        })
    }
}

/// Returns the call that asks how a task stands, whatever its model.
fn poll(task: &TaskId) -> Call {
    Call {
        method: Method::Get,
        path: format!("/v1/video/generations/{}", escaped(task.0.raw())),
        auth: Auth::Bearer,
        headers: Vec::new(),
        body: None,
    }
}

/// The task of an answer: the whole of it, or its `data` where the gateway wraps it.
fn inner(answer: &Json) -> &Json {
    answer.get("data").filter(|data| data.get("status").is_some()).unwrap_or(answer)
}

/// The id of the task that an answer is about. In `data`, `id` counts the gateway's own rows.
fn id(answer: &Json) -> Option<String> {
    ["/task_id", "/id", "/data/task_id"].iter().find_map(|place| reply::text(answer.pointer(place)))
}

/// Why a task failed.
fn reason(task: &Json) -> Complaint {
    let complaint = reply::complaint(task).unwrap_or_default();
    if !complaint.message.is_empty() {
        return complaint;
    }
    let message = ["fail_reason", "message", "error"].iter().find_map(|name| reply::text(task.get(name)));
    Complaint { message: message.unwrap_or_default(), ..complaint }
}

/// `25`, `25.0` or `"25%"`.
fn percent(progress: &Json) -> Option<u8> {
    match progress {
        Json::String(text) => text.trim().trim_end_matches('%').parse().ok().and_then(reply::percent),
        number => number.as_f64().and_then(reply::percent),
    }
}

#[cfg(test)]
#[path = "uniall_tests.rs"]
mod tests;
