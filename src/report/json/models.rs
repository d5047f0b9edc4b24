//! Formats model cards (descriptions of models) as JSON.

use crate::app::models::{Entry, ModelsReport, Rendered, Shown};
use crate::domain::money::Usd;
use serde_json::{Value, json};
use std::time::Duration;

/// The name and version of the object's schema.
const SCHEMA: &str = "shotlist.models/1";

/// Returns the requested model cards (descriptions of models) as one JSON object.
#[must_use]
pub fn object(report: &ModelsReport) -> Value {
    match &report.shown {
        Shown::Table(entries) => {
            json!({ "schema": SCHEMA, "format": 1, "models": entries.iter().map(model).collect::<Vec<_>>() })
        }
        Shown::Page(entry) => json!({ "schema": SCHEMA, "format": 1, "model": model(entry) }),
    }
}

/// Returns a model card as JSON: the values that it contains, and values that the program computes or measures.
fn model(entry: &Entry) -> Value {
    let card = &entry.card;
    let mut object = card.written().clone();
    object["at_once"] = entry.at_once.into();
    object["price_usd"] = card.price.as_ref().map(|price| Usd::plain(price.usd)).into();
    object["corrected"] = card.corrected.iter().map(|it| json!({ "part": it.part, "at": it.at })).collect();
    object["durations"] = entry.durations.iter().map(rendered).collect();
    object
}

fn rendered(rendered: &Rendered) -> Value {
    let Rendered { class, finished, p10, p50, p95 } = rendered;
    // Milliseconds are finer than any poll.
    let seconds = |time: &Duration| (time.as_secs_f64() * 1e3).round() / 1e3;
    json!({
        "class": class,
        "finished": finished,
        "p10_seconds": seconds(p10),
        "p50_seconds": seconds(p50),
        "p95_seconds": seconds(p95),
    })
}
