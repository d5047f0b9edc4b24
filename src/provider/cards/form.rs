//! The form of a card as people write it: for messages that say what to write, and for the schema of editors.
//!
//! What a card *is* stands in its type; a test compares the two.

use crate::domain::money::Usd;
use crate::domain::problem::{did_you_mean, meant_or_all};
use crate::domain::text::either;
use serde_json::{Map, Value as Json};

/// What may be written somewhere in a card.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number from this one on.
    Number(u32),
    /// A value of a parameter: `true`, `false`, a whole number or text.
    Scalar,
    /// US dollars in digits.
    Usd,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of these.
    List(&'static Form),
    /// A numerator and a denominator.
    Quotient,
    /// Keys with values.
    Group(&'static [Key]),
}

/// A key of a group.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand there.
    pub form: Form,
    /// Whether it may be left out of the group, or be taken out of a card.
    pub need: Need,
    /// What it is for, as one sentence.
    pub says: &'static str,
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Wherever the group is written.
    Always,
    /// In the card; a correction may leave it out and may not take it away.
    InCard,
    /// It may be absent.
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

/// The parts of a card that a manifest can name.
pub static CARD: &[Key] = &[
    key("summary", Form::Text, "One line for tables.").needed(Need::InCard),
    key("source", Form::Text, "Which documents of the provider the card follows.").needed(Need::InCard),
    key("unverified", Form::Flag, "Whether parts of the card are inferred and not documented."),
    key("modes", Form::List(&MODE), "What a clip can be made from.").needed(Need::InCard),
    key("price", Form::Group(PRICE), "What a clip costs."),
    key("link_life_hours", Form::Number(0), "How many hours a link to a finished clip lives.")
        .needed(Need::InCard),
    key("limits", Form::Group(LIMITS), "How fast the model may be used."),
    key("prompt_or_image", Form::Flag, "Whether a request needs a prompt or a picture."),
    key("pictures", Form::Group(PICTURES), "What pictures must be, and how they are sent."),
    key("fields", Form::List(&Form::Group(RULE)), "The portable fields that the model has, merged by name.")
        .needed(Need::InCard),
    key("params", Form::List(&Form::Group(RULE)), "What else it documents, merged by name."),
    key("remarks", Form::List(&Form::Group(REMARK)), "What documents say of settings beyond their values."),
    key("notes", Form::List(&Form::Text), "What else to know."),
];

static MODE: Form = Form::Word(&["text", "image", "frames", "reference"]);

/// Of a price.
pub static PRICE: &[Key] = &[
    key("per", Form::Word(&["clip", "second"]), "What it is counted by.").needed(Need::Always),
    key("usd", Form::Usd, "US dollars for one.").needed(Need::Always),
    key("surcharges", Form::List(&Form::Group(SURCHARGE)), "What some parameters add to a clip."),
];

static SURCHARGE: &[Key] = &[
    key("param", Form::Text, "The parameter that costs extra.").needed(Need::Always),
    key("equals", Form::Scalar, "The value that costs extra.").needed(Need::Always),
    key("usd", Form::Usd, "US dollars that it adds to a clip.").needed(Need::Always),
];

static LIMITS: &[Key] = &[
    key("concurrency", Form::Number(1), "Tasks at once."),
    key("submits_per_minute", Form::Number(1), "Submissions in a minute."),
    key("first_poll_seconds", Form::Number(0), "Seconds from acceptance to the first question."),
    key("poll_every_seconds", Form::Number(0), "Seconds between questions."),
];

static PICTURES: &[Key] = &[
    key("wire", Form::Text, "The name of the one member of the request's body that holds all pictures."),
    key("send", Form::Word(&["text", "list", "text_or_list"]), "How that member holds them."),
    key("links_only", Form::Flag, "Whether the provider takes only links."),
    key("formats", Form::List(&Form::Word(&["png", "jpeg", "webp"])), "Formats; any where there are none."),
    key("max_megabytes", Form::Number(1), "The largest file in megabytes."),
    key("max_body_megabytes", Form::Number(1), "The largest request in megabytes."),
    key("min_side", Form::Number(0), "The least width and height in pixels."),
    key("max_aspect", Form::Number(1), "How many times as wide as high, or as high as wide, at most."),
    key("max_difference", Form::Quotient, "By which quotient the shapes of first and last frame may differ."),
];

static RULE: &[Key] = &[
    key("name", Form::Text, "Its name in manifests.").needed(Need::Always),
    key("wire", Form::Text, "Its name in the request's body, where that differs."),
    key("type", Form::Word(&["text", "int", "bool", "picture"]), "What it holds.").needed(Need::InCard),
    key("values", Form::List(&Form::Scalar), "All values that it can have."),
    key("min", Form::Number(0), "The least number, of characters or of pictures."),
    key("max", Form::Number(0), "The greatest number, of characters or of pictures."),
    key("link", Form::Flag, "Whether the text is a link, which the provider must be able to reach."),
    key("default", Form::Scalar, "What the provider takes where the request says nothing."),
    key("required", Form::Flag, "Whether every request must have it."),
    key("only_with", Form::List(&Form::Text), "Fields without which it means nothing."),
    key("excludes", Form::List(&Form::Text), "Fields beside which it may not stand."),
];

static REMARK: &[Key] = &[
    key("kind", Form::Word(&["disputed", "refused", "no_effect", "costs_extra"]), "What follows from it.")
        .needed(Need::Always),
    key("field", Form::Text, "The field it is about, a parameter as `params.quality`.").needed(Need::Always),
    key("value", Form::Scalar, "The value it is about."),
    key("with", Form::Text, "Only where this field is set too."),
    key("without", Form::Text, "Only where this field is not set."),
    key("says", Form::Text, "Who says what.").needed(Need::Always),
];

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The keys and positions that lead there.
    pub steps: Vec<String>,
    /// Whether the key is wrong, and not its value.
    pub is_key: bool,
    /// What is wrong, as one clause.
    pub what: String,
    /// What to write.
    pub hint: String,
}

