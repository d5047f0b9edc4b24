//! Implements the provider Z.AI: seven models at one address. The field `model` of a request selects the model.
//!
//! Z.AI offers no way to ask whether a request arrived: no documented call finds a task by the `request_id` that this
//! program sends.

use super::card::ModelCard;
use super::document::{Document, Profile};
use super::reply::{self, Complaint, ErrorTables};
use super::{Cost, Progress, Provider, body};
use crate::domain::fault::{Fault, FaultKind, Refusal, Stop};
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::Clip;
use crate::domain::request::Request;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, escaped};
use jiff::civil::DateTime;
use jiff::{Timestamp, tz};
use serde_json::{Map, Value as Json};
use std::sync::LazyLock;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Zai;

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::built_in("zai", include_str!("zai.yaml")));

/// The fault for a limit per day, per week or per subscription that is used up. Submissions pause for 15 minutes, again
/// and again until the limit is lifted.
const UNTIL_RESET: FaultKind = FaultKind::Throttled { after: Some(Duration::from_mins(15)) };

const THROTTLED: FaultKind = FaultKind::Throttled { after: None };
const BUSY: FaultKind = FaultKind::Busy { after: None };
const AUTH: FaultKind = FaultKind::Stop(Stop::Auth);
const ACCOUNT: FaultKind = FaultKind::Stop(Stop::Account);
const INPUT: FaultKind = FaultKind::Rejected(Refusal::Input);
const MODEL: FaultKind = FaultKind::Rejected(Refusal::Model);
const POLICY: FaultKind = FaultKind::Rejected(Refusal::Policy);

/// The meanings of the error codes that the page "Errors" of the API reference calls business codes. The HTTP status
/// alone is ambiguous: 429 stands for too many requests, an empty balance and a locked account.
const MEANINGS: ErrorTables = ErrorTables {
    codes: &[
        // Errors inside the service: a task may exist.
        ("500", FaultKind::Unknown),
        ("1200", FaultKind::Unknown),
        ("1230", FaultKind::Unknown),
        // The message is "You already have a request": an earlier copy of this one arrived.
        ("1231", FaultKind::Unknown),
        ("1234", FaultKind::Unknown),
        // The key.
        ("1000", AUTH),
        ("1001", AUTH),
        ("1002", AUTH),
        ("1003", AUTH),
        ("1004", AUTH),
        // The account.
        ("1100", BUSY),
        ("1110", ACCOUNT),
        ("1111", ACCOUNT),
        ("1112", ACCOUNT),
        ("1113", FaultKind::Stop(Stop::Balance)),
        ("1120", BUSY),
        ("1121", ACCOUNT),
        // The request.
        ("435", INPUT),
        ("1210", INPUT),
        ("1211", MODEL),
        ("1212", MODEL),
        ("1213", INPUT),
        ("1214", INPUT),
        ("1215", INPUT),
        ("1220", MODEL),
        ("1221", MODEL),
        ("1222", FaultKind::Stop(Stop::Setup)),
        ("1261", INPUT),
        ("1300", POLICY),
        ("1301", POLICY),
        // Pace, quotas and plans.
        ("1302", THROTTLED),
        ("1303", THROTTLED),
        ("1304", UNTIL_RESET),
        ("1305", THROTTLED),
        ("1308", UNTIL_RESET),
        ("1309", ACCOUNT),
        ("1310", UNTIL_RESET),
        ("1311", MODEL),
        ("1312", THROTTLED),
        ("1313", ACCOUNT),
    ],
    // These are "No permission for this API" and "file too large", which other services lack.
    statuses: &[(434, MODEL), (435, INPUT)],
};

/// The codes that may mean "no such task" in the reply to a poll. The documents name none; these are the generic codes.
const GONE: [&str; 3] = ["1200", "1210", "1214"];

/// The time zone of the times in error messages, which name no zone: the service's own, eight hours ahead of UTC.
const ZONE: tz::Offset = tz::offset(8);

