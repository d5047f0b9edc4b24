//! The two HTTP clients: one for paid requests, and one for free requests.

use super::endpoint::Endpoint;
use super::fault::{FetchFault, SendFault, SendFaultKind, cause, kind};
use super::fetch::{ClipClients, Download};
use super::settings::{AGENT, ClientTrouble, Proxies, Settings, Timeouts, build, builder};
use crate::domain::fault::Said;
use crate::domain::foreign::shown;
use crate::provider::json;
use crate::wire::{Auth, Body, Call, Method, PaidCall, Reply, Span};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, RequestBuilder};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use tracing::Instrument as _;
use url::Url;

/// A client for requests that cost money. Code that has only a [`Free`] client cannot send a paid request.
pub trait Paid: Send + Sync {
    /// Sends a paid request with `body` once, and reads the whole answer.
    ///
    /// Anything but a complete answer is a fault. A complete JSON object is an answer even if its connection breaks or
    /// does not end. Every kind of fault except [`SendFaultKind::Lost`] proves that nothing was charged.
    fn submit<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        call: &'a PaidCall,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Reply, SendFault>>;
}

/// A client for requests that cost nothing: polls and downloads.
pub trait Free: Send + Sync {
    /// Sends a free request, and reads the whole answer.
    fn ask<'a>(&'a self, endpoint: &'a Endpoint, call: &'a Call) -> BoxFuture<'a, Result<Reply, SendFault>>;

    /// Starts the download of a clip from a link of the provider at `endpoint`, as [`FreeClient::fetch`] does.
    fn fetch<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        auth: Auth,
        link: &'a str,
        span: Span,
    ) -> BoxFuture<'a, Result<Download, FetchFault>>;
}

/// A client that sends each paid request once.
///
/// Each request gets a new connection. If a server closed a reused connection just when a request is sent on it,
/// nothing would show whether the request was accepted.
#[derive(Debug, Clone)]
pub struct PaidClient {
    http: Client,
    proxies: Proxies,
    timeouts: Timeouts,
}

/// A client for requests that cost nothing: polls and downloads of clips.
#[derive(Debug, Clone)]
pub struct FreeClient {
    http: Client,
    proxies: Proxies,
    /// The time to wait for more bytes after a complete JSON object in an answer that does not state its length. If no
    /// byte follows in this time, the answer is complete.
    quiet: Duration,
    clips: ClipClients,
}

/// The maximum length of an answer in bytes. Correct JSON answers are shorter, and 64 answers of this length fit into
/// memory.
const LONGEST_REPLY: usize = 4 * 1024 * 1024;

/// The advice for a network with its own certificate authority. TLS trusts the system's certificate store; on Linux,
/// `SSL_CERT_FILE` replaces it.
const OWN_AUTHORITY: &str = "If your network has its own certificate authority, add its certificate to the system's \
                             certificate store, or on Linux set SSL_CERT_FILE to a file with all trusted certificates";

/// The headers of an answer that the caller gets. Other headers are ignored.
const KEPT_HEADERS: [&str; 6] =
    ["content-type", "date", "location", "retry-after", "x-log-id", "x-request-id"];

impl PaidClient {
    /// Returns a client for paid requests. It shares no connection with the client for free requests.
    pub fn new(settings: &Settings) -> Result<Self, ClientTrouble> {
        // The HTTP client gets no timeout, because it would drop an answer that has arrived when the time is up.
        let http = build(builder(settings)?.pool_max_idle_per_host(0))?;
        Ok(Self { http, proxies: settings.proxies.clone(), timeouts: settings.timeouts.clone() })
    }

    /// Sends a paid request with `body` once, and reads the whole answer, as [`Paid::submit`] describes.
    pub async fn submit(
        &self,
        endpoint: &Endpoint,
        call: &PaidCall,
        body: Bytes,
    ) -> Result<Reply, SendFault> {
        let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let request =
            request(endpoint, &call.0, |url| self.http.post(url).headers(HeaderMap::from_iter(json)))?;
        let Timeouts { submit, drain, .. } = self.timeouts;
        let mut arrived = Arrived::default();
        let ended = {
            let answer = answer(request.body(body), endpoint, &self.proxies, drain, &mut arrived);
            let mut answer = pin!(answer.instrument(span("submit", endpoint, &call.0)));
            match timeout(submit, &mut answer).await {
                Ok(ended) => Ok(ended),
                // If this process was suspended, its time is over when it continues, but an answer may have arrived
                // meanwhile.
                Err(_) => timeout(drain, answer).await,
            }
        };
        arrived.reply(ended.unwrap_or_else(|_| Err(lost(endpoint, "it took too long"))), endpoint)
    }
}

