//! Composes the JSON Schema (draft 7) of a manifest, for editors.
//!
//! Keys come from the tables of the manifest's decoders, and the parts of cards (descriptions of models) from the
//! definition of cards. Models, parameters and values come from the built-in cards. Rules that depend on the catalog or
//! the chosen model are not in the schema; `validate` checks them.

mod card;
mod forms;
mod shot;

use crate::catalog::dialects;
use crate::domain::item::{Delimiter, FIELDS, OnePer};
use crate::manifest::{CHECKS, keys};
use crate::provider::cards::Cards;
use crate::provider::document::Profile;
use crate::provider::{Provider, Registry};
use card::card;
use forms::{
    condition, default_output, defaulted, digits, group, output, reference, reuse, template, text, usd,
};
use serde_json::{Map, Value as Json, json};
use shot::{choice, item, matrix, params, shot};
use std::sync::Arc;

/// Path at which `init` writes the schema, relative to the manifest.
pub const PLACE: &str = ".shotlist/schema.json";

/// First line of a manifest that is edited with the schema at [`PLACE`].
pub const MODELINE: &str = "# yaml-language-server: $schema=.shotlist/schema.json";

/// Returns the JSON Schema of a manifest as text.
#[must_use]
pub fn document() -> String {
    format!("{:#}", of_manifests(&Cards::built_in()))
}

/// Returns the JSON Schema of a manifest for these model cards.
fn of_manifests(cards: &Cards) -> Json {
    let mut schema = group(keys::MANIFEST, &["version", "items", "shots"], section);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "shotlist manifest".into();
    schema["definitions"] = json!({
        "text": {
            "type": ["string", "number", "boolean"],
            "not": { "type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}" },
        },
        "model": { "anyOf": models(cards).chain([new_model()]).collect::<Vec<_>>() },
        "known_model": { "anyOf": models(cards).collect::<Vec<_>>() },
        "shot": shot(cards),
        "matrix": matrix(),
        "choice": choice(),
        "item": item(cards),
        "params": params(cards),
        "price": group(keys::PRICE, &["per", "usd"], price),
        "card": card(),
    });
    // Only a manifest with `models` may name a model outside the lists.
    let known = json!({ "properties": { "model": reference("known_model") } });
    schema["if"] = json!({ "not": { "required": ["models"] } });
    schema["then"] = json!({ "properties": {
        "items": { "items": known },
        "defaults": known,
        "presets": { "additionalProperties": known },
        "shots": { "additionalProperties": known },
        "prices": { "propertyNames": reference("known_model") },
    } });
    schema
}

/// Returns the schema of a section of the manifest.
fn section(name: &str) -> Json {
    match name {
        "version" => json!({ "enum": [1, "1"], "default": 1 }),
        "items" => {
            let file = group(keys::ITEMS, &["from"], |name| match name {
                "one_per" => json!({ "enum": OnePer::ALL.map(|(name, _)| name), "default": "product" }),
                "dialect" => json!({ "enum": dialects() }),
                "all" => json!({ "type": "boolean", "default": false }),
                "columns" => columns(),
                "delimiter" => json!({ "enum": Delimiter::ALL.map(|(name, _)| name) }),
                "join" => group(keys::JOIN, &["from", "on"], |_| text()),
                "where" => condition(),
                _ => text(),
            });
            json!({ "anyOf": [file, { "type": "array", "minItems": 1, "items": reference("item") }] })
        }
        "vars" => json!({ "type": "object", "additionalProperties": text() }),
        "defaults" => reference("shot"),
        "presets" => json!({ "type": "object", "additionalProperties": reference("shot") }),
        "shots" => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" },
            "additionalProperties": reference("shot"),
        }),
        "providers" => {
            let each = |profile: &Profile| group(keys::PROVIDER, &[], |name| setting(profile, name));
            let all: Map<String, Json> = Registry::built_in()
                .iter()
                .map(|provider| (provider.name().to_owned(), each(provider.profile())))
                .collect();
            json!({ "type": "object", "properties": all, "additionalProperties": false })
        }
        "models" => by_model("card"),
        "prices" => by_model("price"),
        "on_ambiguous" => {
            let resubmit = group(keys::RESUBMIT, &["max_extra_spend"], |_| usd());
            let resubmit = group(keys::ON_AMBIGUOUS, &["resubmit"], |_| resubmit.clone());
            json!({ "anyOf": [{ "const": "hold" }, resubmit], "default": "hold" })
        }
        "budget" => group(keys::BUDGET, &[], |_| usd()),
        "guards" => group(keys::GUARDS, &[], guard),
        "reuse" => defaulted(reuse(), "always"),
        "output" => defaulted(output(), default_output()),
        "on_bad_item" => json!({ "enum": ["fail", "skip"], "default": "fail" }),
        "on_missing" => json!({ "enum": ["fetch", "tell", "ignore"], "default": "tell" }),
        "image_identity" => json!({ "enum": ["bytes", "url", "url_without_query", "pixels"] }),
        "rollout" => group(keys::ROLLOUT, &[], |name| {
            if name == "canary" {
                let number = json!({ "type": "integer", "minimum": 1, "maximum": 1000 });
                return json!({ "anyOf": [number, digits()], "default": 10 });
            }
            let percent =
                |_: &str| json!({ "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]{1,2})?\s*%\s*$" });
            json!({ "anyOf": [{ "const": "approve" }, group(keys::THEN, &["approve"], percent)], "default": "approve" })
        }),
        "checks" => group(keys::CHECKS, &[], check),
        // This is `project`.
        _ => text(),
    }
}

