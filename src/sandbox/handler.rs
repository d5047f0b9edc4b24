//! Handles the calls that all providers share: submissions, which are on disk before they are answered, and polls.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request as HttpRequest, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::connection::{Connection, Peer};
use super::counts::Counts;
use super::dialect::{BODY_BYTES, Dialect, Refusal, RefusalReason, State, authenticate};
use super::faults::{Call, Fault, On};
use super::images::without_data;
use super::log::LogEntry;
use super::tasks::{Order, Request, Task, parameters};
use super::{Inner, Shared, files, held, reply};

/// The fault that a fault rule applied to a call, if any, and the answer that the call would get without this fault.
pub(super) type Answer = (Option<Fault>, Response);

/// Returns the HTTP handler of submissions, which create tasks.
pub(super) fn submits(dialect: Arc<dyn Dialect>) -> MethodRouter<Arc<Shared>> {
    post(
        async move |Extract(shared): Extract<Arc<Shared>>,
                    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
                    request: HttpRequest<Body>| submit(&dialect, shared, &connection, request).await,
    )
}

/// Returns the HTTP handler of polls of a single task.
pub(super) fn polls(dialect: Arc<dyn Dialect>) -> MethodRouter<Arc<Shared>> {
    get(
        async move |Extract(shared): Extract<Arc<Shared>>,
                    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
                    Path(named): Path<HashMap<String, String>>,
                    headers: HeaderMap| {
            Counts::add(&shared.counts.polls);
            send(&*dialect, &connection, look_up(&shared, &*dialect, &named, &headers)).await
        },
    )
}

/// Sends an answer or a refusal. If a fault rule applied to the call, the fault of that rule changes or replaces the
/// answer.
pub(super) async fn send(
    dialect: &dyn Dialect,
    connection: &Connection,
    answer: Result<Answer, Refusal>,
) -> Response {
    let (fault, usual) = answer.unwrap_or_else(|refusal| (None, refusal.into_response()));
    reply::send(dialect, fault.as_ref(), connection, usual).await
}

/// Runs a function that writes to the log. Once started it always finishes, even if the client disconnects.
pub(super) async fn durably(
    shared: &Shared,
    dialect: &dyn Dialect,
    job: impl FnOnce() -> io::Result<Result<Answer, Refusal>> + Send + 'static,
) -> Result<Answer, Refusal> {
    match shared.tasks.spawn_blocking(job).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(dialect.refuse(&RefusalReason::Internal(&error))),
        Err(error) => Err(dialect.refuse(&RefusalReason::Internal(&error))),
    }
}

async fn submit(
    dialect: &Arc<dyn Dialect>,
    shared: Arc<Shared>,
    connection: &Connection,
    request: HttpRequest<Body>,
) -> Response {
    Counts::add(&shared.counts.submits);
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_BYTES).await else {
        return dialect.refuse(&RefusalReason::TooLarge).into_response();
    };
    let job = {
        let (shared, dialect) = (Arc::clone(&shared), Arc::clone(dialect));
        // The job includes the check and the sync, so that the decision is on disk even if this call ends early.
        move || decide(&shared, &*dialect, &head.headers, &bytes).map(Ok)
    };
    let answer = durably(&shared, &**dialect, job).await;
    sleep(shared.answer_delay).await;
    send(&**dialect, connection, answer).await
}

/// Decides about a submission: checks it, applies fault rules, records the request and its task, and waits until they
/// are on disk.
fn decide(shared: &Shared, dialect: &dyn Dialect, headers: &HeaderMap, bytes: &[u8]) -> io::Result<Answer> {
    let (body, checked) = match read(&shared.key, dialect, headers, bytes) {
        Ok(body) => {
            let checked = dialect.check(&body);
            if checked.is_ok() {
                shared.pictures.keep(&body)?;
            }
            (without_data(&body), checked)
        }
        Err(refusal) => (Value::Null, Err(refusal)),
    };
    let provider = dialect.provider();
    let sent = dialect.label_parameter().and_then(|name| body.get(name)?.as_str()).map(str::to_owned);
    let mut inner = held(&shared.inner);
    // The time is read under the lock, so that the recorded requests are in the order of time.
    let now = (shared.now)();
    let verdict = checked.and_then(|order| match hindrance(&inner, shared, dialect, &order, now) {
        Some(why) => Err(dialect.refuse(&why)),
        None => Ok(order),
    });
    let (fault, task, usual, code) = match verdict {
        Err(refusal) => {
            let code = refusal.code.clone();
            (None, None, refusal.into_response(), code)
        }
        Ok(order) => {
            let request_id = order.label.as_deref().unwrap_or_default();
            let pictured = dialect.frames(order.model, parameters(&body))[0].is_some();
            let lot = lot(dialect, &body);
            let (model, prompt) = (order.model, order.prompt.as_str());
            let call = Call { provider, model, prompt, request_id, pictured, lot };
            let Inner { faults, dice, book, .. } = &mut *inner;
            let fault = faults.pick(On::Submit, call, dice);
            let code = match &fault {
                Some(Fault::Error { code, .. }) => Some(code.clone()),
                _ => None,
            };
            let task = fault.as_ref().is_none_or(Fault::accepts).then(|| {
                let pause = dice.random_range(shared.task_time.clone());
                let ready_at =
                    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok());
                let id = dialect.task_id(now, book.next_number());
                accept(dialect, id, order, now..ready_at.unwrap_or(now), fault.as_ref())
            });
            let usual = task.as_ref().map_or_else(
                || StatusCode::OK.into_response(),
                |task| reply::json(StatusCode::OK, &dialect.accepted(task)),
            );
            (fault, task, usual, code)
        }
    };
    let status = usual.status().as_u16();
    let status = fault.as_ref().map_or(Some(status), |fault| fault.status(status));
    let request = Request {
        provider: provider.to_owned(),
        at: now,
        request_id: sent,
        body,
        status,
        code,
        fault: fault.clone(),
        task,
    };
    let ticket = shared.log.push(&LogEntry::Request(Box::new(request.clone())))?;
    inner.book.enter(request);
    drop(inner);
    shared.log.sync(ticket)?;
    Ok((fault, usual))
}

