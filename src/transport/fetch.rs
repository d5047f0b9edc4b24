//! Downloads clips from hosts that are not trusted.
//!
//! A link comes from a provider's answer. It may point anywhere, be redirected anywhere, and its host may resolve to
//! any address. So the address of every redirect is checked before the connection. IP addresses in URLs are checked
//! here. Names are checked in the resolver of the connection, so that nothing can change between the check and the use.
//! Behind a proxy, the proxy resolves names, and its operator decides which hosts it may reach.
//!
//! The hosts of links do not get the API key, with one exception: some gateways return links to themselves that need
//! the key. Such a link has the same origin as the base URL, which gets the key anyway. A host that has the key may
//! repeat it, so the key is removed from its answers, their headers and their redirects.

use super::addresses;
use super::endpoint::Endpoint;
use super::fault::{self, FetchFault, FetchFaultKind, SendFaultKind, UnsafeAddress};
use super::flow::{Flow, broken};
use super::settings::{AGENT, ClientTrouble, Settings, Timeouts, build, builder, host_and_port, is_loopback};
use crate::domain::fault::Said;
use crate::provider::reply;
use crate::wire::{Auth, ClipHead, Reply, Span};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use percent_encoding::{CONTROLS, percent_encode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE,
    ETAG, HeaderName, HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER, USER_AGENT,
};
use reqwest::{Client, Response};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use url::{Host, Url};

/// The maximum number of redirects that are followed. No known storage service needs more than one.
const REDIRECTS: usize = 5;

/// A started download: the headers of the answer, and the bytes of the file as they arrive.
pub struct Download {
    /// The headers of the answer that describe the clip.
    pub head: ClipHead,
    /// The stream of the file's bytes. A stream that ends without an error may still be too short, so the length must
    /// be checked.
    pub bytes: BoxStream<'static, Result<Bytes, FetchFault>>,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("head", &self.head).finish_non_exhaustive()
    }
}

/// The two HTTP clients that download clips: `public` never connects to this machine, `local` may.
#[derive(Debug, Clone)]
pub(super) struct ClipClients {
    public: Client,
    local: Client,
    timeouts: Timeouts,
}

impl ClipClients {
    pub(super) fn new(settings: &Settings) -> Result<Self, ClientTrouble> {
        let client = |allow_loopback| {
            let guard = Guard { allow_loopback, proxies: settings.proxies.hosts() };
            build(builder(settings)?.dns_resolver(guard))
        };
        Ok(Self { public: client(false)?, local: client(true)?, timeouts: settings.timeouts.clone() })
    }

    pub(super) async fn fetch(
        &self,
        endpoint: &Endpoint,
        auth: Auth,
        link: &str,
        span: &Span,
    ) -> Result<Download, FetchFault> {
        let local = is_loopback(&endpoint.base_url);
        let url = endpoint.resolve(link).ok_or_else(|| refuse("the link is not a valid URL"))?;
        let key = (endpoint.base_url.origin() == url.origin()).then(|| endpoint.credentials(auth));
        let key = key.transpose().map_err(|why| refuse(&why))?.flatten();
        let followed = self.follow(url, span, key, Some(endpoint), Allowed { loopback: local, plain: local });
        followed.await.map_err(|FetchFault { kind, said }| FetchFault {
            kind,
            said: Said { text: endpoint.clean(&said.text), ..said },
        })
    }

    /// Starts the download of the first bytes of a linked picture. The picture is public, so plain HTTP is allowed.
    pub(super) async fn peek(&self, link: &str, bytes: u64) -> Result<Download, FetchFault> {
        let url = Url::parse(link).map_err(|_| refuse("the link is not a valid URL"))?;
        self.follow(url, &Span::First(bytes), None, None, Allowed { loopback: false, plain: true }).await
    }

