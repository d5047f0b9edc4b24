//! The video API of Z.AI: a task is asked for with one POST and looked up with GETs.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use rand::RngExt;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::admin::Counts;
use super::check::{Order, check};
use super::faults::{Call, Fault, On, Shape};
use super::images::without_data;
use super::line::Peer;
use super::log::Line;
use super::reply::{self, Refusal};
use super::tasks::{Request, Task};
use super::{Inner, Shared, files, held};

/// Three images of 50 MB in base64, and room for the rest.
const BODY_BYTES: usize = 256 * 1024 * 1024;

/// `POST …/videos/generations`.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Peer(line)): ConnectInfo<Peer>,
    request: HttpRequest<Body>,
) -> Response {
    Counts::add(&shared.counts.submits);
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_BYTES).await else {
        return reply::error(StatusCode::PAYLOAD_TOO_LARGE, "1210", "The body is too large or was cut off");
    };
    // One blocking job from the check to the sync: once begun it ends, even if the client has gone meanwhile.
    let job = {
        let shared = Arc::clone(&shared);
        move || decide(&shared, &head.headers, &bytes)
    };
    let decided = shared.tasks.spawn_blocking(job).await;
    let (fault, usual) = match decided {
        Ok(Ok(decided)) => decided,
        Ok(Err(error)) => (None, internal(&error)),
        Err(error) => (None, internal(&error)),
    };
    sleep(shared.answer_delay).await;
    reply::send(fault.as_ref(), &line, usual).await
}

fn internal(error: &dyn std::error::Error) -> Response {
    reply::error(StatusCode::INTERNAL_SERVER_ERROR, "500", &format!("Internal error: {error}"))
}

/// Checks a request, enters it into the book, and makes it durable.
fn decide(shared: &Shared, headers: &HeaderMap, bytes: &[u8]) -> std::io::Result<(Option<Fault>, Response)> {
    let (body, checked) = match read(&shared.key, headers, bytes) {
        Ok(body) => {
            let checked = check(&body);
            (without_data(&body), checked)
        }
        Err(refusal) => (Value::Null, Err(refusal)),
    };
    let sent = body.get("request_id").and_then(Value::as_str).map(str::to_owned);
    let mut inner = held(&shared.inner);
    // Under the lock, so that the book is in the order of time.
    let now = (shared.now)();
    let verdict = checked.and_then(|order| {
        let at_once = shared.limits.at_once(order.model);
        inner.book.refuse(&order, at_once, now).map_or(Ok(order), Err)
    });
    let (fault, task, usual, code) = match verdict {
        Err(refusal) => {
            let code = refusal.code.to_owned();
            (None, None, refusal.into_response(), Some(code))
        }
        Ok(order) => {
            let request_id = order.request_id.as_deref().unwrap_or_default();
            let call = Call { model: order.model.name, prompt: &order.prompt, request_id };
            let Inner { faults, dice, .. } = &mut *inner;
            let fault = faults.pick(On::Submit, call, dice);
            let code = match &fault {
                Some(Fault::Error { code, .. }) => Some(code.clone()),
                _ => None,
            };
            let task = fault.as_ref().is_none_or(Fault::accepts).then(|| {
                let pause = inner.dice.random_range(shared.task_time.clone());
                let ready_at =
                    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok());
                accept(inner.book.next_id(now), order, now, ready_at.unwrap_or(now), fault.as_ref())
            });
            let usual = task.as_ref().map_or_else(|| StatusCode::OK.into_response(), accepted);
            (fault, task, usual, code)
        }
    };
    let status = usual.status().as_u16();
    let status = fault.as_ref().map_or(Some(status), |fault| fault.status(status));
    let request = Request { at: now, request_id: sent, body, status, code, fault: fault.clone(), task };
    let ticket = shared.log.push(&Line::Request(Box::new(request.clone())))?;
    inner.book.enter(request);
    drop(inner);
    shared.log.sync(ticket)?;
    Ok((fault, usual))
}

fn read(key: &str, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Refusal> {
    authenticate(key, headers)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refusal::bad("1210", "The Content-Type must be application/json"));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::bad("1210", format!("The body is no JSON: {error}")))
}

fn authenticate(key: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |code, message: &str| {
        Err(Refusal { http: StatusCode::UNAUTHORIZED, code, message: message.to_owned() })
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix("Bearer ")) {
        None => refuse("1001", "No bearer token was received in the Authorization header"),
        Some(given) if given == key => Ok(()),
        Some(_) => refuse("1002", "The token in the Authorization header is invalid"),
    }
}

fn accept(
    id: String,
    order: Order,
    now: jiff::Timestamp,
    ready_at: jiff::Timestamp,
    fault: Option<&Fault>,
) -> Task {
    let free = matches!(fault, Some(Fault::Fail { charged: false, .. }));
    Task {
        request_id: order.request_id.unwrap_or_else(|| format!("generated-{id}")),
        id,
        model: order.model.name.to_owned(),
        cents: if free { 0 } else { order.model.cents },
        accepted_at: now,
        ready_at,
        size: order.size,
        seconds: order.seconds,
        ending: fault.filter(|fault| fault.is_ending()).cloned(),
    }
}

fn accepted(task: &Task) -> Response {
    let body = json!({
        "id": task.id,
        "model": task.model,
        "request_id": task.request_id,
        "task_status": "PROCESSING",
    });
    reply::json(StatusCode::OK, &body)
}

/// `GET …/async-result/{id}`.
pub(super) async fn poll(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Peer(line)): ConnectInfo<Peer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    Counts::add(&shared.counts.polls);
    let (fault, usual) =
        look_up(&shared, &id, &headers).unwrap_or_else(|refusal| (None, refusal.into_response()));
    reply::send(fault.as_ref(), &line, usual).await
}

fn look_up(shared: &Shared, id: &str, headers: &HeaderMap) -> Result<(Option<Fault>, Response), Refusal> {
    authenticate(&shared.key, headers)?;
    let now = (shared.now)();
    let mut inner = held(&shared.inner);
    let Inner { book, faults, dice, .. } = &mut *inner;
    let Some((task, call)) = book.find(id).and_then(Request::task_and_call) else {
        let message = format!("There is no task {id}");
        return Err(Refusal { http: StatusCode::NOT_FOUND, code: "1200", message });
    };
    let fault = faults.pick(On::Poll, call, dice);
    let ending = fault.as_ref().filter(|fault| fault.is_ending());
    let ready = now >= task.ready_at;
    let mut body = json!({ "id": task.id, "model": task.model, "request_id": task.request_id });
    match ending.or(task.ending.as_ref().filter(|_| ready)) {
        Some(Fault::Fail { code, message, shape, .. }) => {
            body["task_status"] = json!("FAIL");
            match shape {
                Shape::Object => body["error"] = json!({ "code": code, "message": message }),
                Shape::String => body["error"] = json!(message),
                Shape::None => {}
            }
        }
        Some(Fault::NoResult) => {
            body["task_status"] = json!("SUCCESS");
            body["video_result"] = json!([]);
        }
        Some(Fault::UnknownWord { word }) => body["task_status"] = json!(word),
        _ if ready => {
            body["task_status"] = json!("SUCCESS");
            let link = files::link(shared, id, now);
            body["video_result"] = json!([{ "url": link.video, "cover_image_url": link.cover }]);
        }
        _ => body["task_status"] = json!("PROCESSING"),
    }
    Ok((fault, reply::json(StatusCode::OK, &body)))
}
