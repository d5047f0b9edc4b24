//! Formats the costs of a project, and a corrected cost, as JSON.

use crate::app::ledger::adjust::AdjustReport;
use crate::app::ledger::{LedgerReport, Row, sent, why};
use crate::app::places::Places;
use crate::domain::money::Usd;
use crate::store::Costs;
use serde_json::{Value, json};

/// Returns the costs of a project by group, and each take that may have been charged.
#[must_use]
pub fn object(places: &Places, report: &LedgerReport) -> Value {
    let LedgerReport { project, request, table, doubtful, next, .. } = report;
    let row = |row: &Row| {
        let mut object = json!({
            "name": row.name,
            "takes": row.takes,
            "settled_usd": row.settled.plain(),
            "reserved_usd": row.reserved.plain(),
            "in_doubt_usd": row.in_doubt.plain(),
            "wasted_usd": row.wasted.plain(),
            "refused": row.refused,
            "refused_usd": row.refused_usd.plain(),
        });
        if let Some(approved) = row.approved {
            object["approved"] = approved.into();
            object["per_approved_usd"] = row.per_approved().map(Usd::plain).into();
        }
        object
    };
    let doubt = |Costs { take, usd }: &Costs| {
        let (at, id) = sent(&take.state).unzip();
        json!({
            "job": take.key.to_string(),
            "take": take.id.0,
            "usd": usd.plain(),
            "why": why(&take.state),
            "sent": at.map(|at| at.to_string()),
            "request_id": id,
            "task": take.state.task().map(|task| task.id.0.raw().to_owned()),
        })
    };
    json!({
        "schema": "shotlist.ledger/1",
        "format": 1,
        "project": project,
        "by": request.by.name(),
        "since": request.since.map(|day| day.to_string()),
        "groups": table.rows.iter().map(row).collect::<Vec<Value>>(),
        "total": row(&table.total),
        "in_doubt": doubtful.iter().map(doubt).collect::<Vec<Value>>(),
        "next": next,
        "sandbox": places.sandbox,
    })
}

/// Returns the old and the new cost of a corrected take.
#[must_use]
pub fn adjusted(report: &AdjustReport) -> Value {
    json!({
        "schema": "shotlist.adjust/1",
        "format": 1,
        "job": report.key.to_string(),
        "take": report.take.0,
        "was_usd": report.was.plain(),
        "usd": report.usd.plain(),
        "reason": report.reason,
        "next": report.next,
    })
}
