//! The provider `echo`, which exists only in the sandbox and can do what the other providers cannot.
//!
//! It finds a task by the client's request id, polls many tasks in one call, and cancels tasks. It has one model,
//! `clip`, at 10 cents.
//!
//! | call | answer |
//! |---|---|
//! | `POST /v1/tasks` with `model`, `prompt`, `client_id`, maybe `seconds`, `image` | `id`, `client_id`, `status` |
//! | `GET /v1/tasks/{id}` | the same, and `url` and `cost_usd`, or `error` |
//! | `GET /v1/tasks?ids=a,b` with at most 50 ids | `tasks`, each as above, and `missing`, the ids that are unknown |
//! | `GET /v1/tasks?since=…&until=…&page=…` | `tasks` accepted in that time, the oldest first, 50 a page, and `next` |
//! | `DELETE /v1/tasks/{id}` | the task is `cancelled` and not charged, unless it has ended |
//!
//! The states are `queued`, `running`, `succeeded`, `failed` and `cancelled`.

mod calls;

use axum::http::StatusCode;
use axum::routing::{delete, get};
use serde_json::{Value, json};

use super::dialect::{Dialect, QUEUED_PERCENT, Refusal, RefusalReason, State};
use super::faults::Shape;
use super::fields::Kind;
use super::images::{self, Size};
use super::provider::Provider;
use super::tasks::{Order, Task};

struct Echo;

/// The name of the provider, which is also the prefix of its paths.
const NAME: &str = "echo";
const CENTS: u32 = 10;
const SECONDS: u32 = 2;
const SIZE: Size = Size { width: 640, height: 360 };

/// The parameters of a request except `image`: the name, the allowed values, and true if the parameter is required.
const FIELDS: &[(&str, Kind, bool)] = &[
    ("model", Kind::Words(&["clip"]), true),
    ("prompt", Kind::Text(1, 500), true),
    ("client_id", Kind::Text(6, 64), true),
    ("seconds", Kind::Between(1, 10), false),
];

pub(super) fn provider() -> Provider {
    Provider::new(Echo)
        .submits("/v1/tasks")
        .also("/v1/tasks", get(calls::many))
        .polls("/v1/tasks/{id}")
        .also("/v1/tasks/{id}", delete(calls::cancel))
}

impl Dialect for Echo {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn label_parameter(&self) -> Option<&'static str> {
        Some("client_id")
    }

    fn check(&self, body: &Value) -> Result<Order, Refusal> {
        let fields = body.as_object().ok_or_else(|| invalid("the body must be a JSON object"))?;
        for (name, kind, required) in FIELDS {
            match fields.get(*name) {
                Some(value) => kind.check(value).map_err(|why| invalid(&format!("{name}: {why}")))?,
                None if *required => return Err(invalid(&format!("{name} is required"))),
                None => {}
            }
        }
        for (name, value) in fields {
            if name == "image" {
                let image = value.as_str().ok_or_else(|| invalid("image: it must be a string"))?;
                images::VIDU.check(image).map_err(|why| invalid(&format!("image: {why}")))?;
            } else if FIELDS.iter().all(|(known, ..)| known != name) {
                return Err(invalid(&format!("there is no parameter {name}")));
            }
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let seconds = fields.get("seconds").and_then(Value::as_u64);
        Ok(Order {
            model: "clip",
            label: text("client_id").map(str::to_owned),
            prompt: text("prompt").unwrap_or_default().to_owned(),
            cents: CENTS,
            at_once: None,
            size: SIZE,
            seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(SECONDS),
        })
    }

    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal {
        let (http, code) = match why {
            RefusalReason::NoKey | RefusalReason::WrongKey => (StatusCode::UNAUTHORIZED, "unauthorized"),
            RefusalReason::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid"),
            RefusalReason::Unreadable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            RefusalReason::Taken(_) => (StatusCode::CONFLICT, "duplicate"),
            RefusalReason::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
            RefusalReason::NoTask(_) | RefusalReason::NoApi => (StatusCode::NOT_FOUND, "not_found"),
            RefusalReason::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        refusal(http, code, &why.to_string())
    }

    fn error(&self, code: &str, message: &str) -> Value {
        json!({ "error": { "code": code, "message": message } })
    }

    fn accepted(&self, task: &Task) -> Value {
        about(task, "queued")
    }

    fn task_report(&self, task: &Task, state: &State<'_>) -> Value {
        let mut body = about(
            task,
            match state {
                State::Pending(percent) if *percent < QUEUED_PERCENT => "queued",
                State::Pending(_) => "running",
                State::Ready(_) | State::NoResult => "succeeded",
                State::Failed { .. } => "failed",
                State::Word(word) => word,
            },
        );
        match state {
            State::Ready(link) => {
                body["url"] = json!(link.video);
                body["cost_usd"] = json!(task.usd());
            }
            State::NoResult => body["cost_usd"] = json!(task.usd()),
            State::Failed { code, message, shape: Shape::Object } => {
                body["error"] = json!({ "code": code, "message": message });
            }
            State::Failed { message, shape: Shape::String, .. } => body["error"] = json!(message),
            State::Failed { shape: Shape::None, .. } | State::Pending(_) | State::Word(_) => {}
        }
        body
    }
}

fn about(task: &Task, status: &str) -> Value {
    json!({ "id": task.id, "client_id": task.request_id, "status": status })
}

fn refusal(http: StatusCode, code: &str, message: &str) -> Refusal {
    Refusal { http, code: Some(code.to_owned()), body: Echo.error(code, message) }
}

fn invalid(message: &str) -> Refusal {
    refusal(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
}
