//! Signatures of pictures: a picture is decoded, turned as it is shown, and averaged over a grid.

use super::image::{HEAD, Header, TAIL, picture};
use crate::domain::signature::{GRID, Signature};
use image::metadata::Orientation;
use image::{DynamicImage, ImageReader};
use std::io::Cursor;

/// Returns the signature of a picture; `None` where it cannot be decoded or is smaller than the grid.
#[must_use]
pub fn signature(bytes: &[u8]) -> Option<Signature> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let Header { orientation, .. } = picture(head, tail, bytes.len() as u64).ok()?;
    // The reader refuses to allocate more than half a gigabyte.
    let mut decoded = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.decode().ok()?;
    decoded.apply_orientation(Orientation::from_exif(orientation)?);
    of(&decoded)
}

/// The planes of a pixel: brightness, two of colour (JFIF 1.02), and opacity.
const PLANES: usize = 4;

fn of(decoded: &DynamicImage) -> Option<Signature> {
    let pixels = decoded.to_rgba8();
    let (width, height) = pixels.dimensions();
    let (columns, rows) = (shares(width)?, shares(height)?);
    // One more than there are: what is added to it has no share.
    let mut cells = [[[0f32; PLANES]; GRID + 1]; GRID + 1];
    for (row, share) in pixels.rows().zip(rows) {
        let mut line = [[0f32; PLANES]; GRID + 1];
        for (pixel, column) in row.zip(&columns) {
            let planes = planes(pixel.0);
            for plane in 0..PLANES {
                line[column.cell][plane] += planes[plane] * column.share;
                line[column.cell + 1][plane] += planes[plane] * column.next;
            }
        }
        for column in 0..GRID {
            for plane in 0..PLANES {
                cells[share.cell][column][plane] += line[column][plane] * share.share;
                cells[share.cell + 1][column][plane] += line[column][plane] * share.next;
            }
        }
    }
    let plane = |plane: usize| {
        cells[..GRID].iter().flat_map(move |row| row[..GRID].iter().map(move |cell| rounded(cell[plane])))
    };
    let is_opaque = plane(PLANES - 1).all(|opacity| opacity == u8::MAX);
    let planes = (0..if is_opaque { PLANES - 1 } else { PLANES }).flat_map(plane).collect();
    Some(Signature::new(width, height, planes))
}

/// The cell in which a row or a column of pixels begins, the part of it that the pixels cover, and that of the next cell.
#[derive(Clone, Copy)]
struct Share {
    cell: usize,
    share: f32,
    next: f32,
}

/// The shares of all rows or columns of a picture; `None` where it has fewer of them than the grid.
fn shares(length: u32) -> Option<Vec<Share>> {
    let length = usize::try_from(length).ok().filter(|length| *length >= GRID)?;
    // Counted in parts of a pixel, of which a cell has `length` and a pixel has `GRID`.
    let share = |pixel: usize| {
        let (start, end) = (pixel * GRID, (pixel + 1) * GRID);
        let cell = start / length;
        let next = end.saturating_sub((cell + 1) * length);
        let part = |parts: usize| parts as f32 / length as f32;
        Share { cell, share: part(GRID - next), next: part(next) }
    };
    Some((0..length).map(share).collect())
}

/// The planes of a pixel, as it looks on white paper.
fn planes([red, green, blue, opacity]: [u8; 4]) -> [f32; PLANES] {
    let share = f32::from(opacity) / 255.0;
    let on_white = |part: u8| f32::from(part) * share + 255.0 * (1.0 - share);
    let (r, g, b) = (on_white(red), on_white(green), on_white(blue));
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
        128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
        f32::from(opacity),
    ]
}

fn rounded(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
