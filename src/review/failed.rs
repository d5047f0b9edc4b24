//! The HTTP answer for a use case that failed.

use crate::app::error::Error;
use crate::app::exit::Exit;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// Returns the HTTP answer for a use case that failed.
pub(super) fn failed(error: &Error) -> Response {
    let status = match error.exit {
        Exit::Usage => StatusCode::BAD_REQUEST,
        Exit::Locked => StatusCode::LOCKED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(json!({ "error": error.what, "hint": error.hint }))).into_response()
}
