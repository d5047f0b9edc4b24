//! How the values of a card are written.

use super::Value;
use crate::domain::limits::{Limits, Rate};
use crate::domain::money::Usd;
use crate::domain::policy::LookUp;
use crate::domain::price::{Price, PriceUnit, Surcharge};
use crate::domain::request::PictureFormat;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, de};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

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

pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Ok(Some(Scalar::deserialize(deserializer)?.0))
}

pub(super) fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(Vec::<Scalar>::deserialize(deserializer)?.into_iter().map(|scalar| scalar.0).collect())
}

pub(super) fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("`{text}` cannot be read")))
}

pub(super) fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(Duration::from_hours(u64::from(u32::deserialize(deserializer)?)))
}

pub(super) fn formats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PictureFormat>, D::Error> {
    let known = [PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Webp];
    let format = |name: &String| {
        let format = known.into_iter().find(|format| format.name() == name);
        format.ok_or_else(|| D::Error::custom(format!("there is no format `{name}`")))
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(format).collect()
}

pub(super) fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Price>, D::Error> {
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

pub(super) fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
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

/// Pauses and gaps are those that [`LookUp::new`] gives unless the card says otherwise.
pub(super) fn look_up<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<LookUp>, D::Error> {
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
