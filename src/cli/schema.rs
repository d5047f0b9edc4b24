//! `shotlist schema`: the form of a manifest as JSON Schema (draft 7), for editors.
//!
//! Keys come from the tables of the decoders, parts of cards from the form of the cards, and models, parameters and
//! values from the built-in cards. What depends on the catalog or on the chosen model, `validate` checks.

use super::exit::Exit;
use super::terminal::Terminal;
use crate::catalog::dialects;
use crate::domain::item::OnePer;
use crate::domain::request::Field;
use crate::manifest::keys::{self, Keys};
use crate::provider::card::Rule;
use crate::provider::cards::Cards;
use crate::provider::cards::form::{CARD, Form, Key, Need};
use crate::provider::{self, check::shown};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// The first line of a manifest that is to be edited with the schema beside it.
const MODELINE: &str = "# yaml-language-server: $schema=shotlist.schema.json";

/// Prints the schema.
pub(super) fn schema(terminal: &Terminal) -> Exit {
    terminal.data(format_args!("{:#}", of_manifests(&Cards::built_in())));
    terminal
        .say("Save it as shotlist.schema.json beside the manifest, and make this the manifest's first line:");
    terminal.say(MODELINE);
    terminal.next("shotlist validate");
    Exit::Done
}

/// The schema of a manifest.
fn of_manifests(cards: &Cards) -> Json {
    let mut schema = group(keys::MANIFEST, &["version", "items", "shots"], section);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "shotlist manifest".into();
    schema["definitions"] = json!({
        "text": {
            "type": ["string", "number", "boolean"],
            "not": { "type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}" },
        },
        "model": model(cards),
        "shot": shot(cards),
        "item": item(cards),
        "params": params(cards),
        "price": group(keys::PRICE, &["per", "usd"], price),
        "card": card(),
    });
    schema
}

/// A section of the manifest.
fn section(name: &str) -> Json {
    match name {
        "version" => json!({ "enum": [1, "1"] }),
        "items" => {
            let file = group(keys::ITEMS, &["from"], |name| match name {
                "one_per" => json!({ "enum": OnePer::ALL.map(|(name, _)| name) }),
                "dialect" => json!({ "enum": dialects() }),
                "all" => json!({ "type": "boolean" }),
                _ => text(),
            });
            json!({ "anyOf": [file, { "type": "array", "minItems": 1, "items": reference("item") }] })
        }
        "vars" => json!({ "type": "object", "additionalProperties": text() }),
        "defaults" => reference("shot"),
        "shots" => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" },
            "additionalProperties": reference("shot"),
        }),
        "providers" => {
            let each = || group(keys::PROVIDER, &[], setting);
            let all: Map<String, Json> =
                provider::ALL.iter().map(|provider| (provider.name().to_owned(), each())).collect();
            json!({ "type": "object", "properties": all, "additionalProperties": false })
        }
        "models" => by_model("card"),
        "prices" => by_model("price"),
        "on_ambiguous" => {
            let resubmit = group(keys::RESUBMIT, &["max_extra_spend"], |_| usd());
            json!({ "anyOf": [{ "const": "hold" }, group(keys::ON_AMBIGUOUS, &["resubmit"], |_| resubmit.clone())] })
        }
        "budget" => group(keys::BUDGET, &[], |_| usd()),
        "guards" => group(keys::GUARDS, &[], guard),
        "reuse" => reuse(),
        "on_bad_item" => json!({ "enum": ["fail", "skip"] }),
        "output" => output(),
        // `project`
        _ => text(),
    }
}

/// What a run may order without being asked.
fn guard(name: &str) -> Json {
    let jobs = || json!({ "type": "integer", "minimum": 0 });
    match name {
        "max_jobs" => json!({ "anyOf": [jobs(), digits()] }),
        "max_new_spend" => usd(),
        _ => json!({ "anyOf": [
            jobs(),
            { "type": "string", "pattern": r"^([0-9]+|(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)\s*%)$" },
        ] }),
    }
}

fn reuse() -> Json {
    json!({ "enum": ["always", "never"] })
}

