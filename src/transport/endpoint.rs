//! Where a provider is and what opens its door: the only place with credentials.

use super::redact;
use crate::domain::digest::Sha256;
use crate::wire::{Auth, Call};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Where a provider is, and with which key.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What the paths of calls are appended to.
    pub base_url: Url,
    /// The account's key; none for a provider that wants none.
    pub key: Option<SecretString>,
    /// The environment variable that the key was read from, for messages.
    pub key_env: Option<String>,
}

impl Endpoint {
    /// The address of a call. It is always at the endpoint's own host, whatever the path says.
    pub(super) fn url(&self, call: &Call) -> Result<Url, String> {
        let base = self.base_url.as_str().trim_end_matches('/');
        let joined = Url::parse(&format!("{base}{}", call.path));
        joined
            .ok()
            .filter(|url| call.path.starts_with('/') && url.origin() == self.base_url.origin())
            .ok_or_else(|| format!("`{}` is no path below {}", call.path, self.host()))
    }

    /// The headers of a call.
    pub(super) fn headers(&self, call: &Call) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let unfit = |_: String| format!("header {name} cannot be sent");
            let value = HeaderValue::from_str(value).map_err(|error| unfit(error.to_string()))?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| unfit(error.to_string()))?;
            headers.insert(name, value);
        }
        headers.extend(self.credentials(call.auth)?.map(|key| (AUTHORIZATION, key)));
        Ok(headers)
    }

    /// Returns the value of `Authorization`, or none where the provider wants no key.
    pub(super) fn credentials(&self, auth: Auth) -> Result<Option<HeaderValue>, String> {
        let Some(key) = &self.key else { return Ok(None) };
        let word = match auth {
            Auth::Bearer => "Bearer",
            Auth::Word(word) => word,
        };
        let mut value = HeaderValue::from_str(&format!("{word} {}", key.expose_secret()))
            .map_err(|_| "the key holds characters that no HTTP header can carry".to_owned())?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Returns the address of a link in one of the provider's answers. A relative one is below the base URL, or below its
    /// host where it begins with `/`.
    pub(super) fn resolve(&self, link: &str) -> Option<Url> {
        let base = format!("{}/", self.base_url.as_str().trim_end_matches('/'));
        Url::options().base_url(Url::parse(&base).ok().as_ref()).parse(link).ok()
    }

    /// Returns the name of the host of a link in one of the provider's answers; empty where it has none.
    #[must_use]
    pub fn host_of(&self, link: &str) -> String {
        let url = self.resolve(link);
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// A number that differs between keys, and between hosts that are asked with the same one. The key cannot be told
    /// from it.
    #[must_use]
    pub fn mark(&self) -> i64 {
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        let host = self.base_url.host_str().unwrap_or_default();
        let Sha256(digest) = Sha256::of(format!("{host}\0{key}").as_bytes());
        digest.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
    }

    /// `host:port` for messages.
    pub(super) fn host(&self) -> String {
        super::settings::host_and_port(&self.base_url)
    }

    /// The text without the key.
    pub(super) fn clean(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.clean_bytes(text.as_bytes().to_vec())).into_owned()
    }

    /// The bytes without the key.
    pub(super) fn clean_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.key {
            Some(key) => redact::redact(bytes, key.expose_secret()),
            None => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