impl FreeClient {
    /// Returns a client for requests that cost nothing.
    pub fn new(settings: &Settings) -> Result<Self, ClientTrouble> {
        let http = builder(settings)?.timeout(settings.timeouts.poll);
        Ok(Self {
            http: build(http)?,
            proxies: settings.proxies.clone(),
            quiet: settings.timeouts.drain,
            clips: ClipClients::new(settings)?,
        })
    }

    /// Sends a free request, and reads the whole answer.
    pub async fn ask(&self, endpoint: &Endpoint, call: &Call) -> Result<Reply, SendFault> {
        let mut request = request(endpoint, call, |url| match call.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
            Method::Delete => self.http.delete(url),
        })?;
        if let Some(text) = call.body.as_ref().and_then(Body::text) {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(text);
        }
        let mut arrived = Arrived::default();
        let answer = answer(request, endpoint, &self.proxies, self.quiet, &mut arrived);
        let ended = answer.instrument(span("ask", endpoint, call)).await;
        arrived.reply(ended, endpoint)
    }

    /// Starts the download of the first `bytes` bytes of a picture to which the manifest links, so that the picture can
    /// be checked before the provider downloads it.
    ///
    /// A server that does not support ranges may send the whole picture. No credentials are sent. Addresses that are
    /// not public are refused.
    pub async fn peek(&self, url: &str, bytes: u64) -> Result<Download, FetchFault> {
        self.clips.peek(url, bytes).await
    }

    /// Starts the download of a clip from a link in an answer of the provider at `endpoint`. A relative link begins at
    /// the base URL.
    ///
    /// Links get no credentials, with one exception. A link with the origin of the base URL is requested again with the
    /// key if it answers 401 or 403. A link that was reached by a redirect never gets the key. Links to this machine
    /// and plain HTTP are allowed only if the base URL is on this machine.
    pub async fn fetch(
        &self,
        endpoint: &Endpoint,
        auth: Auth,
        link: &str,
        span: Span,
    ) -> Result<Download, FetchFault> {
        // A link may contain a signature, so only its host is logged.
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

/// Returns the tracing span (log context) of a call. The span contains no secrets.
fn span(kind: &'static str, endpoint: &Endpoint, call: &Call) -> tracing::Span {
    let host = endpoint.base_url.host_str();
    tracing::debug_span!("call", kind, host, path = %shown(&call.path))
}

/// The part of an answer that has arrived.
#[derive(Default)]
struct Arrived {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Arrived {
    /// Returns the answer without the key, or else the fault that ended it. A fault after a complete JSON object does
    /// not matter.
    fn reply(self, ended: Result<(), SendFault>, endpoint: &Endpoint) -> Result<Reply, SendFault> {
        let Self { status, headers, body } = self;
        match ended {
            Err(fault) if !json::is_object(&body) => Err(fault),
            _ => Ok(Reply { status, headers, body: endpoint.clean_bytes(body) }),
        }
    }
}

/// Sends a request, and reads its answer into `arrived`. A server may leave the connection open after an answer that
/// does not state its length. Such an answer counts as complete if nothing follows a complete JSON object for the time
/// `quiet`.
async fn answer(
    request: RequestBuilder,
    endpoint: &Endpoint,
    proxies: &Proxies,
    quiet: Duration,
    arrived: &mut Arrived,
) -> Result<(), SendFault> {
    let fault = |error| fault(error, endpoint, proxies);
    let mut response = request.send().await.map_err(fault)?;
    arrived.status = response.status().as_u16();
    arrived.headers = kept(response.headers(), endpoint);
    let body = &mut arrived.body;
    loop {
        let chunk = if response.content_length().is_none() && json::is_object(body) {
            timeout(quiet, response.chunk()).await.unwrap_or(Ok(None))
        } else {
            response.chunk().await
        };
        let Some(chunk) = chunk.map_err(fault)? else { break };
        if body.len() + chunk.len() > LONGEST_REPLY {
            body.clear();
            return Err(lost(endpoint, "the answer is longer than 4 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    tracing::debug!(status = arrived.status, bytes = body.len(), "answered");
    Ok(())
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
    let text = format!("no complete answer from {} after the request was sent: {cause}", endpoint.host());
    SendFault { kind: SendFaultKind::Lost, said: Said::text(endpoint.clean(&text)) }
}