/// A setting of a provider.
fn setting(name: &str) -> Json {
    match name {
        "base_url" => json!({ "type": "string", "pattern": r"^(https://|http://(localhost|127\.|\[::1\]))" }),
        "api_key" => json!({ "type": "string", "pattern": r"^\s*\$\{[A-Za-z_][A-Za-z0-9_]*\}\s*$" }),
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

/// A key of a price.
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

/// A key for each model, old or new.
fn by_model(definition: &str) -> Json {
    json!({
        "type": "object",
        "propertyNames": reference("model"),
        "additionalProperties": reference(definition),
    })
}

/// The name of a model: a known one, one that a manifest adds, or a template.
fn model(cards: &Cards) -> Json {
    let known: Vec<String> = cards.iter().map(|card| card.name.to_string()).collect();
    let providers: Vec<&str> = provider::ALL.iter().map(|provider| provider.name()).collect();
    let new = format!("^({})/.", providers.join("|"));
    json!({ "anyOf": [{ "enum": known }, { "type": "string", "pattern": new }, template()] })
}

fn shot(cards: &Cards) -> Json {
    let own = |name: &str| match name {
        "model" => reference("model"),
        "params" => reference("params"),
        "optional" => json!({ "type": "array", "items": text() }),
        "on_change" => json!({ "enum": ["render", "ask", "keep"] }),
        "reuse" => reuse(),
        _ => output(),
    };
    let mut shot = group(keys::SHOT, &[], own);
    for (name, schema) in fields(cards) {
        shot["properties"][name] = schema;
    }
    shot
}

/// An entry of the manifest's own list; its other keys are columns.
fn item(cards: &Cards) -> Json {
    let nothing = json!({ "type": "null" });
    let mut properties = Map::new();
    properties.insert("id".into(), described(text(), "A name that stays."));
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

/// The fields that all providers share.
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

/// What else the models document, with the models that do.
fn params(cards: &Cards) -> Json {
    let mut models: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for card in cards.iter() {
        for rule in &card.params {
            models.entry(&rule.name).or_default().push(card.name.to_string());
        }
    }
    let param = |(name, models): (&&str, &Vec<String>)| {
        let schema = words(cards.iter().filter_map(|card| card.param(name)));
        ((*name).to_owned(), described(schema, &format!("Of {}.", models.join(", "))))
    };
    let properties: Map<String, Json> = models.iter().map(param).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": text() })
}

/// A text for which the cards of some models know values.
fn words<'a>(rules: impl Iterator<Item = &'a Rule>) -> Json {
    let known: BTreeSet<String> = rules.flat_map(|rule| &rule.values).map(shown).collect();
    if known.is_empty() { text() } else { json!({ "anyOf": [{ "enum": known }, text()] }) }
}

/// A model's entry under `models`.
fn card() -> Json {
    let mut card = form(Form::Group(CARD), false);
    card["properties"][keys::LIKE.0] = described(reference("model"), keys::LIKE.1);
    card
}

/// What a part of a card may be.
fn form(of: Form, may_be_nothing: bool) -> Json {
    let schema = match of {
        Form::Text => text(),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Number(least) => json!({ "type": "integer", "minimum": least, "maximum": u32::MAX }),
        Form::Scalar => json!({ "type": ["boolean", "integer", "number", "string"] }),
        Form::Usd => usd(),
        Form::Word(words) => json!({ "enum": words }),
        Form::List(each) => json!({ "type": "array", "items": form(*each, false) }),
        Form::Quotient => json!({
            "type": "array",
            "items": { "type": "integer", "minimum": 1 },
            "minItems": 2,
            "maxItems": 2,
        }),
        Form::Group(keys) => {
            let property = |key: &Key| {
                let schema = form(key.form, key.need == Need::Never);
                (key.name.to_owned(), described(schema, key.says))
            };
            let needed: Vec<&str> =
                keys.iter().filter(|key| key.need == Need::Always).map(|key| key.name).collect();
            json!({
                "type": "object",
                "properties": keys.iter().map(property).collect::<Map<_, _>>(),
                "required": needed,
                "additionalProperties": false,
            })
        }
    };
    if may_be_nothing { json!({ "anyOf": [schema, { "type": "null" }] }) } else { schema }
}

/// A group of keys and no others.
fn group(keys: &Keys, needed: &[&str], schema: impl Fn(&str) -> Json) -> Json {
    let property = |(name, says): &(&str, &str)| ((*name).to_owned(), described(schema(name), says));
    json!({
        "type": "object",
        "properties": keys.iter().map(property).collect::<Map<_, _>>(),
        "required": needed,
        "additionalProperties": false,
    })
}

fn described(mut schema: Json, says: &str) -> Json {
    // Beside a reference, draft 7 reads nothing.
    if schema.get("$ref").is_some() {
        schema = json!({ "allOf": [schema] });
    }
    schema["description"] = says.into();
    schema
}

fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// One text; YAML's numbers and truths are read as they are written. Variables of the environment are for keys alone.
fn text() -> Json {
    reference("text")
}

/// Where clips go.
fn output() -> Json {
    json!({ "type": "string", "pattern": r"^[^/](.|\n)*(\.mp4|\})\s*$" })
}

fn template() -> Json {
    json!({ "type": "string", "pattern": r"\{[\{%]" })
}

fn digits() -> Json {
    json!({ "type": "string", "pattern": r"^\s*[0-9]+\s*$" })
}

fn usd() -> Json {
    json!({ "anyOf": [
        { "type": "number", "minimum": 0 },
        { "type": "string", "pattern": r"^\$?[0-9]{1,13}(\.[0-9]{1,6})?$" },
    ] })
}
