//! The two clients.

use super::endpoint::Endpoint;
use super::fault::{FetchFault, SendFault, SendFaultKind, cause, kind};
use super::fetch::{Clips, Download};
use super::settings::{AGENT, ClientTrouble, Proxies, Settings, Timeouts, build, builder};
use crate::domain::fault::Said;
use crate::domain::foreign::shown;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, Span};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, RequestBuilder, Response};
use std::pin::pin;
use tokio::time::timeout;
use tracing::Instrument as _;
use url::Url;

/// A client for requests that cost money. Nothing that holds only a [`Free`] can send one.
pub trait Paid: Send + Sync {
    /// Sends `body` once and reads the whole answer.
    ///
    /// Anything but a complete answer is a fault, and only [`SendFaultKind::NotSent`] and [`SendFaultKind::Setup`]
    /// prove that nothing was charged.
    fn submit<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        call: &'a PaidCall,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Reply, SendFault>>;
}

/// A client for polls and downloads, which cost nothing.
pub trait Free: Send + Sync {
    /// Sends a call that costs nothing, and reads the whole answer.
    fn ask<'a>(&'a self, endpoint: &'a Endpoint, call: &'a Call) -> BoxFuture<'a, Result<Reply, SendFault>>;

    /// Begins to fetch a clip from wherever the provider at `endpoint` said it is, as [`FreeClient::fetch`] does.
    fn fetch<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        auth: Auth,
        link: &'a str,
        span: Span,
    ) -> BoxFuture<'a, Result<Download, FetchFault>>;
}

/// Sends paid requests, each once.
///
/// A new connection for each: a request that goes out on a kept one just as the server closes it cannot be told
/// from one that was accepted.
#[derive(Debug, Clone)]
pub struct PaidClient {
    http: Client,
    proxies: Proxies,
    timeouts: Timeouts,
}

/// Polls, and fetches clips: whatever costs nothing.
#[derive(Debug, Clone)]
pub struct FreeClient {
    http: Client,
    proxies: Proxies,
    clips: Clips,
}

/// Longest answer that is read, in bytes: beyond any honest JSON, below what could hurt with 64 at once.
const LONGEST_REPLY: usize = 4 * 1024 * 1024;

/// What helps behind a proxy that shows certificates of its own. TLS trusts the system's store; on Linux, `SSL_CERT_FILE`
/// replaces that.
const OWN_AUTHORITY: &str = "Where the network has a certificate authority of its own, add its certificate to the \
                             system's store, or on Linux name a file of all that are to be trusted in SSL_CERT_FILE";

/// The headers of an answer that anyone reads.
const KEPT_HEADERS: [&str; 6] =
    ["content-type", "date", "location", "retry-after", "x-log-id", "x-request-id"];

impl PaidClient {
    /// A client of its own, which shares nothing with the free one.
    pub fn new(settings: &Settings) -> Result<Self, ClientTrouble> {
        // Without a time-out of the client's own: it would drop an answer that is there when the time is up.
        let http = build(builder(settings)?.pool_max_idle_per_host(0))?;
        Ok(Self { http, proxies: settings.proxies.clone(), timeouts: settings.timeouts.clone() })
    }

    /// Sends `body` once and reads the whole answer.
    ///
    /// Anything but a complete answer is a fault, and only [`SendFaultKind::NotSent`] and [`SendFaultKind::Setup`]
    /// prove that nothing was charged.
    pub async fn submit(
        &self,
        endpoint: &Endpoint,
        call: &PaidCall,
        body: Bytes,
    ) -> Result<Reply, SendFault> {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let request =
            request(endpoint, &call.0, |url| self.http.post(url).headers(HeaderMap::from_iter(json)))?;
        let answer = answer(request.body(body), endpoint, &self.proxies);
        let mut answer = pin!(answer.instrument(span("submit", endpoint, &call.0)));
        if let Ok(answer) = timeout(self.timeouts.submit, &mut answer).await {
            return answer;
        }
        // A process that was stopped finds its time over, and perhaps an answer that has come meanwhile.
        let drained = timeout(self.timeouts.drain, answer).await;
        drained.unwrap_or_else(|_| Err(lost(endpoint, "it took too long")))
    }
}

impl FreeClient {
    /// A client for everything that costs nothing.
    pub fn new(settings: &Settings) -> Result<Self, ClientTrouble> {
        let http = builder(settings)?.timeout(settings.timeouts.poll);
        Ok(Self { http: build(http)?, proxies: settings.proxies.clone(), clips: Clips::new(settings)? })
    }

