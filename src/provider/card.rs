//! Defines model cards, which describe as data what each model of a provider accepts, costs and allows.
//!
//! A card follows the provider's documents. `validate`, `plan`, `models` and `schema` all read the same cards. So does
//! the code that writes requests: a card's fields are in the order of the request's body.

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

/// A model card: what one model accepts, costs and allows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// The model's name in manifests.
    #[serde(deserialize_with = "parsed")]
    pub name: ModelName,
    /// The model's description in one line, for tables.
    pub summary: String,
    /// The names of the provider's documents from which this description of the model is taken.
    pub source: String,
    /// True if parts of this description of the model are assumed and not documented. Such a model is used only if a
    /// manifest names it, and is never suggested.
    #[serde(default)]
    pub unverified: bool,
    /// The inputs from which the model makes a clip.
    pub modes: Vec<Mode>,
    /// The price of a clip; `None` if the provider does not publish it.
    #[serde(default, deserialize_with = "price")]
    pub price: Option<Price>,
    /// The time for which a link to a finished clip is valid.
    #[serde(rename = "link_life_hours", deserialize_with = "hours")]
    pub link_life: Duration,
    /// The limits on using this model, which override the limits of the whole account.
    #[serde(default, deserialize_with = "limits")]
    pub limits: Limits,
    /// True if a request needs a prompt or a picture, and may have both.
    #[serde(default)]
    pub prompt_or_image: bool,
    /// The rules for pictures and the way in which they are sent; `None` if the model takes no pictures.
    pub pictures: Option<Pictures>,
    /// The rules of the fields that other models have too, such as the prompt. They are in the order of the request's
    /// body.
    pub fields: Vec<Rule>,
    /// The documented parameters that only some models have, which a manifest sets under `params:`.
    #[serde(default)]
    pub params: Vec<Rule>,
    /// Statements of the provider's documents about settings, beyond their allowed values, such as extra costs.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// Further notes on this description of the model, such as why one document of the provider is followed and not
    /// another.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The parts of this description of the model that the manifest has changed; empty if the manifest has changed
    /// nothing.
    #[serde(skip)]
    pub corrected: Vec<Correction>,
    #[serde(skip)]
    written: Json,
}

/// Returns the full name of a parameter, `params.<name>`, as messages about requests show it.
#[must_use]
pub fn param(name: &str) -> String {
    format!("params.{name}")
}

/// Returns a value as text, as it appears in a manifest.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

/// A part of a model card that the manifest has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The changed part, such as `price` or `fields.duration`.
    pub part: String,
    /// The place of the change in the manifest, such as `shop.yaml:12`.
    pub at: String,
}

impl ModelCard {
    /// Reads a model card from JSON, which comes from a provider's document or a manifest. The error is a clause for a
    /// message.
    pub fn read(written: Json) -> Result<Self, String> {
        let mut card: Self = serde_json::from_value(written.clone()).map_err(|error| error.to_string())?;
        card.examine()?;
        card.written = written;
        Ok(card)
    }

    /// Returns a card that contains only the model's name. It is used to poll earlier tasks of a model that is no
    /// longer listed, and cannot be used for new requests.
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

    /// Returns the JSON from which the model card was read.
    #[must_use]
    pub fn written(&self) -> &Json {
        &self.written
    }

    /// Returns the rule of a field that models have in common; `None` if the model lacks the field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&Rule> {
        self.fields.iter().find(|rule| rule.name == field.name())
    }

    /// Returns the rule of a parameter; `None` if the model lacks the parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Rule> {
        self.params.iter().find(|rule| rule.name == name)
    }

    /// Returns the rules of all fields and parameters. Each pair has the name in messages, such as `params.quality`,
    /// and the rule.
    pub fn rules(&self) -> impl Iterator<Item = (String, &Rule)> {
        let fields = self.fields.iter().map(|rule| (rule.name.clone(), rule));
        fields.chain(self.params.iter().map(|rule| (param(&rule.name), rule)))
    }

    /// Returns the default duration of a clip in seconds; 0 if every request must set the duration.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        match self.field(Field::Duration).and_then(|rule| rule.default.as_ref()) {
            Some(Value::Int(seconds)) => u32::try_from(*seconds).unwrap_or_default(),
            Some(Value::Bool(_) | Value::Text(_)) | None => 0,
        }
    }

    /// Returns the provider's statement that prohibits a setting whatever its value; `None` if there is none. The model
    /// may lack the setting.
    #[must_use]
    pub fn prohibition(&self, name: &str) -> Option<&Remark> {
        let refused = |remark: &&Remark| remark.kind == RemarkKind::Refused && remark.value.is_none();
        self.remarks.iter().filter(refused).find(|remark| remark.field == name && remark.with.is_none())
    }

    /// Returns the default size of a clip in pixels, such as `1280x720`; `None` if the model has none.
    #[must_use]
    pub fn size(&self) -> Option<&str> {
        match self.field(Field::Size)?.default.as_ref()? {
            Value::Text(size) => Some(size),
            Value::Bool(_) | Value::Int(_) => None,
        }
    }
}

/// A kind of input from which a model makes a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The prompt alone, without a picture.
    Text,
    /// A picture, which becomes the first frame of the clip.
    Image,
    /// A first and a last frame, given as two pictures.
    Frames,
    /// Reference pictures, whose subjects appear in the clip.
    Reference,
}

