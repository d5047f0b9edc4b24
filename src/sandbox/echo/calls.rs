//! Handles the calls that only the provider `echo` has: polls of many tasks, lists of tasks, and cancelling.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::header::DATE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Echo, NAME, invalid, refusal};
use crate::sandbox::connection::Peer;
use crate::sandbox::counts::Counts;
use crate::sandbox::dialect::{Dialect, Refusal, RefusalReason, authenticate};
use crate::sandbox::faults::{Call, Fault, On};
use crate::sandbox::handler::{self, Answer};
use crate::sandbox::log::LogEntry;
use crate::sandbox::tasks::{Request, Task};
use crate::sandbox::{Inner, Shared, held, reply};

/// The maximum number of ids in a poll, and of tasks on a page of a list.
const MOST: usize = 50;

/// The time from the acceptance of a task until lists of tasks contain it.
const LAG: SignedDuration = SignedDuration::from_millis(500);

/// Handles `GET /v1/tasks`. With the parameter `ids` it returns the tasks with these ids. Otherwise it lists the tasks
/// that were accepted between `since` and `until`.
pub(super) async fn many(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let counts = &shared.counts;
    Counts::add(if query.contains_key("ids") { &counts.bulk_polls } else { &counts.lists });
    let answer = authenticate(&shared.key, &Echo, &headers).and_then(|()| match query.get("ids") {
        Some(ids) if query.len() == 1 => bulk(&shared, ids),
        Some(_) => Err(invalid("ids goes with no other parameter")),
        None => Span::read(&query).map(|span| list(&shared, &span)),
    });
    handler::send(&Echo, &connection, answer).await
}

fn bulk(shared: &Shared, ids: &str) -> Result<Answer, Refusal> {
    let ids: Vec<&str> = ids.split(',').collect();
    if ids.len() > MOST || ids.contains(&"") {
        return Err(invalid("ids: it must be 1 to 50 ids with commas between them"));
    }
    let now = (shared.now)();
    let mut inner = held(&shared.inner);
    let Inner { book, faults, dice, .. } = &mut *inner;
    let (mut tasks, mut missing, mut bent) = (Vec::new(), Vec::new(), None);
    for id in ids {
        let Some((task, call)) = book.find(NAME, id).and_then(Request::task_and_call) else {
            missing.push(id);
            continue;
        };
        let fault = faults.pick(On::Poll, call, dice);
        tasks.push(Echo.task_report(task, &handler::state(shared, task, fault.as_ref(), now)));
        // A fault that is not about a task's state changes the whole answer, and the first such fault decides.
        bent = bent.or(fault.filter(|fault| !fault.is_ending()));
    }
    Ok((bent, reply::json(StatusCode::OK, &json!({ "tasks": tasks, "missing": missing }))))
}

/// The query of a request for a list of tasks: the earliest and the latest time of acceptance, and the page.
struct Span {
    since: Timestamp,
    until: Timestamp,
    /// The index of the page's first entry, in the list of all requests that the sandbox received.
    first: usize,
}

impl Span {
    fn read(query: &BTreeMap<String, String>) -> Result<Self, Refusal> {
        if let Some(name) = query.keys().find(|name| !matches!(name.as_str(), "since" | "until" | "page")) {
            return Err(invalid(&format!("there is no parameter {name}")));
        }
        let time = |name: &str| {
            let time = query.get(name).and_then(|text| text.parse().ok());
            time.ok_or_else(|| invalid(&format!("{name}: it must be a time as in RFC 3339")))
        };
        let first = query.get("page").map_or(Some(0), |token| token.strip_prefix('p')?.parse().ok());
        let first = first.ok_or_else(|| invalid("page: it must be the next of an earlier page"))?;
        Ok(Self { since: time("since")?, until: time("until")?, first })
    }
}

fn list(shared: &Shared, span: &Span) -> Answer {
    let now = (shared.now)();
    let mut inner = held(&shared.inner);
    let Inner { book, faults, dice, .. } = &mut *inner;
    let call = Call { provider: NAME, model: "", prompt: "", request_id: "", pictured: false, lot: 1.0 };
    let fault = faults.pick(On::List, call, dice);
    let shows = |task: &Task| {
        let at = task.accepted_at;
        task.provider == NAME
            && (span.since..=span.until).contains(&at)
            && at.checked_add(LAG).is_ok_and(|shown| shown <= now)
    };
    let tasks = book.requests().iter().map(|request| request.task.as_ref()).enumerate().skip(span.first);
    let mut tasks = tasks.filter_map(|(place, task)| Some((place, task.filter(|task| shows(task))?)));
    let mute = matches!(fault, Some(Fault::Mute));
    let page: Vec<Value> = tasks.by_ref().take(MOST).map(|(_, task)| entry(task, mute)).collect();
    // Places never change, so a page begins where the one before it ended, even if tasks are added meanwhile.
    let next = tasks.next().map(|(place, _)| format!("p{place}"));
    let mut answer = reply::json(StatusCode::OK, &json!({ "tasks": page, "next": next }));
    // The date is from the clock that the list uses, so that a client can compare it with its own.
    let date = httpdate::fmt_http_date(
        SystemTime::try_from(now)
            .expect("a system time counts 64 bits of seconds, a timestamp ends in the year 9999"),
    );
    let date = HeaderValue::from_str(&date).expect("a date is header text");
    answer.headers_mut().insert(DATE, date);
    (fault, answer)
}

fn entry(task: &Task, mute: bool) -> Value {
    let mut entry = json!({ "id": task.id });
    if !mute {
        entry["client_id"] = json!(task.request_id);
    }
    entry["created_at"] = json!(task.accepted_at.to_string());
    entry
}

/// Handles `DELETE /v1/tasks/{id}`, which cancels a task.
///
/// Cancelling a cancelled task is not an error, so that a client may repeat the call if the answer was lost.
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    Counts::add(&shared.counts.cancels);
    let job = {
        let shared = Arc::clone(&shared);
        move || match authenticate(&shared.key, &Echo, &headers) {
            Ok(()) => end(&shared, &id),
            Err(refusal) => Ok(Err(refusal)),
        }
    };
    let answer = handler::durably(&shared, &Echo, job).await;
    handler::send(&Echo, &connection, answer).await
}

/// Cancels a task in memory and on disk. Refuses if the task is unknown or has ended; an error means that the log
/// cannot be written.
fn end(shared: &Shared, id: &str) -> io::Result<Result<Answer, Refusal>> {
    let mut inner = held(&shared.inner);
    let now = (shared.now)();
    let Some(task) = inner.book.find(NAME, id).and_then(|request| request.task.as_ref()) else {
        return Ok(Err(Echo.refuse(&RefusalReason::NoTask(id))));
    };
    if now >= task.ready_at && !task.cancelled {
        let message = format!("The task {id} has ended");
        return Ok(Err(refusal(StatusCode::CONFLICT, "finished", &message)));
    }
    let ticket = shared.log.push(&LogEntry::Cancel(id.to_owned()))?;
    inner.book.cancel(id);
    drop(inner);
    shared.log.sync(ticket)?;
    Ok(Ok((None, reply::json(StatusCode::OK, &json!({ "id": id, "status": "cancelled" })))))
}