    /// Follows a link and its redirects to the clip.
    ///
    /// `key` is sent only to the address of the link itself, and only after it has answered 401 or 403. The key of
    /// `endpoint` is removed from everything that comes back.
    async fn follow(
        &self,
        mut url: Url,
        span: &Span,
        mut key: Option<HeaderValue>,
        endpoint: Option<&Endpoint>,
        allowed: Allowed,
    ) -> Result<Download, FetchFault> {
        let end = Instant::now() + self.timeouts.download;
        for _ in 0..=REDIRECTS {
            check(&url, allowed)?;
            let mut response = self.hop(&url, span, None, allowed).await?;
            // The key is taken on the first hop, so that no redirect can get it.
            if let (Some(key), 401 | 403) = (key.take(), response.status().as_u16()) {
                response = self.hop(&url, span, Some(key), allowed).await?;
            }

            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => url = target(&url, &response, endpoint)?,
                // 416 means that the saved bytes do not belong to this clip, so the caller must see it.
                200 | 203 | 206 | 416 => {
                    let masker =
                        endpoint.filter(|_| !goes_on(span, &response)).and_then(|it| it.masker(&url));
                    let flow = Flow::new(response, host_and_port(&url), end, &self.timeouts, masker);
                    return Ok(download(flow, endpoint));
                }
                _ => return Err(status_fault(&response, &url)),
            }
        }
        let text =
            format!("the link was redirected more than {REDIRECTS} times, last to {}", host_and_port(&url));
        Err(FetchFault::new(FetchFaultKind::Redirects, text))
    }

    async fn hop(
        &self,
        url: &Url,
        span: &Span,
        key: Option<HeaderValue>,
        allowed: Allowed,
    ) -> Result<Response, FetchFault> {
        let client = if allowed.loopback { &self.local } else { &self.public };
        let mut request =
            client.get(url.clone()).header(USER_AGENT, AGENT).header(ACCEPT_ENCODING, "identity");
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, key);
        }
        match span {
            Span::Whole => {}
            Span::First(count) => {
                request = request.header(RANGE, format!("bytes=0-{}", count.saturating_sub(1)));
            }
            Span::From { offset, validator } => {
                request = request.header(RANGE, format!("bytes={offset}-")).header(IF_RANGE, validator);
            }
        }
        match timeout(self.timeouts.first_byte, request.send()).await {
            Ok(sent) => sent.map_err(|error| sending(error, url)),
            Err(_) => Err(broken(&host_and_port(url), "no answer in time")),
        }
    }
}

/// Returns a download with the headers and the bytes of an answer. If the server repeats the API key of `endpoint` in a
/// header, the key is removed; `flow` removes it from the bytes.
fn download(flow: Flow, endpoint: Option<&Endpoint>) -> Download {
    let header = |name: HeaderName| {
        let value = String::from_utf8_lossy(flow.response().headers().get(name)?.as_bytes()).into_owned();
        Some(endpoint.map_or_else(|| value.clone(), |endpoint| endpoint.clean(&value)))
    };
    let head = ClipHead {
        status: flow.response().status().as_u16(),
        content_length: header(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        content_range: header(CONTENT_RANGE),
        content_type: header(CONTENT_TYPE),
        content_encoding: header(CONTENT_ENCODING),
        etag: header(ETAG),
        last_modified: header(LAST_MODIFIED),
        date: header(DATE),
    };
    let bytes = stream::try_unfold(flow, async |mut flow| {
        let chunk = flow.next().await?;
        Ok(chunk.map(|chunk| (chunk, flow)))
    });
    Download { head, bytes: bytes.boxed() }
}

/// Returns whether an answer continues a clip from the offset that was requested.
fn goes_on(span: &Span, response: &Response) -> bool {
    matches!(span, Span::From { offset: 1.., .. }) && response.status().as_u16() == 206
}

/// The rules for the addresses that a link may have.
#[derive(Clone, Copy)]
struct Allowed {
    /// True if links to this machine are allowed.
    loopback: bool,
    /// True if plain HTTP is allowed.
    plain: bool,
}

/// Returns an error if a URL may not be requested because of its scheme, its user name or its literal IP address.
fn check(url: &Url, allowed: Allowed) -> Result<(), FetchFault> {
    match url.scheme() {
        "https" => {}
        "http" if allowed.plain => {}
        scheme => return Err(refuse(&format!("{} is linked with {scheme}, not https", host_and_port(url)))),
    }
    // reqwest would send these in a header, but a host of clips gets no credentials, not even its own.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(&format!(
            "the link to {} contains a user name or a password",
            host_and_port(url)
        )));
    }
    let literal: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(refuse("the link has no host")),
    };
    match addresses::refused(literal, allowed.loopback) {
        Some(why) => Err(refuse(&format!("{} is {why}", host_and_port(url)))),
        None => Ok(()),
    }
}

