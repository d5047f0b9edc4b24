//! Composes the schema of a model's entry under `models`, from the definition of model cards.

use super::forms::{described, reference, text, usd};
use crate::manifest::keys;
use crate::provider::cards::form::{CARD, Form, Key, Need};
use serde_json::{Map, Value as Json, json};

/// Returns the schema of a model's entry under `models`.
pub(super) fn card() -> Json {
    let mut card = form(Form::Group(CARD), false);
    card["properties"][keys::LIKE.0] = described(reference("model"), keys::LIKE.1);
    card
}

/// Returns the schema of a part of a model card. With `may_be_nothing`, the part may also be `null`.
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
