//! The protocol of the fake provider `UniAll` for its six models of Vidu Q3. The body of an error answer has an object
//! `error`, whose `code` is a word such as `invalid_api_key`.

mod check;

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::dialect::{Dialect, QUEUED_PERCENT, Refusal, RefusalReason, State, first_and_last};
use super::faults::Shape;
use super::handler;
use super::provider::Provider;
use super::tasks::{Order, Task};

/// The protocol of `UniAll`, which has two paths to poll a task. The answers on the two paths have the link to the clip
/// in different places; both places were observed.
enum UniAll {
    /// The documented path `/v1/video/generations/{id}`, whose answers have the link to the clip in `video_url`.
    Generations,
    /// The path `/v1/videos/{id}`, whose answers have the link to the clip in `metadata`, as in the gateway software
    /// New API.
    Videos,
}

pub(super) fn provider() -> Provider {
    Provider::new(UniAll::Generations)
        .submits("/v1/video/generations")
        .polls("/v1/video/generations/{id}")
        .also("/v1/videos/{id}", handler::polls(Arc::new(UniAll::Videos)))
}

impl Dialect for UniAll {
    fn provider(&self) -> &'static str {
        "uniall"
    }

    fn check(&self, body: &Value) -> Result<Order, Refusal> {
        check::check(body)
    }

    fn frames<'a>(&self, _: &str, parameters: &'a Value) -> [Option<&'a Value>; 2] {
        let references = || first_and_last(parameters.get("reference_image_urls"), false)[0];
        [parameters.get("image").or_else(references), parameters.get("last_image")]
    }

    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal {
        let (http, code) = match why {
            RefusalReason::NoKey | RefusalReason::WrongKey => (StatusCode::UNAUTHORIZED, "invalid_api_key"),
            RefusalReason::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
            RefusalReason::Unreadable(_) | RefusalReason::Taken(_) => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            RefusalReason::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
            RefusalReason::NoTask(_) => (StatusCode::NOT_FOUND, "task_not_found"),
            RefusalReason::NoApi => (StatusCode::NOT_FOUND, "not_found"),
            RefusalReason::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        refusal(http, code, &why.to_string(), "")
    }

    fn error(&self, code: &str, message: &str) -> Value {
        error(code, message, "")
    }

    fn task_id(&self, now: Timestamp, number: usize) -> String {
        format!("task_{:x}{number:08x}", now.as_millisecond())
    }

    fn accepted(&self, task: &Task) -> Value {
        about(task, "queued", 0)
    }

    fn task_report(&self, task: &Task, state: &State<'_>) -> Value {
        let (status, progress) = match state {
            State::Pending(percent) if *percent < QUEUED_PERCENT => ("queued", 0),
            State::Pending(percent) => ("in_progress", *percent),
            State::Ready(_) | State::NoResult => ("completed", 100),
            State::Failed { .. } => ("failed", 100),
            State::Word(word) => (*word, 0),
        };
        let mut body = about(task, status, progress);
        match (state, self) {
            (State::Ready(link), Self::Generations) => body["video_url"] = json!(link.video),
            (State::Ready(link), Self::Videos) => body["metadata"] = json!({ "url": link.video }),
            (State::Failed { code, message, shape: Shape::Object }, _) => {
                body["error"] = json!({ "code": code, "message": message });
            }
            (State::Failed { message, shape: Shape::String, .. }, _) => body["fail_reason"] = json!(message),
            (
                State::Failed { shape: Shape::None, .. }
                | State::Pending(_)
                | State::NoResult
                | State::Word(_),
                _,
            ) => {}
        }
        body
    }
}

fn about(task: &Task, status: &str, progress: u8) -> Value {
    json!({
        "id": task.id,
        "task_id": task.id,
        "object": "video.generation.job",
        "model": task.model,
        "status": status,
        "progress": progress,
        "created_at": task.accepted_at.as_second(),
    })
}

fn error(code: &str, message: &str, parameter: &str) -> Value {
    let kind = "invalid_request_error";
    json!({ "error": { "message": message, "type": kind, "param": parameter, "code": code } })
}

fn refusal(http: StatusCode, code: &str, message: &str, parameter: &str) -> Refusal {
    Refusal { http, code: Some(code.to_owned()), body: error(code, message, parameter) }
}
