//! Implements Echo, a provider that exists only in the sandbox and has features that other providers lack. Tasks of
//! Echo can be found by the request ids of the client, polled together, and cancelled.

use super::card::ModelCard;
use super::document::{Document, Profile};
use super::reply::{self, Complaint, ErrorTables};
use super::{Bulk, Cancel, Cancelled, Cost, Listing, LookUp, Progress, Provider, body};
use crate::domain::fault::{Fault, FaultKind, Refusal, Said, Stop};
use crate::domain::key::{NotATaskId, RequestId, TaskId};
use crate::domain::lifecycle::{Charged, Clip, Intent};
use crate::domain::request::Request;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use std::num::NonZeroUsize;
use std::sync::LazyLock;

#[derive(Debug)]
pub(super) struct Echo;

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::built_in("echo", include_str!("echo.yaml")));

/// The path with which the paths of all Echo calls begin.
const TASKS: &str = "/v1/tasks";

/// The largest number of tasks in one poll, according to Echo's document.
const MOST: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// The length of time before a submission that a look-up also searches, because the provider's clock may differ.
const EARLIER: SignedDuration = SignedDuration::from_mins(10);
/// The length of time after a submission that a look-up searches. The request may arrive late: the program waits two
/// minutes for a reply, and the system may send the data of a killed process for another quarter of an hour.
const LATER: SignedDuration = SignedDuration::from_mins(30);

/// The meanings of Echo's error codes after a submission. The status 409 means that the `client_id` was used before.
/// That is no refusal: the task with that id may have been submitted by this program.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("unauthorized", FaultKind::Stop(Stop::Auth)),
        ("balance", FaultKind::Stop(Stop::Balance)),
        ("invalid", FaultKind::Rejected(Refusal::Input)),
        ("policy", FaultKind::Rejected(Refusal::Policy)),
        ("slow_down", FaultKind::Throttled { after: None }),
    ],
    statuses: &[],
};

/// The error codes of a poll that mean "no such task".
const GONE: [&str; 1] = ["not_found"];

impl Provider for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn profile(&self) -> &Profile {
        &DOCUMENT.profile
    }

    fn cards(&self) -> &[ModelCard] {
        &DOCUMENT.models
    }

    fn submit(&self, card: &ModelCard, request: &Request, key: &RequestId) -> PaidCall {
        let mut value = Map::new();
        value.insert("model".into(), request.model.model.as_str().into());
        value.extend(body::members(card, request));
        value.insert("client_id".into(), key.0.as_str().into());
        let body = Body::json(&Json::Object(value), &body::files(request));
        PaidCall(Call { body: Some(body), ..call(Method::Post, TASKS.into()) })
    }

    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        if reply::is_success(reply)
            && let Some(id) = reply::text(answer.as_ref().and_then(|answer| answer.get("id")))
        {
            return reply::accepted(reply, &id);
        }
        Err(reply::refused(reply, complaint(answer.as_ref()).as_ref(), &MEANINGS))
    }

    fn poll(&self, _card: &ModelCard, task: &TaskId) -> Call {
        call(Method::Get, format!("{TASKS}/{}", escaped(task.0.raw())))
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        let answer = reply::object(reply).filter(|_| reply::is_success(reply));
        let reported = answer.and_then(|answer| reported(task, &answer, reply.status));
        reported.ok_or_else(|| unanswered(reply))
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }

    fn bulk(&self) -> Option<&dyn Bulk> {
        Some(self)
    }

    fn cancel(&self) -> Option<&dyn Cancel> {
        Some(self)
    }
}

impl LookUp for Echo {
    fn list(&self, intent: &Intent, page: Option<&str>) -> Call {
        let since = intent.at.checked_sub(EARLIER).unwrap_or(Timestamp::MIN);
        let until = intent.at.checked_add(LATER).unwrap_or(Timestamp::MAX);
        let window = format!("since={}&until={}", escaped(&since.to_string()), escaped(&until.to_string()));
        let page = page.map(|page| format!("&page={}", escaped(page))).unwrap_or_default();
        call(Method::Get, format!("{TASKS}?{window}{page}"))
    }

    fn listed(&self, reply: &Reply) -> Result<Listing, Fault> {
        let answer = reply::object(reply).filter(|_| reply::is_success(reply));
        match answer.as_ref().and_then(listing) {
            Some(Ok(listing)) => Ok(listing),
            Some(Err(wrong)) => {
                let said =
                    Said::text(format!("the task list of echo has an entry that cannot be used ({wrong})"));
                Err(Fault::new(FaultKind::Busy { after: None }, said))
            }
            None => Err(unanswered(reply)),
        }
    }
}

impl Bulk for Echo {
    fn most(&self) -> NonZeroUsize {
        MOST
    }

    fn poll(&self, tasks: &[(&ModelCard, &TaskId)]) -> Call {
        let ids: Vec<String> = tasks.iter().map(|(_, task)| escaped(task.0.raw())).collect();
        call(Method::Get, format!("{TASKS}?ids={}", ids.join(",")))
    }

