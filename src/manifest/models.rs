//! Reads the sections `models` and `prices`: corrections of known models, and additional models.
//!
//! The content is not checked here. The parts of model cards are passed on as values with their places in the manifest.

use super::decode::{Decoder, get};
use super::keys::{self, LIKE, RULES};
use super::model::{CorrectionPart, Corrections, ModelEntry};
use super::providers::amount;
use super::source::{CompactPlace, Located, Span};
use super::yaml::{Entry, Node, Value};
use crate::domain::key::ModelName;
use crate::domain::price::{Price, PriceUnit, Surcharge};
use crate::domain::request;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Reads the sections `models` and `prices`.
pub(super) fn corrections(decoder: &mut Decoder, root: &[Entry]) -> Corrections {
    Corrections {
        models: get(root, "models").map(|node| models(decoder, node)).unwrap_or_default(),
        prices: get(root, "prices").map(|node| prices(decoder, node)).unwrap_or_default(),
    }
}

fn models(decoder: &mut Decoder, node: &Node) -> BTreeMap<ModelName, Located<ModelEntry>> {
    let example = "models: { zai/vidu2-image: { link_life_hours: 12 } }";
    let Some(entries) = decoder.map(node, "models", example) else { return BTreeMap::new() };
    let mut models = BTreeMap::new();
    for entry in entries.iter() {
        let name = model_name(decoder, &entry.key, entry.key_span);
        if let (Some(model), Some(name)) = (model(decoder, &entry.node, &entry.key), name) {
            models.insert(name, Located::new(model, decoder.spot(entry.key_span)));
        }
    }
    models
}

/// Reads the name of a model, written as a key of the section `models` or `prices`, or as the value of `like`.
fn model_name(decoder: &mut Decoder, text: &str, span: Span) -> Option<ModelName> {
    let name = text.parse().ok();
    if name.is_none() {
        let problem = decoder.error(span, format!("`{text}` is not the full name of a model"));
        decoder.report(problem.hint("write `provider/model`, such as `zai/vidu2-image`"));
    }
    name
}

fn model(decoder: &mut Decoder, node: &Node, name: &str) -> Option<ModelEntry> {
    let owner = format!("models.{name}");
    let entries = decoder.map(node, &owner, "{ link_life_hours: 12 }")?;
    let mut model = ModelEntry::default();
    for entry in entries.iter() {
        match &entry.node.value {
            _ if &*entry.key == LIKE.0 => {
                let text = decoder.text(&entry.node, LIKE.0);
                let like = text.and_then(|text| model_name(decoder, text, entry.node.span));
                model.like = like.map(|like| Located::new(like, decoder.spot(entry.node.span)));
            }
            Value::List(rules) if RULES.contains(&&*entry.key) => {
                for rule in rules.iter() {
                    model.parts.extend(part(decoder, &entry.key, rule, rule.span));
                }
            }
            _ if RULES.contains(&&*entry.key) => {
                let example = format!("{}: [{{ name: …, max: 8 }}]", entry.key);
                decoder.wrong_kind(&entry.node, &entry.key, "a list of rules", &example);
            }
            _ => model.parts.extend(part(decoder, &entry.key, &entry.node, entry.key_span)),
        }
    }
    Some(model)
}

fn part(decoder: &mut Decoder, name: &str, node: &Node, key: Span) -> Option<CorrectionPart> {
    let mut spots = BTreeMap::from([(Vec::new(), (decoder.spot(key), decoder.spot(node.span)))]);
    let value = value(decoder, node, name, &mut Vec::new(), &mut spots)?;
    Some(CorrectionPart { name: name.to_owned(), value, spots })
}

/// Reads a node of the YAML tree as a JSON value.
///
/// `true`, `false` and whole numbers without quotes are typed, and everything else is text, so that no float rounds an
/// amount. A `~` is null, but a missing value is reported.
fn value(
    decoder: &mut Decoder,
    node: &Node,
    name: &str,
    path: &mut Vec<String>,
    spots: &mut BTreeMap<Vec<String>, (CompactPlace, CompactPlace)>,
) -> Option<Json> {
    let mut below = |decoder: &mut Decoder, step: String, key: Span, node: &Node, name: &str| {
        path.push(step);
        spots.insert(path.clone(), (decoder.spot(key), decoder.spot(node.span)));
        let value = value(decoder, node, name, path, spots);
        path.pop();
        value
    };
    match &node.value {
        Value::Text { text, plain: true } if text.is_empty() => {
            let problem = decoder.error(node.span, format!("`{name}` has no value"));
            decoder.report(
                problem.hint("write a value, or remove the key; `~` removes the value from the card"),
            );
            None
        }
        Value::Text { .. } if node.is_null() => Some(Json::Null),
        Value::Text { text, plain: true } => Some(scalar(text)),
        Value::Text { text, plain: false } => Some(Json::String(text.to_string())),
        Value::List(nodes) => {
            let mut values = Vec::with_capacity(nodes.len());
            for (index, node) in nodes.iter().enumerate() {
                values.push(below(decoder, index.to_string(), node.span, node, name)?);
            }
            Some(Json::Array(values))
        }
        Value::Map(entries) => {
            let mut values = Map::new();
            for entry in entries.iter() {
                let value = below(decoder, entry.key.to_string(), entry.key_span, &entry.node, &entry.key)?;
                values.insert(entry.key.to_string(), value);
            }
            Some(Json::Object(values))
        }
    }
}

