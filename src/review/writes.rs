//! Decisions that arrive from the page: they are checked, recorded, and answered with the jobs as they are then.

use super::failed::failed;
use super::shown::Shown;
use super::{Shared, page};
use crate::app::decide::{DecideReport, ReviewRequest};
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::gallery::GalleryJob;
use crate::domain::key::{JobKey, TakeId};
use crate::domain::review::Outcome;
use crate::report::html::contract::Change;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most bytes of a request to decide. Ten thousand clips with short notes take less.
const BODY: usize = 4 * 1024 * 1024;

/// The body of a request that records decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Reviews of clips.
    Decide,
    /// Another version of a clip.
    Choose,
}

impl Verb {
    /// Returns what is recorded at this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/api/decide" => Some(Self::Decide),
            "/api/choose" => Some(Self::Choose),
            _ => None,
        }
    }
}

/// The body of a request to decide.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    decisions: Vec<Decision>,
}

/// One decision of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    job: String,
    take: String,
    seen: u64,
    outcome: String,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    redo: bool,
}

/// The body of a request to show another version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    job: String,
    take: String,
    seen: u64,
}

/// The answer where another person was faster.
#[derive(Serialize)]
struct Conflict {
    /// Names of the jobs about which nothing was recorded.
    conflicts: Vec<Value>,
    /// The same jobs, with the reviews that stand.
    #[serde(flatten)]
    change: Change,
}

/// Records what a request wants, and answers it.
///
/// The caller has checked that the request may decide.
pub(super) async fn write(shared: &Shared, verb: Verb, body: Body) -> Response {
    let written = match verb {
        Verb::Decide => decide(shared, body).await,
        Verb::Choose => choose(shared, body).await,
    };
    written.unwrap_or_else(|error| failed(&error))
}

async fn decide(shared: &Shared, body: Body) -> Result<Response, Error> {
    let Decisions { decisions } = read(body).await?;
    if decisions.is_empty() {
        return Err(wrong("the request has no decision"));
    }
    let shown = shared.source.shown().await?;
    let requests = decisions.into_iter().map(|decision| request(&shown, decision));
    let requests: Vec<ReviewRequest> = requests.collect::<Result<_, _>>()?;
    let report = shared.project.decide(&requests, &shared.who).await?;
    answered(shared, report, &[]).await
}

async fn choose(shared: &Shared, body: Body) -> Result<Response, Error> {
    let Choice { job, take, seen } = read(body).await?;
    let shown = shared.source.shown().await?;
    let key = key(&shown, &job)?;
    let report = shared.project.choose(key, &TakeId(take), seen, &shared.who).await.map_err(busy)?;
    answered(shared, report, std::slice::from_ref(key)).await
}

/// Returns the answer with every job that was decided or named, or that stands in the way, as it is now.
async fn answered(shared: &Shared, report: DecideReport, named: &[JobKey]) -> Result<Response, Error> {
    let shown = shared.source.now().await?;
    let conflicts = report.conflicts.iter().map(|(key, _)| key);
    let keys = report.made.iter().map(|(key, _)| key).chain(conflicts).chain(named);
    let change = page::jobs(&shown, keys);
    if report.conflicts.is_empty() {
        return Ok(Json(change).into_response());
    }
    let conflicts = report.conflicts.iter().map(|(key, _)| json!({ "job": key.to_string() })).collect();
    Ok((StatusCode::CONFLICT, Json(Conflict { conflicts, change })).into_response())
}

/// Reads the body of a request.
async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Error> {
    let bytes = to_bytes(body, BODY).await.map_err(|_| wrong("the request is too long or was cut short"))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(&format!("the request cannot be read: {error}")))
}

fn request(shown: &Shown, decision: Decision) -> Result<ReviewRequest, Error> {
    let Decision { job, take, seen, outcome, reasons, note, redo } = decision;
    let reason = |name: String| name.parse().map_err(|()| wrong(&format!("`{name}` is no reason")));
    Ok(ReviewRequest {
        job: key(shown, &job)?.clone(),
        take: TakeId(take),
        seen,
        outcome: outcome.parse::<Outcome>().map_err(|()| wrong(&format!("`{outcome}` is no outcome")))?,
        reasons: reasons.into_iter().map(reason).collect::<Result<_, _>>()?,
        note,
        redo,
    })
}

/// Returns the key of a job that the page shows: it decides about no others.
fn key<'a>(shown: &'a Shown, job: &str) -> Result<&'a JobKey, Error> {
    let found = shown.job(job).map(GalleryJob::key);
    found.ok_or_else(|| wrong(&format!("this page does not show a job `{job}`")))
}

/// Says in the words of the page that a run holds the lock; other errors stay as they are.
fn busy(error: Error) -> Error {
    if error.exit != Exit::Locked {
        return error;
    }
    Error::new(Exit::Locked, "a run is active; choose the version again when it has ended")
}

fn wrong(what: &str) -> Error {
    Error::new(Exit::Usage, format!("{what}; nothing was saved")).hint("load the page again")
}
