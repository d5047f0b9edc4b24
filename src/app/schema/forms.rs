//! Small parts of the schema that others are made of.

use crate::manifest::{self, keys::Keys};
use serde_json::{Map, Value as Json, json};

/// A group of keys and no others.
pub(super) fn group(keys: &Keys, needed: &[&str], schema: impl Fn(&str) -> Json) -> Json {
    let property = |(name, says): &(&str, &str)| ((*name).to_owned(), described(schema(name), says));
    json!({
        "type": "object",
        "properties": keys.iter().map(property).collect::<Map<_, _>>(),
        "required": needed,
        "additionalProperties": false,
    })
}

pub(super) fn described(mut schema: Json, says: &str) -> Json {
    // Beside a reference, draft 7 reads nothing.
    if schema.get("$ref").is_some() {
        schema = json!({ "allOf": [schema] });
    }
    schema["description"] = says.into();
    schema
}

/// With what holds where nothing is written.
pub(super) fn defaulted(mut schema: Json, value: impl Into<Json>) -> Json {
    schema["default"] = value.into();
    schema
}

pub(super) fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// One text; YAML's numbers and truths are read as they are written. Variables of the environment are for keys alone.
pub(super) fn text() -> Json {
    reference("text")
}

/// Without braces.
pub(super) fn condition() -> Json {
    json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "not": { "pattern": r"\{[\{%]" } }] })
}

pub(super) fn reuse() -> Json {
    json!({ "enum": ["always", "never"] })
}

/// Where clips go.
pub(super) fn output() -> Json {
    json!({
        "type": "string",
        "pattern": r"^[^/](.|\n)*(\.mp4|\})\s*$",
        "not": { "pattern": r"(^|/)\.\.?/" },
    })
}

/// Where clips go if a manifest does not say: read of the least one.
pub(super) fn default_output() -> Option<String> {
    let least = "version: 1\nitems: [{ id: a }]\nshots: { a: { model: zai/viduq1-text, prompt: a } }\n";
    manifest::read("", least.as_bytes()).0.map(|manifest| manifest.output.source().to_owned())
}

pub(super) fn template() -> Json {
    json!({ "type": "string", "pattern": r"\{[\{%]" })
}

pub(super) fn digits() -> Json {
    json!({ "type": "string", "pattern": r"^\s*[0-9]+\s*$" })
}

pub(super) fn usd() -> Json {
    json!({ "anyOf": [
        { "type": "number", "minimum": 0 },
        { "type": "string", "pattern": r"^\$?[0-9]{1,13}(\.[0-9]{1,6})?$" },
    ] })
}
