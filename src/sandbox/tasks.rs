//! The providers' books: every request for a task that came in, every task accepted, in memory and on disk.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::defects::Defect;
use super::faults::{Call, Fault};
use super::images::Size;

/// A request that passed: what will be made.
pub struct Order {
    /// The model.
    pub model: &'static str,
    /// The client's own name for the request, where the provider takes one.
    pub label: Option<String>,
    /// The prompt; empty where none was sent.
    pub prompt: String,
    /// The price in US cents.
    pub cents: u32,
    /// How many tasks of the model may run at once, where that is documented.
    pub at_once: Option<u32>,
    /// The pixels of the clip.
    pub size: Size,
    /// The length of the clip.
    pub seconds: u32,
}

/// Returns the provider of logs from the time when it was the only one, which do not name it.
fn the_first() -> String {
    "zai".to_owned()
}

/// A request for a new task, as received and as answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Whom it was sent to.
    #[serde(default = "the_first")]
    pub provider: String,
    /// When it was decided.
    #[serde(with = "stamp")]
    pub at: Timestamp,
    /// The client's label for it, if it could be read: Z.AI's `request_id`, echo's `client_id`.
    pub request_id: Option<String>,
    /// The body; a data URI is replaced by its `bytes`, `sha256` and `mime`. Null when it was no JSON or came without
    /// a valid key.
    pub body: Value,
    /// The HTTP status of the answer; none when the connection was cut in its place.
    pub status: Option<u16>,
    /// The provider's error code in the answer, where it has one.
    pub code: Option<String>,
    /// The fault that struck.
    pub fault: Option<Fault>,
    /// The task, if it was accepted.
    pub task: Option<Task>,
}

/// An accepted task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Whose task it is.
    #[serde(default = "the_first")]
    pub provider: String,
    /// The provider's id. No two tasks of a directory have the same, whoever their providers are.
    pub id: String,
    /// The client's label; a generated one where it sent none, or where the provider takes none.
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
    /// Whether its client cancelled it; the log has a line of its own for that.
    #[serde(skip)]
    pub cancelled: bool,
}

impl Task {
    /// The word for its state at this time.
    #[must_use]
    pub fn outcome(&self, now: Timestamp) -> &str {
        match &self.ending {
            _ if self.cancelled => "cancelled",
            _ if now < self.ready_at => "processing",
            Some(Fault::Fail { .. }) => "fail",
            Some(Fault::NoResult) => "no_result",
            Some(Fault::UnknownWord { word }) => word,
            _ => "success",
        }
    }

    /// What it costs in US dollars, with two decimals.
    #[must_use]
    pub fn usd(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

impl Request {
    /// The parameters of the order.
    pub(super) fn parameters(&self) -> &Value {
        parameters(&self.body)
    }

    /// What is wrong with the clip.
    pub(super) fn defect(&self) -> Option<Defect> {
        match &self.fault {
            Some(Fault::Defect(defect)) => Some(*defect),
            _ => None,
        }
    }

    /// The task of this request and what fault rules look at.
    pub(super) fn task_and_call(&self) -> Option<(&Task, Call<'_>)> {
        let task = self.task.as_ref()?;
        let prompt = self.parameters().get("prompt").and_then(Value::as_str).unwrap_or_default();
        // What only rules for orders look at is left out.
        let (pictured, lot) = (false, 1.0);
        let (provider, model, request_id) = (&task.provider, &task.model, &task.request_id);
        Some((task, Call { provider, model, prompt, request_id, pictured, lot }))
    }
}

/// Returns the parameters in the body of a request: the body itself, or what lies in the envelope of Vtrix.
pub(super) fn parameters(body: &Value) -> &Value {
    body.pointer("/input/0/params").unwrap_or(body)
}

/// All requests, with the indices that answer a call quickly.
#[derive(Default)]
pub(super) struct Book {
    requests: Vec<Request>,
    by_task: HashMap<String, usize>,
    labels: HashSet<(String, String)>,
    /// When the running tasks of each model end; ended ones are dropped when the next one comes.
    running: HashMap<String, Vec<Timestamp>>,
    most_running: BTreeMap<String, u32>,
}

impl Book {
    pub(super) fn enter(&mut self, request: Request) {
        if let Some(task) = &request.task {
            self.by_task.insert(task.id.clone(), self.requests.len());
            self.labels.insert((task.provider.clone(), task.request_id.clone()));
            let running = self.running.entry(task.model.clone()).or_default();
            running.retain(|end| *end > task.accepted_at);
            running.push(task.ready_at);
            let count = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let most = self.most_running.entry(task.model.clone()).or_default();
            *most = count.max(*most);
        }
        self.requests.push(request);
    }

    /// Ends a task without a clip and without a charge, unless that was done before.
    pub(super) fn cancel(&mut self, task: &str) {
        let found = self.by_task.get(task).and_then(|index| self.requests.get_mut(*index));
        let Some(task) = found.and_then(|request| request.task.as_mut()).filter(|task| !task.cancelled)
        else {
            return;
        };
        task.cancelled = true;
        task.cents = 0;
        if let Some(running) = self.running.get_mut(&task.model)
            && let Some(place) = running.iter().position(|end| *end == task.ready_at)
        {
            running.swap_remove(place);
        }
    }

    /// Whether a task of this provider has the label.
    pub(super) fn has_label(&self, provider: &str, label: &str) -> bool {
        self.labels.contains(&(provider.to_owned(), label.to_owned()))
    }

    /// How many tasks of a model are running.
    pub(super) fn running(&self, model: &str, now: Timestamp) -> usize {
        self.running.get(model).map_or(0, |ends| ends.iter().filter(|end| **end > now).count())
    }

    /// The request that a task of this provider came from.
    pub(super) fn find(&self, provider: &str, task: &str) -> Option<&Request> {
        self.find_any(task).filter(|request| request.provider == provider)
    }

    /// The request that a task came from, whoever its provider is.
    pub(super) fn find_any(&self, task: &str) -> Option<&Request> {
        self.by_task.get(task).and_then(|index| self.requests.get(*index))
    }

    /// The number of the next task. No other task of this directory has it.
    pub(super) fn next_number(&self) -> usize {
        self.by_task.len() + 1
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
