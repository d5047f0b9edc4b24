//! The protocol of the fake provider Vtrix.
//!
//! An error answer has a string `message` or a string `error`. For a wrong parameter, `error` is an object with a code
//! that does not fit into 32 bits.

mod check;
mod models;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::dialect::{Dialect, Refusal, RefusalReason, State, first_and_last};
use super::faults::Shape;
use super::provider::Provider;
use super::tasks::{Order, Task};

struct Vtrix;

pub(super) fn provider() -> Provider {
    Provider::new(Vtrix).submits("/model/v1/generation").polls("/model/v1/generation/task/{id}")
}

impl Dialect for Vtrix {
    fn provider(&self) -> &'static str {
        "vtrix"
    }

    /// Returns the limit of 20 MB. The document says: "HTTP request POST body must not exceed 20MB".
    fn body_bytes(&self) -> usize {
        20 * 1024 * 1024
    }

    fn check(&self, body: &Value) -> Result<Order, Refusal> {
        check::check(body)
    }

    fn frames<'a>(&self, model: &str, parameters: &'a Value) -> [Option<&'a Value>; 2] {
        first_and_last(parameters.get("images"), model.contains("start_end"))
    }

    fn refuse(&self, why: &RefusalReason<'_>) -> Refusal {
        let (http, message) = match why {
            RefusalReason::NoKey | RefusalReason::WrongKey => (StatusCode::UNAUTHORIZED, why.to_string()),
            RefusalReason::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, why.to_string()),
            RefusalReason::Unreadable(_) | RefusalReason::Taken(_) => {
                (StatusCode::BAD_REQUEST, why.to_string())
            }
            RefusalReason::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "rate limit exceeded".to_owned()),
            RefusalReason::NoTask(_) | RefusalReason::NoApi => (StatusCode::NOT_FOUND, why.to_string()),
            RefusalReason::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
        };
        let body = if http == StatusCode::BAD_REQUEST {
            json!({ "error": message })
        } else {
            self.error("", &message)
        };
        Refusal { http, code: None, body }
    }

    /// Returns the body of an error answer. If `code` is a number, the body has an object `error` with `code` and
    /// `error_message`, as in the report on a failed task. Otherwise the body has only a `message`, because Vtrix's
    /// error codes are always numbers.
    fn error(&self, code: &str, message: &str) -> Value {
        match code.parse::<u64>() {
            Ok(code) => json!({ "error": { "code": code, "error_message": message } }),
            Err(_) => json!({ "message": message }),
        }
    }

    /// Returns a task id of 20 letters and digits, which looks like base 32.
    fn task_id(&self, now: Timestamp, number: usize) -> String {
        let time = u64::try_from(now.as_millisecond()).unwrap_or_default();
        format!("d{}{}", base32(time, 9), base32(u64::try_from(number).unwrap_or(u64::MAX), 10))
    }

    fn accepted(&self, task: &Task) -> Value {
        about(task, "in_progress")
    }

    fn task_report(&self, task: &Task, state: &State<'_>) -> Value {
        let mut body = about(
            task,
            match state {
                State::Pending(_) => "in_progress",
                State::Ready(_) | State::NoResult => "completed",
                State::Failed { .. } => "failed",
                State::Word(word) => word,
            },
        );
        match state {
            State::Pending(percent) => body["progress"] = json!(f64::from(*percent) / 100.0),
            State::Ready(link) => {
                let content = json!({ "type": "video", "url": link.video, "jobId": task.id });
                body["output"] = json!([{ "content": [content] }]);
            }
            State::NoResult => body["output"] = json!([]),
            State::Failed { code, message, shape: Shape::Object } => {
                let code = code.parse::<u64>().map_or_else(|_| json!(code), |number| json!(number));
                body["error"] = json!({ "code": code, "error_message": message });
            }
            State::Failed { message, shape: Shape::String, .. } => body["error"] = json!(message),
            State::Failed { shape: Shape::None, .. } | State::Word(_) => {}
        }
        if let State::Ready(_) | State::NoResult = state {
            let usd = task.usd();
            body["usage"] = json!({ "cost": usd, "discount": 1, "quantity": 1, "unit_price": usd });
        }
        body
    }
}

fn about(task: &Task, status: &str) -> Value {
    let Task { id, model, accepted_at, .. } = task;
    json!({ "id": id, "status": status, "model": model, "created_at": accepted_at.as_second() })
}

/// Returns the last `digits` digits of a number in base 32.
fn base32(number: u64, digits: u32) -> String {
    let digit = |place: u32| char::from_digit((number >> (5 * place) & 31) as u32, 32);
    (0..digits).rev().filter_map(digit).collect()
}