/// Longest value that a message repeats.
const ECHOED: usize = 40;

impl Form {
    /// Everything that is wrong with a value that is called `name`. Numbers where text belongs become text; nothing
    /// stays where a key is to be taken away.
    pub fn fit(&self, value: &mut Json, name: &str) -> Vec<Misfit> {
        let mut fitting = Fitting::default();
        fitting.fit(*self, value, name);
        fitting.misfits
    }

    /// What to write there.
    fn hint(self) -> String {
        match self {
            Self::Text => "write one text in quotes".into(),
            Self::Flag => "write `true` or `false`".into(),
            Self::Number(least) => format!("write a whole number from {least} on, without quotes"),
            Self::Scalar => "write `true`, `false`, a whole number or one text".into(),
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
    misfits: Vec<Misfit>,
}

impl Fitting {
    fn fit(&mut self, form: Form, value: &mut Json, name: &str) {
        let is_fit = match (form, &mut *value) {
            (Form::Text | Form::Usd, Json::Bool(_) | Json::Number(_)) => {
                // Written without quotes; its text is exactly what was written.
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
                    let what = format!("`{name}` of `{owner}` cannot be taken away");
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
        self.misfits.push(Misfit { steps: self.steps.clone(), is_key, what, hint });
    }
}

fn wrong(value: &Json, name: &str) -> String {
    match value {
        Json::Null => format!("`{name}` has no value"),
        Json::Array(_) => format!("a list is no value for `{name}`"),
        Json::Object(_) => format!("a group of fields is no value for `{name}`"),
        Json::String(text) => {
            format!("`{}` is no value for `{name}`", text.chars().take(ECHOED).collect::<String>())
        }
        Json::Bool(_) | Json::Number(_) => format!("`{value}` is no value for `{name}`"),
    }
}