/// Returns the address to which an answer redirects. It never contains the key, which the next host must not get.
fn target(url: &Url, response: &Response, endpoint: Option<&Endpoint>) -> Result<Url, FetchFault> {
    let location = response.headers().get(LOCATION).map(|value| {
        let location = value.as_bytes().to_vec();
        let location = endpoint.map_or_else(|| location.clone(), |it| it.clean_bytes(location.clone()));
        // Hosts send letters outside ASCII as they are, mostly in UTF-8. Browsers escape such bytes one by one.
        percent_encode(&location, CONTROLS).to_string()
    });
    location.and_then(|location| url.join(&location).ok()).ok_or_else(|| {
        let text = format!("{} sent a redirect without a valid address", host_and_port(url));
        FetchFault::new(FetchFaultKind::Refused, text)
    })
}

fn status_fault(response: &Response, url: &Url) -> FetchFault {
    let status = response.status().as_u16();
    let (kind, word) = match status {
        401 | 403 | 404 | 410 => (FetchFaultKind::Dead, "does not have the file, or denies access to it"),
        408 | 425 | 429 | 500..=599 => {
            (FetchFaultKind::Busy { after: retry_after(response) }, "cannot send the file for now")
        }
        _ => (FetchFaultKind::Refused, "refuses to send the file"),
    };
    FetchFault { kind, said: Said::coded(status, None, &format!("{} {word}", host_and_port(url))) }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let headers = [RETRY_AFTER, DATE].into_iter().filter_map(|name| {
        let value = response.headers().get(&name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let reply = Reply { status: response.status().as_u16(), headers: headers.collect(), body: Vec::new() };
    reply::retry_after(&reply)
}

fn sending(error: reqwest::Error, url: &Url) -> FetchFault {
    let error = error.without_url();
    if let Some(address) = fault::unsafe_address(&error) {
        return refuse(&address.to_string());
    }
    if error.is_builder() {
        let length = url.as_str().chars().count();
        let text = format!(
            "the link to {} cannot be requested: no request can carry these {length} characters",
            host_and_port(url)
        );
        return FetchFault::new(FetchFaultKind::Unusable, text);
    }
    let (host, cause) = (host_and_port(url), fault::cause(&error));
    match fault::kind(&error) {
        SendFaultKind::Lost => broken(&host, &cause),
        kind @ (SendFaultKind::NotSent | SendFaultKind::NoFiles | SendFaultKind::Setup) => {
            let is_out = kind == SendFaultKind::NoFiles;
            let kind = if is_out { FetchFaultKind::NoFiles } else { FetchFaultKind::Unreachable };
            FetchFault::new(kind, format!("no connection to {host}: {cause}"))
        }
    }
}

fn refuse(why: &str) -> FetchFault {
    FetchFault::new(FetchFaultKind::Unsafe, format!("the link was not followed: {why}"))
}

/// A name resolver that refuses a host if clips may not be downloaded from one of its addresses.
struct Guard {
    allow_loopback: bool,
    /// The hosts of the proxies. They may have private addresses, because the user chose them.
    proxies: Vec<String>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let trusted = self.proxies.contains(&host);
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found: Vec<SocketAddr> = super::names::addresses(host.clone()).await?;
            if !trusted {
                vouch(&host, &found, allow_loopback)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Returns an error if any address of a host is not allowed. A host with one public and one private address may be an
/// attack.
fn vouch(host: &str, found: &[SocketAddr], allow_loopback: bool) -> Result<(), UnsafeAddress> {
    let bad = found.iter().find_map(|found| addresses::refused(found.ip(), allow_loopback));
    bad.map_or(Ok(()), |why| Err(UnsafeAddress { host: host.to_owned(), why }))
}

#[cfg(test)]
mod tests;
