//! interim
use super::Shared;
use super::route::failed;
use super::shown::Shown;
use crate::domain::key::JobKey;
use crate::domain::review::Review;
use axum::Json;
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};

pub(super) async fn html(shared: &Shared) -> Response {
    match shared.source.now().await {
        Ok(shown) => Html(format!("<p>{}", shown.gallery.jobs.len())).into_response(),
        Err(error) => failed(&error),
    }
}
pub(super) async fn data(shared: &Shared) -> Response {
    match shared.source.shown().await {
        Ok(shown) => Json(json!({"jobs": jobs(shared, &shown, shown.gallery.jobs.iter().map(|j| j.key()))}))
            .into_response(),
        Err(error) => failed(&error),
    }
}
pub(super) fn jobs<'a>(_: &Shared, shown: &Shown, keys: impl Iterator<Item = &'a JobKey>) -> Vec<Value> {
    keys.filter_map(|key| shown.job(&key.to_string()))
        .map(|job| {
            json!({
                "job": job.key().to_string(),
                "take": job.current().map(|t| t.take.id.to_string()),
                "decision": job.standing.name(),
                "review": job.record.review.as_ref().map(review),
            })
        })
        .collect()
}
pub(super) fn summary(shown: &Shown) -> Value {
    json!({"jobs": shown.gallery.jobs.len()})
}
pub(super) fn review(review: &Review) -> Value {
    json!({"revision": review.revision, "who": review.who, "outcome": review.outcome.name()})
}
