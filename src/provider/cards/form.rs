//! Describes how people write a model's card in YAML, for error messages and for the JSON schema of editors.
//!
//! The type [`ModelCard`](crate::provider::card::ModelCard) defines the content of a card; a test compares the two.

use crate::domain::money::Usd;
use crate::domain::problem::{did_you_mean, meant_or_all};
use crate::domain::text::either;
use serde_json::{Map, Value as Json};

/// The form in which people write a value of a model's card (the description of a model) in YAML.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Text that is not blank. Numbers and `true` or `false` count as text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number that is at least this number.
    Number(u32),
    /// A value of a parameter: `true`, `false`, a whole number or text.
    Scalar,
    /// An amount of US dollars, written in digits.
    Usd,
    /// One of the given words.
    Word(&'static [&'static str]),
    /// A list of values, all of the given form.
    List(&'static Form),
    /// A fraction, written as a list of numerator and denominator.
    Quotient,
    /// A group (mapping) with some of the given keys.
    Group(&'static [Key]),
}

/// A key in a mapping of a model's card (the description of a model), with the form of the key's value.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The key's name.
    pub name: &'static str,
    /// The form of the key's value.
    pub form: Form,
    /// The rule that says whether the key may be left out or removed.
    pub need: Need,
    /// The description of the key in one sentence, for the schema.
    pub says: &'static str,
}

/// The rule that says whether a manifest's correction of a model card may leave out a key or remove it by null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A correction that writes the group (mapping) in which the key is, such as `price`, must also write the key.
    Always,
    /// A correction may leave out the key but not remove it by null, because the model card is invalid without the key.
    InCard,
    /// A correction may leave out the key, or remove it by null.
    Never,
}

const fn key(name: &'static str, form: Form, says: &'static str) -> Key {
    Key { name, form, need: Need::Never, says }
}

impl Key {
    const fn needed(self, need: Need) -> Self {
        Self { need, ..self }
    }
}

/// The keys of a model's card (the description of a model) that a manifest can correct.
pub static CARD: &[Key] = &[
    key("summary", Form::Text, "The model's description in one line, for tables.").needed(Need::InCard),
    key("source", Form::Text, "The provider's documents that the card follows.").needed(Need::InCard),
    key("unverified", Form::Flag, "True if parts of the card are inferred and not documented."),
    key("modes", Form::List(&MODE), "The inputs from which the model makes a clip.").needed(Need::InCard),
    key("price", Form::Group(PRICE), "The price of a clip."),
    key("link_life_hours", Form::Number(0), "The hours for which a link to a finished clip is valid.")
        .needed(Need::InCard),
    key("limits", Form::Group(LIMITS), "The limits on using the model."),
    key("prompt_or_image", Form::Flag, "True if a request needs a prompt or a picture."),
    key("pictures", Form::Group(PICTURES), "The rules for pictures, and how they are sent."),
    key("fields", Form::List(&Form::Group(RULE)), "The portable fields of the model, merged by name.")
        .needed(Need::InCard),
    key("params", Form::List(&Form::Group(RULE)), "The model's other parameters, merged by name."),
    key("remarks", Form::List(&Form::Group(REMARK)), "Statements of the documents about settings."),
    key("notes", Form::List(&Form::Text), "Further notes about the documents."),
];

static MODE: Form = Form::Word(&["text", "image", "frames", "reference"]);

/// The keys of the mapping `price` in a model's card (the description of a model).
pub static PRICE: &[Key] = &[
    key("per", Form::Word(&["clip", "second"]), "The unit of the price.").needed(Need::Always),
    key("usd", Form::Usd, "The price of one unit in US dollars.").needed(Need::Always),
    key("surcharges", Form::List(&Form::Group(SURCHARGE)), "The amounts that some parameters add to a clip."),
];

static SURCHARGE: &[Key] = &[
    key("param", Form::Text, "The parameter that costs extra.").needed(Need::Always),
    key("equals", Form::Scalar, "The value of the parameter that costs extra.").needed(Need::Always),
    key("usd", Form::Usd, "The amount in US dollars that it adds to a clip.").needed(Need::Always),
];

