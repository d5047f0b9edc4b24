//! Model cards: what each model of a provider takes, costs and allows, as data.
//!
//! A card says what the provider's documents say. `validate`, `plan`, `models` and `schema` all read the same cards,
//! and so does the code that writes requests: the fields of a card stand in the order of the request's body.

mod examine;
pub(super) mod read;

use crate::domain::key::ModelName;
use crate::domain::limits::Limits;
use crate::domain::price::Price;
use crate::domain::request::{Field, PictureFormat, Value};
use read::{formats, hours, limits, parsed, price, value, values};
use serde::Deserialize;
use serde_json::Value as Json;
use std::time::Duration;

/// What one model takes, costs and allows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// As the manifest names it.
    #[serde(deserialize_with = "parsed")]
    pub name: ModelName,
    /// One line for tables.
    pub summary: String,
    /// Which documents of the provider the card follows, in words.
    pub source: String,
    /// Whether parts of the card are inferred and not documented: it is used only where a manifest names it.
    #[serde(default)]
    pub unverified: bool,
    /// What a clip can be made from.
    pub modes: Vec<Mode>,
    /// What a clip costs, where the provider publishes it.
    #[serde(default, deserialize_with = "price")]
    pub price: Option<Price>,
    /// How long a link to a finished clip lives.
    #[serde(rename = "link_life_hours", deserialize_with = "hours")]
    pub link_life: Duration,
    /// Limits of this model, over those of the account.
    #[serde(default, deserialize_with = "limits")]
    pub limits: Limits,
    /// Whether a request needs a prompt or a picture, or both.
    #[serde(default)]
    pub prompt_or_image: bool,
    /// The name on the wire of the field that holds all pictures, and what they must be.
    pub pictures: Option<Pictures>,
    /// The portable fields that the model has, in the order of the request's body.
    pub fields: Vec<Rule>,
    /// What else it documents, under names of its own.
    #[serde(default)]
    pub params: Vec<Rule>,
    /// What the documents say of certain settings beyond their values.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// What else to know: which of two documents won, and why.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Where the manifest corrects the card; empty as it is built in.
    #[serde(skip)]
    pub corrected: Vec<Correction>,
    #[serde(skip)]
    written: Json,
}

/// Returns the name of a parameter in findings and remarks.
#[must_use]
pub fn param(name: &str) -> String {
    format!("params.{name}")
}

/// Returns a value as the manifest writes it.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

/// A part of a card that the manifest replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which part, such as `price` or `fields.duration`.
    pub part: String,
    /// Where the manifest does so, such as `shop.yaml:12`.
    pub at: String,
}

impl ModelCard {
    /// A card from what a document or a manifest writes; the error is one clause.
    pub fn read(written: Json) -> Result<Self, String> {
        let mut card: Self = serde_json::from_value(written.clone()).map_err(|error| error.to_string())?;
        card.examine()?;
        card.written = written;
        Ok(card)
    }

    /// Returns a card with a model's name and nothing else. Tasks of a model that is in no list any more are asked for
    /// with it; nothing can be ordered.
    #[must_use]
    pub fn unlisted(name: ModelName) -> Self {
        Self {
            name,
            summary: String::new(),
            source: String::new(),
            unverified: true,
            modes: Vec::new(),
            price: None,
            link_life: Duration::ZERO,
            limits: Limits::default(),
            prompt_or_image: false,
            pictures: None,
            fields: Vec::new(),
            params: Vec::new(),
            remarks: Vec::new(),
            notes: Vec::new(),
            corrected: Vec::new(),
            written: Json::Null,
        }
    }

    /// The card as it is written.
    #[must_use]
    pub fn written(&self) -> &Json {
        &self.written
    }

    /// The rule of a portable field, if the model has it.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&Rule> {
        self.fields.iter().find(|rule| rule.name == field.name())
    }

    /// The rule of a parameter, if the model has it.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Rule> {
        self.params.iter().find(|rule| rule.name == name)
    }

    /// Every rule with the name that findings and remarks give it.
    pub fn rules(&self) -> impl Iterator<Item = (String, &Rule)> {
        let fields = self.fields.iter().map(|rule| (rule.name.clone(), rule));
        fields.chain(self.params.iter().map(|rule| (param(&rule.name), rule)))
    }

    /// Seconds of a clip where the request orders none.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        match self.field(Field::Duration).and_then(|rule| rule.default.as_ref()) {
            Some(Value::Int(seconds)) => u32::try_from(*seconds).unwrap_or_default(),
            Some(Value::Bool(_) | Value::Text(_)) | None => 0,
        }
    }

    /// What the documents say against a setting of that name, whether or not the model has it.
    #[must_use]
    pub fn prohibition(&self, name: &str) -> Option<&Remark> {
        let refused = |remark: &&Remark| remark.kind == RemarkKind::Refused && remark.value.is_none();
        self.remarks.iter().filter(refused).find(|remark| remark.field == name && remark.with.is_none())
    }

    /// Pixels of a clip where the request orders none and the model always makes the same, such as `1280x720`.
    #[must_use]
    pub fn size(&self) -> Option<&str> {
        match self.field(Field::Size)?.default.as_ref()? {
            Value::Text(size) => Some(size),
            Value::Bool(_) | Value::Int(_) => None,
        }
    }
}

