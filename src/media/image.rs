//! Pictures: what they are, how large, and whether they are whole, from their first and last bytes.

use super::exif;
use crate::domain::digest::Sha256;
use crate::domain::request::{PictureFacts, PictureFormat, PictureTraits};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use image::{DynamicImage, ImageReader, Limits};
use imagesize::ImageType;
use std::io::Cursor;
use std::ops::RangeInclusive;

/// How many of a picture's first bytes [`picture`] wants; all of them where the file is shorter. A JPEG may carry
/// colour profiles and previews of several hundred kilobytes before it says how large it is.
pub const HEAD: usize = 1 << 20;

/// How many of a picture's last bytes [`picture`] wants; all of them where the file is shorter. Cameras and editors
/// append notes of their own after the end of a picture, rarely more than this.
pub const TAIL: usize = 64 << 10;

/// Most pixels of a picture that is decoded. A packed file of a few hundred kilobytes can hold a thousand times as much.
pub(in crate::media) const MOST_PIXELS: u64 = 64 << 20;

/// Most bytes that a decoder may take for a picture. Its pixels are copied once, as four bytes each.
const MOST_BYTES: u64 = 256 << 20;

/// What every PNG ends with: the chunk `IEND`, its length and its checksum.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// What every JPEG's picture data ends with. Inside the data, `FF` is always followed by something else.
const JPEG_END: &[u8] = b"\xff\xd9";

/// JPEG markers that stand alone, without a length: restarts, start and end of a picture.
const JPEG_BARE: RangeInclusive<u8> = 0xd0..=0xd9;

/// The JPEG marker after which the picture data comes.
const JPEG_SCAN: u8 = 0xda;

/// Why bytes are no picture that a video model takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    /// No bytes.
    #[error("it is empty")]
    Empty,
    /// Markup or JSON.
    #[error("it is a web page or an error message")]
    WebPage,
    /// A picture, but in no format that a model takes.
    #[error("it is a {0} picture, which no model takes")]
    OtherFormat(String),
    /// Nothing known.
    #[error("it is no picture, whatever its name says")]
    NoPicture,
    /// The header contradicts itself or says nothing of the size.
    #[error("its header is damaged")]
    Damaged,
    /// The end is missing.
    #[error("its end is missing")]
    CutOff,
    /// A `data:` text that does not have the form of one.
    #[error("it is no data URI of a picture")]
    NoDataUri,
    /// The text after the comma is not Base64.
    #[error("the text after its comma is not Base64")]
    NoBase64,
    /// The data URI says one format and holds another.
    #[error("it says {said} and holds {}", .is.mime())]
    Mislabelled {
        /// The media type before the comma.
        said: String,
        /// The format by content.
        is: PictureFormat,
    },
}

impl PictureFault {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Empty | Self::CutOff => "copy or download the picture again",
            Self::WebPage => "open it in a browser to read what it says, then download the picture again",
            Self::OtherFormat(_) => "save it as PNG or JPEG, and write its new name",
            Self::NoPicture => "put a PNG or JPEG picture in its place",
            Self::Damaged => "open it in an image editor and save it again",
            Self::NoDataUri => "begin it with `data:image/png;base64,` (or image/jpeg, image/webp)",
            Self::NoBase64 => "encode the picture again, or write the name of a file",
            Self::Mislabelled { .. } => "correct the format before the `;`",
        }
    }
}

/// What the header of a picture says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The format by content.
    pub format: PictureFormat,
    /// Pixels, as the picture is shown.
    pub width: u32,
    /// Pixels, as the picture is shown.
    pub height: u32,
    /// The turn before it is shown, as EXIF numbers it: 1 as it is, 2 to 8 mirrored or turned.
    pub orientation: u8,
    /// What some models cannot handle.
    pub traits: PictureTraits,
}

/// Reads the header of a picture whose end is there.
///
/// `head` are its first [`HEAD`] bytes, `tail` its last [`TAIL`] bytes; they overlap in a small file. `bytes` is the
/// size of the whole file.
pub fn picture(head: &[u8], tail: &[u8], bytes: u64) -> Result<Header, PictureFault> {
    let format = format(head)?;
    // A file that ends within its own header is cut off rather than damaged.
    let may_be_damaged = bytes > head.len() as u64 && imagesize::blob_size(head).is_err();
    if !may_be_damaged && !whole(format, head, tail, bytes) {
        return Err(PictureFault::CutOff);
    }
    header(head, tail)
}

/// Reads the header of a picture of which only the beginning is known.
pub fn beginning(head: &[u8]) -> Result<Header, PictureFault> {
    header(head, &[])
}