impl Provider for Zai {
    fn name(&self) -> &'static str {
        "zai"
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
        value.insert("request_id".into(), key.0.as_str().into());
        PaidCall(Call {
            method: Method::Post,
            path: "/paas/v4/videos/generations".into(),
            auth: Auth::Bearer,
            headers: headers(),
            body: Some(Body::json(&Json::Object(value), &body::files(request))),
        })
    }

    fn submitted(&self, reply: &Reply) -> Result<TaskId, Fault> {
        let answer = reply::object(reply);
        let member = |name| answer.as_ref().and_then(|answer| answer.get(name));
        let (id, has_state) = (reply::text(member("id")), member("task_status").is_some());
        let complaint = complaint(answer.as_ref(), reply);
        reply::submitted(reply, id.into_iter().collect(), has_state, complaint, &MEANINGS)
    }

    fn poll(&self, _card: &ModelCard, task: &TaskId) -> Call {
        poll(task)
    }

    fn polled(&self, task: &TaskId, reply: &Reply) -> Result<Progress, Fault> {
        let answer = reply::object(reply);
        let status = answer.as_ref().and_then(|answer| answer.get("task_status")).and_then(Json::as_str);
        let (Some(answer), Some(status), true) = (&answer, status, reply::is_success(reply)) else {
            let complaint = complaint(answer.as_ref(), reply);
            return Err(reply::unanswered(reply, complaint.as_ref(), &MEANINGS, &GONE));
        };
        if let Some(other) = reply::text(answer.get("id")).filter(|id| task.0 != *id) {
            return Ok(reply::mistaken(reply, task, &other));
        }
        Ok(match status.trim().to_ascii_uppercase().as_str() {
            "PROCESSING" => Progress::Pending { percent: None, unknown_word: None },
            "SUCCESS" => rendered(answer),
            "FAIL" => failed(answer, reply),
            _ => Progress::Pending { percent: None, unknown_word: Some(status.to_owned()) },
        })
    }

    fn label(&self, reply: &Reply) -> Option<RequestId> {
        reply::text(reply::object(reply)?.get("request_id")).map(RequestId)
    }
}

/// Returns the call that polls a task, which is the same for every model.
fn poll(task: &TaskId) -> Call {
    Call {
        method: Method::Get,
        path: format!("/paas/v4/async-result/{}", escaped(task.0.raw())),
        auth: Auth::Bearer,
        headers: headers(),
        body: None,
    }
}

/// Returns the headers that ask for messages in English, whatever the account's language is.
fn headers() -> Vec<(&'static str, String)> {
    vec![("Accept-Language", "en-US,en".into())]
}

/// Returns the error in a reply: `{"error": {"code", "message"}}` as the servers send it, or `{"code", "message"}` as
/// in the API reference.
fn complaint(answer: Option<&Json>, reply: &Reply) -> Option<Complaint> {
    let complaint = reply::complaint(answer?)?;
    let pause = pause_until_reset(&complaint.message, reply);
    Some(Complaint { pause, ..complaint })
}

/// Returns the pause until the time that a message names, such as `your limit will reset at 2026-03-06 22:19:54`.
///
/// `None` if the message names no time or a past one, or if the reply has no `Date`.
fn pause_until_reset(message: &str, reply: &Reply) -> Option<Duration> {
    const SHAPE: &str = "2026-03-06 22:19:54";
    // A message has its time near the start, so a long page is not searched.
    let starts = message.char_indices().map(|(start, _)| start).take(1000);
    let times = starts.filter_map(|start| message.get(start..start + SHAPE.len()));
    let reset: DateTime =
        times.filter(|text| text.as_bytes()[10] == b' ').find_map(|text| text.parse().ok())?;
    let now = Timestamp::try_from(reply::sent(reply)?).ok()?;
    Duration::try_from(ZONE.to_timestamp(reset).ok()?.duration_since(now)).ok()
}

/// Returns the progress of a finished task. The documents show a list of results, but a single object is accepted too.
fn rendered(answer: &Json) -> Progress {
    let results = match answer.get("video_result") {
        Some(Json::Array(results)) => results.as_slice(),
        Some(result) => std::slice::from_ref(result),
        None => &[],
    };
    let clip = |result: &Json| {
        let url = reply::link(result.get("url"))?;
        Some(Clip { cover: reply::link(result.get("cover_image_url")), ..Clip::at(url) })
    };
    match Clip::first(results.iter().filter_map(clip)) {
        Some(clip) => Progress::Ready { clip, cost: Cost::Untold },
        None => Progress::Empty { cost: Cost::Untold },
    }
}

/// Returns the progress of a failed task. The documents do not define where the reason is: replies had an error object,
/// plain text, or no reason.
fn failed(answer: &Json, reply: &Reply) -> Progress {
    let complaint = match answer.get("error") {
        Some(Json::String(message)) => Complaint { message: message.clone(), ..Complaint::default() },
        _ => complaint(Some(answer), reply).unwrap_or_default(),
    };
    reply::failed(reply, complaint, Cost::Untold, &MEANINGS)
}

#[cfg(test)]
#[path = "zai_tests.rs"]
mod tests;
