//! Converts an error of the program to an HTTP answer.

use crate::app::error::Error;
use crate::app::exit::Exit;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// Returns an HTTP answer with status 400, 423 or 500, and with the error and its hint as JSON.
pub(super) fn failed(error: &Error) -> Response {
    let status = match error.exit {
        Exit::Usage => StatusCode::BAD_REQUEST,
        Exit::Locked => StatusCode::LOCKED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(json!({ "error": error.what, "hint": error.hint }))).into_response()
}
