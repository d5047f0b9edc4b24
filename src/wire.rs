//! Calls and replies as values, so that a provider is a set of pure functions.
//!
//! A [`Call`] says *how* it is authenticated, never with what: only the transport knows keys.

use crate::domain::digest::Sha256;
use crate::domain::request::MediaFile;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A request to a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The verb.
    pub method: Method,
    /// Below the provider's base URL, beginning with `/`, with a query where there is one; ids in it are escaped.
    pub path: String,
    /// How it is authenticated.
    pub auth: Auth,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Option<Body>,
}

/// A call that costs money. Only the client for paid requests takes one, and it takes nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidCall(pub Call);

/// HTTP verbs in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Orders, or bids.
    Post,
    /// Takes back.
    Delete,
}

/// How a call is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `Authorization: WORD KEY`, such as `Token` or `Key`.
    Word(&'static str),
}

/// A JSON body with holes where local pictures go.
///
/// Pictures stay on disk until the moment of sending; what is sent must have the hash that was promised.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// In order.
    pub parts: Vec<Part>,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The file's bytes in Base64, inside a JSON string.
    Base64(MediaFile),
}

impl Body {
    /// Renders a JSON value. A string that equals `marker(file)` for one of `files` becomes that picture's data URI.
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

    /// Returns whether files must be read to send it.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Base64(_)))
    }

    /// Taken over the texts and the pictures' own hashes: the same for the same bytes on the wire.
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

    /// Bytes on the wire.
    #[must_use]
    pub fn len(&self) -> u64 {
        let part = |part: &Part| match part {
            Part::Text(text) => text.len() as u64,
            Part::Base64(file) => file.facts.bytes.div_ceil(3) * 4,
        };
        self.parts.iter().map(part).sum()
    }

    /// Whether nothing would be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole body, where there is no picture in it.
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

    /// The body for people: a picture shows as its name, size and hash.
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

/// What stands in a JSON body where the picture goes. A user's text cannot collide: U+0000 is refused in prompts.
#[must_use]
pub fn marker(file: &MediaFile) -> String {
    format!("\0{}\0{}", file.path, file.facts.sha256)
}

fn split(text: &str, marker: &str, file: &MediaFile) -> Vec<Part> {
    // The marker as JSON writes it inside a string, without the quotes.
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

/// Escapes what may not stand in one segment of a path or in a value of a query. Letters, digits and `-._~` stay as they
/// are (RFC 3986, section 2.3): some servers compare paths byte by byte.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// At most a few MiB; the transport bounds it.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a download's answer says before its bytes come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClipHead {
    /// HTTP status.
    pub status: u16,
    /// Bytes that follow, where announced.
    pub content_length: Option<u64>,
    /// `Content-Range` as sent.
    pub content_range: Option<String>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `Content-Encoding` as sent; a clip that comes encoded is refused.
    pub content_encoding: Option<String>,
    /// `ETag` as sent.
    pub etag: Option<String>,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
    /// `Date` as sent.
    pub date: Option<String>,
}

/// What to fetch of a clip, or of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// All of it.
    Whole,
    /// Its first bytes, so many. A server may send more.
    First(u64),
    /// What is missing, if the clip is still the same.
    From {
        /// First byte wanted.
        offset: u64,
        /// A strong `ETag` or a `Last-Modified`, for `If-Range`.
        validator: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::{PictureFacts, PictureFormat, PictureTraits};

    fn picture(path: &str, bytes: u64) -> MediaFile {
        let facts = PictureFacts {
            format: PictureFormat::Png,
            bytes,
            sha256: Sha256::of(path.as_bytes()),
            width: 640,
            height: 480,
            traits: PictureTraits::default(),
        };
        MediaFile { path: path.into(), facts }
    }

    #[test]
    fn a_picture_takes_the_place_of_its_marker_and_nothing_else_changes() {
        let (a, b) = (picture("a \"1\".png", 4), picture("b.png", 6));
        let value = serde_json::json!({ "image_url": [marker(&a), marker(&b)], "prompt": "a \"1\".png" });
        let body = Body::json(&value, &[a.clone(), b.clone()]);
        let Body { parts } = &body;
        assert_eq!(parts[0], Part::Text("{\"image_url\":[\"data:image/png;base64,".into()));
        assert_eq!(parts[1], Part::Base64(a));
        assert_eq!(parts[3], Part::Base64(b));
        assert_eq!(parts[4], Part::Text("\"],\"prompt\":\"a \\\"1\\\".png\"}".into()));
        assert_eq!(body.len(), [0, 2, 4].map(|at| text_len(&parts[at])).iter().sum::<u64>() + 8 + 8);
    }

    fn text_len(part: &Part) -> u64 {
        match part {
            Part::Text(text) => text.len() as u64,
            Part::Base64(_) => 0,
        }
    }

    #[test]
    fn other_bytes_give_another_hash() {
        let value = |file: &MediaFile| {
            Body::json(&serde_json::json!({ "i": marker(file) }), std::slice::from_ref(file))
        };
        let one = picture("a.png", 4);
        let mut two = one.clone();
        two.facts.sha256 = Sha256::of(b"other");
        assert_ne!(value(&one).sha256(), value(&two).sha256());
    }
}