fn header(head: &[u8], tail: &[u8]) -> Result<Header, PictureFault> {
    let format = format(head)?;
    let size = imagesize::blob_size(head).map_err(|_| PictureFault::Damaged)?;
    let (Ok(width @ 1..), Ok(height @ 1..)) = (u32::try_from(size.width), u32::try_from(size.height)) else {
        return Err(PictureFault::Damaged);
    };
    let (orientation, traits) = exif::read(format, head, tail);
    let (width, height) = if orientation >= 5 { (height, width) } else { (width, height) };
    Ok(Header { format, width, height, orientation, traits })
}

/// Decodes a picture; `None` where that fails, or it has more than so many pixels.
pub(in crate::media) fn decode(bytes: &[u8], most: u64) -> Option<DynamicImage> {
    let size = imagesize::blob_size(bytes).ok()?;
    if (size.width as u64).saturating_mul(size.height as u64) > most {
        return None;
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader.decode().ok()
}

/// Reads the facts of a picture that was written as `data:image/png;base64,…`.
pub fn data_uri(uri: &str) -> Result<PictureFacts, PictureFault> {
    let (said, bytes) = content(uri)?;
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let Header { format, width, height, traits, .. } = picture(head, tail, bytes.len() as u64)?;
    if said != format.mime() && !(said == "image/jpg" && format == PictureFormat::Jpeg) {
        return Err(PictureFault::Mislabelled { said, is: format });
    }
    let sha256 = Sha256::of(&bytes);
    Ok(PictureFacts { format, bytes: bytes.len() as u64, sha256, width, height, traits })
}

/// Decodes a data URI into its media type and its bytes.
pub fn content(uri: &str) -> Result<(String, Vec<u8>), PictureFault> {
    // Encoders differ in whether they pad the last group.
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let (scheme, rest) = uri.split_once(':').ok_or(PictureFault::NoDataUri)?;
    let (label, text) = rest.split_once(',').ok_or(PictureFault::NoDataUri)?;
    let mut label = label.split(';');
    let said = label.next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_base64 = label.any(|word| word.trim().eq_ignore_ascii_case("base64"));
    if !scheme.eq_ignore_ascii_case("data") || !said.starts_with("image/") || !is_base64 {
        return Err(PictureFault::NoDataUri);
    }
    let bytes = LENIENT.decode(text.trim()).map_err(|_| PictureFault::NoBase64)?;
    Ok((said, bytes))
}

/// The format by its first bytes.
fn format(head: &[u8]) -> Result<PictureFormat, PictureFault> {
    if head.is_empty() {
        return Err(PictureFault::Empty);
    }
    match imagesize::image_type(head) {
        Ok(ImageType::Png) => Ok(PictureFormat::Png),
        Ok(ImageType::Jpeg) => Ok(PictureFormat::Jpeg),
        Ok(ImageType::Webp) => Ok(PictureFormat::Webp),
        Ok(other) => Err(PictureFault::OtherFormat(name(other))),
        Err(_) if is_svg(head) => Err(PictureFault::OtherFormat("SVG".into())),
        Err(_) if matches!(head.trim_ascii_start().first(), Some(b'<' | b'{')) => Err(PictureFault::WebPage),
        Err(_) => Err(PictureFault::NoPicture),
    }
}

/// The short name of a format that no model takes: `GIF`, `HEIF`.
fn name(kind: ImageType) -> String {
    let name = format!("{kind:?}");
    name.split(['(', ' ']).next().unwrap_or_default().to_uppercase()
}

/// An SVG is XML; so are the error messages of file servers.
fn is_svg(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"<") && head.windows(4).take(1024).any(|window| window == b"<svg")
}

/// Whether the end of the picture is there. Bytes after it are nobody's concern.
fn whole(format: PictureFormat, head: &[u8], tail: &[u8], bytes: u64) -> bool {
    let after = |end: &[u8], from: usize| {
        tail.get(from..).is_some_and(|rest| rest.windows(end.len()).any(|window| window == end))
    };
    match format {
        PictureFormat::Png => after(PNG_END, 0),
        PictureFormat::Jpeg => {
            // A preview inside the header has an end of its own: only what follows the scan's start counts.
            let Some(scan) = jpeg_scan(head) else { return false };
            let tail_at = bytes.saturating_sub(tail.len() as u64);
            after(JPEG_END, usize::try_from((scan as u64).saturating_sub(tail_at)).unwrap_or(usize::MAX))
        }
        PictureFormat::Webp => {
            // RIFF counts the bytes that follow its first eight.
            let length = head.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
            length.is_some_and(|length| u64::from(length) + 8 <= bytes)
        }
    }
}

/// Where in a JPEG the picture data begins.
fn jpeg_scan(head: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let &[0xff, marker] = head.get(at..at + 2)? else { return None };
        at += match marker {
            JPEG_SCAN => return Some(at),
            // Markers may be preceded by any number of fill bytes.
            0xff => 1,
            bare if JPEG_BARE.contains(&bare) => 2,
            _ => 2 + usize::from(u16::from_be_bytes(head.get(at + 2..at + 4)?.try_into().ok()?)),
        };
    }
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
