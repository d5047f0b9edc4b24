//! Model cards as JSON.

use crate::app::models::{Entry, ModelsReport, Shown};
use crate::domain::money::Usd;
use serde_json::{Value, json};

/// Returns the models that were asked for.
#[must_use]
pub fn object(report: &ModelsReport) -> Value {
    match &report.shown {
        Shown::Table(entries) => {
            json!({ "format": 1, "models": entries.iter().map(model).collect::<Vec<_>>() })
        }
        Shown::Page(entry) => json!({ "format": 1, "model": model(entry) }),
    }
}

/// Returns a card as it is written, with what is made of it.
fn model(entry: &Entry) -> Value {
    let card = &entry.card;
    let mut object = card.written().clone();
    object["at_once"] = entry.at_once.into();
    object["price_usd"] = card.price.as_ref().map(|price| Usd::plain(price.usd)).into();
    object["corrected"] = card.corrected.iter().map(|it| json!({ "part": it.part, "at": it.at })).collect();
    object
}
