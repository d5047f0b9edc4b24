//! Formats the report of a project as JSON: every job with its renderings, its review and its verdict.

use super::jobs::job;
use crate::app::budget::Level;
use crate::app::gallery::{Gallery, GalleryJob};
use crate::app::jobs::JobsReport;
use crate::app::ledger::{Row, Table};
use crate::domain::money::Usd;
use crate::domain::review::{Reason, Review};
use crate::domain::verdict::Checked;
use crate::store::{By, Spent, TakeRecord};
use serde_json::{Value, json};

/// Returns the selected jobs with their renderings, reviews and verdicts, and the costs of the project, as JSON.
#[must_use]
pub fn object(report: &JobsReport) -> Value {
    let Gallery { project, sandbox, out, jobs, buckets, today, month, budget, now, .. } = &report.gallery;
    let costs = [By::Model, By::Shot, By::Tag].map(|by| (by.name(), costs(&report.gallery.costs(by))));
    json!({
        "schema": "shotlist.report/1",
        "at": now.to_string(),
        "project": project,
        "sandbox": sandbox,
        "out": out.display().to_string(),
        "selected": jobs.len(),
        "of": report.all,
        "states": buckets.named().collect::<std::collections::BTreeMap<_, _>>(),
        "spent_usd": report.spent().plain(),
        "to_pay_usd": report.to_pay().plain(),
        "today": money(*today),
        "month": money(*month),
        "budget": budget.iter().map(Level::json).collect::<Vec<_>>(),
        "costs": costs.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "jobs": jobs.iter().map(|listed| whole(report, listed)).collect::<Vec<Value>>(),
        "next": report.next,
    })
}

fn whole(report: &JobsReport, listed: &GalleryJob) -> Value {
    let record = &listed.record;
    let mut object = job(report, listed);
    object["project"] = record.project.as_str().into();
    object["fingerprint"] = record.fingerprint.to_string().into();
    object["clip"] = record.filed.as_ref().map_or(Value::Null, |filed| {
        json!({
            "take": filed.take.0,
            "bytes": filed.file.size,
            "sha256": filed.file.sha256.to_string(),
        })
    });
    object["review"] = record.review.as_ref().map_or(Value::Null, review);
    object["takes"] = record.takes.iter().map(take).collect();
    object
}

fn take(record: &TakeRecord) -> Value {
    let TakeRecord { take, created, submitted, ended, run, said, checked, review: reviewed, .. } = record;
    json!({
        "take": take.id.0,
        "state": take.state.name(),
        "model": take.request.model.to_string(),
        "prompt": take.request.prompt,
        "seed": take.request.seed,
        "price_usd": take.price.plain(),
        "cost_usd": take.cost().plain(),
        "account": take.state.account().name(),
        "ordered": created.to_string(),
        "submitted": submitted.map(|at| at.to_string()),
        "ended": ended.map(|at| at.to_string()),
        "run": run,
        "said": said.as_ref().map(ToString::to_string),
        "checks": checked.as_ref().map(findings),
        "review": reviewed.as_ref().map(review),
    })
}

fn findings(checked: &Checked) -> Value {
    let findings = checked.findings.iter().map(|finding| {
        json!({ "check": finding.check, "verdict": finding.verdict.name(), "reason": finding.reason })
    });
    json!({
        "verdict": checked.verdict().name(),
        "frames": checked.frames,
        "findings": findings.collect::<Vec<Value>>(),
    })
}

fn review(review: &Review) -> Value {
    json!({
        "revision": review.revision,
        "outcome": review.outcome.name(),
        "reasons": review.reasons.iter().map(|reason: &Reason| reason.name()).collect::<Vec<_>>(),
        "note": review.note,
        "redo": review.redo,
        "who": review.who,
        "at": review.at.to_string(),
        "take": review.take.0,
        "sha256": review.clip.to_string(),
    })
}

fn costs(table: &Table) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name,
            "takes": row.takes,
            "settled_usd": row.settled.plain(),
            "in_doubt_usd": row.in_doubt.plain(),
            "wasted_usd": row.wasted.plain(),
            "approved": row.approved,
            "per_approved_usd": row.per_approved().map(Usd::plain),
        })
    };
    json!({ "groups": table.rows.iter().map(row).collect::<Vec<Value>>(), "total": row(&table.total) })
}

fn money(spent: Spent) -> Value {
    json!({
        "settled_usd": spent.settled.plain(),
        "reserved_usd": spent.reserved.plain(),
        "in_doubt_usd": spent.in_doubt.plain(),
    })
}
