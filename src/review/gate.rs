//! The checks of a request before anything is done for it, and the headers of every answer.
//!
//! Another site that is open in the same browser must neither read nor decide. It could get here under a name of its own
//! that it points to this computer, so every request must name an address at which this program is reached. It could
//! send requests from its own pages, so decisions must come from this page, with its token.

use super::secrets::{Secrets, is_secret};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use std::net::SocketAddr;

/// Most bytes of all names and values of a request's headers.
const HEADERS: usize = 16 * 1024;

/// Header that carries the token of a decision.
const TOKEN: &str = "x-shotlist-token";

/// Content security policy of files that are opened on their own.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The reason for which a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The headers are too long.
    Headers,
    /// The request names another server.
    Host,
    /// The decision comes from another site.
    Origin,
    /// The decision is not JSON.
    NotJson,
    /// The token is missing or wrong.
    Token,
    /// Nothing can be decided here.
    ReadOnly,
}

impl Refusal {
    /// Returns the status of the answer.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Headers => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Origin | Self::Token | Self::ReadOnly => StatusCode::FORBIDDEN,
        }
    }

    /// Returns what is wrong, and what to do about it.
    pub(super) const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Headers => {
                ["the headers of the request are too long", "open the link that shotlist printed"]
            }
            Self::Host => [
                "the request names another server",
                "open the link that shotlist printed; a tunnel must use the same port at both ends",
            ],
            Self::Origin => ["the decision comes from another site", "open the link that shotlist printed"],
            Self::NotJson => ["the decision is not application/json", "send it with that content type"],
            Self::Token => [
                "this page may not decide: its token is missing or of an earlier start",
                "open the link that shotlist printed",
            ],
            Self::ReadOnly => [
                "this review is read-only, so nothing was saved",
                "start `shotlist review` without --read-only to decide",
            ],
        }
    }
}

/// Returns the server that a request names, if this program is reached under it at that address.
///
/// An address cannot be pointed elsewhere, as a name can: the only name is `localhost`, and only for connections that do
/// not leave this computer.
pub(super) fn host(uri: &Uri, headers: &HeaderMap, local: Option<SocketAddr>) -> Result<String, Refusal> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > HEADERS {
        return Err(Refusal::Headers);
    }
    let local = local.ok_or(Refusal::Host)?;
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
    let mut known = vec![local.to_string()];
    if local.ip().is_loopback() {
        known.push(format!("localhost:{}", local.port()));
    }
    if local.port() == 80 {
        // Browsers leave out the port that is the usual one.
        let bare: Vec<String> =
            known.iter().filter_map(|host| Some(host.strip_suffix(":80")?.to_owned())).collect();
        known.extend(bare);
    }
    let mut named = headers.get_all(HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else { return Err(Refusal::Host) };
    let host = host.to_str().map_err(|_| Refusal::Host)?.to_ascii_lowercase();
    let is_same = uri.authority().is_none_or(|named| named.as_str().eq_ignore_ascii_case(&host));
    if is_same && known.contains(&host) { Ok(host) } else { Err(Refusal::Host) }
}

/// Checks that a request to decide comes from the page of this review.
pub(super) fn may_decide(
    headers: &HeaderMap,
    host: &str,
    secrets: &Secrets,
    read_only: bool,
) -> Result<(), Refusal> {
    if read_only {
        return Err(Refusal::ReadOnly);
    }
    let own = format!("http://{host}");
    if headers.get_all(ORIGIN).iter().any(|origin| *origin != own) {
        return Err(Refusal::Origin);
    }
    let is_near = |site: &HeaderValue| site == "same-origin" || site == "none";
    if !headers.get_all("sec-fetch-site").iter().all(is_near) {
        return Err(Refusal::Origin);
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::NotJson);
    }
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).unwrap_or_default();
    if is_secret(token, &secrets.write) { Ok(()) } else { Err(Refusal::Token) }
}

/// Adds the headers of every answer. A policy that an answer already has stays.
pub(super) fn protect(headers: &mut HeaderMap) {
    let own = [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in own {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
}

#[cfg(test)]
mod tests;
