//! Acme Films, an API that was made up for a test: orders become calls, and answers become what happened.

use serde_json::{Map, Value as Json};
use shotlist::domain::fault::{Fault, FaultKind, Refusal, Stop};
use shotlist::domain::key::{RequestId, TaskId};
use shotlist::domain::lifecycle::Clip;
use shotlist::domain::request::Request;
use shotlist::provider::card::ModelCard;
use shotlist::provider::document::{Document, Profile, Unusable};
use shotlist::provider::reply::{self, Complaint, ErrorTables};
use shotlist::provider::{Cost, Progress, Provider, body};
use shotlist::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};

/// The provider `acme`.
pub(crate) struct Acme(Document);

impl Acme {
    /// Reads the model cards.
    pub(crate) fn new() -> Result<Self, Unusable> {
        Document::read("acme", include_str!("cards.yaml")).map(Self)
    }
}

/// The page "Errors". Each code states that no job was created.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        ("bad_key", FaultKind::Stop(Stop::Auth)),
        ("no_credit", FaultKind::Stop(Stop::Balance)),
        ("bad_order", FaultKind::Rejected(Refusal::Input)),
        ("not_allowed", FaultKind::Rejected(Refusal::Policy)),
        ("slow_down", FaultKind::Throttled { after: None }),
    ],
    statuses: &[],
};

/// The code for "no such job".
const GONE: [&str; 1] = ["no_job"];

impl Provider for Acme {
    fn name(&self) -> &'static str {
        "acme"
    }

    fn profile(&self) -> &Profile {
        &self.0.profile
    }

    fn cards(&self) -> &[ModelCard] {
        &self.0.models
    }

    fn submit(&self, card: &ModelCard, request: &Request, _key: &RequestId) -> PaidCall {
        let mut order = Map::new();
        order.insert("model".into(), request.model.model.as_str().into());
        order.extend(body::members(card, request));
        let body = Body::json(&Json::Object(order), &body::files(request));
        PaidCall(call(Method::Post, "/v2/jobs".to_owned(), Some(body)))
    }

    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        let id = answer.as_ref().and_then(|answer| reply::text(answer.pointer("/job/id")));
        reply::submitted(reply, Vec::from_iter(id), false, complaint(answer.as_ref()), &MEANINGS)
    }

    /// The address of a job holds its model.
    fn poll(&self, card: &ModelCard, task: &TaskId) -> Call {
        let (model, id) = (escaped(&card.name.model), escaped(task.0.raw()));
        call(Method::Get, format!("/v2/models/{model}/jobs/{id}"), None)
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        let answer = reply::object(reply);
        let job = answer.as_ref().and_then(|answer| answer.get("job")).filter(|_| reply::is_success(reply));
        let told = job.and_then(|job| Some((job, reply::text(job.get("id"))?, job.get("state")?.as_str()?)));
        let Some((job, id, state)) = told else {
            let complaint = complaint(answer.as_ref());
            return Err(reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &GONE));
        };
        if task.0 != id {
            return Ok(reply::mistaken(reply, task, &id));
        }
        Ok(match state {
            "waiting" | "rendering" => Progress::Pending { percent: None, unknown_word: None },
            "ready" => match reply::link(job.get("film")) {
                Some(url) => Progress::Ready {
                    clip: Clip { url, cover: None, expires: None, others: Vec::new() },
                    cost: Cost::read(job.get("charged_usd")),
                },
                None => Progress::Empty { cost: Cost::Untold },
            },
            "broken" => {
                reply::failed(reply, complaint(Some(job)).unwrap_or_default(), Cost::Untold, &MEANINGS)
            }
            word => Progress::Pending { percent: None, unknown_word: Some(word.to_owned()) },
        })
    }
}

fn call(method: Method, path: String, body: Option<Body>) -> Call {
    Call { method, path, auth: Auth::Word("Key"), headers: Vec::new(), body }
}

/// Reads an error, `{"error": {"code", "message"}}`, which a job that failed has as well.
fn complaint(answer: Option<&Json>) -> Option<Complaint> {
    reply::complaint(answer?)
}
