//! Formats the state of a project as JSON.

use crate::app::budget::Level;
use crate::app::places::Places;
use crate::app::status::{Oldest, StatusReport};
use crate::domain::lifecycle::State;
use crate::domain::take::Take;
use crate::report::plan::buckets_json;
use crate::report::{pauses, reviews};
use crate::store::Spent;
use serde_json::{Value, json};

/// Returns the state of a project: its last run, its jobs, its money and its pauses.
#[must_use]
pub fn object(places: &Places, report: &StatusReport) -> Value {
    let take =
        |take: &Take| json!({ "job": take.key.to_string(), "take": take.id.0, "usd": take.price.plain() });
    let held = report.standing.held.iter().filter_map(|held| {
        let held = &held.take;
        let State::Held { reason, since, intent, .. } = &held.state else { return None };
        let mut object = take(held);
        object["reason"] = reason.name().into();
        object["charge_in_doubt"] = reason.charge_in_doubt().into();
        object["since"] = since.to_string().into();
        object["sent"] = intent.at.to_string().into();
        object["request_id"] = intent.request_id.0.clone().into();
        Some(object)
    });
    let failed = report.standing.failed.iter().filter_map(|failed| {
        let State::Failed { refusal, charged, .. } = &failed.state else { return None };
        let mut object = take(failed);
        object["reason"] = refusal.name().into();
        object["charged"] = charged.name().into();
        object["permanent"] = refusal.permanent().into();
        Some(object)
    });
    let in_flight: serde_json::Map<String, Value> = report
        .oldest()
        .into_iter()
        .map(|Oldest { phase, takes, take, since }| {
            let age = report.now.duration_since(since).as_secs().max(0);
            let oldest = json!({ "job": take.key.to_string(), "since": since.to_string(), "seconds": age });
            (phase.name().to_owned(), json!({ "takes": takes, "oldest": oldest }))
        })
        .collect();
    let dying = report.dying();
    json!({
        "schema": "shotlist.status/1",
        "format": 1,
        "project": report.project,
        "at": report.now.to_string(),
        "last_run": report.run.as_ref().map(|(run, spent)| json!({
            "number": run.id.0,
            "command": run.command,
            "started": run.started.to_string(),
            "ended": run.ended.map(|ended| ended.to_string()),
            "exit": run.exit,
            "active": report.is_active(run),
            "money": money_json(*spent),
        })),
        "states": report.standing.json(),
        "sandbox": places.sandbox,
        "buckets": buckets_json(&report.buckets),
        "checks": super::check::counts(&report.checks),
        "review": reviews::json(&report.reviews),
        "in_flight": in_flight,
        "paused": report.paused.iter().map(pauses::json).collect::<Vec<_>>(),
        "held": held.collect::<Vec<Value>>(),
        "failed": failed.collect::<Vec<Value>>(),
        "today": money_json(report.today),
        "month": money_json(report.month),
        "month_usd": report.month.total().plain(),
        "budget": report.budget.iter().map(Level::json).collect::<Vec<_>>(),
        "links_about_to_die": dying.len(),
        "first_link_dies": dying.first().map(|(_, dies)| dies.to_string()),
        "active": report.holder.as_ref().map(|holder| json!({
            "command": holder.command,
            "project": report.active.as_ref().map(|run| &run.project),
            "pid": holder.pid,
            "host": holder.host,
            "started": holder.started,
        })),
        "pace": report.pace.as_ref().map(|pace| json!({
            "done": pace.done,
            "clips_per_minute": pace.a_minute,
            "left": pace.left,
            "seconds_left": pace.time_left.map(|time| time.as_secs()),
        })),
        "folder_problem": report.folder_problem,
        "exit": report.exit() as u8,
        "next": report.next,
    })
}

fn money_json(spent: Spent) -> Value {
    json!({
        "settled_usd": spent.settled.plain(),
        "reserved_usd": spent.reserved.plain(),
        "in_doubt_usd": spent.in_doubt.plain(),
    })
}
