//! Defines the kinds of request parameters, and checks values against them.

use serde_json::Value;
use url::Url;

/// The kind of a parameter, which defines the allowed values.
pub(super) enum Kind {
    /// One of these strings.
    Words(&'static [&'static str]),
    /// One of these integers.
    Numbers(&'static [u64]),
    /// An integer from the first number to the second.
    Between(u64, u64),
    Integer,
    Flag,
    /// A text whose number of characters is between the two numbers.
    Text(usize, usize),
    /// An http(s) URL.
    Link,
    /// An array of http(s) URLs, with a minimum and a maximum length.
    Links(usize, usize),
}

impl Kind {
    /// Checks that the value is allowed. The error says which values are allowed.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let is_link = |value: &Value| value.as_str().is_some_and(is_link);
        let (fits, expected) = match self {
            Self::Words(words) => (
                value.as_str().is_some_and(|word| words.contains(&word)),
                format!("one of {}", words.join(", ")),
            ),
            Self::Numbers(numbers) => (
                value.as_u64().is_some_and(|number| numbers.contains(&number)),
                format!("an integer out of {numbers:?}"),
            ),
            Self::Between(min, max) => (
                value.as_u64().is_some_and(|number| (*min..=*max).contains(&number)),
                format!("an integer from {min} to {max}"),
            ),
            Self::Integer => (value.is_i64() || value.is_u64(), "an integer".to_owned()),
            Self::Flag => (value.is_boolean(), "true or false".to_owned()),
            Self::Text(min, max) => (
                value.as_str().is_some_and(|text| (*min..=*max).contains(&text.chars().count())),
                match *max {
                    usize::MAX => format!("a string of {min} characters or more"),
                    max => format!("a string of {min} to {max} characters"),
                },
            ),
            Self::Link => (is_link(value), "an http(s) URL".to_owned()),
            Self::Links(min, max) => (
                value
                    .as_array()
                    .is_some_and(|list| (*min..=*max).contains(&list.len()) && list.iter().all(is_link)),
                format!("an array of {min} to {max} http(s) URLs"),
            ),
        };
        if fits { Ok(()) } else { Err(format!("it must be {expected}")) }
    }
}

/// Returns true if a text is an http(s) URL, from which a provider could download.
pub(super) fn is_link(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
