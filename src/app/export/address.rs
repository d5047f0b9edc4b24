//! The web addresses of exported clips: a base address followed by the clip's path in the output folder.

use crate::app::error::Error;
use crate::app::exit::Exit;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Characters that are escaped in a clip's path.
///
/// The slash and the unreserved characters of RFC 3986 are not among them, so they are kept.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The web address at which the clips of the output folder will be available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(String);

impl Base {
    /// Reads a base address from the command line, and refuses one to which a path cannot be added.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let refused = |why: &str| {
            let what = format!(
                "--base-url {text}: {why}; nothing was written; use for example: --base-url https://cdn.example/clips"
            );
            Error::new(Exit::Usage, what)
        };
        let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(refused("write an address that begins with https://"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(
                "the path of each clip is added to its end, so it cannot contain `?` or `#`",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it contains a user name or a password, which would be published"));
        }
        // The parser has written it in ASCII.
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Returns the web address of the clip at this path, whose parts are separated by `/`.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{}/{}", self.0, utf8_percent_encode(path, ESCAPED))
    }
}
