//! Records every request for a task, and every accepted task, in memory and as lines of the log.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::defects::Defect;
use super::faults::{Call, Fault};
use super::images::Size;

/// A valid request: the data from which its task is made, such as the model, the price and the size of the clip.
pub struct Order {
    /// The name of the model.
    pub model: &'static str,
    /// The label of the task: the client's request id, if the provider supports such ids.
    pub label: Option<String>,
    /// The prompt; empty if none was sent.
    pub prompt: String,
    /// The price of the task in US cents.
    pub cents: u32,
    /// The maximum number of the model's tasks that run at the same time; `None` if the provider documents no limit.
    pub at_once: Option<u32>,
    /// The size of the clip in pixels.
    pub size: Size,
    /// The duration of the clip in seconds.
    pub seconds: u32,
}

/// Returns `zai`, the provider of requests in old logs. Such logs name no provider, because there was only one.
fn the_first() -> String {
    "zai".to_owned()
}

/// A received submission, with its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The provider that received the request.
    #[serde(default = "the_first")]
    pub provider: String,
    /// The time when the sandbox decided about the request.
    #[serde(with = "stamp")]
    pub at: Timestamp,
    /// The client's request id, if it could be read: `request_id` for Z.AI, `client_id` for the provider `echo`.
    pub request_id: Option<String>,
    /// The body of the request, in which data URIs are replaced by their `bytes`, `sha256` and `mime`. The body is null
    /// if it was too large or not JSON, or if the request had no valid key.
    pub body: Value,
    /// The HTTP status of the answer; `None` if the connection was cut instead.
    pub status: Option<u16>,
    /// The provider's error code in the answer; `None` if there is none.
    pub code: Option<String>,
    /// The fault that a fault rule applied to the request, if any.
    pub fault: Option<Fault>,
    /// The task that the request created; `None` if it was not accepted.
    pub task: Option<Task>,
}

/// A task that was accepted, and charged unless it is free.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The name of the task's provider.
    #[serde(default = "the_first")]
    pub provider: String,
    /// The id that the provider gave the task. No other task in the state directory has the same id.
    pub id: String,
    /// The client's request id; a generated one if the client sent none or the provider does not support ids.
    pub request_id: String,
    /// The name of the task's model.
    pub model: String,
    /// The charged amount in US cents; 0 for a task that is not charged.
    pub cents: u32,
    /// The time when the task was accepted.
    #[serde(with = "stamp")]
    pub accepted_at: Timestamp,
    /// The time when the task ends, with a clip or with a fault.
    #[serde(with = "stamp")]
    pub ready_at: Timestamp,
    pub(super) size: Size,
    pub(super) seconds: u32,
    /// The fault with which the task ends; `None` if the task ends with a clip.
    pub ending: Option<Fault>,
    /// True if the client cancelled the task. The log has a separate line for that.
    #[serde(skip)]
    pub cancelled: bool,
}

impl Task {
    /// Returns the word for the task's state at the time `now`. `Charge::outcome` lists the words.
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

    /// Returns the charged amount in US dollars, with two decimals.
    #[must_use]
    pub fn usd(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

impl Request {
    /// Returns the model's parameters in the body of the request.
    pub(super) fn parameters(&self) -> &Value {
        parameters(&self.body)
    }

    /// Returns the visual defect that a fault rule demands for the clip; `None` if the clip has no defect.
    pub(super) fn defect(&self) -> Option<Defect> {
        match &self.fault {
            Some(Fault::Defect(defect)) => Some(*defect),
            _ => None,
        }
    }

    /// Returns the task that this request created, and the facts by which fault rules match calls about the task, such
    /// as its model and prompt. Returns `None` if the request created no task.
    pub(super) fn task_and_call(&self) -> Option<(&Task, Call<'_>)> {
        let task = self.task.as_ref()?;
        let prompt = self.parameters().get("prompt").and_then(Value::as_str).unwrap_or_default();
        // Only rules for submissions use these two facts, so they have no real values here.
        let (pictured, lot) = (false, 1.0);
        let (provider, model, request_id) = (&task.provider, &task.model, &task.request_id);
        Some((task, Call { provider, model, prompt, request_id, pictured, lot }))
    }
}

/// Returns the model's parameters in the body of a request. They are at `input[0].params` in a request to Vtrix; for
/// other providers they are the whole body.
pub(super) fn parameters(body: &Value) -> &Value {
    body.pointer("/input/0/params").unwrap_or(body)
}

/// The record of all submissions, with indices to find their tasks quickly.
#[derive(Default)]
pub(super) struct TaskRecords {
    requests: Vec<Request>,
    by_task: HashMap<String, usize>,
    labels: HashSet<(String, String)>,
    /// The times at which the running tasks of each model end. Times in the past are removed when the next task is
    /// added.
    running: HashMap<String, Vec<Timestamp>>,
    most_running: BTreeMap<String, u32>,
}

impl TaskRecords {
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

    /// Cancels a task, which then ends without a clip and without a charge. Does nothing if it is cancelled already.
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

    /// Returns true if a task of this provider has the request id `label`.
    pub(super) fn has_label(&self, provider: &str, label: &str) -> bool {
        self.labels.contains(&(provider.to_owned(), label.to_owned()))
    }

    /// Returns the number of tasks of a model that are running at the time `now`.
    pub(super) fn running(&self, model: &str, now: Timestamp) -> usize {
        self.running.get(model).map_or(0, |ends| ends.iter().filter(|end| **end > now).count())
    }

    /// Returns the request that created a task of this provider; `None` if the provider has no such task.
    pub(super) fn find(&self, provider: &str, task: &str) -> Option<&Request> {
        self.find_any(task).filter(|request| request.provider == provider)
    }

    /// Returns the request that created a task of any provider; `None` if there is no such task.
    pub(super) fn find_any(&self, task: &str) -> Option<&Request> {
        self.by_task.get(task).and_then(|index| self.requests.get(*index))
    }

    /// Returns a number for the next task. No other task in the sandbox's state directory has the number.
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

/// Reads and writes timestamps as RFC 3339 text.
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