/// Returns the schema of the columns of a product file.
fn columns() -> Json {
    let column = json!({ "anyOf": [text(), { "type": "array", "minItems": 1, "items": text() }] });
    let all: Map<String, Json> = FIELDS.iter().map(|name| ((*name).to_owned(), column.clone())).collect();
    json!({ "type": "object", "properties": all, "additionalProperties": false })
}

/// Returns the schema of a setting of the automatic checks of clips.
fn check(name: &str) -> Json {
    let number = |most: u32, unit: &str| {
        let text = json!({ "type": "string", "pattern": format!(r"^[0-9]+(\.[0-9]*)?\s*{unit}$") });
        match unit {
            "" => json!({ "anyOf": [{ "type": "number", "minimum": 0, "maximum": most }, text] }),
            _ => text,
        }
    };
    match name {
        "frames" => json!({ "enum": ["auto", "off"], "default": "auto" }),
        "duration" | "black" | "frozen" => number(600, "s"),
        "size" | "bars" => number(100, "%"),
        "hash" => json!({ "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 63 }, digits()] }),
        "off" => json!({ "type": "array", "items": { "enum": CHECKS } }),
        _ => number(100, ""),
    }
}

/// Returns the schema of a guard (a limit on changes).
fn guard(name: &str) -> Json {
    let jobs = || json!({ "type": "integer", "minimum": 0 });
    match name {
        "max_jobs" => json!({ "anyOf": [jobs(), digits()] }),
        "max_new_spend" | "max_in_doubt" => usd(),
        _ => json!({ "anyOf": [
            jobs(),
            { "type": "string", "pattern": r"^([0-9]+|(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)\s*%)$" },
        ] }),
    }
}

/// Returns the schema of a provider's setting.
fn setting(profile: &Profile, name: &str) -> Json {
    match name {
        "base_url" => json!({
            "type": "string",
            "pattern": r"^(https://|http://(localhost|127\.|\[::1\]))",
            "default": profile.base_url,
        }),
        "api_key" => json!({
            "type": "string",
            "pattern": r"^\s*\$\{[A-Za-z_][A-Za-z0-9_]*\}\s*$",
            "default": format!("${{{}}}", profile.key_env),
        }),
        _ => group(keys::LIMITS, &[], |name| match name {
            "rate" | "poll_rate" => json!({
                "type": "string",
                "pattern": r"^\s*[0-9]+\s*/\s*(s|sec|second|min|minute|h|hour|d|day)\s*$",
            }),
            "first_poll" | "poll_every" => {
                json!({ "type": "string", "pattern": r"^[0-9]+\s*(ms|s|m|min|h)\s*$" })
            }
            _ => json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, digits()] }),
        }),
    }
}

/// Returns the schema of one key of a model's price.
fn price(name: &str) -> Json {
    match name {
        "per" => json!({ "enum": ["clip", "second"] }),
        "usd" => usd(),
        _ => json!({
            "type": "array",
            "items": group(keys::SURCHARGE, &["param", "equals", "usd"], |name| match name {
                "usd" => usd(),
                _ => text(),
            }),
        }),
    }
}

/// Returns the schema of an object with a key for each built-in model, and with other keys for models that are added.
fn by_model(definition: &str) -> Json {
    json!({
        "type": "object",
        "propertyNames": reference("model"),
        "additionalProperties": reference(definition),
    })
}

/// Returns the schemas of a model's name: one for the models of each provider, and one for a template.
///
/// A template such as `{{ item.model }}` reads the name from the item.
fn models(cards: &Cards) -> impl Iterator<Item = Json> {
    let of_one = move |provider: &Arc<dyn Provider>| {
        let names: Vec<String> = cards.of(provider.name()).map(|card| card.name.to_string()).collect();
        json!({ "title": format!("a model of {}", provider.name()), "enum": names })
    };
    cards.providers().iter().map(of_one).chain([template()])
}

/// Returns the schema of the name of a model that the manifest adds.
fn new_model() -> Json {
    let registry = Registry::built_in();
    let providers: Vec<&str> = registry.iter().map(|provider| provider.name()).collect();
    json!({ "type": "string", "pattern": format!("^({})/.", providers.join("|")) })
}
