//! Reads the section `providers`: addresses, keys and limits of providers.

use super::decode::{Decoder, get};
use super::keys;
use super::model::{EnvName, ProviderConfig};
use super::secrets;
use super::source::Located;
use super::yaml::Node;
use crate::domain::limits::{Limits, Rate};
use crate::domain::money::Usd;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use url::{Host, ParseError, Url};

/// The message about an address that does not begin with `https://` or `http://`, or has no host.
const WITHOUT_SCHEME: &str = "`base_url` must start with `https://`";
/// The hint for an address that cannot be read.
const ADDRESS: &str = "write `https://api.example.com`";

pub(super) fn providers(decoder: &mut Decoder, node: &Node) -> BTreeMap<String, Located<ProviderConfig>> {
    let example = "providers: { zai: { api_key: \"${ZAI_API_KEY}\" } }";
    let Some(entries) = decoder.map(node, "providers", example) else { return BTreeMap::new() };
    let mut providers = BTreeMap::new();
    for entry in entries.iter() {
        let config = provider(decoder, &entry.node, &entry.key);
        providers.insert(entry.key.to_string(), Located::new(config, decoder.spot(entry.key_span)));
    }
    providers
}

fn provider(decoder: &mut Decoder, node: &Node, name: &str) -> ProviderConfig {
    let mut config = ProviderConfig::default();
    let owner = format!("providers.{name}");
    let Some(entries) = decoder.map(node, &owner, "{ api_key: \"${NAME}\" }") else { return config };
    decoder.known(&entries, &owner, &keys::names(keys::PROVIDER));
    if let Some(node) = get(&entries, "base_url") {
        let spot = decoder.spot(node.span);
        config.base_url = base_url(decoder, node).map(|url| Located::new(url, spot));
    }
    if let Some(node) = get(&entries, "api_key") {
        let spot = decoder.spot(node.span);
        config.api_key = api_key(decoder, node, name).map(|variable| Located::new(variable, spot));
    }
    if let Some(node) = get(&entries, "limits") {
        config.limits = limits(decoder, node, &format!("{owner}.limits"));
    }
    config
}

/// Reads the name of the variable that holds the API key. A key that is written out is refused and never shown.
fn api_key(decoder: &mut Decoder, node: &Node, provider: &str) -> Option<EnvName> {
    let text = decoder.text(node, "api_key")?;
    if let Some(variable) = secrets::variable(text) {
        return Some(EnvName(variable.to_owned()));
    }
    let shouted: String = provider.chars().filter(char::is_ascii_alphanumeric).collect();
    let variable = format!("{}_API_KEY", shouted.to_ascii_uppercase());
    let problem = decoder
        .error(node.span, "a key must not be written into the manifest")
        .hint(format!(
            "write `api_key: \"${{{variable}}}\"` here; before running, type `export {variable}=…` with the key \
             in the terminal"
        ))
        .note("if this file was shared, have the provider replace the key");
    decoder.report(problem);
    None
}

/// Reads the address of the server, without a slash at its end. Messages do not show the address: it may contain a key.
fn base_url(decoder: &mut Decoder, node: &Node) -> Option<String> {
    let text = decoder.text(node, "base_url")?;
    let wrong = match Url::parse(text) {
        Err(ParseError::RelativeUrlWithoutBase) => Some((WITHOUT_SCHEME.to_owned(), ADDRESS)),
        Err(error) => Some((format!("`base_url` is not an address: {error}"), ADDRESS)),
        Ok(url) => wrong_url(&url),
    };
    let Some((message, hint)) = wrong else { return Some(text.trim_end_matches('/').to_owned()) };
    let problem = decoder.error(node.span, message).hint(hint);
    decoder.report(problem);
    None
}

fn wrong_url(url: &Url) -> Option<(String, &'static str)> {
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Some((WITHOUT_SCHEME.to_owned(), ADDRESS));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "remove the user name and the password; a key belongs under `api_key: \"${NAME}\"`";
        return Some(("`base_url` holds a user name or a password".into(), hint));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some((
            "`base_url` holds a query or a fragment".into(),
            "remove the part of the address from `?` or `#` on",
        ));
    }
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    (url.scheme() == "http" && !is_loopback).then(|| {
        let message = "with `http://` the key would be sent unencrypted".into();
        (message, "write `https://`; `http://` is accepted only for this machine (127.0.0.1, localhost)")
    })
}

fn limits(decoder: &mut Decoder, node: &Node, owner: &str) -> Limits {
    let mut limits = Limits::default();
    let Some(entries) = decoder.map(node, owner, "limits: { concurrency: 5, rate: 60/min }") else {
        return limits;
    };
    decoder.known(&entries, owner, &keys::names(keys::LIMITS));
    for entry in entries.iter() {
        let node = &entry.node;
        match &*entry.key {
            "concurrency" => limits.concurrency = decoder.parsed(node, "concurrency", count),
            "rate" => limits.rate = decoder.parsed(node, "rate", rate),
            "per_day" => limits.per_day = decoder.parsed(node, "per_day", count).map(NonZeroU32::get),
            "polls" => limits.polls = decoder.parsed(node, "polls", count),
            "poll_rate" => limits.poll_rate = decoder.parsed(node, "poll_rate", rate),
            "downloads" => limits.downloads = decoder.parsed(node, "downloads", count),
            "first_poll" => limits.first_poll = decoder.parsed(node, "first_poll", duration),
            "poll_every" => limits.poll_every = decoder.parsed(node, "poll_every", duration),
            // Reported as unknown.
            _ => {}
        }
    }
    limits
}

fn count(text: &str) -> Result<NonZeroU32, String> {
    digits(text).ok_or_else(|| "write a whole number, 1 or more, such as `5`".into())
}

/// Parses a whole number of at least 1 that is written with digits only.
fn digits(text: &str) -> Option<NonZeroU32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn rate(text: &str) -> Result<Rate, String> {
    let parts = text.split_once('/').map(|(count, unit)| (digits(count.trim()), unit.trim()));
    let span = |unit| match unit {
        "s" | "sec" | "second" => Some(Duration::from_secs(1)),
        "min" | "minute" => Some(Duration::from_mins(1)),
        "h" | "hour" => Some(Duration::from_hours(1)),
        "d" | "day" => Some(Duration::from_hours(24)),
        _ => None,
    };
    match parts {
        Some((Some(count), unit)) => span(unit).map(|per| Rate { count, per }),
        _ => None,
    }
    .ok_or_else(|| "write a number per time, such as `60/min`, `5/s`, `100/h` or `900/day`".into())
}

/// The maximum pause before or between polls: the result of a task that is not polled for a day is lost.
const LONGEST: Duration = Duration::from_hours(24);

fn duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "" => return Err(format!("add the unit: `{number}s` for seconds, `{number}m` for minutes")),
        _ => return Err("write a number and `ms`, `s`, `m` or `h`, such as `45s`".into()),
    };
    let length = digits(number)
        .and_then(|number| u64::from(number.get()).checked_mul(milliseconds))
        .map(Duration::from_millis);
    length
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| "write a time from `1ms` to `24h`, such as `45s`".into())
}

/// Parses an amount of US dollars without the rounding of a float. The error is a hint on how to write the amount.
pub(super) fn amount(text: &str) -> Result<Usd, String> {
    text.parse().map_err(|_| match text.replacen(',', ".", 1) {
        point if point != text && point.parse::<Usd>().is_ok() => format!("write a point, such as {point}"),
        _ => "write US dollars in digits with at most six decimals, such as \"0.20\"".to_owned(),
    })
}
