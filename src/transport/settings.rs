//! The settings of the HTTP clients: timeouts, proxies and TLS.

use super::bypass;
use reqwest::header::HeaderValue;
use reqwest::{ClientBuilder, NoProxy, Proxy};
use rustls_platform_verifier::ConfigVerifierExt as _;
use std::sync::OnceLock;
use std::time::Duration;
use url::Url;

pub(super) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("shotlist/", env!("CARGO_PKG_VERSION")));

/// The settings of the HTTP clients. The default applies if the user sets nothing.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The time limits of connections, calls and downloads.
    pub timeouts: Timeouts,
    /// The proxies, for networks without direct access.
    pub proxies: Proxies,
}

/// The time limits of connections, calls and downloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// The time limit for connecting: name look-up, TCP and TLS together. It distinguishes a slow connection from a
    /// slow answer.
    pub connect: Duration,
    /// The time limit for a paid call, until the last byte of the answer. It is long, because a call that reaches it
    /// may have been charged.
    pub submit: Duration,
    /// The extra time for a paid call after the limit `submit`, to read an answer that arrived while this process was
    /// suspended.
    ///
    /// The same time applies to every answer, of a paid or a free call, that does not state its length: if no byte
    /// follows a complete JSON object in this time, the answer is complete.
    pub drain: Duration,
    /// The time limit for a free call, until the last byte of the answer.
    pub poll: Duration,
    /// The time limit for a download, from the request to the headers of the answer.
    pub first_byte: Duration,
    /// The window of time in which a download must average [`SLOWEST`] bytes a second, or is abandoned.
    pub low_speed: Duration,
    /// The time limit for a download, from the request to the end of the file.
    pub download: Duration,
}

/// The minimum speed of a download in bytes a second.
pub const SLOWEST: u64 = 1024;

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            submit: Duration::from_mins(2),
            drain: Duration::from_secs(5),
            poll: Duration::from_secs(30),
            first_byte: Duration::from_secs(30),
            low_speed: Duration::from_secs(30),
            download: Duration::from_mins(30),
        }
    }
}

/// The proxies from the user's environment variables. This machine itself is always reached directly.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for `https:` addresses, if any. It may contain a user name and a password.
    pub https: Option<Url>,
    /// The proxy for `http:` addresses, if any.
    pub http: Option<Url>,
    /// The hosts that are reached directly, in the format of `NO_PROXY`.
    pub bypass: String,
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |proxy: &Option<Url>| proxy.as_ref().map(host_and_port);
        f.debug_struct("Proxies")
            .field("https", &shown(&self.https))
            .field("http", &shown(&self.http))
            .field("bypass", &self.bypass)
            .finish()
    }
}

impl Proxies {
    /// Returns the host and port of the proxy for a URL, without its password, for messages. Returns `None` if the URL
    /// is reached directly.
    #[must_use]
    pub fn named_for(&self, url: &Url) -> Option<String> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let is_direct = || is_loopback(url) || bypass::has(&self.bypass, url);
        proxy.as_ref().filter(|_| !is_direct()).map(host_and_port)
    }

    /// Returns a warning if clips from unknown hosts are downloaded through a proxy; `None` if they are not.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        // This name is reached directly only if the list contains every name.
        let unknown = Url::parse("https://clips.invalid/").ok()?;
        self.named_for(&unknown).map(|proxy| {
            format!(
                "clips are downloaded through the proxy {proxy}, which resolves host names, so shotlist cannot check \
                 whether the host name in a link leads to a private address of your network. Configure the proxy to \
                 refuse private addresses, or list the hosts of your clips in NO_PROXY"
            )
        })
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        [&self.https, &self.http]
            .into_iter()
            .flatten()
            .filter_map(|url| url.host_str().map(str::to_owned))
            .collect()
    }
}

/// Returns the host of a URL, with the port if it is not the default. No other part of a URL may be shown in a message.
#[must_use]
pub fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("an address without a host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Returns true if the host of a URL is this machine: a loopback address or `localhost`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The error for an HTTP client that could not be built. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "HTTPS cannot be set up: {0}. Nothing was sent; check that the system's certificates are installed (the package \
     ca-certificates, or the file in SSL_CERT_FILE), and check the proxy"
)]
pub struct ClientTrouble(pub(super) String);

/// Returns the TLS settings for all clients of this process, with the certificates that the system trusts.
///
/// The system stores its certificates in hundreds of files, so they are read once and not for each client.
fn tls() -> Result<rustls::ClientConfig, ClientTrouble> {
    static READ: OnceLock<rustls::ClientConfig> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(read.clone());
    }
    let mut read = rustls::ClientConfig::with_platform_verifier()
        .map_err(|error| ClientTrouble(super::fault::cause(&error)))?;
    read.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(READ.get_or_init(|| read).clone())
}

/// Returns a builder with the settings of every client: HTTP/1.1, no redirects, no retries, only the given proxies.
pub(super) fn builder(settings: &Settings) -> Result<ClientBuilder, ClientTrouble> {
    let trouble = |error: reqwest::Error| ClientTrouble(super::fault::cause(&error.without_url()));
    // A client uses the crypto provider of the process. An error only means that an earlier client has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .dns_resolver(super::names::Names)
        .connect_timeout(settings.timeouts.connect)
        .no_proxy();
    let bypass = NoProxy::from_string(&format!("{},localhost,127.0.0.0/8,::1", settings.proxies.bypass));
    if let Some(url) = &settings.proxies.https {
        builder = builder.proxy(Proxy::https(url.clone()).map_err(trouble)?.no_proxy(bypass.clone()));
    }
    if let Some(url) = &settings.proxies.http {
        builder = builder.proxy(Proxy::http(url.clone()).map_err(trouble)?.no_proxy(bypass));
    }
    Ok(builder)
}

pub(super) fn build(builder: ClientBuilder) -> Result<reqwest::Client, ClientTrouble> {
    builder.build().map_err(|error| ClientTrouble(super::fault::cause(&error.without_url())))
}

#[cfg(test)]
mod tests;
