//! Makes small copies of pictures for web pages that show many of them.

use super::image::{HEAD, MOST_PIXELS, TAIL, decode, picture};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};

/// The least width and height in pixels to which the larger copy of a picture is reduced. A picture that is narrower or
/// lower keeps its size.
const LARGE: (u32, u32) = (320, 180);

/// The least width and height in pixels to which the smaller copy of a picture is reduced. A picture that is narrower
/// or lower keeps its size.
const SMALL: (u32, u32) = (96, 54);

/// The JPEG quality, from 1 to 100, of the larger copy of a picture.
const FINE: u8 = 72;

/// The JPEG quality, from 1 to 100, of the smaller copy of a picture.
const COARSE: u8 = 50;

/// The brightness of the background behind transparent pictures: white.
const BEHIND: u32 = 255;

/// The two small copies of a picture, as JPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnails {
    /// The larger copy, reduced until it just covers 320×180 pixels; a smaller picture keeps its size.
    pub large: Vec<u8>,
    /// The smaller copy, reduced until it just covers 96×54 pixels; a smaller picture keeps its size.
    pub small: Vec<u8>,
}

/// Returns two small copies of a picture, turned for display; `None` if the picture cannot be decoded.
#[must_use]
pub fn thumbnails(bytes: &[u8]) -> Option<Thumbnails> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let header = picture(head, tail, bytes.len() as u64).ok()?;
    let mut decoded = decode(bytes, MOST_PIXELS)?;
    decoded.apply_orientation(Orientation::from_exif(header.orientation)?);
    let large = covering(&decoded, LARGE);
    let small = covering(&large, SMALL);
    Some(Thumbnails { large: jpeg(&large, FINE)?, small: jpeg(&small, COARSE)? })
}

/// Returns a smaller copy of a picture. The copy still covers the given size, so that it looks sharp when it fills a
/// box of that size.
fn covering(picture: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    if picture.width() <= width || picture.height() <= height {
        return picture.clone();
    }
    let scale = f64::max(
        f64::from(width) / f64::from(picture.width()),
        f64::from(height) / f64::from(picture.height()),
    );
    let scaled = |length: u32| length_of(f64::from(length) * scale);
    picture.thumbnail_exact(scaled(picture.width()), scaled(picture.height()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a length in pixels, made smaller, is positive and far below the limit"
)]
fn length_of(pixels: f64) -> u32 {
    (pixels.round() as u32).max(1)
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Option<Vec<u8>> {
    let pixels = picture.to_rgba8();
    let opaque = RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0.map(u32::from);
        let over =
            |colour: u32| u8::try_from((colour * alpha + BEHIND * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([over(red), over(green), over(blue)])
    });
    let mut bytes = Vec::new();
    opaque.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).ok()?;
    Some(bytes)
}

#[cfg(test)]
#[path = "thumbnail_tests.rs"]
mod tests;
