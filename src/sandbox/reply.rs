//! Sends answers to clients, unchanged or changed by a fault.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::sleep;

use super::connection::{Connection, Cut};
use super::dialect::{Dialect, Refusal};
use super::faults::Fault;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json(self.http, &self.body)
    }
}

pub(super) fn json(http: StatusCode, body: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=UTF-8");
    (http, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}

/// Sends the answer `usual`, or another one if the fault of the call demands it. A fault of a task or a clip changes
/// nothing here, because `usual` contains its effect already.
pub(super) async fn send(
    dialect: &dyn Dialect,
    fault: Option<&Fault>,
    connection: &Connection,
    usual: Response,
) -> Response {
    match fault {
        Some(Fault::ResetBefore | Fault::ResetAfterAccept) => connection.cut(Cut::Reset),
        Some(Fault::CloseAfterAccept) => connection.cut(Cut::Close),
        Some(Fault::HangAfterAccept { seconds }) => {
            sleep(Duration::from_secs(*seconds)).await;
            connection.cut(Cut::Close);
        }
        Some(Fault::Delay { ms }) => sleep(Duration::from_millis(*ms)).await,
        _ => {}
    }
    let answer = match fault {
        Some(Fault::Status { code, body, headers, .. }) => {
            let mut answer = Response::new(Body::from(body.clone()));
            *answer.status_mut() = status(*code);
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    answer.headers_mut().append(name, value);
                }
            }
            answer
        }
        Some(Fault::Error { http, code, message, retry_after, .. }) => {
            let mut answer = json(status(*http), &dialect.error(code, message));
            if let Some(seconds) = retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            answer
        }
        Some(Fault::Malformed) => {
            let kind = HeaderValue::from_static("application/json; charset=UTF-8");
            ([(header::CONTENT_TYPE, kind)], r#"{"id":"1","status":"#).into_response()
        }
        _ => usual,
    };
    connection.answered();
    answer
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a rule is checked for a valid status before it is added")
}
