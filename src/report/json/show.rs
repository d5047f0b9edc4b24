//! Formats all recorded facts about one job as JSON.

use crate::app::show::{Sent, ShowReport, cost};
use crate::domain::clip_damage::ClipDamage;
use crate::domain::lifecycle::State;
use crate::domain::money::Usd;
use crate::report::job::{headline, reason, state_words};
use crate::report::reviews;
use crate::store::{Attempt, Entry, TakeHistory};
use crate::wire::Body;
use serde_json::{Value, json};

/// Returns one job with its takes, attempts and reviews, and the commands that apply to it.
#[must_use]
pub fn object(report: &ShowReport) -> Value {
    let history = &report.history;
    let options: Vec<Value> = report
        .choices
        .iter()
        .map(|choice| json!({ "when": choice.when, "command": choice.command }))
        .collect();
    json!({
        "schema": "shotlist.show/1",
        "format": 1,
        "project": report.project,
        "job": history.key.to_string(),
        "title": history.title.raw(),
        "wanted": history.wanted,
        "standing": headline(history, report.settled),
        "path": history.path,
        "clip": history.filed.as_ref().map(|filed| filed.path.clone()),
        "loss": report.loss.map(ClipDamage::name),
        "bytes": history.filed.as_ref().map(|filed| filed.file.size),
        "sha256": history.filed.as_ref().map(|filed| filed.file.sha256.to_string()),
        "takes": history.takes.iter().map(|entry| take_object(report, entry)).collect::<Vec<Value>>(),
        "reviews": report.reviews.iter().map(reviews::object).collect::<Vec<Value>>(),
        "options": options,
    })
}

fn take_object(report: &ShowReport, entry: &TakeHistory) -> Value {
    let take = &entry.take;
    let remark = |line: &Entry| {
        json!({
            "at": line.at.to_string(),
            "kind": line.kind.name(),
            "text": reason(line),
            "was_usd": line.was.map(Usd::plain),
            "usd": line.usd.plain(),
        })
    };
    let said = |attempt: &Attempt| {
        attempt.said.as_ref().map(|said| json!({ "http": said.http, "code": said.code, "text": said.text }))
    };
    let attempt = |attempt: &Attempt| {
        json!({
            "number": attempt.number,
            "request_id": attempt.request_id.0,
            "at": attempt.at.to_string(),
            "price_usd": attempt.price.plain(),
            "body_sha256": attempt.body.to_string(),
            "outcome": attempt.outcome,
            "said": attempt.said.as_ref().map(ToString::to_string),
            "provider": said(attempt),
        })
    };
    let request = report.sent(entry).map(|Sent { call, is_same }| {
        let shown = call.body.as_ref().map(Body::shown).unwrap_or_default();
        let body = serde_json::from_str::<Value>(&shown).unwrap_or(Value::String(shown));
        json!({ "path": call.path, "body": body, "as_sent": is_same })
    });
    let (reason, charged) = match &take.state {
        State::Held { reason, .. } | State::WrittenOff { reason, .. } => (Some(reason.name()), None),
        State::Failed { refusal, charged, .. } => (Some(refusal.name()), Some(charged.name())),
        _ => (None, None),
    };
    let (account, usd) = cost(entry);
    let mut object = json!({
        "take": take.id.0,
        "created": entry.created.to_string(),
        "model": take.request.model.to_string(),
        "prompt": take.request.prompt,
        "price_usd": take.price.plain(),
        "settled_usd": entry.settled.map(Usd::plain),
        "account": account.name(),
        "account_usd": usd.plain(),
        "state": take.state.name(),
        "detail": state_words(entry),
        "reason": reason,
        "charged": charged,
        "task": take.state.task().map(|task| task.id.0.raw().to_owned()),
        "accepted": take.state.task().map(|task| task.accepted.to_string()),
        "path": take.path,
        "checks": report.checked(take).map(|checked| super::check::checked(Some(checked))),
        "fingerprint": take.fingerprint.to_string(),
        "request": request,
        "attempts": entry.attempts.iter().map(attempt).collect::<Vec<Value>>(),
        "remarks": report.remarks(take).map(remark).collect::<Vec<Value>>(),
    });
    if let State::Running { counters, due, .. } = &take.state {
        object["polls"] = counters.polls.into();
        object["due"] = due.to_string().into();
    }
    if let State::Downloading { counters, clip, due, .. } = &take.state {
        object["polls"] = counters.polls.into();
        object["due"] = due.to_string().into();
        object["downloads_failed"] = counters.troubles.saturating_add(u32::from(counters.damaged)).into();
        object["link_dies"] = clip.expires.map(|dies| dies.to_string()).into();
    }
    object
}
