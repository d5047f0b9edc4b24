//! Small building blocks for the schema of a manifest.

use crate::manifest::{self, keys::Keys};
use serde_json::{Map, Value as Json, json};

/// Returns the schema of an object that may have only these keys.
///
/// `needed` are the keys that it must have, and `schema` returns the schema of a key's value.
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
    // Draft 7 ignores everything next to a reference.
    if schema.get("$ref").is_some() {
        schema = json!({ "allOf": [schema] });
    }
    schema["description"] = says.into();
    schema
}

pub(super) fn defaulted(mut schema: Json, value: impl Into<Json>) -> Json {
    schema["default"] = value.into();
    schema
}

pub(super) fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// Returns the schema of a text field.
///
/// YAML numbers and booleans are allowed as well, and keep the form that they have in the file: `1.0` stays `1.0`.
/// Environment variables are allowed only in the API keys of providers.
pub(super) fn text() -> Json {
    reference("text")
}

/// Returns the schema of a condition (`when`), which is an expression without the braces of a template.
pub(super) fn condition() -> Json {
    json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "not": { "pattern": r"\{[\{%]" } }] })
}

pub(super) fn reuse() -> Json {
    json!({ "enum": ["always", "never"] })
}

/// Returns the schema of the template for the paths of clips (`output`).
pub(super) fn output() -> Json {
    json!({
        "type": "string",
        "pattern": r"^[^/](.|\n)*(\.mp4|\})\s*$",
        "not": { "pattern": r"(^|/)\.\.?/" },
    })
}

/// Returns the template for the paths of clips that a manifest without `output` has.
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
