//! `shotlist schema`: the form of a manifest as JSON Schema (draft 7), for editors.
//!
//! Keys come from the tables of the decoders, parts of cards from the form of the cards, and models, parameters and
//! values from the built-in cards. What depends on the catalog or on the chosen model, `validate` checks.

use super::exit::Exit;
use crate::catalog::dialects;
use crate::domain::item::OnePer;
use crate::domain::request::Field;
use crate::manifest::{
    self,
    keys::{self, Keys},
};
use crate::provider::Provider;
use crate::provider::Registry;
use crate::provider::card::Rule;
use crate::provider::cards::Cards;
use crate::provider::cards::form::{CARD, Form, Key, Need};
use crate::provider::check::shown;
use crate::provider::document::Profile;
use crate::report::terminal::Terminal;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where `init` puts the schema, as seen from the manifest.
pub(crate) const PLACE: &str = ".shotlist/schema.json";

/// The first line of a manifest that is edited with the schema at [`PLACE`].
pub(crate) const MODELINE: &str = "# yaml-language-server: $schema=.shotlist/schema.json";

/// Prints the schema.
pub(crate) fn schema(terminal: &Terminal) -> Exit {
    terminal.data(document());
    terminal.say(format_args!(
        "`shotlist init` puts it into {PLACE} beside the manifest, whose first line then is:"
    ));
    terminal.say(MODELINE);
    terminal.next("shotlist validate");
    Exit::Done
}

/// The schema as a file holds it.
pub(crate) fn document() -> String {
    format!("{:#}", of_manifests(&Cards::built_in()))
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
    // Only a manifest with `models` may name a model that is in no list.
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

/// A section of the manifest.
fn section(name: &str) -> Json {
    match name {
        "version" => json!({ "enum": [1, "1"], "default": 1 }),
        "items" => {
            let file = group(keys::ITEMS, &["from"], |name| match name {
                "one_per" => json!({ "enum": OnePer::ALL.map(|(name, _)| name), "default": "product" }),
                "dialect" => json!({ "enum": dialects() }),
                "all" => json!({ "type": "boolean", "default": false }),
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
        // `project`
        _ => text(),
    }
}

/// What a run may order without being asked.
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

fn reuse() -> Json {
    json!({ "enum": ["always", "never"] })
}

/// A setting of a provider.
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

/// The names of the models, a list for each provider, and templates.
fn models(cards: &Cards) -> impl Iterator<Item = Json> {
    let of_one = move |provider: &Arc<dyn Provider>| {
        let names: Vec<String> = cards.of(provider.name()).map(|card| card.name.to_string()).collect();
        json!({ "title": format!("a model of {}", provider.name()), "enum": names })
    };
    cards.providers().iter().map(of_one).chain([template()])
}

/// The name of a model that the manifest adds.
fn new_model() -> Json {
    let registry = Registry::built_in();
    let providers: Vec<&str> = registry.iter().map(|provider| provider.name()).collect();
    json!({ "type": "string", "pattern": format!("^({})/.", providers.join("|")) })
}

fn shot(cards: &Cards) -> Json {
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

/// The axes of a shot, by name, with what is taken away and what is added.
fn matrix() -> Json {
    let entry = |name: &str| match name {
        "exclude" => json!({ "type": "array", "items": { "type": "object" } }),
        _ => json!({ "type": "array", "items": {
            "type": "object",
            "properties": { "when": described(condition(), "For which items the entry holds.") },
        } }),
    };
    let mut matrix = group(keys::MATRIX, &[], entry);
    matrix["additionalProperties"] = json!({
        "description": "An axis: its values, each a text or a group of texts with an `id`.",
        "type": "array",
        "minItems": 1,
        "items": reference("choice"),
    });
    // So that editors complete the names of models; what else an axis may hold, this one may, too.
    matrix["properties"]["model"] = json!({
        "description": "An axis of models.",
        "type": "array",
        "minItems": 1,
        "items": { "anyOf": [reference("model"), reference("choice")] },
    });
    matrix["propertyNames"] = json!({ "pattern": "^[A-Za-z0-9_]+$", "not": { "const": "when" } });
    matrix
}

/// A value of an axis.
fn choice() -> Json {
    let id = described(text(), "A short name that stays; clips are called after it.");
    let group = json!({ "type": "object", "required": ["id"], "properties": { "id": id } });
    json!({ "anyOf": [text(), { "type": "null" }, group] })
}

/// Without braces.
fn condition() -> Json {
    json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "not": { "pattern": r"\{[\{%]" } }] })
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

/// With what holds where nothing is written.
fn defaulted(mut schema: Json, value: impl Into<Json>) -> Json {
    schema["default"] = value.into();
    schema
}

fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// One text; YAML's numbers and truths are read as they are written. Variables of the environment are for keys alone.
fn text() -> Json {
    reference("text")
}

/// Where clips go if a manifest does not say: read of the least one.
fn default_output() -> Option<String> {
    let least = "version: 1\nitems: [{ id: a }]\nshots: { a: { model: zai/viduq1-text, prompt: a } }\n";
    manifest::read("", least.as_bytes()).0.map(|manifest| manifest.output.source().to_owned())
}

/// Where clips go.
fn output() -> Json {
    json!({
        "type": "string",
        "pattern": r"^[^/](.|\n)*(\.mp4|\})\s*$",
        "not": { "pattern": r"(^|/)\.\.?/" },
    })
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