    /// Sends a call that costs nothing, and reads the whole answer.
    pub async fn ask(&self, endpoint: &Endpoint, call: &Call) -> Result<Reply, SendFault> {
        let mut request = request(endpoint, call, |url| match call.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
            Method::Delete => self.http.delete(url),
        })?;
        if let Some(text) = call.body.as_ref().and_then(Body::text) {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(text);
        }
        answer(request, endpoint, &self.proxies).instrument(span("ask", endpoint, call)).await
    }

    /// Begins to fetch a picture that a provider is to fetch by itself, from wherever the manifest says it is: the
    /// first `bytes`, as far as its server knows ranges. Without credentials, and never from this network.
    pub async fn peek(&self, url: &str, bytes: u64) -> Result<Download, FetchFault> {
        self.clips.peek(url, bytes).await
    }

    /// Begins to fetch a clip from wherever the provider at `endpoint` said it is; a relative link is below its base URL.
    ///
    /// No credentials are sent, except to a link on the origin of the base URL that answers 401 or 403: it is asked once
    /// more with the key, unless it was reached by a redirect. Links may lead to this machine, and be plain HTTP, where
    /// the base URL is on this machine.
    pub async fn fetch(
        &self,
        endpoint: &Endpoint,
        auth: Auth,
        link: &str,
        span: Span,
    ) -> Result<Download, FetchFault> {
        // A link may be signed: its host alone is told.
        let host = Url::parse(link).ok().and_then(|link| link.host_str().map(str::to_owned));
        let call = tracing::debug_span!("call", kind = "fetch", host = host.as_deref());
        self.clips.fetch(endpoint, auth, link, &span).instrument(call).await
    }
}

impl Paid for PaidClient {
    fn submit<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        call: &'a PaidCall,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Reply, SendFault>> {
        self.submit(endpoint, call, body).boxed()
    }
}

impl Free for FreeClient {
    fn ask<'a>(&'a self, endpoint: &'a Endpoint, call: &'a Call) -> BoxFuture<'a, Result<Reply, SendFault>> {
        self.ask(endpoint, call).boxed()
    }

    fn fetch<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        auth: Auth,
        link: &'a str,
        span: Span,
    ) -> BoxFuture<'a, Result<Download, FetchFault>> {
        self.fetch(endpoint, auth, link, span).boxed()
    }
}

fn request(
    endpoint: &Endpoint,
    call: &Call,
    verb: impl FnOnce(url::Url) -> RequestBuilder,
) -> Result<RequestBuilder, SendFault> {
    let setup = |why: String| SendFault {
        kind: SendFaultKind::Setup,
        said: Said::text(endpoint.clean(&format!("{why}; nothing was sent"))),
    };
    let url = endpoint.url(call).map_err(setup)?;
    let headers = endpoint.headers(call).map_err(setup)?;
    let json = HeaderValue::from_static("application/json");
    Ok(verb(url).header(USER_AGENT, AGENT).header(ACCEPT, json).headers(headers))
}

/// Returns the span of a call, with nothing in it that is secret.
fn span(kind: &'static str, endpoint: &Endpoint, call: &Call) -> tracing::Span {
    let host = endpoint.base_url.host_str();
    tracing::debug_span!("call", kind, host, path = %shown(&call.path))
}

async fn answer(request: RequestBuilder, endpoint: &Endpoint, proxies: &Proxies) -> Result<Reply, SendFault> {
    let fault = |error| fault(error, endpoint, proxies);
    let response = request.send().await.map_err(fault)?;
    let status = response.status().as_u16();
    let headers = kept(response.headers(), endpoint);
    let body = whole(response).await.map_err(|short| match short {
        Short::Broken(error) => fault(error),
        Short::Endless => lost(endpoint, "the answer is longer than 4 MiB"),
    })?;
    tracing::debug!(status, bytes = body.len(), "answered");
    Ok(Reply { status, headers, body: endpoint.clean_bytes(body) })
}

/// Why an answer was not read to its end.
enum Short {
    Broken(reqwest::Error),
    Endless,
}

async fn whole(mut response: Response) -> Result<Vec<u8>, Short> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Short::Broken)? {
        if body.len() + chunk.len() > LONGEST_REPLY {
            return Err(Short::Endless);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn kept(headers: &HeaderMap, endpoint: &Endpoint) -> Vec<(String, String)> {
    let header = |name: &&str| {
        let value = String::from_utf8_lossy(headers.get(*name)?.as_bytes()).into_owned();
        Some(((*name).to_owned(), endpoint.clean(&value)))
    };
    KEPT_HEADERS.iter().filter_map(header).collect()
}

fn fault(error: reqwest::Error, endpoint: &Endpoint, proxies: &Proxies) -> SendFault {
    let error = error.without_url();
    let (host, cause) = (endpoint.host(), cause(&error));
    let through =
        proxies.named_for(&endpoint.base_url).map_or_else(String::new, |proxy| format!(" (proxy {proxy})"));
    let said = |text: String| Said::text(endpoint.clean(&text));
    match kind(&error) {
        SendFaultKind::Lost => lost(endpoint, &cause),
        kind @ (SendFaultKind::NotSent | SendFaultKind::NoFiles) => SendFault {
            kind,
            said: said(format!("no connection to {host}{through}: {cause}; nothing was sent")),
        },
        kind @ SendFaultKind::Setup => SendFault {
            kind,
            said: said(format!(
                "no secure connection to {host}{through}: {cause}; nothing was sent. {OWN_AUTHORITY}"
            )),
        },
    }
}

fn lost(endpoint: &Endpoint, cause: &str) -> SendFault {
    let text = format!("no whole answer from {} after the request was sent: {cause}", endpoint.host());
    SendFault { kind: SendFaultKind::Lost, said: Said::text(endpoint.clean(&text)) }
}
