//! Public addresses of clips: a base and the path of the clip below the output folder.

use crate::app::error::Error;
use crate::app::exit::Exit;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Characters of a path that stay as they are: those that RFC 3986 reserves for nothing, and the slash.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The address below which clips will be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(String);

impl Base {
    /// Reads an address that the user gave.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let refused = |why: &str| {
            let what = format!(
                "--base-url {text}: {why}; nothing was written, for instance: --base-url https://cdn.example/clips"
            );
            Error::new(Exit::Usage, what)
        };
        let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(refused("write an address that begins with https://"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("the path of each clip is put behind it, so it can have no `?` and no `#`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("a name or a password in it would be published"));
        }
        // The parser has written it in ASCII.
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Returns the address of a clip by its path, which has `/` between its parts.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{}/{}", self.0, utf8_percent_encode(path, KEPT))
    }
}