    fn polled(&self, tasks: &[TaskId], reply: &Reply) -> Result<Vec<Result<Progress, Fault>>, Fault> {
        let answer = reply::object(reply).filter(|_| reply::is_success(reply));
        let list = |name: &str| answer.as_ref()?.get(name)?.as_array();
        let (Some(found), Some(missing)) = (list("tasks"), list("missing")) else {
            return Err(unanswered(reply));
        };
        let of = |task: &TaskId| {
            let is_it = |json: &&Json| reply::text(Some(*json)).as_deref() == Some(task.0.raw());
            if missing.iter().any(|id| is_it(&id)) {
                return Err(Fault::new(
                    FaultKind::Gone,
                    Said::text(format!("the provider has no task {task}")),
                ));
            }
            let entry = found.iter().find(|entry| entry.get("id").as_ref().is_some_and(is_it));
            entry.and_then(|entry| reported(task, entry, reply.status)).ok_or_else(|| {
                let said = Said::text(format!("the answer contains no status of task {task}"));
                Fault::new(FaultKind::Busy { after: None }, said)
            })
        };
        Ok(tasks.iter().map(of).collect())
    }
}

impl Cancel for Echo {
    fn cancel(&self, _card: &ModelCard, task: &TaskId) -> Call {
        call(Method::Delete, format!("{TASKS}/{}", escaped(task.0.raw())))
    }

    fn cancelled(&self, task: &TaskId, reply: &Reply) -> Result<Cancelled, Fault> {
        let answer = reply::object(reply);
        let text = |name: &str| reply::text(answer.as_ref().and_then(|answer| answer.get(name)));
        let code = complaint(answer.as_ref()).and_then(|complaint| complaint.code);
        match (reply.status, text("status").as_deref(), code.as_deref()) {
            (200..=299, Some("cancelled"), _) if text("id").as_deref() == Some(task.0.raw()) => {
                Ok(Cancelled::Yes(Charged::No))
            }
            (200..=299, Some("cancelled"), _) => {
                let said = Said::text(format!("the answer is not about task {task}"));
                Err(Fault::new(FaultKind::Busy { after: None }, said))
            }
            (409, _, Some("finished")) => Ok(Cancelled::TooLate),
            _ => Err(unanswered(reply)),
        }
    }
}

fn call(method: Method, path: String) -> Call {
    Call { method, path, auth: Auth::Bearer, headers: Vec::new(), body: None }
}

fn unanswered(reply: &Reply) -> Fault {
    reply::unanswered(reply, complaint(reply::object(reply).as_ref()).as_ref(), &MEANINGS, &GONE)
}

/// Returns the error in a reply: an object `{"error": {"code", "message"}}`, or `error` as a string for a failed task.
fn complaint(answer: Option<&Json>) -> Option<Complaint> {
    let error = answer?.get("error")?;
    let code = reply::text(error.get("code"));
    let message = reply::text(error.get("message")).or_else(|| reply::text(Some(error)));
    (code.is_some() || message.is_some()).then(|| Complaint {
        code,
        message: message.unwrap_or_default(),
        pause: None,
    })
}

/// Returns the progress of a task from its JSON object; `None` if the object is not a task.
fn reported(task: &TaskId, answer: &Json, http: u16) -> Option<Progress> {
    let id = reply::text(answer.get("id"))?;
    let status = answer.get("status").and_then(Json::as_str)?;
    if task.0 != id {
        let said = Said::text(format!("asked about task {task}, the answer is about {}", reply::named(&id)));
        return Some(Progress::Mistaken { said });
    }
    Some(match status {
        "queued" | "running" => Progress::Pending { percent: None, unknown_word: None },
        "succeeded" => {
            let cost = Cost::read(answer.get("cost_usd"));
            match reply::text(answer.get("url")) {
                Some(url) => Progress::Ready { clip: Clip::at(url), cost },
                None => Progress::Empty { cost },
            }
        }
        "failed" => failed(answer, http),
        "cancelled" => Progress::Refused {
            refusal: Refusal::Cancelled,
            charged: Charged::No,
            cost: Cost::Untold,
            said: Said::cancelled(),
        },
        other => Progress::Pending { percent: None, unknown_word: Some(other.to_owned()) },
    })
}

/// Returns the progress of a failed task. The task may have been charged, because the reply does not say whether it
/// was.
fn failed(answer: &Json, http: u16) -> Progress {
    let complaint = complaint(Some(answer)).unwrap_or_default();
    let refusal = match MEANINGS.of_code(Some(&complaint)) {
        Some(FaultKind::Rejected(refusal)) => refusal,
        _ => Refusal::Generation,
    };
    let words = match complaint.message.trim() {
        "" => "the task failed; the provider gave no reason",
        words => words,
    };
    let (charged, cost) = (Charged::Unknown, Cost::Untold);
    Progress::Refused { refusal, charged, cost, said: Said::coded(http, complaint.code, words) }
}

/// Returns one page of a task list; `None` if any part of the page is malformed, because such a page cannot prove that
/// a task does not exist. An invalid id is an error: the entry may be the wanted task.
fn listing(answer: &Json) -> Option<Result<Listing, NotATaskId>> {
    let task = |entry: &Json| {
        let id = TaskId::read(&reply::text(entry.get("id"))?);
        Some(id.map(|id| (id, reply::text(entry.get("client_id")).map(RequestId))))
    };
    let tasks = answer.get("tasks")?.as_array()?.iter().map(task).collect::<Option<Result<Vec<_>, _>>>()?;
    let next = match answer.get("next")? {
        Json::Null => None,
        next => Some(reply::text(Some(next))?),
    };
    Some(tasks.map(|tasks| Listing { tasks, next }))
}

#[cfg(test)]
#[path = "echo_tests.rs"]
mod tests;
