//! Compares a frame with the picture that it was made from, by a perceptual hash and by colour.

use super::colour::{ciede2000, lab};
use super::{Frame, HEIGHT, WIDTH, brightness};
use crate::media::image::{HEAD, Header, MOST_PIXELS, TAIL, decode, picture};
use image::metadata::Orientation;
use image::{DynamicImage, Rgba, RgbaImage};
use std::f64::consts::PI;

/// The number of columns of the grid in whose cells the colours of two frames are compared.
const COLUMNS: usize = 16;

/// The number of rows of the grid in whose cells the colours of two frames are compared.
const ROWS: usize = 9;

/// The chroma (strength of colour) above which a cell counts as coloured.
const COLOURED: f64 = 12.0;

/// The smallest number of coloured grid cells with which the colours of two frames are compared. A grey product has
/// fewer coloured cells.
const FEWEST: usize = 3;

/// The number of rows and of columns of the square of brightness values from which the perceptual hash is computed.
const SQUARE: usize = 32;

/// The correlation in brightness at or above which a frame counts as equal to the picture, whatever its hash is.
const SAME: f64 = 0.98;

/// The number of frequencies (waves of brightness) along rows, and along columns, that the perceptual hash uses. The
/// combination of the two lowest frequencies is left out, because it is only the mean brightness.
const FREQUENCIES: usize = 8;

/// A source picture as two frames, because a model may fit the picture into a clip in two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The whole picture, scaled to the size of a frame.
    pub whole: Frame,
    /// The middle of the picture, cut to the shape of the clip and scaled to the size of a frame.
    pub covering: Frame,
}

impl Picture {
    /// Decodes a picture for a clip of the given width and height; `None` if it cannot be decoded.
    #[must_use]
    pub fn decode(bytes: &[u8], (width, height): (u32, u32)) -> Option<Self> {
        let head = &bytes[..bytes.len().min(HEAD)];
        let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
        let Header { orientation, .. } = picture(head, tail, bytes.len() as u64).ok()?;
        let mut decoded = decode(bytes, MOST_PIXELS)?;
        decoded.apply_orientation(Orientation::from_exif(orientation)?);
        let (wide, high) = (u64::from(decoded.width()), u64::from(decoded.height()));
        let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
        let part = |side: u64, others: u64, of: u64| u32::try_from((side * others / of).max(1)).ok();
        let covering = if wide * height > high * width {
            let part = part(high, width, height)?;
            decoded.crop_imm((decoded.width() - part) / 2, 0, part, decoded.height())
        } else {
            let part = part(wide, height, width)?;
            decoded.crop_imm(0, (decoded.height() - part) / 2, decoded.width(), part)
        };
        Some(Self { whole: small(&decoded), covering: small(&covering) })
    }

    /// Returns the two frames made from the picture: the whole picture, and the part with the clip's shape.
    #[must_use]
    pub fn ways(&self) -> [&Frame; 2] {
        [&self.whole, &self.covering]
    }
}