static LIMITS: &[Key] = &[
    key("concurrency", Form::Number(1), "The largest number of tasks that run at the same time."),
    key("submits_per_minute", Form::Number(1), "The largest number of submissions per minute."),
    key("first_poll_seconds", Form::Number(0), "The seconds from acceptance to the first poll."),
    key("poll_every_seconds", Form::Number(0), "The seconds between polls."),
];

static PICTURES: &[Key] = &[
    key("wire", Form::Text, "The member of the request's body that contains all pictures."),
    key("send", Form::Word(&["text", "list", "text_or_list"]), "The form in which pictures are written."),
    key("links_only", Form::Flag, "True if the provider accepts only links."),
    key(
        "formats",
        Form::List(&Form::Word(&["png", "jpeg", "webp"])),
        "The accepted formats; empty means all.",
    ),
    key("max_megabytes", Form::Number(1), "The largest picture file in megabytes."),
    key("max_body_megabytes", Form::Number(1), "The largest body of a request in megabytes."),
    key("min_side", Form::Number(0), "The smallest width and height of a picture in pixels."),
    key("max_aspect", Form::Number(1), "The largest ratio of a picture's longer to its shorter side."),
    key("max_difference", Form::Quotient, "The largest ratio by which first and last frame may differ."),
];

static RULE: &[Key] = &[
    key("name", Form::Text, "The name of the field or parameter in manifests.").needed(Need::Always),
    key("wire", Form::Text, "The name in the request's body, if it differs."),
    key("type", Form::Word(&["text", "int", "bool", "picture"]), "The value's type.").needed(Need::InCard),
    key("values", Form::List(&Form::Scalar), "The allowed values."),
    key("min", Form::Number(0), "The smallest number, or fewest characters or pictures."),
    key("max", Form::Number(0), "The largest number, or most characters or pictures."),
    key("link", Form::Flag, "True if the text is a link that the provider must be able to reach."),
    key("default", Form::Scalar, "The value that the provider uses if the request sets none."),
    key("required", Form::Flag, "True if every request must set the field."),
    key("only_with", Form::List(&Form::Text), "The other fields without which this one has no effect."),
    key("excludes", Form::List(&Form::Text), "The other fields that cannot be combined with this one."),
];

static REMARK: &[Key] = &[
    key(
        "kind",
        Form::Word(&["disputed", "refused", "no_effect", "costs_extra"]),
        "The effect of the remark.",
    )
    .needed(Need::Always),
    key("field", Form::Text, "The field of the remark, such as `seed` or `params.x`.").needed(Need::Always),
    key("value", Form::Scalar, "The value of the remark; all values if absent."),
    key("with", Form::Text, "The remark applies only if this field is set too."),
    key("without", Form::Text, "The remark applies only if this field is not set."),
    key("says", Form::Text, "The statement with its source.").needed(Need::Always),
];

/// A mistake in the form of a value: an unknown key, a missing key, or a value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// The keys and list positions that lead from the checked value to the mistake.
    pub steps: Vec<String>,
    /// True if the key is wrong, false if its value is wrong.
    pub is_key: bool,
    /// The mistake as one clause.
    pub what: String,
    /// The hint: what to write instead.
    pub hint: String,
}

/// The largest number of characters of a wrong value that a message repeats.
const ECHOED: usize = 40;

impl Form {
    /// Returns all mistakes in a value whose key is `name`.
    ///
    /// Numbers and booleans become strings where the form requires text or an amount of money. A null inside a mapping
    /// removes its key, so it is a mistake if that key must stay.
    pub fn fit(&self, value: &mut Json, name: &str) -> Vec<FormError> {
        let mut fitting = Fitting::default();
        fitting.fit(*self, value, name);
        fitting.misfits
    }

    /// Returns the hint that says how to write a value of this form.
    fn hint(self) -> String {
        match self {
            Self::Text => "write a string in quotes".into(),
            Self::Flag => "write `true` or `false`".into(),
            Self::Number(least) => format!("write a whole number, {least} or more, without quotes"),
            Self::Scalar => "write `true`, `false`, a whole number or a string".into(),
            Self::Usd => "write US dollars in digits with at most six decimals, such as \"0.20\"".into(),
            Self::Word(words) => format!("write {}", either(words.iter().map(|word| format!("`{word}`")))),
            Self::List(Self::Group(keys)) => format!("write a list of groups: `[{{ {}: … }}]`", keys[0].name),
            Self::List(_) => "write a list, such as `[a, b]`".into(),
            Self::Quotient => "write a numerator and a denominator, such as `[5, 4]`".into(),
            Self::Group(keys) => {
                let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
                format!("write a group of these keys: {}", names.join(", "))
            }
        }
    }
}

