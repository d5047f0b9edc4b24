//! Reads the EXIF orientation of a picture, its print colours (CMYK) and its number of bits per colour.

use crate::domain::request::{PictureFormat, PictureTraits};

/// The tag of the orientation (TIFF 6.0, "Orientation").
const ORIENTATION: u16 = 0x0112;

/// The TIFF type code of a 16-bit number (TIFF 6.0, section 2).
const SHORT: u16 = 3;

/// The bytes before the TIFF header in the APP1 segment of a JPEG, and in some WebP files.
const PREFIX: &[u8] = b"Exif\0\0";

/// The EXIF orientation of a picture: the transformation that a viewer applies. 1 means none; 2 to 8 mirror or turn the
/// picture, and 5 to 8 also exchange its width and height.
pub(super) type Orientation = u8;

/// Reads the orientation and the traits of a picture from its first and last bytes.
///
/// `tail` contains the picture's last bytes; WebP and PNG may store EXIF data after the picture.
pub(super) fn read(format: PictureFormat, head: &[u8], tail: &[u8]) -> (Orientation, PictureTraits) {
    let mut exif = None;
    let mut traits = PictureTraits::default();
    match format {
        PictureFormat::Jpeg => {
            for (marker, data) in segments(head) {
                match marker {
                    0xe1 if exif.is_none() => exif = data.strip_prefix(PREFIX).and_then(orientation),
                    // These are frame headers; the excluded numbers are tables and extensions.
                    0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                        traits.deep = data.first().is_some_and(|bits| *bits > 8);
                        traits.cmyk = data.get(5) == Some(&4);
                    }
                    _ => {}
                }
            }
        }
        PictureFormat::Png => {
            // The depth follows signature, chunk length, chunk name, width and height.
            traits.deep = head.get(24) == Some(&16);
            exif = chunk(head, 8, *b"eXIf", true, 4).or_else(|| ending(tail, b"eXIf"));
        }
        PictureFormat::Webp => {
            exif = chunk(head, 12, *b"EXIF", false, 0).or_else(|| ending(tail, b"EXIF"));
        }
    }
    let orientation = exif.unwrap_or(1);
    traits.turned = orientation != 1;
    (orientation, traits)
}

/// Returns the segments of a JPEG before its picture data, as pairs of marker and content.
fn segments(head: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut at = 2;
    std::iter::from_fn(move || {
        // Markers may be preceded by any number of fill bytes.
        while head.get(at..at + 2)? == [0xff, 0xff] {
            at += 1;
        }
        let &[0xff, marker] = head.get(at..at + 2)? else { return None };
        if marker == 0xda {
            return None;
        }
        let length = usize::from(u16::from_be_bytes(head.get(at + 2..at + 4)?.try_into().ok()?));
        let data = head.get(at + 4..at + 2 + length)?;
        at += 2 + length;
        Some((marker, data))
    })
}

/// Returns the orientation in the first chunk with this name; `None` if there is none. `from` is the offset of the
/// first chunk. The file is a PNG (big endian, with a checksum after each chunk) or a RIFF file (little endian, padded
/// to even lengths).
fn chunk(head: &[u8], from: usize, name: [u8; 4], is_png: bool, checksum: usize) -> Option<Orientation> {
    let mut at = from;
    loop {
        let header = head.get(at..at + 8)?;
        let (length, kind) = if is_png {
            (u32::from_be_bytes(header[..4].try_into().ok()?), &header[4..])
        } else {
            (u32::from_le_bytes(header[4..].try_into().ok()?), &header[..4])
        };
        let length = usize::try_from(length).ok()?;
        let end = at.checked_add(8)?.checked_add(length)?;
        if kind == name {
            return orientation(head.get(at + 8..end)?);
        }
        at = if is_png { end + checksum } else { end + length % 2 };
    }
}

/// Returns a picture's orientation from a chunk with this name in `tail`, the file's last bytes, if there is one.
fn ending(tail: &[u8], name: &[u8; 4]) -> Option<Orientation> {
    let places = tail.windows(4).enumerate().filter(|(_, window)| window == name);
    // A RIFF chunk has its length between name and content; a PNG chunk does not.
    places.map(|(at, _)| at + 4).find_map(|at| {
        tail.get(at + 4..).and_then(orientation).or_else(|| tail.get(at..).and_then(orientation))
    })
}

/// Returns the orientation in a block of EXIF data; `None` if the block has no orientation, or an undefined value.
fn orientation(block: &[u8]) -> Option<Orientation> {
    let tiff = block.strip_prefix(PREFIX).unwrap_or(block);
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let first: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let first = if is_little { u32::from_le_bytes(first) } else { u32::from_be_bytes(first) };
    let first = usize::try_from(first).ok()?;
    let count = usize::from(short(first)?);
    let entry = (0..count).map(|number| first + 2 + 12 * number);
    let entry = entry.take_while(|at| short(*at).is_some()).find(|at| short(*at) == Some(ORIENTATION))?;
    let value = (short(entry + 2)? == SHORT).then(|| short(entry + 8)).flatten()?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

#[cfg(test)]
#[path = "exif_tests.rs"]
mod tests;