fn read(key: &str, dialect: &dyn Dialect, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Refusal> {
    if bytes.len() > dialect.body_bytes() {
        return Err(dialect.refuse(&RefusalReason::TooLarge));
    }
    authenticate(key, dialect, headers)?;
    let unreadable = |why| dialect.refuse(&RefusalReason::Unreadable(why));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(unreadable("The Content-Type must be application/json".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| unreadable(format!("The body is not JSON: {error}")))
}

/// Returns a number from 0 to 1 that is derived from the body of a request without the client's request id. The number
/// decides whether a fault rule with a [`share`](super::faults::When::share) applies.
fn lot(dialect: &dyn Dialect, body: &Value) -> f64 {
    let mut body = body.clone();
    if let (Some(name), Some(fields)) = (dialect.label_parameter(), body.as_object_mut()) {
        fields.shift_remove(name);
    }
    let digest = Sha256::digest(body.to_string());
    f64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])) / (f64::from(u32::MAX) + 1.0)
}

/// Returns the reason why a valid request is refused now: a used request id, or too many running tasks. Returns `None`
/// if the request can be accepted.
fn hindrance<'a>(
    inner: &Inner,
    shared: &Shared,
    dialect: &dyn Dialect,
    order: &'a Order,
    now: Timestamp,
) -> Option<RefusalReason<'a>> {
    if let Some(label) = &order.label
        && inner.book.has_label(dialect.provider(), label)
    {
        return Some(RefusalReason::Taken(label));
    }
    let running = inner.book.running(order.model, now);
    let limit = shared.limits.at_once(order)?;
    (running >= usize::try_from(limit).unwrap_or(usize::MAX))
        .then_some(RefusalReason::TooMany(order.model, running))
}

/// Returns the new task of an accepted request. `life` is the time from the task's acceptance to its end.
fn accept(
    dialect: &dyn Dialect,
    id: String,
    order: Order,
    life: std::ops::Range<Timestamp>,
    fault: Option<&Fault>,
) -> Task {
    let free = matches!(fault, Some(Fault::Fail { charged: false, .. }));
    Task {
        provider: dialect.provider().to_owned(),
        request_id: order.label.unwrap_or_else(|| format!("generated-{id}")),
        id,
        model: order.model.to_owned(),
        cents: if free { 0 } else { order.cents },
        accepted_at: life.start,
        ready_at: life.end,
        size: order.size,
        seconds: order.seconds,
        ending: fault.filter(|fault| fault.is_ending()).cloned(),
        cancelled: false,
    }
}

/// Returns the answer to a poll of the task that the path names. If the path also names a model, it must be the task's
/// model.
fn look_up(
    shared: &Shared,
    dialect: &dyn Dialect,
    named: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Result<Answer, Refusal> {
    authenticate(&shared.key, dialect, headers)?;
    let now = (shared.now)();
    let mut inner = held(&shared.inner);
    let Inner { book, faults, dice, .. } = &mut *inner;
    let id = named.get("id").map(String::as_str).unwrap_or_default();
    let found = book.find(dialect.provider(), id).and_then(Request::task_and_call);
    let found = found.filter(|(task, _)| named.get("model").is_none_or(|model| *model == task.model));
    let (task, call) = found.ok_or_else(|| dialect.refuse(&RefusalReason::NoTask(id)))?;
    let fault = faults.pick(On::Poll, call, dice);
    let report = dialect.task_report(task, &state(shared, task, fault.as_ref(), now));
    Ok((fault, reply::json(StatusCode::OK, &report)))
}

/// Returns the state of a task as an answer reports it. If `fault` changes how a task ends, the task is reported as
/// ended in this way, even if it is still running.
pub(super) fn state<'a>(
    shared: &Shared,
    task: &'a Task,
    fault: Option<&'a Fault>,
    now: Timestamp,
) -> State<'a> {
    let ready = now >= task.ready_at;
    let own = task.ending.as_ref().filter(|_| ready && !task.cancelled);
    match fault.filter(|fault| fault.is_ending()).or(own) {
        Some(Fault::Fail { code, message, shape, .. }) => State::Failed { code, message, shape: *shape },
        Some(Fault::NoResult) => State::NoResult,
        Some(Fault::UnknownWord { word }) => State::Word(word),
        _ if task.cancelled => State::Word("cancelled"),
        _ if ready => State::Ready(files::link(shared, &task.id, now)),
        _ => State::Pending(passed(task, now)),
    }
}

/// Returns the elapsed part of an unfinished task's duration, in percent from 0 to 99.
fn passed(task: &Task, now: Timestamp) -> u8 {
    let since = |start: Timestamp, end: Timestamp| end.as_millisecond() - start.as_millisecond();
    let (run, whole) = (since(task.accepted_at, now).max(0), since(task.accepted_at, task.ready_at).max(1));
    u8::try_from(run.saturating_mul(100) / whole).unwrap_or(u8::MAX).min(99)
}
