//! Parses the values of a model's card from JSON.

use super::Value;
use crate::domain::limits::{Limits, Rate};
use crate::domain::money::Usd;
use crate::domain::policy::LookUp;
use crate::domain::price::{Price, PriceUnit, Surcharge};
use crate::domain::request::PictureFormat;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// A single value in a card: true, false, a whole number or text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false, a whole number or text")]
enum Scalar {
    Bool(bool),
    Int(i64),
    Text(String),
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Bool(yes) => Self::Bool(yes),
            Scalar::Int(number) => Self::Int(number),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Scalar::deserialize(deserializer).map(|scalar| Some(scalar.into()))
}

pub(super) fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(Vec::<Scalar>::deserialize(deserializer)?.into_iter().map(Value::from).collect())
}

pub(super) fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` cannot be read")))
}

pub(super) fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(Duration::from_hours(u64::from(u32::deserialize(deserializer)?)))
}

pub(super) fn formats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PictureFormat>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| known(name, PictureFormat::ALL, PictureFormat::name)).collect()
}

fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PriceUnit, D::Error> {
    known(&String::deserialize(deserializer)?, PriceUnit::ALL, PriceUnit::name)
}

/// Returns the element of `all` whose name is `name`. The function `named` returns the name of an element.
fn known<T: Copy, E: Error>(
    name: &str,
    all: impl IntoIterator<Item = T>,
    named: fn(T) -> &'static str,
) -> Result<T, E> {
    let known = all.into_iter().find(|known| named(*known) == name);
    known.ok_or_else(|| E::custom(format!("there is no `{name}`")))
}

pub(super) fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Price>, D::Error> {
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
        #[serde(deserialize_with = "unit")]
        per: PriceUnit,
        #[serde(deserialize_with = "parsed")]
        usd: Usd,
        #[serde(default)]
        surcharges: Vec<Extra>,
    }

    let tag = Tag::deserialize(deserializer)?;
    let surcharge = |Extra { param, equals, usd }: Extra| Surcharge { param, equals: equals.into(), usd };
    let surcharges = tag.surcharges.into_iter().map(surcharge).collect();
    Ok(Some(Price { per: tag.per, usd: tag.usd, surcharges }))
}

pub(in crate::provider) fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
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

/// Parses the schedule of look-ups, which search the provider's tasks for a request id. Durations that are left out are
/// those of [`LookUp::new`].
pub(in crate::provider) fn look_up<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<LookUp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Figures {
        #[serde(rename = "lag_ms")]
        lag: u64,
        #[serde(rename = "after_ms")]
        after: Option<Vec<u64>>,
        #[serde(rename = "gap_ms")]
        gap: Option<u64>,
    }

    let figures = Figures::deserialize(deserializer)?;
    let standard = LookUp::new(Duration::from_millis(figures.lag));
    let after = figures.after.map(|pauses| pauses.into_iter().map(Duration::from_millis).collect());
    Ok(Some(LookUp {
        after: after.unwrap_or(standard.after),
        gap: figures.gap.map_or(standard.gap, Duration::from_millis),
        ..standard
    }))
}
