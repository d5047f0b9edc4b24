//! Identifies pictures from their first and last bytes: format, size, and completeness.

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

/// The number of bytes from the start of a file that [`picture`] needs, or all bytes of a shorter file. A JPEG may
/// contain colour profiles and previews of several hundred kilobytes before the field with its width and height.
pub const HEAD: usize = 1 << 20;

/// The number of bytes from the end of a file that [`picture`] needs, or all bytes of a shorter file. Cameras and
/// editors append their own notes after a picture, rarely more than this.
pub const TAIL: usize = 64 << 10;

/// The maximum number of pixels; a picture with more is not decoded. A compressed file of a few hundred kilobytes can
/// contain hundreds of millions of pixels.
pub(in crate::media) const MOST_PIXELS: u64 = 64 << 20;

/// The most memory in bytes for decoding a picture. Decoding copies the pixels once, with four bytes for each.
const MOST_BYTES: u64 = 256 << 20;

/// The last bytes of every complete PNG: the chunk `IEND` with its length and checksum.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The marker after the picture data of every complete JPEG. Inside the data, `FF` is never followed by `D9`.
const JPEG_END: &[u8] = b"\xff\xd9";

/// The JPEG markers that have no length: restart markers, start and end of the picture.
const JPEG_BARE: RangeInclusive<u8> = 0xd0..=0xd9;

/// The JPEG marker before the picture data.
const JPEG_SCAN: u8 = 0xda;

/// The reason why some bytes are not a picture that a video model accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    /// The file or the data is empty.
    #[error("it is empty")]
    Empty,
    /// The bytes are a web page or an error message: markup or JSON.
    #[error("it is a web page or an error message")]
    WebPage,
    /// The picture has a format that no model accepts, such as `GIF`.
    #[error("it is a {0} picture, which no model accepts")]
    OtherFormat(String),
    /// The bytes are not a picture in any known format.
    #[error("it is not a picture, whatever its name says")]
    NoPicture,
    /// The header of the picture contradicts itself, or lacks the picture's size.
    #[error("its header is damaged")]
    Damaged,
    /// The end of the picture is missing.
    #[error("its data is incomplete")]
    CutOff,
    /// The text is not a data URI of a picture in Base64.
    #[error("it is not a data URI of a picture")]
    NoDataUri,
    /// The text after the comma of a data URI is not Base64.
    #[error("the text after its comma is not Base64")]
    NoBase64,
    /// The data URI names another format than the picture in it has.
    #[error("it is labelled {said} but contains {}", .is.mime())]
    Mislabelled {
        /// The media type that the data URI names before the comma.
        said: String,
        /// The actual format of the picture.
        is: PictureFormat,
    },
}

impl PictureFault {
    /// Returns a hint that tells the user what to do about the picture.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Empty | Self::CutOff => "copy or download the picture again",
            Self::WebPage => {
                "open the file in a browser to read what it says, then download the picture again"
            }
            Self::OtherFormat(_) => "save the picture as PNG or JPEG, and write the new file name",
            Self::NoPicture => "replace the file with a PNG or JPEG picture",
            Self::Damaged => "open the picture in an image editor and save it again",
            Self::NoDataUri => "begin the data URI with `data:image/png;base64,` (or image/jpeg, image/webp)",
            Self::NoBase64 => "encode the picture again, or write the name of a file",
            Self::Mislabelled { .. } => "correct the picture format before the `;` of the data URI",
        }
    }
}

/// The properties of a picture that can be read from its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The actual format of the picture, whatever the file's name is.
    pub format: PictureFormat,
    /// The width in pixels, after the picture is turned for display.
    pub width: u32,
    /// The height in pixels, after the picture is turned for display.
    pub height: u32,
    /// The EXIF orientation, by which viewers transform the picture: 1 for none, 2 to 8 for mirrored or turned.
    pub orientation: u8,
    /// Properties of the picture that some models cannot handle.
    pub traits: PictureTraits,
}

/// Reads the header of a picture, and checks that its end is present.
///
/// `head` contains the first [`HEAD`] bytes, `tail` the last [`TAIL`] bytes; they overlap in a small file. `bytes` is
/// the size of the whole file.
pub fn picture(head: &[u8], tail: &[u8], bytes: u64) -> Result<Header, PictureFault> {
    let format = format(head)?;
    // A file that ends within its own header is cut off rather than damaged.
    let may_be_damaged = bytes > head.len() as u64 && imagesize::blob_size(head).is_err();
    if !may_be_damaged && !whole(format, head, tail, bytes) {
        return Err(PictureFault::CutOff);
    }
    header(head, tail)
}

/// Reads the header of a picture from its first bytes alone, without a check that the picture is complete.
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

/// Decodes a picture; `None` if it cannot be decoded, or has more than `most` pixels.
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

/// Reads the properties of a picture that is given as a data URI, such as `data:image/png;base64,…`.
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

/// Decodes a data URI in Base64. Returns its media type in lower case, and the picture's bytes.
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

/// Returns the format of a picture, recognised by its first bytes. Returns an error for anything but PNG, JPEG and
/// WebP.
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

/// Returns the short name of a picture format that no model accepts, such as `GIF`.
fn name(kind: ImageType) -> String {
    let name = format!("{kind:?}");
    name.split(['(', ' ']).next().unwrap_or_default().to_uppercase()
}

/// Checks whether XML is an SVG picture. The error messages of file servers are XML too, but are not pictures.
fn is_svg(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"<") && head.windows(4).take(1024).any(|window| window == b"<svg")
}

/// Checks whether the end of the picture is present. Further bytes after it do not matter.
fn whole(format: PictureFormat, head: &[u8], tail: &[u8], bytes: u64) -> bool {
    let after = |end: &[u8], from: usize| {
        tail.get(from..).is_some_and(|rest| rest.windows(end.len()).any(|window| window == end))
    };
    match format {
        PictureFormat::Png => after(PNG_END, 0),
        PictureFormat::Jpeg => {
            // A preview inside the header has its own end, so only bytes after the scan's start count.
            let Some(scan) = jpeg_scan(head) else { return false };
            let tail_at = bytes.saturating_sub(tail.len() as u64);
            after(JPEG_END, usize::try_from((scan as u64).saturating_sub(tail_at)).unwrap_or(usize::MAX))
        }
        PictureFormat::Webp => {
            // RIFF does not count its own first eight bytes.
            let length = head.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
            length.is_some_and(|length| u64::from(length) + 8 <= bytes)
        }
    }
}

/// Returns the offset at which the picture data of a JPEG begins; `None` if it is not in `head`.
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