/// What a clip is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A prompt alone.
    Text,
    /// A picture that is the first frame.
    Image,
    /// A first and a last frame.
    Frames,
    /// Pictures whose subjects appear.
    Reference,
}

impl Mode {
    /// One word for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Frames => "frames",
            Self::Reference => "reference",
        }
    }
}

/// What a field or parameter may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// In the manifest.
    pub name: String,
    /// In the request's body, where that differs; `a.b` is the member `b` of the object `a`.
    wire: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// All values, where they are a list.
    #[serde(default, deserialize_with = "values")]
    pub values: Vec<Value>,
    /// The least number, of characters for text and of pictures for pictures.
    pub min: Option<u32>,
    /// The greatest number, of characters for text and of pictures for pictures.
    pub max: Option<u32>,
    /// What the provider takes where the request says nothing.
    #[serde(default, deserialize_with = "value")]
    pub default: Option<Value>,
    /// Whether every request must have it.
    #[serde(default)]
    pub required: bool,
    /// Fields without which it means nothing.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// Fields beside which it may not stand.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// Whether the text is a link, which the provider must be able to reach.
    #[serde(default)]
    pub link: bool,
}

impl Rule {
    /// The name in the request's body.
    #[must_use]
    pub fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }

    /// Whether a value of the right type is one of the values, or within the least and the greatest.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        if !self.values.is_empty() {
            return self.values.contains(value);
        }
        let amount = match value {
            // Characters as people count them, not bytes: the limits are worded so.
            Value::Text(text) => i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
            Value::Int(number) => *number,
            Value::Bool(_) => return true,
        };
        self.min.is_none_or(|min| i64::from(min) <= amount)
            && self.max.is_none_or(|max| amount <= i64::from(max))
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text, free or one of a list.
    Text,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// A picture or several.
    Picture,
}

impl Kind {
    /// Returns whether the field can hold a value of that type.
    #[must_use]
    pub const fn holds(self, value: &Value) -> bool {
        match value {
            Value::Bool(_) => matches!(self, Self::Bool),
            Value::Int(_) => matches!(self, Self::Int),
            Value::Text(_) => matches!(self, Self::Text),
        }
    }

    /// What a value is, for people.
    #[must_use]
    pub const fn described(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "a whole number",
            Self::Bool => "true or false",
            Self::Picture => "a picture",
        }
    }
}

/// What the pictures of a request must be, and how they are sent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// The member of the request's body that holds them all, in the order image, last image, references; where there
    /// is none, each field has a member of its own.
    pub wire: Option<String>,
    /// How the one member holds them. In members of their own, a picture is text and several are a list.
    #[serde(default)]
    pub send: SendAs,
    /// Whether the provider takes only links, and no bytes of a local picture.
    #[serde(default)]
    pub links_only: bool,
    /// Formats by content; any where the documents name none.
    #[serde(default, deserialize_with = "formats")]
    pub formats: Vec<PictureFormat>,
    /// Largest file. The documents say `MB` and not which: up to this many million bytes is safe, more than this
    /// many times 2²⁰ is refused.
    pub max_megabytes: Option<u32>,
    /// Largest body of a request, counted like files.
    pub max_body_megabytes: Option<u32>,
    /// Least width and height in pixels.
    #[serde(default)]
    pub min_side: u32,
    /// So many times as wide as high at most, and the other way round.
    pub max_aspect: Option<u32>,
    /// First and last frame may differ by at most this quotient, as numerator and denominator.
    pub max_difference: Option<[u32; 2]>,
}

/// How pictures stand in the request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAs {
    /// As one text: the model takes one picture.
    #[default]
    Text,
    /// As a list, even of one.
    List,
    /// One picture as text, two as a list.
    TextOrList,
}

/// What the documents say of a setting beyond its values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// What follows from it.
    pub kind: RemarkKind,
    /// The field it is about, a parameter as `params.quality`.
    pub field: String,
    /// The value it is about; any where there is none.
    #[serde(default, deserialize_with = "value")]
    pub value: Option<Value>,
    /// Only where this field is set too, and not to `false`.
    pub with: Option<String>,
    /// Only where this field is not set, or is `false`.
    pub without: Option<String>,
    /// Who says what.
    pub says: String,
}

/// What follows from a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// One document allows it and another does not: it is sent, with a warning.
    Disputed,
    /// A document prohibits it: it is not sent.
    Refused,
    /// It is sent and changes nothing: a warning.
    NoEffect,
    /// It costs more than the price says, and no document says how much: a warning, unless the price has a surcharge.
    CostsExtra,
}
