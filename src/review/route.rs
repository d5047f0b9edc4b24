//! Checks each request, and passes it on to the code for its path.

use super::acceptor::Local;
use super::clips::Found;
use super::failed::failed;
use super::gate::{Refusal, host, may_decide, protect};
use super::secrets::is_secret;
use super::{Shared, live, page, writes};
use crate::domain::key::TakeId;
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::task::spawn_blocking;

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Local(local)): ConnectInfo<Local>,
    request: Request,
) -> Response {
    let mut response = match host(request.uri(), request.headers(), local) {
        Ok(host) => routed(&shared, &host, request).await,
        Err(refusal) => refused(refusal),
    };
    protect(response.headers_mut());
    response
}

async fn routed(shared: &Arc<Shared>, host: &str, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if let Some(verb) = writes::Verb::at(&path) {
        if method != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response();
        }
        return match may_decide(request.headers(), host, &shared.secrets, shared.read_only) {
            Ok(()) => writes::write(shared, verb, request.into_body()).await,
            Err(refusal) => refused(refusal),
        };
    }
    let mut parts = path.strip_prefix('/').unwrap_or_default().split('/');
    if !is_secret(parts.next().unwrap_or_default(), &shared.secrets.read) {
        return nothing();
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let parts: Vec<&str> = parts.collect();
    let response = match parts[..] {
        [""] => page::html(shared).await,
        ["data"] => page::data(shared).await,
        ["events"] => live::stream(shared, last_seen(&request)),
        ["clip", take] => file(shared, Kind::Clip, take, &method, request.headers()).await,
        ["poster", take] => file(shared, Kind::Poster, take, &method, request.headers()).await,
        ["source", take] => file(shared, Kind::Source, take, &method, request.headers()).await,
        _ => nothing(),
    };
    if method == Method::HEAD { response.map(|_| Body::empty()) } else { response }
}

/// Returns the number of the snapshot that a tab shows: from the last event that it received, or from its page.
fn last_seen(request: &Request) -> Option<u64> {
    let reported = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let loaded = request.uri().query().and_then(|query| query.strip_prefix("since="));
    reported.or(loaded)?.parse().ok()
}

/// The kind of a file that a request can ask for; each file belongs to a rendering.
#[derive(Clone, Copy)]
enum Kind {
    Clip,
    Poster,
    Source,
}

/// Returns the answer with the clip, the poster or the source picture of a rendering.
async fn file(
    shared: &Arc<Shared>,
    kind: Kind,
    take: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Response {
    let shown = match shared.source.shown().await {
        Ok(shown) => shown,
        Err(error) => return failed(&error),
    };
    let (take, folder) = (TakeId(take.to_owned()), shared.project.places().folder.clone());
    let state = shared.project.places().state.clone();
    let opened = spawn_blocking(move || -> io::Result<Found> {
        let files = shown.files.get(&take).ok_or(io::ErrorKind::NotFound)?;
        match kind {
            Kind::Clip => files.open_clip(&shown.gallery.out),
            Kind::Poster => files.open_poster(&state),
            Kind::Source => files.open_source(&folder),
        }
    });
    let response = match opened.await {
        Ok(Ok(found)) => found.response(method, headers),
        Ok(Err(error)) => Err(error),
        Err(ended) => Err(io::Error::other(ended)),
    };
    response.unwrap_or_else(|error| {
        tracing::debug!(%error, "a file cannot be served");
        nothing()
    })
}

/// Returns the answer for a path that does not exist, or that lacks the secret for reading.
fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "this page does not exist; open the link that shotlist printed\n").into_response()
}

fn refused(refusal: Refusal) -> Response {
    let [error, hint] = refusal.words();
    (refusal.status(), Json(json!({ "error": error, "hint": hint }))).into_response()
}
