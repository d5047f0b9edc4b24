//! Checks each request before anything is done for it, and adds protective headers to every answer.
//!
//! Another site in the same browser must neither read clips nor record decisions. Its domain name could lead to this
//! computer (DNS rebinding), so every request must name an address at which this program is reached. Its pages could
//! send requests, so decisions must come from the page of the review, with its token.

use super::secrets::{Secrets, is_secret};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use std::net::SocketAddr;

/// Maximum number of bytes in all names and values of a request's headers.
const HEADERS: usize = 16 * 1024;

/// Name of the header with the token that allows decisions.
const TOKEN: &str = "x-shotlist-token";

/// The content security policy of every answer except the answer with the page. It also protects a clip that is opened
/// in a tab of its own.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The headers of the request are too long.
    Headers,
    /// The request is addressed to a server other than this program.
    Host,
    /// The request to record a decision comes from a page of another website.
    Origin,
    /// The request to record a decision has a content type other than JSON.
    NotJson,
    /// The token that allows decisions is missing or wrong.
    Token,
    /// The review is read-only.
    ReadOnly,
}

impl Refusal {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Headers => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Origin | Self::Token | Self::ReadOnly => StatusCode::FORBIDDEN,
        }
    }

    /// Returns in words why the request is refused, and what to do about it.
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
                "this page cannot record decisions: its token is missing, or the review has been restarted",
                "open the link that shotlist printed",
            ],
            Self::ReadOnly => [
                "this review is read-only, so nothing was saved",
                "start `shotlist review` without --read-only to decide",
            ],
        }
    }
}

/// Returns the host that a request names, or a refusal if a browser cannot reach this program at that host.
///
/// A domain name can lead to any computer, but an address cannot. The only accepted name is `localhost`, and only for
/// connections that do not leave this computer.
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
        // Browsers leave out the default port.
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

/// Checks that a request to record a decision comes from the page of this review, and that the review is not read-only.
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

/// Adds the protective headers of every answer, but keeps a content security policy that the answer already has.
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
