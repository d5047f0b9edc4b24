//! Vidu's own platform: four addresses, one for each way to make a clip, and one listing that answers many polls.
//!
//! It declares no look-up: its listing is not documented to repeat `payload`, the one field that comes back, and that
//! field is the user's.

use serde_json::{Map, Value as Json};
use shotlist::domain::fault::{Fault, FaultKind, Refusal, Stop};
use shotlist::domain::key::{RequestId, TaskId};
use shotlist::domain::lifecycle::{Charged, Clip};
use shotlist::domain::request::Request;
use shotlist::provider::card::ModelCard;
use shotlist::provider::document::{Document, Profile};
use shotlist::provider::reply::{self, Complaint, ErrorTables};
use shotlist::provider::{Bulk, Cancel, Cancelled, Cost, Progress, Provider, body};
use shotlist::wire::{Auth, Body, Call, Method, PaidCall, Reply};
use std::num::NonZeroUsize;
use std::sync::LazyLock;

/// The provider `vidu`.
#[derive(Debug)]
pub(crate) struct Vidu;

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    Document::read("vidu", include_str!("vidu.yaml")).unwrap_or_else(|error| panic!("{error}"))
});

const INPUT: FaultKind = FaultKind::Rejected(Refusal::Input);
const POLICY: FaultKind = FaultKind::Rejected(Refusal::Policy);
const THROTTLED: FaultKind = FaultKind::Throttled { after: None };

/// The page "Error code": words, not numbers. An empty account answers with HTTP 400 like a wrong parameter.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("AuditSubmitIllegal", POLICY),
        ("TaskPromptPolicyViolation", POLICY),
        ("CreationPolicyViolation", POLICY),
        ("CreditInsufficient", FaultKind::Stop(Stop::Balance)),
        ("ImageDownloadFailure", FaultKind::Busy { after: None }),
        ("ModelUnavailable", FaultKind::Rejected(Refusal::Model)),
        ("Unauthorized", FaultKind::Stop(Stop::Auth)),
        ("Forbidden", FaultKind::Stop(Stop::Account)),
        ("FieldInvalid", INPUT),
        ("QuotaExceeded", THROTTLED),
        ("TooManyRequests", THROTTLED),
        ("SystemThrottling", THROTTLED),
    ],
    statuses: &[],
};

const GONE: [&str; 2] = ["TaskNotFound", "CreationNotFound"];

impl Provider for Vidu {
    fn name(&self) -> &'static str {
        "vidu"
    }

    fn profile(&self) -> &Profile {
        &DOCUMENT.profile
    }

    fn cards(&self) -> &[ModelCard] {
        &DOCUMENT.models
    }

    fn submit(&self, card: &ModelCard, request: &Request, _key: &RequestId) -> PaidCall {
        let path = match (&request.image, &request.last_image, request.reference_images.as_slice()) {
            (Some(_), Some(_), _) => "/start-end2video",
            (Some(_), None, _) => "/img2video",
            (None, _, []) => "/text2video",
            (None, _, _) => "/reference2video",
        };
        let mut value = Map::new();
        value.insert("model".into(), request.model.model.as_str().into());
        value.extend(body::members(card, request));
        let body = Body::json(&Json::Object(value), &body::files(request));
        PaidCall(call(Method::Post, path.to_owned(), Some(body)))
    }

    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        let id = reply::text(answer.as_ref().and_then(|answer| answer.get("task_id")));
        match id.filter(|_| reply::is_success(reply)) {
            Some(id) => Ok(TaskId(id.into())),
            None => Err(reply::refused(reply, complaint(answer.as_ref()).as_ref(), &MEANINGS)),
        }
    }

    fn poll(&self, _card: &ModelCard, task: &TaskId) -> Call {
        call(Method::Get, format!("/tasks/{}/creations", escaped(task)), None)
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        match reply::object(reply).filter(|answer| reply::is_success(reply) && answer["state"].is_string()) {
            Some(answer) => Ok(progress(task, &answer, reply)),
            None => Err(unanswered(reply)),
        }
    }

    fn bulk(&self) -> Option<&dyn Bulk> {
        Some(self)
    }

    fn cancel(&self) -> Option<&dyn Cancel> {
        Some(self)
    }
}

impl Bulk for Vidu {
    fn most(&self) -> NonZeroUsize {
        const { NonZeroUsize::new(100).unwrap() }
    }

