//! The provider's books: every request for a task that came in, every task accepted, in memory and on disk.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check::Order;
use super::faults::{Call, Fault};
use super::images::Size;
use super::reply::Refusal;

/// A request for a new task, as received and as answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// When it was decided.
    #[serde(with = "stamp")]
    pub at: Timestamp,
    /// What the client sent, if it could be read.
    pub request_id: Option<String>,
    /// The body; a data URI is replaced by its `bytes`, `sha256` and `mime`. Null when it was no JSON or came without
    /// a valid key.
    pub body: Value,
    /// The HTTP status of the answer; none when the connection was cut in its place.
    pub status: Option<u16>,
    /// The provider's error code in the answer.
    pub code: Option<String>,
    /// The fault that struck.
    pub fault: Option<Fault>,
    /// The task, if it was accepted.
    pub task: Option<Task>,
}

/// An accepted task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The provider's id, decimal digits.
    pub id: String,
    /// The client's label, or a generated one.
    pub request_id: String,
    /// The model.
    pub model: String,
    /// Its price in US cents, if it is charged.
    pub cents: u32,
    /// When it was accepted.
    #[serde(with = "stamp")]
    pub accepted_at: Timestamp,
    /// When it ends.
    #[serde(with = "stamp")]
    pub ready_at: Timestamp,
    pub(super) size: Size,
    pub(super) seconds: u32,
    /// How it ends, if not with a clip.
    pub ending: Option<Fault>,
}

impl Task {
    /// The word for its state at this time.
    #[must_use]
    pub fn outcome(&self, now: Timestamp) -> &str {
        match &self.ending {
            _ if now < self.ready_at => "processing",
            Some(Fault::Fail { .. }) => "fail",
            Some(Fault::NoResult) => "no_result",
            Some(Fault::UnknownWord { word }) => word,
            _ => "success",
        }
    }
}

impl Request {
    /// The task of this request and what fault rules look at.
    pub(super) fn task_and_call(&self) -> Option<(&Task, Call<'_>)> {
        let task = self.task.as_ref()?;
        let prompt = self.body.get("prompt").and_then(Value::as_str).unwrap_or_default();
        Some((task, Call { model: &task.model, prompt, request_id: &task.request_id }))
    }
}

/// All requests, with the indices that answer a call quickly.
#[derive(Default)]
pub(super) struct Book {
    requests: Vec<Request>,
    by_task: HashMap<String, usize>,
    request_ids: HashSet<String>,
    /// When the running tasks of each model end; ended ones are dropped when the next one comes.
    running: HashMap<String, Vec<Timestamp>>,
    most_running: BTreeMap<String, u32>,
}

impl Book {
    pub(super) fn enter(&mut self, request: Request) {
        if let Some(task) = &request.task {
            self.by_task.insert(task.id.clone(), self.requests.len());
            self.request_ids.insert(task.request_id.clone());
            let running = self.running.entry(task.model.clone()).or_default();
            running.retain(|end| *end > task.accepted_at);
            running.push(task.ready_at);
            let count = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let most = self.most_running.entry(task.model.clone()).or_default();
            *most = count.max(*most);
        }
        self.requests.push(request);
    }

    /// What speaks against one more task, although the request itself is in order.
    pub(super) fn refuse(&self, order: &Order, at_once: Option<u32>, now: Timestamp) -> Option<Refusal> {
        if let Some(id) = &order.request_id
            && self.request_ids.contains(id)
        {
            return Some(Refusal::bad("1231", format!("You already have a request: {id}")));
        }
        let running = self.running.get(order.model.name);
        let running = running.map_or(0, |ends| ends.iter().filter(|end| **end > now).count());
        if at_once.is_some_and(|limit| running >= usize::try_from(limit).unwrap_or(usize::MAX)) {
            return Some(Refusal {
                http: axum::http::StatusCode::TOO_MANY_REQUESTS,
                code: "1302",
                message: format!("Concurrency of {} too high: {running} tasks are running", order.model.name),
            });
        }
        None
    }

    pub(super) fn find(&self, task: &str) -> Option<&Request> {
        self.by_task.get(task).and_then(|index| self.requests.get(*index))
    }

    /// An id for the next task: 19 digits or more, the time and a number that no other task has.
    pub(super) fn next_id(&self, now: Timestamp) -> String {
        format!("{:013}{:06}", now.as_millisecond(), self.by_task.len() + 1)
    }

    pub(super) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(super) fn most_running(&self) -> &BTreeMap<String, u32> {
        &self.most_running
    }
}

/// Timestamps as RFC 3339 text.
mod stamp {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
