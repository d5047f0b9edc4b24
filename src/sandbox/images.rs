//! Checks and stores the pictures in requests. A picture is a link, or a data URI that contains its bytes.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::clips::Source;
use super::fields::is_link;

/// A width and a height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// The width: the number of pixels from left to right.
    pub width: u32,
    /// The height: the number of pixels from top to bottom.
    pub height: u32,
}

/// The limits for the pictures that a family of models accepts.
pub(super) struct Rules {
    /// The maximum number of bytes of a decoded picture. The documents say "5M" and "50MB", which are read strictly: as
    /// 5 and 50 million bytes.
    bytes: usize,
    webp: bool,
    /// The minimum width and height in pixels.
    least: u32,
    /// True if the aspect ratio must be from 1:4 to 4:1.
    ratio: bool,
}

pub(super) const COGVIDEOX: Rules = Rules { bytes: 5_000_000, webp: false, least: 1, ratio: false };
pub(super) const VIDU: Rules = Rules { bytes: 50_000_000, webp: true, least: 1, ratio: true };
pub(super) const REFERENCE: Rules = Rules { least: 128, ..VIDU };

impl Rules {
    /// Checks one picture. Returns its size if the request contains its bytes, and `None` for a link.
    pub(super) fn check(&self, image: &str) -> Result<Option<Size>, String> {
        if !image.starts_with("data:") {
            let fits = is_link(image);
            return fits.then_some(None).ok_or("an image must be an http(s) URL or a data URI".to_owned());
        }
        let (mime, bytes) = decode(image)?;
        let format = format_of(&bytes).filter(|format| self.webp || *format != "image/webp");
        if format.is_none() {
            return Err("the format of the image is not supported".to_owned());
        }
        if format != Some(mime) {
            return Err(format!("the content type says {mime}, the image is another format"));
        }
        if bytes.len() > self.bytes {
            return Err(format!("the image has {} bytes, the limit is {}", bytes.len(), self.bytes));
        }
        let size = size_of(&bytes).ok_or("the image's header cannot be read")?;
        if size.width.min(size.height) < self.least {
            return Err(format!("the image is smaller than {0}x{0}", self.least));
        }
        let (short, long) = (size.width.min(size.height), size.width.max(size.height));
        if self.ratio && u64::from(long) > 4 * u64::from(short) {
            return Err("the image's aspect ratio is outside 1:4 to 4:1".to_owned());
        }
        Ok(Some(size))
    }
}

/// Returns true if the first and the last frame have similar aspect ratios: one is 0.8 to 1.25 times the other.
pub(super) fn are_similar(first: Size, last: Size) -> bool {
    let one = u64::from(first.width) * u64::from(last.height);
    let other = u64::from(last.width) * u64::from(first.height);
    5 * one >= 4 * other && 4 * one <= 5 * other
}

fn decode(image: &str) -> Result<(&str, Vec<u8>), String> {
    let (mime, data) = image
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .ok_or("a data URI has the form data:image/png;base64,…")?;
    let bytes = STANDARD.decode(data).map_err(|error| format!("the data URI is not base64: {error}"))?;
    Ok((mime, bytes))
}

fn format_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

fn size_of(bytes: &[u8]) -> Option<Size> {
    let size = imagesize::blob_size(bytes).ok()?;
    let size = Size { width: u32::try_from(size.width).ok()?, height: u32::try_from(size.height).ok()? };
    (size.width > 0 && size.height > 0).then_some(size)
}

/// Returns a request's body for the log. Each data URI is replaced by `{"bytes", "sha256", "mime"}`, to keep the log
/// readable.
pub(super) fn without_data(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("data:") => {
            let (mime, bytes) = decode(text).unwrap_or_else(|_| ("", text.clone().into_bytes()));
            json!({ "bytes": bytes.len(), "sha256": hex(&Sha256::digest(&bytes)), "mime": mime })
        }
        Value::Array(list) => list.iter().map(without_data).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), without_data(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// A folder that stores the pictures of requests, so that clips can show them later. A file is named by its SHA-256.
pub(super) struct Pictures {
    dir: PathBuf,
}

impl Pictures {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.join("pictures") }
    }

    /// Stores the pictures that a request contains as data URIs, except those that are stored already.
    pub(super) fn keep(&self, value: &Value) -> io::Result<()> {
        match value {
            Value::String(text) if text.starts_with("data:") => {
                let Ok((_, bytes)) = decode(text) else { return Ok(()) };
                let path = self.dir.join(hex(&Sha256::digest(&bytes)));
                if path.exists() {
                    return Ok(());
                }
                DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
                let mut file = NamedTempFile::new_in(&self.dir)?;
                file.write_all(&bytes)?;
                file.persist(path)?;
                Ok(())
            }
            Value::Array(list) => list.iter().try_for_each(|value| self.keep(value)),
            Value::Object(fields) => fields.values().try_for_each(|value| self.keep(value)),
            _ => Ok(()),
        }
    }

    /// Returns a picture of a logged request: its web address, or its stored bytes. Returns `None` if `logged` is not a
    /// picture.
    ///
    /// If the file with the bytes is missing, returns its name as if it were a web address. Clips then show a drawing
    /// of an invented product, as for every web address.
    pub(super) fn find(&self, logged: &Value) -> Option<Source> {
        if let Some(address) = logged.as_str() {
            return Some(Source::Address(address.to_owned()));
        }
        let name = logged.get("sha256")?.as_str()?;
        Some(
            std::fs::read(self.dir.join(name))
                .map_or_else(|_| Source::Address(name.to_owned()), Source::File),
        )
    }
}

/// Returns bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
