//! Lets tests and operators read the sandbox's charges, requests and call counters, and change its fault rules.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::counts::Stats;
use super::faults::Rule;
use super::{Shared, held, provider, reply};

/// One line of a provider's bill: an accepted task with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The provider that charges for the task.
    pub provider: String,
    /// The id of the task.
    pub task: String,
    /// The request id that the client sent, or a generated id if it sent none or if the provider accepts no ids.
    pub request_id: String,
    /// The model of the task.
    pub model: String,
    /// The price in US dollars with two decimals; `0.00` for a failed task that costs nothing and for a cancelled one.
    pub usd: String,
    /// The time when the task was accepted, in RFC 3339.
    pub accepted_at: String,
    /// The outcome of the task: `processing`, `success`, `fail`, `no_result`, `cancelled`, or the undocumented word
    /// that a rule of the fault file names.
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
        self.counts.read(held(&self.inner).book.most_running().clone())
    }

    /// Adds the fault rules in `rules`, or none of them if one is invalid; the error then gives the reason.
    pub(super) fn add_rules(&self, rules: Vec<Rule>) -> Result<(), String> {
        let names = provider::names(&self.providers);
        rules.iter().try_for_each(|rule| rule.check(&names))?;
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

/// Adds the fault rules in the body, which is one rule or an array of rules. The answer is 204, or 400 if a rule is
/// invalid.
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
