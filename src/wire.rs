//! Plain data types for HTTP calls and replies, so that each provider is a set of pure functions without I/O.
//!
//! A [`Call`] holds the scheme of its authentication, never a key: only the transport has keys.

use crate::domain::digest::Sha256;
use crate::domain::request::MediaFile;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// An HTTP request to a provider, without the provider's base URL and without a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The path below the provider's base URL, beginning with `/`, with its query if any; ids in it are escaped.
    pub path: String,
    /// The scheme by which the request is authenticated.
    pub auth: Auth,
    /// The headers besides the one for authentication, as pairs of name and value.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body; `None` if the request has no body.
    pub body: Option<Body>,
}

/// A call that costs money. Only the client for paid requests accepts it, and that client accepts nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidCall(pub Call);

/// An HTTP method that a provider's API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The method `GET`, which reads data.
    Get,
    /// The method `POST`, which submits a job or sends a command.
    Post,
    /// The method `DELETE`, which cancels a task.
    Delete,
}

/// The scheme by which a call is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// The header `Authorization: Bearer KEY`.
    Bearer,
    /// The header `Authorization: WORD KEY`, with a word such as `Token` or `Key`.
    Word(&'static str),
}

/// A JSON body with placeholders for local pictures.
///
/// The pictures are read from disk only while the body is sent; the bytes sent must have the expected hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The pieces of the body, in the order in which they are sent.
    pub parts: Vec<Part>,
}

/// A piece of a request body: a text, or a local picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A text that is sent unchanged.
    Text(String),
    /// A file whose bytes are sent in Base64, inside a JSON string.
    Base64(MediaFile),
}

impl Body {
    /// Builds a body from a JSON value. A string that equals `marker(file)` becomes the data URI of that picture.
    #[must_use]
    pub fn json(value: &serde_json::Value, files: &[MediaFile]) -> Self {
        let mut parts = vec![Part::Text(value.to_string())];
        for file in files {
            let marker = marker(file);
            parts = parts
                .into_iter()
                .flat_map(|part| match part {
                    Part::Text(text) => split(&text, &marker, file),
                    picture @ Part::Base64(_) => vec![picture],
                })
                .collect();
        }
        Self { parts }
    }

    /// Returns whether picture files must be read from disk to send the body.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Base64(_)))
    }

    /// Computes a hash of the body from the hashes of its texts and pictures. Bodies with equal pieces have equal
    /// hashes.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        let mut joined = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => joined.extend(Sha256::of(text.as_bytes()).0),
                Part::Base64(file) => joined.extend(file.facts.sha256.0),
            }
        }
        Sha256::of(&joined)
    }

    /// Returns the length of the body as it is sent, in bytes; pictures count with their length in Base64.
    #[must_use]
    pub fn len(&self) -> u64 {
        let part = |part: &Part| match part {
            Part::Text(text) => text.len() as u64,
            Part::Base64(file) => file.facts.bytes.div_ceil(3) * 4,
        };
        self.parts.iter().map(part).sum()
    }

    /// Returns whether the body has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the whole body as text; `None` if it contains a picture.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut whole = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => whole += text,
                Part::Base64(_) => return None,
            }
        }
        Some(whole)
    }

    /// Returns the body for display, with each picture as its name, size and hash.
    #[must_use]
    pub fn shown(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Base64(file) => {
                format!("<{}, {} bytes, sha256 {}>", file.path, file.facts.bytes, file.facts.sha256)
            }
        };
        self.parts.iter().map(part).collect()
    }
}

/// Returns the placeholder text that [`Body::json`] replaces by this picture.
///
/// The placeholder contains U+0000, which prompts may not contain, so that no prompt can look like a placeholder.
#[must_use]
pub fn marker(file: &MediaFile) -> String {
    format!("\0{}\0{}", file.path, file.facts.sha256)
}

fn split(text: &str, marker: &str, file: &MediaFile) -> Vec<Part> {
    // JSON escapes the marker inside a string; the quotes are not part of it.
    let written = serde_json::Value::from(marker).to_string();
    let written = &written[1..written.len() - 1];
    let mut parts = Vec::new();
    let mut pieces = text.split(written).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_some() {
            parts.push(Part::Text(format!("{piece}data:{};base64,", file.facts.format.mime())));
            parts.push(Part::Base64(file.clone()));
        } else {
            parts.push(Part::Text(piece.to_owned()));
        }
    }
    parts
}

/// Percent-encodes a text for use as one path segment or as one query value of a URL.
///
/// Letters, digits and `-._~` are kept (RFC 3986, section 2.3), because some servers compare paths byte by byte.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A reply of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of at most a few MiB; the transport limits it.
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns the value of the first header with this name, given in lower case; `None` if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The HTTP status and the headers of the reply to a download.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClipHead {
    /// The HTTP status.
    pub status: u16,
    /// The number of bytes in the body of the reply, if the server announced it.
    pub content_length: Option<u64>,
    /// The header `Content-Range` as sent.
    pub content_range: Option<String>,
    /// The header `Content-Type` as sent.
    pub content_type: Option<String>,
    /// The header `Content-Encoding` as sent; an encoded clip is refused.
    pub content_encoding: Option<String>,
    /// The header `ETag` as sent.
    pub etag: Option<String>,
    /// The header `Last-Modified` as sent.
    pub last_modified: Option<String>,
    /// The header `Date` as sent.
    pub date: Option<String>,
}

/// The part of a clip or a picture to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// The whole file.
    Whole,
    /// Only this number of bytes from the start of the file. A server may send more nevertheless.
    First(u64),
    /// The remaining bytes of a partly downloaded clip, if the server still has the same clip.
    From {
        /// The position of the first byte to download; 0 for the first byte of the clip.
        offset: u64,
        /// The strong `ETag` or the `Last-Modified` of the earlier download, to be sent in the header `If-Range`.
        validator: String,
    },
}

#[cfg(test)]
mod tests;
