//! Computes the signature of a picture, by which similar pictures are found. It consists of mean values over a grid,
//! after the picture is decoded and turned for display.

use super::image::{HEAD, Header, MOST_PIXELS, TAIL, decode, picture};
use crate::domain::signature::{GRID, Signature};
use image::DynamicImage;
use image::metadata::Orientation;

/// Returns the signature of a picture: mean values over a grid of 32 by 32 cells. Returns `None` if the picture cannot
/// be decoded, has too many pixels, or is less than 32 pixels wide or high.
#[must_use]
pub fn signature(bytes: &[u8]) -> Option<Signature> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let Header { orientation, .. } = picture(head, tail, bytes.len() as u64).ok()?;
    let mut decoded = decode(bytes, MOST_PIXELS)?;
    decoded.apply_orientation(Orientation::from_exif(orientation)?);
    of(&decoded)
}

/// The number of values that are computed for each pixel: one of brightness, two of colour (JFIF 1.02), and one of
/// opacity.
const PLANES: usize = 4;

/// The number that stands for one level (of 0 to 255) of brightness, colour or opacity in the sums over pixels.
///
/// Every level is multiplied by a pixel's opacity, at most 255, and by weights with 16 fractional bits.
const LEVEL: i64 = 255 << 16;

fn of(decoded: &DynamicImage) -> Option<Signature> {
    let pixels = decoded.to_rgba8();
    let (width, height) = pixels.dimensions();
    let (columns, rows) = (shares(width)?, shares(height)?);
    // The extra row and column only receive zeros.
    let mut cells = vec![[[0i64; PLANES]; GRID + 1]; GRID + 1];
    for (row, share) in pixels.rows().zip(rows) {
        let mut line = [[0i64; PLANES]; GRID + 1];
        for (pixel, column) in row.zip(&columns) {
            let planes = planes(pixel.0);
            for plane in 0..PLANES {
                line[column.cell][plane] += planes[plane] * column.here;
                line[column.cell + 1][plane] += planes[plane] * column.next;
            }
        }
        for column in 0..GRID {
            for plane in 0..PLANES {
                cells[share.cell][column][plane] += line[column][plane] * share.here;
                cells[share.cell + 1][column][plane] += line[column][plane] * share.next;
            }
        }
    }
    // A cell has as many parts as the picture has pixels.
    let one = i64::from(width) * i64::from(height) * LEVEL;
    let level = |sum: i64| u8::try_from((sum + one / 2) / one).unwrap_or(u8::MAX);
    let plane = |plane: usize| {
        cells[..GRID].iter().flat_map(move |row| row[..GRID].iter().map(move |cell| level(cell[plane])))
    };
    let is_opaque = plane(PLANES - 1).all(|opacity| opacity == u8::MAX);
    let planes = (0..if is_opaque { PLANES - 1 } else { PLANES }).flat_map(plane).collect();
    Some(Signature::new(width, height, planes))
}

/// The parts of one pixel that lie in two neighbouring cells of the grid, along a row or column.
///
/// A pixel has as many parts as the grid has cells in a row, so that each cell ends between two parts. Of these parts,
/// `here` lie in the cell `cell`, and `next` in the cell after it.
#[derive(Clone, Copy)]
struct Share {
    cell: usize,
    here: i64,
    next: i64,
}

/// Returns, for each pixel of a row or column, how much of the pixel lies in which cells of the grid. Returns `None` if
/// there are fewer pixels than cells.
fn shares(length: u32) -> Option<Vec<Share>> {
    let length = usize::try_from(length).ok().filter(|length| *length >= GRID)?;
    // The unit is a part of a pixel: a pixel has as many parts as the grid has cells, and a cell has `length`.
    let share = |pixel: usize| {
        let (start, end) = (pixel * GRID, (pixel + 1) * GRID);
        let cell = start / length;
        let next = end.saturating_sub((cell + 1) * length);
        Some(Share { cell, here: i64::try_from(GRID - next).ok()?, next: i64::try_from(next).ok()? })
    };
    (0..length).map(share).collect()
}

/// Returns the brightness, the two colour values and the opacity of a pixel as it looks on white paper.
fn planes([red, green, blue, opacity]: [u8; 4]) -> [i64; PLANES] {
    let opacity = i64::from(opacity);
    let on_white = |part: u8| i64::from(part) * opacity + 255 * (255 - opacity);
    let (r, g, b) = (on_white(red), on_white(green), on_white(blue));
    let middle = 128 * LEVEL;
    [
        19_595 * r + 38_470 * g + 7_471 * b,
        middle - 11_059 * r - 21_709 * g + 32_768 * b,
        middle + 32_768 * r - 27_439 * g - 5_329 * b,
        opacity * LEVEL,
    ]
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