/// Reads a scalar without quotes as a JSON value. A number must be in its normal form: `007` is text.
fn scalar(text: &str) -> Json {
    match text {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => number.into(),
            _ => Json::String(text.to_owned()),
        },
    }
}

fn prices(decoder: &mut Decoder, node: &Node) -> BTreeMap<ModelName, Located<Price>> {
    let example = "prices: { zai/vidu2-image: { per: clip, usd: \"0.20\" } }";
    let Some(entries) = decoder.map(node, "prices", example) else { return BTreeMap::new() };
    let mut prices = BTreeMap::new();
    for entry in entries.iter() {
        let name = model_name(decoder, &entry.key, entry.key_span);
        if let (Some(price), Some(name)) = (price(decoder, &entry.node, &entry.key), name) {
            prices.insert(name, Located::new(price, decoder.spot(entry.key_span)));
        }
    }
    prices
}

fn price(decoder: &mut Decoder, node: &Node, model: &str) -> Option<Price> {
    let owner = format!("prices.{model}");
    if let Value::Text { text, plain: true } = &node.value
        && amount(text).is_ok()
    {
        let message = format!("`{owner}` must be a group of fields, but it is a number");
        let hint =
            format!("write `{{ per: clip, usd: \"{text}\" }}`, or `per: second` for a price of each second");
        decoder.report(decoder.error(node.span, message).hint(hint));
        return None;
    }
    let entries = decoder.map(node, &owner, "{ per: clip, usd: \"0.20\" }")?;
    decoder.known(&entries, &owner, &keys::names(keys::PRICE));
    let hint = "write `{ per: clip, usd: \"0.20\" }` or `{ per: second, … }`";
    needed(decoder, node, &entries, &owner, &["per", "usd"], hint);
    let per = get(&entries, "per").and_then(|node| {
        decoder.parsed(node, "per", |text| match text {
            "clip" => Ok(PriceUnit::Clip),
            "second" => Ok(PriceUnit::Second),
            _ => Err("write `clip` or `second`".into()),
        })
    });
    let usd = get(&entries, "usd").and_then(|node| decoder.parsed(node, "usd", amount));
    let surcharges = match get(&entries, "surcharges") {
        Some(node) => surcharges(decoder, node, &format!("{owner}.surcharges"))?,
        None => Vec::new(),
    };
    Some(Price { per: per?, usd: usd?, surcharges })
}

fn surcharges(decoder: &mut Decoder, node: &Node, owner: &str) -> Option<Vec<Surcharge>> {
    let example = "{ param: is_rec, equals: true, usd: \"0.05\" }";
    let Value::List(nodes) = &node.value else {
        decoder.wrong_kind(node, owner, "a list", &format!("surcharges: [{example}]"));
        return None;
    };
    let read = |node: &Node| {
        let entries = decoder.map(node, owner, example)?;
        decoder.known(&entries, owner, &keys::names(keys::SURCHARGE));
        needed(decoder, node, &entries, owner, &keys::names(keys::SURCHARGE), &format!("write `{example}`"));
        let param = get(&entries, "param").and_then(|node| Some(decoder.text(node, "param")?.to_owned()));
        let equals = get(&entries, "equals").and_then(|node| {
            decoder.text(node, "equals")?;
            match value(decoder, node, "equals", &mut Vec::new(), &mut BTreeMap::new())? {
                Json::Bool(flag) => Some(request::Value::Bool(flag)),
                Json::Number(number) => number.as_i64().map(request::Value::Int),
                Json::String(text) => Some(request::Value::Text(text)),
                Json::Null | Json::Array(_) | Json::Object(_) => None,
            }
        });
        let usd = get(&entries, "usd").and_then(|node| decoder.parsed(node, "usd", amount));
        Some(Surcharge { param: param?, equals: equals?, usd: usd? })
    };
    // All are read before a missing one ends the reading, so that all problems are reported together.
    let all: Vec<Option<Surcharge>> = nodes.iter().map(read).collect();
    all.into_iter().collect()
}

/// Reports each of the required `keys` that is missing in `entries`, the entries of a map.
fn needed(decoder: &mut Decoder, node: &Node, entries: &[Entry], owner: &str, keys: &[&str], hint: &str) {
    for key in keys.iter().filter(|key| get(entries, key).is_none()) {
        let problem = decoder.error(node.span, format!("`{key}` is missing in `{owner}`"));
        decoder.report(problem.hint(hint));
    }
}

#[cfg(test)]
mod tests;
