//! The address and the key of a provider. No other module has access to keys.

use super::redact::{self, Masker};
use crate::domain::digest::Sha256;
use crate::wire::{Auth, Call};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// The base URL of a provider with the key for it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL to which the paths of calls are appended.
    pub base_url: Url,
    /// The account's key; `None` for a provider that needs no key.
    pub key: Option<SecretString>,
    /// The environment variable that the key was read from, for messages; `None` if there is none.
    pub key_env: Option<String>,
}

impl Endpoint {
    /// Returns the URL of a call, or an error if the path of the call does not begin with `/` or leads to another host.
    pub(super) fn url(&self, call: &Call) -> Result<Url, String> {
        let base = self.base_url.as_str().trim_end_matches('/');
        let joined = Url::parse(&format!("{base}{}", call.path));
        joined
            .ok()
            .filter(|url| call.path.starts_with('/') && url.origin() == self.base_url.origin())
            .ok_or_else(|| format!("`{}` is not a path below {}", call.path, self.host()))
    }

    /// Returns the headers of a call, including the key.
    pub(super) fn headers(&self, call: &Call) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let unfit =
                |_: String| format!("the HTTP header {name} has a name or a value that is not allowed");
            let value = HeaderValue::from_str(value).map_err(|error| unfit(error.to_string()))?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| unfit(error.to_string()))?;
            headers.insert(name, value);
        }
        headers.extend(self.credentials(call.auth)?.map(|key| (AUTHORIZATION, key)));
        Ok(headers)
    }

    /// Returns the value of the header `Authorization`; `None` if the provider needs no key.
    pub(super) fn credentials(&self, auth: Auth) -> Result<Option<HeaderValue>, String> {
        let Some(key) = &self.key else { return Ok(None) };
        let word = match auth {
            Auth::Bearer => "Bearer",
            Auth::Word(word) => word,
        };
        let mut value = HeaderValue::from_str(&format!("{word} {}", key.expose_secret())).map_err(|_| {
            "the API key contains characters that are not allowed in an HTTP header".to_owned()
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Returns the absolute URL of a link in one of the provider's answers; `None` if the link is not a valid URL.
    ///
    /// A relative link is resolved below the base URL, or below the root of its host if the link begins with `/`.
    pub(super) fn resolve(&self, link: &str) -> Option<Url> {
        let base = format!("{}/", self.base_url.as_str().trim_end_matches('/'));
        Url::options().base_url(Url::parse(&base).ok().as_ref()).parse(link).ok()
    }

    /// Returns the host of a link in one of the provider's answers; empty if the link has no host.
    #[must_use]
    pub fn host_of(&self, link: &str) -> String {
        let url = self.resolve(link);
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Returns a digest of a link without its query. Only the query changes in a fresh link to the same file, so the
    /// digest stays the same. Validators such as an `ETag` hold only for links with the same digest.
    #[must_use]
    pub fn address_of(&self, link: &str) -> Sha256 {
        let address = self.resolve(link).map_or_else(
            || link.to_owned(),
            |mut url| {
                url.set_query(None);
                url.set_fragment(None);
                url.into()
            },
        );
        Sha256::of(address.as_bytes())
    }

    /// Returns a number that identifies the host together with the key, and does not reveal the key.
    #[must_use]
    pub fn mark(&self) -> i64 {
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        let host = self.base_url.host_str().unwrap_or_default();
        let Sha256(digest) = Sha256::of(format!("{host}\0{key}").as_bytes());
        digest.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
    }

    /// Returns the endpoint's host for messages, with the port if it is not the default.
    pub(super) fn host(&self) -> String {
        super::settings::host_and_port(&self.base_url)
    }

    /// Returns a text with the key removed.
    pub(super) fn clean(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.clean_bytes(text.as_bytes().to_vec())).into_owned()
    }

    /// Returns bytes with the key removed.
    pub(super) fn clean_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.key {
            Some(key) => redact::redact(bytes, key.expose_secret()),
            None => bytes,
        }
    }

    /// Returns the filter that masks the API key in an answer of `url`; `None` if the host of `url` never gets the key.
    pub(super) fn masker(&self, url: &Url) -> Option<Masker> {
        let key = self.key.as_ref().filter(|_| url.host() == self.base_url.host())?;
        Some(Masker::of(key.expose_secret()))
    }
}

#[cfg(test)]
mod tests;
