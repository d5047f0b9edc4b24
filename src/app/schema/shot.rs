//! Composes the schema of shots and items, with the fields that models share.

use super::forms::{condition, described, digits, group, output, reference, reuse, template, text};
use crate::domain::request::Field;
use crate::manifest::keys;
use crate::provider::card::Rule;
use crate::provider::cards::Cards;
use crate::provider::check::shown;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn shot(cards: &Cards) -> Json {
    let own = |name: &str| match name {
        "model" => reference("model"),
        "params" => reference("params"),
        "optional" => json!({ "type": "array", "items": text() }),
        "extends" => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        "matrix" => reference("matrix"),
        "when" => condition(),
        "on_change" => json!({ "enum": ["render", "ask", "keep"], "default": "render" }),
        "reuse" => reuse(),
        _ => output(),
    };
    let mut shot = group(keys::SHOT, &[], own);
    for (name, schema) in fields(cards) {
        shot["properties"][name] = schema;
    }
    shot
}

/// Returns the schema of a shot's matrix: its axes, with excluded and additional combinations.
pub(super) fn matrix() -> Json {
    let entry = |name: &str| match name {
        "exclude" => json!({ "type": "array", "items": { "type": "object" } }),
        _ => json!({ "type": "array", "items": {
            "type": "object",
            "properties": { "when": described(condition(), "The items that the entry applies to.") },
        } }),
    };
    let mut matrix = group(keys::MATRIX, &[], entry);
    matrix["additionalProperties"] = json!({
        "description": "An axis: its values, each a string or a group of strings with an `id`.",
        "type": "array",
        "minItems": 1,
        "items": reference("choice"),
    });
    // Editors complete the names of models here; other values remain allowed as on any axis.
    matrix["properties"]["model"] = json!({
        "description": "An axis of models.",
        "type": "array",
        "minItems": 1,
        "items": { "anyOf": [reference("model"), reference("choice")] },
    });
    matrix["propertyNames"] = json!({ "pattern": "^[A-Za-z0-9_]+$", "not": { "const": "when" } });
    matrix
}

/// Returns the schema of one value in an axis (a list of values) of a shot's matrix.
pub(super) fn choice() -> Json {
    let id = described(text(), "A short, permanent name; clips are named after it.");
    let group = json!({ "type": "object", "required": ["id"], "properties": { "id": id } });
    json!({ "anyOf": [text(), { "type": "null" }, group] })
}

/// Returns the schema of an item in the manifest's own list of items.
///
/// Any other key than the known fields becomes a column of the item.
pub(super) fn item(cards: &Cards) -> Json {
    let nothing = json!({ "type": "null" });
    let mut properties = Map::new();
    properties.insert("id".into(), described(text(), "A permanent name."));
    for (name, says) in keys::SHOT.iter().filter(|(name, _)| ["model", "params"].contains(name)) {
        properties.insert((*name).to_owned(), described(reference(name), says));
    }
    for (name, schema) in fields(cards) {
        properties.insert(name.to_owned(), json!({ "anyOf": [schema, nothing, { "const": "" }] }));
    }
    json!({
        "type": "object",
        "required": ["id"],
        "properties": properties,
        "additionalProperties": { "anyOf": [text(), nothing] },
    })
}

/// Returns the name and the schema of each request field that all providers share.
fn fields(cards: &Cards) -> impl Iterator<Item = (&'static str, Json)> {
    Field::ALL.into_iter().map(move |field| {
        let schema = match field {
            Field::Duration => {
                json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, digits(), template()] })
            }
            Field::Seed => json!({ "anyOf": [{ "type": "integer" }, { "type": "string" }] }),
            Field::Audio => {
                json!({ "anyOf": [{ "type": "boolean" }, { "enum": ["true", "false"] }, template()] })
            }
            Field::ReferenceImages => {
                json!({ "anyOf": [text(), { "type": "array", "items": text() }] })
            }
            _ => words(cards.iter().filter_map(|card| card.field(field))),
        };
        (field.name(), described(schema, keys::field(field)))
    })
}

/// Returns the schema of the parameters that only some models have, with the names of these models.
pub(super) fn params(cards: &Cards) -> Json {
    let mut models: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for card in cards.iter() {
        for rule in &card.params {
            models.entry(&rule.name).or_default().push(card.name.to_string());
        }
    }
    let param = |(name, models): (&&str, &Vec<String>)| {
        let schema = words(cards.iter().filter_map(|card| card.param(name)));
        ((*name).to_owned(), described(schema, &format!("A parameter of {}.", models.join(", "))))
    };
    let properties: Map<String, Json> = models.iter().map(param).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": text() })
}

/// Returns the schema of a text field that suggests the values listed in the models' rules for it.
fn words<'a>(rules: impl Iterator<Item = &'a Rule>) -> Json {
    let known: BTreeSet<String> = rules.flat_map(|rule| &rule.values).map(shown).collect();
    if known.is_empty() { text() } else { json!({ "anyOf": [{ "enum": known }, text()] }) }
}