    fn poll(&self, tasks: &[(&ModelCard, &TaskId)]) -> Call {
        let ids: Vec<String> = tasks.iter().map(|(_, task)| escaped(task)).collect();
        call(Method::Get, format!("/tasks?task_ids={}", ids.join(",")), None)
    }

    fn polled(&self, tasks: &[TaskId], reply: &Reply) -> Result<Vec<Result<Progress, Fault>>, Fault> {
        let answer = reply::object(reply).filter(|_| reply::is_success(reply));
        let Some(listed) = answer.as_ref().and_then(|answer| answer["tasks"].as_array()) else {
            return Err(unanswered(reply));
        };
        let of = |task: &TaskId| {
            let one = listed.iter().find(|one| reply::text(one.get("id")).as_deref() == Some(task.0.raw()));
            match one {
                Some(one) => Ok(progress(task, one, reply)),
                None => Err(Fault::new(FaultKind::Gone, reply::said(reply, None))),
            }
        };
        Ok(tasks.iter().map(of).collect())
    }
}

impl Cancel for Vidu {
    fn cancel(&self, _card: &ModelCard, task: &TaskId) -> Call {
        let body = Body::json(&serde_json::json!({ "id": task.0.raw() }), &[]);
        call(Method::Post, format!("/tasks/{}/cancel", escaped(task)), Some(body))
    }

    fn cancelled(&self, _task: &TaskId, reply: &Reply) -> Result<Cancelled, Fault> {
        let answer = reply::object(reply);
        match (reply.status, complaint(answer.as_ref()).and_then(|complaint| complaint.code)) {
            // The page shows an empty object; a web page on the way is none.
            (200, None) if answer.is_some() => Ok(Cancelled::Yes(Charged::No)),
            // The page on cancelling: a task that was scheduled already is a bad request.
            (400, Some(code)) if code == "BadRequest" => Ok(Cancelled::TooLate),
            _ => Err(unanswered(reply)),
        }
    }
}

fn call(method: Method, path: String, body: Option<Body>) -> Call {
    Call { method, path, auth: Auth::Word("Token"), headers: Vec::new(), body }
}

fn escaped(task: &TaskId) -> String {
    shotlist::wire::escaped(task.0.raw())
}

fn unanswered(reply: &Reply) -> Fault {
    reply::unanswered(reply, complaint(reply::object(reply).as_ref()).as_ref(), &MEANINGS, &GONE)
}

/// `{"code": 400, "reason": "FieldInvalid", "message": "…"}`: the word is the code, the number repeats the status.
fn complaint(answer: Option<&Json>) -> Option<Complaint> {
    let code = reply::text(answer?.get("reason"))?;
    let message = reply::text(answer?.get("message")).unwrap_or_default();
    Some(Complaint { code: Some(code), message, pause: None })
}

fn progress(task: &TaskId, answer: &Json, reply: &Reply) -> Progress {
    if let Some(other) = reply::text(answer.get("id")).filter(|id| task.0 != *id) {
        let message = format!("asked about task {task}, the answer is about task {other}");
        return Progress::Mistaken {
            said: reply::said(reply, Some(&Complaint { message, ..Complaint::default() })),
        };
    }
    let pending = |unknown_word| Progress::Pending { percent: None, unknown_word };
    match answer["state"].as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "created" | "queueing" | "processing" => pending(None),
        "success" => {
            let made = answer["creations"].as_array().map(Vec::as_slice).unwrap_or_default();
            let link = |made: &Json, name: &str| {
                made[name].as_str().map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned)
            };
            let clip = made.iter().find_map(|made| {
                Some(Clip {
                    url: link(made, "url")?,
                    cover: link(made, "cover_url"),
                    expires: None,
                    others: Vec::new(),
                })
            });
            // What it cost is told in credits, which have no fixed price.
            clip.map_or(Progress::Empty { cost: Cost::Untold }, |clip| Progress::Ready {
                clip,
                cost: Cost::Untold,
            })
        }
        "failed" => {
            let code = reply::text(answer.get("err_code"));
            let message = format!("the task failed: {}", code.as_deref().unwrap_or("no reason was given"));
            let complaint = Complaint { code, message, pause: None };
            let refusal = match MEANINGS.of_code(Some(&complaint)) {
                Some(FaultKind::Rejected(refusal)) => refusal,
                _ => Refusal::Generation,
            };
            Progress::Refused {
                refusal,
                charged: Charged::Unknown,
                cost: Cost::Untold,
                said: reply::said(reply, Some(&complaint)),
            }
        }
        word => pending(Some(word.to_owned())),
    }
}
