//! Provides the pictures with which clips begin and end. A drawing of an invented product (a vase) replaces a picture
//! that is not available.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};
use sha2::{Digest, Sha256};

/// A picture that a request contains or links to.
pub(in crate::sandbox) enum Source {
    /// The bytes of a picture file.
    File(Vec<u8>),
    /// A web address of a picture. Nothing is ever downloaded from it.
    Address(String),
}

impl Source {
    /// Returns the picture, cropped around its middle and scaled to this many pixels.
    ///
    /// For a web address or an unreadable file, returns a drawing of an invented product, always the same for the same
    /// source.
    pub(super) fn picture(&self, (width, height): (u32, u32)) -> RgbImage {
        match self {
            Self::Address(address) => product(address.as_bytes(), (width, height)),
            Self::File(bytes) => match decode(bytes) {
                Some(picture) => fill(&picture, (width, height)),
                None => product(bytes, (width, height)),
            },
        }
    }
}

/// Decodes a file and rotates the picture by its EXIF data.
fn decode(bytes: &[u8]) -> Option<DynamicImage> {
    let mut decoder = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_decoder().ok()?;
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Some(picture)
}

/// Crops a picture around its middle and scales it. Transparent parts become white.
fn fill(picture: &DynamicImage, (width, height): (u32, u32)) -> RgbImage {
    let (w, h) = (u64::from(picture.width()), u64::from(picture.height()));
    let (wide, high) = (u64::from(width), u64::from(height));
    let least = |side: u64| u32::try_from(side.max(1)).unwrap_or(u32::MAX);
    let (across, down) = if w * high > h * wide {
        (least((h * wide + high / 2) / high), picture.height())
    } else {
        (picture.width(), least((w * high + wide / 2) / wide))
    };
    let (left, top) = ((picture.width() - across) / 2, (picture.height() - down) / 2);
    let cropped = picture.crop_imm(left, top, across, down);
    let scaled = if across > width {
        cropped.thumbnail_exact(width, height)
    } else {
        cropped.resize_exact(width, height, FilterType::Triangle)
    };
    if !scaled.color().has_alpha() {
        return scaled.into_rgb8();
    }
    let mut white = Vec::with_capacity((width * height * 3) as usize);
    for pixel in scaled.into_rgba8().as_raw().chunks_exact(4) {
        let alpha = u32::from(pixel[3]);
        white.extend(pixel[..3].iter().map(|part| {
            u8::try_from((u32::from(*part) * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
        }));
    }
    RgbImage::from_raw(width, height, white).expect("there are three bytes a pixel")
}

/// Draws several invented products, and returns the one that differs most from `picture`. The same picture and seed
/// give the same product.
pub(super) fn unlike(picture: &RgbImage, seed: &str) -> RgbImage {
    const CANDIDATES: u32 = 8;
    let pixels = picture.dimensions();
    let small = |picture: RgbImage| DynamicImage::from(picture).thumbnail_exact(16, 9).into_rgb8();
    let shown = small(picture.clone());
    let difference = |candidate: &String| -> u64 {
        let drawn = small(product(candidate.as_bytes(), (64, (64 * pixels.1 / pixels.0).max(1))));
        let parts = shown.as_raw().iter().zip(drawn.as_raw());
        parts.map(|(one, other)| u64::from(one.abs_diff(*other))).sum()
    };
    let candidates = (0..CANDIDATES).map(|number| format!("{seed} {number}"));
    let chosen = candidates.max_by_key(difference).unwrap_or_default();
    product(chosen.as_bytes(), pixels)
}

/// Draws an invented product: a vase in front of a plain wall. The same seed gives the same product.
fn product(seed: &[u8], (width, height): (u32, u32)) -> RgbImage {
    /// The length in pixels of the drawing's longer side, before the drawing is scaled.
    const LONG: u32 = 256;
    let dice = Sha256::digest(seed);
    let (w, h) = if width >= height {
        (LONG.min(width), (LONG * height / width).clamp(1, height))
    } else {
        ((LONG * width / height).clamp(1, width), LONG.min(height))
    };
    // Places are in thousandths of the shorter side, from the middle.
    let short = w.min(h).cast_signed();
    let product = ProductShape::new(&dice, 1000 / short);
    let place = |at: u32, side: u32| (2 * at.cast_signed() + 1 - side.cast_signed()) * 500 / short;
    let mut bytes = Vec::with_capacity((w * h * 3) as usize);
    for y in 0..h {
        for x in 0..w {
            bytes.extend(product.colour(place(x, w), place(y, h)));
        }
    }
    let drawn = RgbImage::from_raw(w, h, bytes).expect("there are three bytes a pixel");
    DynamicImage::from(drawn).resize_exact(width, height, FilterType::Triangle).into_rgb8()
}

/// The shape and the colours of a drawn vase, and of the wall and the floor behind it. Lengths are thousandths of the
/// picture's shorter side.
struct ProductShape {
    /// Half the width of the vase at six heights, at equal distances from top to bottom.
    profile: [i32; 6],
    top: i32,
    bottom: i32,
    middle: i32,
    glaze: [i32; 3],
    band: [i32; 3],
    /// The parts of the vase that have the colour `band`: one bit for each sixth of the vase's height, from the top.
    banded: u8,
    wall: [i32; 3],
    floor: [i32; 3],
    /// The width of one pixel, in thousandths of the picture's shorter side. The edges of the vase are smoothed over
    /// this width.
    pixel: i32,
}

impl ProductShape {
    fn new(dice: &[u8], pixel: i32) -> Self {
        let roll = |index: usize, range: i32| i32::from(dice[index]) * range / 256;
        let hue = roll(0, 1536);
        let light = 120 + roll(8, 110);
        let wall = 150 + roll(9, 95);
        Self {
            profile: std::array::from_fn(|index| 70 + roll(1 + index, 190)),
            top: -330 + roll(10, 130),
            bottom: 300,
            middle: roll(11, 160) - 80,
            glaze: shade(hue, 110, light),
            band: shade(hue + 500 + roll(12, 600), 90, 90 + roll(13, 140)),
            banded: dice[14] & dice[15],
            wall: shade(roll(16, 1536), 36, wall),
            floor: shade(roll(16, 1536), 30, wall - 28),
            pixel,
        }
    }

    fn colour(&self, x: i32, y: i32) -> [u8; 3] {
        let x = x - self.middle;
        let ground = self.ground(x, y);
        let height = self.bottom - self.top;
        if !(self.top..self.bottom).contains(&y) {
            return ground;
        }
        let along = (y - self.top) * 5 * 64 / height;
        let (part, within) = (usize::try_from(along / 64).map_or(0, |part| part.min(4)), along % 64);
        // A smooth step from one width to the next.
        let eased = within * within * (192 - 2 * within) / 4096;
        let half = self.profile[part] + (self.profile[part + 1] - self.profile[part]) * eased / 64;
        let inside = (half - x.abs()) * 256 / self.pixel + 128;
        if inside <= 0 {
            return ground;
        }
        let sixth = (y - self.top) * 6 / height;
        let glaze = if self.banded >> sixth & 1 == 1 { self.band } else { self.glaze };
        // Light from the left: brightest a third of the way in, dark towards the right edge.
        let across = (x * 256 / half + 90).abs();
        let light = 296 - across * across / 520;
        let shine = (60 - (x * 256 / half + 120).abs()).max(0) / 2;
        let covered = inside.min(256);
        std::array::from_fn(|part| {
            let product = i32::from(clamp(glaze[part] * light / 256 + shine));
            clamp((product * covered + i32::from(ground[part]) * (256 - covered)) / 256)
        })
    }

    fn ground(&self, x: i32, y: i32) -> [u8; 3] {
        let edge = self.bottom - 40;
        let mut ground = if y < edge { self.wall } else { self.floor };
        let light = 262 - (x + 200).abs() / 12 - (y - edge).abs() / 30;
        let (dx, dy) = (x / 3 - 20, y - self.bottom);
        let shadow = 90 - (dx * dx + dy * dy * 4) / 60;
        if shadow > 0 {
            ground = ground.map(|part| part * (256 - shadow) / 256);
        }
        ground.map(|part| clamp(part * light / 256))
    }
}

/// Returns the red, green and blue of a colour by its hue (1,536 is the full circle), its strength and its mean
/// brightness.
fn shade(hue: i32, strength: i32, light: i32) -> [i32; 3] {
    [0, 1024, 512].map(|turn| {
        let place = (hue + turn).rem_euclid(1536);
        let share = ((place - 768).abs() - 384).clamp(-256, 256);
        (light + share * strength / 512).clamp(0, 255)
    })
}

fn clamp(part: i32) -> u8 {
    u8::try_from(part.clamp(0, 255)).expect("clamped to a byte")
}
