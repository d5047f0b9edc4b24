//! Formats the difference between two runs as JSON.

use crate::app::jobs::compare::{Change, Comparison, Durations, JobSnapshot, Snapshot};
use crate::domain::verdict::Verdict;
use serde_json::{Value, json};
use std::time::Duration;

/// Returns the comparison of two runs as a JSON object.
#[must_use]
pub fn object(comparison: &Comparison) -> Value {
    let Comparison { project, sandbox, from, to, changed, unchanged, spent, durations, next } = comparison;
    json!({
        "schema": "shotlist.compare/1",
        "project": project,
        "sandbox": sandbox,
        "from": snapshot(from),
        "to": snapshot(to),
        "changed": changed.iter().map(change).collect::<Vec<Value>>(),
        "unchanged": unchanged,
        "spent_usd": spent.map(crate::domain::money::Usd::plain),
        "durations": durations.iter().map(duration).collect::<Vec<Value>>(),
        "next": next,
    })
}

fn snapshot(snapshot: &Snapshot) -> Value {
    json!({ "run": snapshot.run, "at": snapshot.at.to_string() })
}

fn change(change: &Change) -> Value {
    json!({
        "job": change.key.to_string(),
        "title": change.title.raw(),
        "newly_done": change.is_newly_done(),
        "newly_failed": change.is_newly_failed(),
        "rendered_again": change.is_rendered_again(),
        "then": stage(&change.then),
        "now": stage(&change.now),
    })
}

fn stage(stage: &JobSnapshot) -> Value {
    let clip = stage.clip.as_ref().map(|clip| {
        json!({
            "take": clip.take.0,
            "rendering": clip.version,
            "model": clip.model,
            "price_usd": clip.price.plain(),
            "verdict": clip.verdict.map(Verdict::name),
        })
    });
    json!({ "state": stage.state.name(), "decision": stage.decision.name(), "clip": clip })
}

fn duration(durations: &Durations) -> Value {
    let side = |side: Option<(Duration, usize)>| {
        side.map(|(median, takes)| json!({ "median_seconds": median.as_secs_f64(), "renderings": takes }))
    };
    json!({ "model": durations.model, "then": side(durations.then), "since": side(durations.since) })
}