impl Mode {
    /// Returns the name of this kind of input, as tables and JSON show it.
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

/// The rule of a field or parameter: its names, its type, and its allowed values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name of the field or parameter in the manifest.
    pub name: String,
    /// The name of the field or parameter in the request's body; `None` if it is the same as in the manifest. `a.b` is
    /// the field `b` of the object `a`.
    wire: Option<String>,
    /// The type of the value.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The allowed values; empty if there is no list of them.
    #[serde(default, deserialize_with = "values")]
    pub values: Vec<Value>,
    /// The smallest allowed number; for text, the fewest characters; for pictures, the fewest pictures.
    pub min: Option<u32>,
    /// The largest allowed number; for text, the most characters; for pictures, the most pictures.
    pub max: Option<u32>,
    /// The value that the provider uses if the request sets none, if it is documented.
    #[serde(default, deserialize_with = "value")]
    pub default: Option<Value>,
    /// True if every request must set the field or parameter.
    #[serde(default)]
    pub required: bool,
    /// The other fields without which this field has no effect.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// The other fields that cannot be set together with this field.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// True if the value is a link that the provider must be able to reach.
    #[serde(default)]
    pub link: bool,
}

impl Rule {
    /// Returns the name of the field or parameter in the request's body.
    #[must_use]
    pub fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }

    /// Checks whether the rule allows a value of the right type, by its list or its limits.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        if !self.values.is_empty() {
            return self.values.contains(value);
        }
        let amount = match value {
            // The limits count characters as people do, not bytes.
            Value::Text(text) => i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
            Value::Int(number) => *number,
            Value::Bool(_) => return true,
        };
        self.min.is_none_or(|min| i64::from(min) <= amount)
            && self.max.is_none_or(|max| amount <= i64::from(max))
    }
}

/// The type of the value of a field or parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text: any text, or one of a list.
    Text,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// One picture or several.
    Picture,
}

impl Kind {
    /// Checks whether a value has this type. No value has the type `Picture`, because a [`Value`] is a text, a whole
    /// number, or `true` or `false`.
    #[must_use]
    pub const fn holds(self, value: &Value) -> bool {
        match value {
            Value::Bool(_) => matches!(self, Self::Bool),
            Value::Int(_) => matches!(self, Self::Int),
            Value::Text(_) => matches!(self, Self::Text),
        }
    }

    /// Returns the type in words, for messages.
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

/// The rules for the pictures of a request, and how they are sent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// The field of the request's body for all pictures, in the order image, last image, reference images. With `None`,
    /// each picture field has its own field in the body.
    pub wire: Option<String>,
    /// The form of the pictures in the field that `wire` names. If `wire` is `None`, `send` is not used: each picture
    /// field is a string, or a list if the rule of the field has `max`.
    #[serde(default)]
    pub send: SendAs,
    /// True if the provider accepts only links to pictures, not the bytes of a local picture.
    #[serde(default)]
    pub links_only: bool,
    /// The accepted file formats of pictures; empty if the documents name none.
    #[serde(default, deserialize_with = "formats")]
    pub formats: Vec<PictureFormat>,
    /// The largest picture file in megabytes (MB). The provider's documents do not say how many bytes a megabyte has. A
    /// picture above this number times a million bytes causes a warning; above this number times 2²⁰ bytes it is an
    /// error.
    pub max_megabytes: Option<u32>,
    /// The largest body of a request in megabytes (MB), checked like [`Pictures::max_megabytes`].
    pub max_body_megabytes: Option<u32>,
    /// The smallest allowed width and height of a picture in pixels.
    #[serde(default)]
    pub min_side: u32,
    /// The largest allowed ratio of a picture's longer side to its shorter side.
    pub max_aspect: Option<u32>,
    /// The largest factor by which the first and the last frame may differ in aspect ratio, in width or in height, as
    /// numerator and denominator.
    pub max_difference: Option<[u32; 2]>,
}

/// The form in which pictures are written into the request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAs {
    /// A string, for a model that accepts only one picture.
    #[default]
    Text,
    /// A list, even for a single picture.
    List,
    /// A string for one picture, and a list for several.
    TextOrList,
}

/// A statement of the provider's documents about a setting, beyond its allowed values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// The kind of this statement, which decides whether a request with the setting is refused or causes a warning.
    pub kind: RemarkKind,
    /// The field that this statement of the provider's documents is about; a parameter is written as `params.quality`.
    pub field: String,
    /// The value that this statement of the provider's documents is about; `None` means every value.
    #[serde(default, deserialize_with = "value")]
    pub value: Option<Value>,
    /// The name of another field, if this statement of the provider's documents applies only to requests that set that
    /// field to a value other than `false`.
    pub with: Option<String>,
    /// The name of another field, if this statement of the provider's documents applies only when that field is absent
    /// from a request or set to `false`.
    pub without: Option<String>,
    /// The statement in words, with the name of the provider's document that contains it.
    pub says: String,
}

/// The kind of a statement about a setting in the provider's documents, which decides whether a request with the
/// setting is refused or causes a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// One document allows the setting and another does not: the request is sent, with a warning.
    Disputed,
    /// A document prohibits the setting: a request with it is not sent.
    Refused,
    /// The setting is sent but changes nothing, so there is a warning.
    NoEffect,
    /// The setting costs extra, by an amount that the provider does not document. A request with the setting causes a
    /// warning, unless the model's price includes a surcharge for the setting.
    CostsExtra,
}
