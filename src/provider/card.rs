//! Model cards: what each model of a provider takes, costs and allows, as data.
//!
//! A card says what the provider's documents say. `validate`, `plan`, `models` and `schema` all read the same cards,
//! and so does the code that writes requests: the fields of a card stand in the order of the request's body.

use crate::domain::key::ModelName;
use crate::domain::limits::{Limits, Rate};
use crate::domain::money::Usd;
use crate::domain::price::{Price, PriceUnit, Surcharge};
use crate::domain::request::{Field, PictureFormat, Value};
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, de};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// One provider's document: itself and its models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The provider.
    pub profile: Profile,
    /// Its models.
    pub models: Vec<ModelCard>,
}

/// What is the same for all models of a provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Where its API is, without the paths of single calls.
    pub base_url: String,
    /// The environment variable that holds the key unless the manifest names another.
    pub key_env: String,
    /// Hosts known to be the provider's own: a key that is to go anywhere else deserves a second look.
    pub hosts: Vec<String>,
    /// Limits of the account.
    #[serde(default, deserialize_with = "limits")]
    pub limits: Limits,
}

/// What one model takes, costs and allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// As the manifest names it.
    #[serde(deserialize_with = "parsed")]
    pub name: ModelName,
    /// One line for tables.
    pub summary: String,
    /// Which documents of the provider the card follows, in words.
    pub source: String,
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
    /// Where the provider's documents contradict each other; what follows either of them is sent, with a warning.
    #[serde(default)]
    pub disagreements: Vec<Disagreement>,
}

impl ModelCard {
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

    /// Seconds of a clip where the request orders none.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        match self.field(Field::Duration).and_then(|rule| rule.default.as_ref()) {
            Some(Value::Int(seconds)) => u32::try_from(*seconds).unwrap_or_default(),
            Some(Value::Bool(_) | Value::Text(_)) | None => 0,
        }
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// In the manifest.
    pub name: String,
    /// In the request's body, where that differs.
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
}

impl Rule {
    /// The name in the request's body.
    #[must_use]
    pub fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
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

/// What the pictures of a request must be, and how they are sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// The field in the request's body that holds them all, in the order image, last image, references.
    pub wire: String,
    /// How it holds them.
    pub send: SendAs,
    /// Formats by content.
    #[serde(deserialize_with = "formats")]
    pub formats: Vec<PictureFormat>,
    /// Largest file. The documents say `MB` and not which: up to this many million bytes is safe, more than this
    /// many times 2²⁰ is refused.
    pub max_megabytes: u32,
    /// Least width and height in pixels.
    #[serde(default)]
    pub min_side: u32,
    /// So many times as wide as high at most, and the other way round.
    pub max_aspect: Option<u32>,
    /// First and last frame may differ by at most this quotient, as numerator and denominator.
    pub max_difference: Option<[u32; 2]>,
}

/// How pictures stand in the request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAs {
    /// As one text: the model takes one picture.
    Text,
    /// As a list, even of one.
    List,
    /// One picture as text, two as a list.
    TextOrList,
}

/// Something that one document of the provider allows and another does not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// The field it is about, a parameter as `params.quality`.
    pub field: String,
    /// The value it is about; any where there is none.
    #[serde(default, deserialize_with = "value")]
    pub value: Option<Value>,
    /// Only where this field is set too.
    pub with: Option<String>,
    /// Only where this field is not set.
    pub without: Option<String>,
    /// Who says what.
    pub says: String,
}

/// A scalar as a card writes it.
struct Scalar(Value);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalars;

        impl Visitor<'_> for Scalars {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a whole number or text")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Value::Bool(value)))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Value::Int(value)))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
                i64::try_from(value).map(Value::Int).map(Scalar).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(Value::Text(value.to_owned())))
            }
        }

        deserializer.deserialize_any(Scalars)
    }
}

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Ok(Some(Scalar::deserialize(deserializer)?.0))
}

fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(Vec::<Scalar>::deserialize(deserializer)?.into_iter().map(|scalar| scalar.0).collect())
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` cannot be read")))
}

fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(Duration::from_hours(u64::from(u32::deserialize(deserializer)?)))
}

fn formats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PictureFormat>, D::Error> {
    let known = [PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Webp];
    let format = |name: &String| {
        let format = known.into_iter().find(|format| format.name() == name);
        format.ok_or_else(|| D::Error::custom(format!("there is no format `{name}`")))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(format).collect()
}

fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Price>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Per {
        Clip,
        Second,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Extra {
        param: String,
        equals: Scalar,
        #[serde(deserialize_with = "parsed")]
        usd: Usd,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tag {
        per: Per,
        #[serde(deserialize_with = "parsed")]
        usd: Usd,
        #[serde(default)]
        surcharges: Vec<Extra>,
    }

    let tag = Tag::deserialize(deserializer)?;
    let per = match tag.per {
        Per::Clip => PriceUnit::Clip,
        Per::Second => PriceUnit::Second,
    };
    let surcharge = |extra: Extra| Surcharge { param: extra.param, equals: extra.equals.0, usd: extra.usd };
    Ok(Some(Price { per, usd: tag.usd, surcharges: tag.surcharges.into_iter().map(surcharge).collect() }))
}

fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Figures {
        concurrency: Option<NonZeroU32>,
        submits_per_minute: Option<NonZeroU32>,
        first_poll_seconds: Option<u64>,
        poll_every_seconds: Option<u64>,
    }

    let figures = Figures::deserialize(deserializer)?;
    Ok(Limits {
        concurrency: figures.concurrency,
        rate: figures.submits_per_minute.map(|count| Rate { count, per: Duration::from_mins(1) }),
        first_poll: figures.first_poll_seconds.map(Duration::from_secs),
        poll_every: figures.poll_every_seconds.map(Duration::from_secs),
        ..Limits::default()
    })
}