/// Reduces a picture to a frame. Transparent parts become white.
fn small(decoded: &DynamicImage) -> Frame {
    #[expect(clippy::cast_possible_truncation, reason = "they are 160 and 90")]
    let (width, height) = (WIDTH as u32, HEIGHT as u32);
    let small: RgbaImage = decoded.thumbnail_exact(width, height).into_rgba8();
    let rgb = small.pixels().flat_map(|Rgba([red, green, blue, opacity])| {
        let opacity = u32::from(*opacity);
        [red, green, blue].map(|part| {
            let mixed = (u32::from(*part) * opacity + 255 * (255 - opacity) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        })
    });
    Frame { rgb: rgb.collect() }
}

/// Returns the perceptual hash of a frame, which is similar for pictures that look alike.
///
/// A cosine transform splits the brightness into waves of different frequencies. Each of the 63 lowest frequencies
/// gives one bit, which is set if the wave's coefficient is above the median of the coefficients.
fn hash(frame: &Frame) -> u64 {
    let square = square(frame);
    let wave = |frequency: usize, at: usize| {
        #[expect(clippy::cast_precision_loss, reason = "both are below 33")]
        let angle = PI * (2 * at + 1) as f64 * frequency as f64 / (2 * SQUARE) as f64;
        angle.cos()
    };
    let waves: Vec<[f64; SQUARE]> =
        (0..FREQUENCIES).map(|frequency| std::array::from_fn(|at| wave(frequency, at))).collect();
    // The rows are transformed first, then the columns.
    let rows: Vec<[f64; FREQUENCIES]> = square
        .iter()
        .map(|row| std::array::from_fn(|u| row.iter().zip(&waves[u]).map(|(level, wave)| level * wave).sum()))
        .collect();
    let along =
        |u: usize, v: usize| -> f64 { rows.iter().zip(&waves[v]).map(|(row, wave)| row[u] * wave).sum() };
    let parts: Vec<f64> =
        (1..FREQUENCIES * FREQUENCIES).map(|at| along(at % FREQUENCIES, at / FREQUENCIES)).collect();
    let mut sorted = parts.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    parts.iter().fold(0, |bits, part| bits << 1 | u64::from(*part > median))
}

/// Returns the number of bits, from 0 to 63, in which the perceptual hashes of a picture and a frame differ. Returns 0
/// if the brightness changes in nearly the same way across both.
///
/// The hash alone is not enough for a nearly symmetric picture: noise decides some bits of its hash.
#[must_use]
pub fn hash_distance(picture: &Frame, frame: &Frame) -> u32 {
    if correlation(picture, frame) >= SAME { 0 } else { (hash(picture) ^ hash(frame)).count_ones() }
}

/// Returns the correlation between the brightness of two frames, from -1 to 1. It is 1 if the same places are bright,
/// and dark, in both.
fn correlation(one: &Frame, other: &Frame) -> f64 {
    let levels = |frame: &Frame| -> Vec<f64> {
        let levels: Vec<f64> = square(frame).into_iter().flatten().collect();
        #[expect(clippy::cast_precision_loss, reason = "there are 1,024 cells")]
        let mean = levels.iter().sum::<f64>() / levels.len() as f64;
        levels.into_iter().map(|level| level - mean).collect()
    };
    let (one, other) = (levels(one), levels(other));
    let product =
        |one: &[f64], other: &[f64]| -> f64 { one.iter().zip(other).map(|(one, other)| one * other).sum() };
    let scale = (product(&one, &one) * product(&other, &other)).sqrt();
    // The likeness of a picture in one colour cannot be measured.
    if scale <= f64::EPSILON { 0.0 } else { product(&one, &other) / scale }
}

/// Returns the brightness of a frame, averaged over a grid of [`SQUARE`] by [`SQUARE`] cells.
fn square(frame: &Frame) -> Vec<[f64; SQUARE]> {
    let span = |at: usize, of: usize| (at * of / SQUARE, ((at + 1) * of).div_ceil(SQUARE));
    let cell = |column: usize, row: usize| {
        let ((left, right), (top, bottom)) = (span(column, WIDTH), span(row, HEIGHT));
        let pixels = (top..bottom).flat_map(|row| (left..right).map(move |column| (column, row)));
        let levels = pixels.map(|(column, row)| f64::from(brightness(frame.pixel(column, row))));
        #[expect(clippy::cast_precision_loss, reason = "a cell has some dozen pixels")]
        let count = ((right - left) * (bottom - top)) as f64;
        levels.sum::<f64>() / count
    };
    (0..SQUARE).map(|row| std::array::from_fn(|column| cell(column, row))).collect()
}

/// Returns the mean difference between the colours of two frames (CIEDE2000), without differences in lightness. Only
/// cells that are coloured in one of the frames count; `None` if there are too few such cells.
#[must_use]
pub fn colour_difference(one: &Frame, other: &Frame) -> Option<f64> {
    let chroma = |[_, a, b]: [f64; 3]| a.hypot(b);
    let cells = cells(one).into_iter().zip(cells(other));
    let coloured = cells.filter(|(one, other)| chroma(*one) > COLOURED || chroma(*other) > COLOURED);
    let differences: Vec<f64> = coloured.map(|(one, [_, a, b])| ciede2000(one, [one[0], a, b])).collect();
    #[expect(clippy::cast_precision_loss, reason = "there are 144 cells")]
    let count = differences.len() as f64;
    (differences.len() >= FEWEST).then(|| differences.iter().sum::<f64>() / count)
}

/// Returns the mean CIELAB colour of each cell of a frame, row by row.
fn cells(frame: &Frame) -> Vec<[f64; 3]> {
    let (width, height) = (WIDTH / COLUMNS, HEIGHT / ROWS);
    let cell = |at: usize| {
        let (left, top) = (at % COLUMNS * width, at / COLUMNS * height);
        let mut sum = [0u32; 3];
        for (column, row) in (0..width * height).map(|at| (left + at % width, top + at / width)) {
            for (sum, part) in sum.iter_mut().zip(frame.pixel(column, row)) {
                *sum += u32::from(part);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a cell has a hundred pixels")]
        let count = (width * height) as f64;
        lab(sum.map(|sum| f64::from(sum) / count))
    };
    (0..COLUMNS * ROWS).map(cell).collect()
}