#[derive(Default)]
struct Fitting {
    steps: Vec<String>,
    misfits: Vec<FormError>,
}

impl Fitting {
    fn fit(&mut self, form: Form, value: &mut Json, name: &str) {
        let is_fit = match (form, &mut *value) {
            (Form::Text | Form::Usd, Json::Bool(_) | Json::Number(_)) => {
                // The value was written without quotes; its text is exactly as written.
                *value = Json::String(value.to_string());
                return self.fit(form, value, name);
            }
            (Form::Text, Json::String(text)) => !text.trim().is_empty(),
            (Form::Usd, Json::String(text)) => text.parse::<Usd>().is_ok(),
            (Form::Number(least), Json::Number(number)) => number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .is_some_and(|number| number >= least),
            (Form::Flag, Json::Bool(_)) | (Form::Scalar, Json::Bool(_) | Json::String(_)) => true,
            (Form::Scalar, Json::Number(number)) => number.is_i64(),
            (Form::Word(words), Json::String(text)) => words.contains(&text.as_str()),
            (Form::Quotient, Json::Array(pair)) => {
                pair.len() == 2 && pair.iter().all(|number| number.as_u64().is_some_and(|number| number > 0))
            }
            (Form::List(each), Json::Array(values)) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.below(index.to_string(), |fitting| fitting.fit(*each, value, name));
                }
                true
            }
            (Form::Group(keys), Json::Object(group)) => {
                self.group(keys, group, name);
                true
            }
            _ => false,
        };
        if !is_fit {
            let hint = match (form, &*value) {
                (Form::Word(words), Json::String(text)) => did_you_mean(text, words.iter().copied())
                    .map_or_else(|| form.hint(), |near| format!("did you mean `{near}`?")),
                _ => form.hint(),
            };
            self.report(false, wrong(value, name), hint);
        }
    }

    fn group(&mut self, keys: &'static [Key], group: &mut Map<String, Json>, owner: &str) {
        for (name, value) in group.iter_mut() {
            let known = keys.iter().find(|key| key.name == name);
            self.below(name.clone(), |fitting| match known {
                None => {
                    let hint = meant_or_all(name, keys.iter().map(|key| key.name), "known keys");
                    fitting.report(true, format!("unknown key `{name}` in `{owner}`"), hint);
                }
                Some(key) if value.is_null() && key.need != Need::Never => {
                    let what = format!("`{name}` of `{owner}` cannot be removed");
                    fitting.report(false, what, key.form.hint());
                }
                Some(_) if value.is_null() => {}
                Some(key) => fitting.fit(key.form, value, name),
            });
        }
        for key in keys.iter().filter(|key| key.need == Need::Always && !group.contains_key(key.name)) {
            let what = format!("`{}` is missing in `{owner}`", key.name);
            self.report(false, what, format!("add `{}:`; {}", key.name, key.form.hint()));
        }
    }

    fn below(&mut self, step: String, work: impl FnOnce(&mut Self)) {
        self.steps.push(step);
        work(self);
        self.steps.pop();
    }

    fn report(&mut self, is_key: bool, what: String, hint: String) {
        self.misfits.push(FormError { steps: self.steps.clone(), is_key, what, hint });
    }
}

fn wrong(value: &Json, name: &str) -> String {
    match value {
        Json::Null => format!("`{name}` has no value"),
        Json::Array(_) => format!("a list is not a valid value for `{name}`"),
        Json::Object(_) => format!("a group of fields is not a valid value for `{name}`"),
        Json::String(text) => {
            format!("`{}` is not a valid value for `{name}`", text.chars().take(ECHOED).collect::<String>())
        }
        Json::Bool(_) | Json::Number(_) => format!("`{value}` is not a valid value for `{name}`"),
    }
}
