//! Checks and records decisions that arrive from the page, and answers with the new state of the jobs.

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

/// Maximum number of bytes of a request that records decisions. Ten thousand clips with short notes need less.
const BODY: usize = 4 * 1024 * 1024;

/// The kind of a browser's request that changes the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// A request that records reviews of clips.
    Decide,
    /// A request that selects the clip of another rendering as the current clip of a job.
    Choose,
}

impl Verb {
    /// Returns the kind of a request by its path; `None` if a request with this path records nothing.
    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/api/decide" => Some(Self::Decide),
            "/api/choose" => Some(Self::Choose),
            _ => None,
        }
    }
}

/// The body of a request that records reviews of clips.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    decisions: Vec<Decision>,
}

/// The review of one clip, as the page sends it.
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

/// The body of a request that selects the clip of another rendering as the current clip of a job.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    job: String,
    take: String,
    seen: u64,
}

/// The answer if nothing was recorded, because a job was reviewed or got another clip after the person saw it.
#[derive(Serialize)]
struct Conflict {
    /// The jobs that changed after the person saw them, each as `{"job": NAME}`. No decision of the request was
    /// recorded, not even about other jobs.
    conflicts: Vec<Value>,
    /// The current data of the jobs that changed after the person saw them, with their reviews.
    #[serde(flatten)]
    change: Change,
}

/// Records the decisions of a request, and returns the answer.
///
/// The caller has checked that the request comes from the page of this review and may record decisions.
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

/// Returns the answer with the current data of some jobs. These are the jobs with a recorded decision, the jobs that
/// changed after the person saw them, and the jobs in `named`.
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

/// Reads the body of a request and parses it as JSON.
async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Error> {
    let bytes = to_bytes(body, BODY).await.map_err(|_| wrong("the request is too long or was cut short"))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(&format!("the request cannot be read: {error}")))
}

fn request(shown: &Shown, decision: Decision) -> Result<ReviewRequest, Error> {
    let Decision { job, take, seen, outcome, reasons, note, redo } = decision;
    let reason =
        |name: String| name.parse().map_err(|()| wrong(&format!("`{name}` is not a reason for a rejection")));
    Ok(ReviewRequest {
        job: key(shown, &job)?.clone(),
        take: TakeId(take),
        seen,
        outcome: outcome.parse::<Outcome>().map_err(|()| wrong(&format!("`{outcome}` is not an outcome")))?,
        reasons: reasons.into_iter().map(reason).collect::<Result<_, _>>()?,
        note,
        redo,
    })
}

/// Returns the key of a job that the page shows, or an error for any other job.
fn key<'a>(shown: &'a Shown, job: &str) -> Result<&'a JobKey, Error> {
    let found = shown.job(job).map(GalleryJob::key);
    found.ok_or_else(|| wrong(&format!("this page does not show a job `{job}`")))
}

/// Returns clearer words for the review page if `error` says that a run has locked the project. Returns any other error
/// unchanged.
fn busy(error: Error) -> Error {
    if error.exit != Exit::Locked {
        return error;
    }
    Error::new(Exit::Locked, "a run is active; choose the version again when it has ended")
}

fn wrong(what: &str) -> Error {
    Error::new(Exit::Usage, format!("{what}; nothing was saved")).hint("load the page again")
}
