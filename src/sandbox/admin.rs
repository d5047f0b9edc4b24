//! What a test or an operator may ask the sandbox: what was charged, what came in, how often; and new fault rules.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::Rule;
use super::{Shared, held, reply};

/// Counters since the start of this server.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) submits: AtomicU64,
    pub(super) polls: AtomicU64,
    pub(super) bulk_polls: AtomicU64,
    pub(super) lists: AtomicU64,
    pub(super) cancels: AtomicU64,
    pub(super) downloads: AtomicU64,
    pub(super) covers: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) authorized_downloads: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often each kind of call came in since this server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests for a task, whatever the answer.
    pub submits: u64,
    /// Questions about one task, whatever the answer.
    pub polls: u64,
    /// Questions about many tasks at once, which only echo takes.
    pub bulk_polls: u64,
    /// Questions for what was accepted in a time, which only echo takes.
    pub lists: u64,
    /// Requests to cancel a task, which only echo takes.
    pub cancels: u64,
    /// Requests for a clip, whatever the answer.
    pub downloads: u64,
    /// Requests for a cover picture.
    pub covers: u64,
    /// TCP connections accepted, for calls of any kind.
    pub connections: u64,
    /// Requests for a file that carried an `Authorization` header without having been refused for want of one. Must stay 0:
    /// result hosts are not the provider.
    pub authorized_downloads: u64,
    /// The most tasks of each model that ever ran at once, also before this start.
    pub max_running: BTreeMap<String, u32>,
}

/// One accepted task, as on the provider's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Whose bill.
    pub provider: String,
    /// The task's id.
    pub task: String,
    /// The client's label for it; a generated one where it sent none, or where the provider takes none.
    pub request_id: String,
    /// The model.
    pub model: String,
    /// The price in US dollars with two decimals; `0.00` for a failed task that costs nothing and for a cancelled one.
    pub usd: String,
    /// When it was accepted, RFC 3339.
    pub accepted_at: String,
    /// `processing`, `success`, `fail`, `no_result`, `cancelled`, or the unknown word that it ends with.
    pub outcome: String,
}

impl Shared {
    pub(super) fn charges(&self) -> Vec<Charge> {
        let now = (self.now)();
        let inner = held(&self.inner);
        let tasks = inner.book.requests().iter().filter_map(|request| request.task.as_ref());
        tasks
            .map(|task| Charge {
                provider: task.provider.clone(),
                task: task.id.clone(),
                request_id: task.request_id.clone(),
                model: task.model.clone(),
                usd: task.usd(),
                accepted_at: task.accepted_at.to_string(),
                outcome: task.outcome(now).to_owned(),
            })
            .collect()
    }

    pub(super) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            submits: read(&self.counts.submits),
            polls: read(&self.counts.polls),
            bulk_polls: read(&self.counts.bulk_polls),
            lists: read(&self.counts.lists),
            cancels: read(&self.counts.cancels),
            downloads: read(&self.counts.downloads),
            covers: read(&self.counts.covers),
            connections: read(&self.counts.connections),
            authorized_downloads: read(&self.counts.authorized_downloads),
            max_running: held(&self.inner).book.most_running().clone(),
        }
    }

    /// Adds all of these rules, or none.
    pub(super) fn add_rules(&self, rules: Vec<Rule>) -> Result<(), String> {
        rules.iter().try_for_each(|rule| rule.check(&self.providers))?;
        let mut inner = held(&self.inner);
        for rule in rules {
            inner.faults.add(rule);
        }
        Ok(())
    }
}

pub(super) async fn charges(State(shared): State<Arc<Shared>>) -> Response {
    reply::json(StatusCode::OK, &json!(shared.charges()))
}

pub(super) async fn requests(State(shared): State<Arc<Shared>>) -> Response {
    let time = |at: Timestamp| at.to_string();
    let inner = held(&shared.inner);
    let list = inner.book.requests().iter().map(|request| {
        json!({
            "provider": request.provider,
            "time": time(request.at),
            "request_id": request.request_id,
            "body": request.body,
            "status": request.status,
            "code": request.code,
            "fault": request.fault,
            "task": request.task.as_ref().map(|task| &task.id),
        })
    });
    reply::json(StatusCode::OK, &list.collect())
}

pub(super) async fn stats(State(shared): State<Arc<Shared>>) -> Response {
    reply::json(StatusCode::OK, &json!(shared.stats()))
}

/// Takes one rule or an array of rules.
pub(super) async fn add_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let rules = serde_json::from_slice(&body).and_then(|value| match value {
        Value::Array(_) => serde_json::from_value::<Vec<Rule>>(value),
        one => serde_json::from_value(one).map(|rule| vec![rule]),
    });
    match rules.map_err(|error| error.to_string()).and_then(|rules| shared.add_rules(rules)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => reply::json(StatusCode::BAD_REQUEST, &json!({ "error": why })),
    }
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    held(&shared.inner).faults.clear();
    StatusCode::NO_CONTENT
}
