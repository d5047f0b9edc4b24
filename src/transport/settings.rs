//! What the clients are built with.

use super::bypass;
use reqwest::header::HeaderValue;
use reqwest::{ClientBuilder, NoProxy, Proxy};
use rustls_platform_verifier::ConfigVerifierExt as _;
use std::sync::OnceLock;
use std::time::Duration;
use url::Url;

/// The `User-Agent` of every request.
pub(super) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("shotlist/", env!("CARGO_PKG_VERSION")));

/// What the clients are built with. The default is what holds where the user says nothing.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How long anything may take.
    pub timeouts: Timeouts,
    /// The way out of a closed network.
    pub proxies: Proxies,
}

/// How long anything may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// Name, TCP and TLS together. Compulsory: without it, a slow connection cannot be told from a slow answer.
    pub connect: Duration,
    /// A paid call from its first byte to the last one of its answer. Each one that strikes is a doubt, so it is long.
    pub submit: Duration,
    /// What a paid call gets beyond `submit`, to read an answer that arrived while this process stood still.
    pub drain: Duration,
    /// A free call from its first byte to the last one of its answer.
    pub poll: Duration,
    /// From a download's request to its headers.
    pub first_byte: Duration,
    /// A download that brings less than [`SLOWEST`] bytes a second for this long is dead.
    pub low_speed: Duration,
    /// A download from its request to its end.
    pub download: Duration,
}

/// Bytes a second under which a download counts as dead.
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

/// Proxies as the user's environment names them; this machine itself is always reached directly.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `https:` addresses. May hold a user name and password.
    pub https: Option<Url>,
    /// For `http:` addresses.
    pub http: Option<Url>,
    /// Hosts that are reached directly, as `NO_PROXY` lists them.
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
    /// The proxy through which this address is reached, for messages: `host:port`, without its password.
    #[must_use]
    pub fn named_for(&self, url: &Url) -> Option<String> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let is_direct = || is_loopback(url) || bypass::has(&self.bypass, url);
        proxy.as_ref().filter(|_| !is_direct()).map(host_and_port)
    }

    /// Returns a warning where hosts of clips, whose names nobody knows before, are reached through a proxy.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        // Only a list that lets every name through lets this one through.
        let unknown = Url::parse("https://clips.invalid/").ok()?;
        self.named_for(&unknown).map(|proxy| {
            format!(
                "clips come through the proxy {proxy}, which resolves names itself: a link could lead to a private address \
                 behind it, and only literal addresses are checked here. Let the proxy refuse private addresses, or list the \
                 hosts of your clips in NO_PROXY"
            )
        })
    }

    /// The hosts of all proxies.
    pub(super) fn hosts(&self) -> Vec<String> {
        [&self.https, &self.http]
            .into_iter()
            .flatten()
            .filter_map(|url| url.host_str().map(str::to_owned))
            .collect()
    }
}

/// `host:port`, the part of an address that is fit for a message.
#[must_use]
pub fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("an address without a host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address is on this machine, by its literal or as `localhost`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// No client can be built; nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "HTTPS cannot be set up: {0}. Nothing was sent; check that the system's certificates are installed (the package \
     ca-certificates, or the file that SSL_CERT_FILE names), and the proxy"
)]
pub struct ClientTrouble(pub(super) String);

/// Returns the settings of TLS for all clients of this process, with the certificates that the system trusts.
///
/// The system keeps its certificates in hundreds of files, which are read once and not for each client.
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

/// What every client has in common: HTTP/1.1, no redirects, no retries, no proxy but the given ones.
pub(super) fn builder(settings: &Settings) -> Result<ClientBuilder, ClientTrouble> {
    let trouble = |error: reqwest::Error| ClientTrouble(super::fault::cause(&error.without_url()));
    // A client takes the provider of the process. The error says that an earlier client has set one.
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

/// Builds what [`builder`] began.
pub(super) fn build(builder: ClientBuilder) -> Result<reqwest::Client, ClientTrouble> {
    builder.build().map_err(|error| ClientTrouble(super::fault::cause(&error.without_url())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n30_a_proxy_is_named_without_its_password() {
        let proxies = Proxies {
            https: Some(Url::parse("http://night:test-key@proxy.corp:3128").unwrap()),
            ..Proxies::default()
        };
        let api = Url::parse("https://api.example.com/v4").unwrap();
        assert_eq!(proxies.named_for(&api).as_deref(), Some("proxy.corp:3128"));
        assert!(!format!("{proxies:?}").contains("test-key"));
    }

    #[test]
    fn n31_this_machine_is_reached_directly() {
        let proxies = Proxies { http: Some(Url::parse("http://proxy:3128").unwrap()), ..Proxies::default() };
        for url in ["http://127.0.0.1:8787", "http://localhost:1", "http://[::1]/"] {
            assert_eq!(proxies.named_for(&Url::parse(url).unwrap()), None, "{url}");
        }
    }
}
