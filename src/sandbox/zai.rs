//! The protocol of the fake provider Z.AI. The body of an error answer has an object `error` whose `code` is a string,
//! as from the real servers.

mod models;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::dialect::{Dialect, Refusal, RefusalReason, State, first_and_last};
use super::faults::Shape;
use super::provider::Provider;
use super::tasks::{Order, Task};

struct Zai;

pub(super) fn provider() -> Provider {
    Provider::new(Zai).submits("/paas/v4/videos/generations").polls("/paas/v4/async-result/{id}")
}

impl Dialect for Zai {
    fn provider(&self) -> &'static str {
        "zai"
    }

    fn label_parameter(&self) -> Option<&'static str> {
        Some("request_id")
    }

    fn check(&self, body: &Value) -> Result<Order, Refusal> {
        models::check(body)
    }

    fn frames<'a>(&self, model: &str, parameters: &'a Value) -> [Option<&'a Value>; 2] {
        let pictures = parameters.get("image_url").filter(|pictures| !pictures.is_null());
        first_and_last(pictures, !model.contains("reference"))
    }

    /// Returns the frame rate of a model's clips. The OpenAPI document has one only for CogVideoX-3; 24 is assumed for
    /// others.
    fn fps(&self, model: &str) -> u32 {
        if model == "cogvideox-3" { 30 } else { 24 }
    }

    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal {
        let (http, code) = match why {
            RefusalReason::NoKey => (StatusCode::UNAUTHORIZED, "1001"),
            RefusalReason::WrongKey => (StatusCode::UNAUTHORIZED, "1002"),
            RefusalReason::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "1210"),
            RefusalReason::Unreadable(_) => (StatusCode::BAD_REQUEST, "1210"),
            RefusalReason::Taken(_) => (StatusCode::BAD_REQUEST, "1231"),
            RefusalReason::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "1302"),
            // No document says how an unknown task is answered.
            RefusalReason::NoTask(_) => (StatusCode::NOT_FOUND, "1200"),
            RefusalReason::NoApi => (StatusCode::NOT_FOUND, "1222"),
            RefusalReason::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "500"),
        };
        refusal(http, code, &why.to_string())
    }

    fn error(&self, code: &str, message: &str) -> Value {
        json!({ "error": { "code": code, "message": message } })
    }

    /// Returns a task id of 19 digits or more, as in the examples of Z.AI's documents.
    fn task_id(&self, now: Timestamp, number: usize) -> String {
        format!("{:013}{number:06}", now.as_millisecond())
    }

    fn accepted(&self, task: &Task) -> Value {
        let Task { id, model, request_id, .. } = task;
        json!({ "id": id, "model": model, "request_id": request_id, "task_status": "PROCESSING" })
    }

    /// Returns the answer to a poll. The documents do not define how a failed task reports its reason; the forms used
    /// here were observed.
    fn task_report(&self, task: &Task, state: &State<'_>) -> Value {
        let Task { id, model, request_id, .. } = task;
        let mut body = json!({ "id": id, "model": model, "request_id": request_id });
        body["task_status"] = match state {
            State::Pending(_) => json!("PROCESSING"),
            State::Ready(_) | State::NoResult => json!("SUCCESS"),
            State::Failed { .. } => json!("FAIL"),
            State::Word(word) => json!(word),
        };
        match state {
            State::Ready(link) => {
                body["video_result"] = json!([{ "url": link.video, "cover_image_url": link.cover }]);
            }
            State::NoResult => body["video_result"] = json!([]),
            State::Failed { code, message, shape: Shape::Object } => {
                body["error"] = json!({ "code": code, "message": message });
            }
            State::Failed { message, shape: Shape::String, .. } => body["error"] = json!(message),
            State::Failed { shape: Shape::None, .. } | State::Pending(_) | State::Word(_) => {}
        }
        body
    }
}

fn refusal(http: StatusCode, code: &str, message: &str) -> Refusal {
    Refusal { http, code: Some(code.to_owned()), body: Zai.error(code, message) }
}
