//! Makes the cover of a clip, a small PNG file with the first frame.

use std::io::{Cursor, Write as _};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use image::{ImageFormat, RgbImage};

use super::canvas::{Canvas, SHADE_STEP, TONE_STEP, Tone};

/// The maximum length in pixels of the longer side of a cover (the small PNG file with a clip's first frame).
pub(super) const LONG: u32 = 320;
/// The number of shades (steps of brightness) of each of the two hues in the palette of a PNG file. A pixel's index in
/// the palette is its shade, plus this number if the pixel has the second hue.
const SHADES: u8 = 16;

/// Returns a drawn picture as a PNG file, scaled down by a whole number.
///
/// Each pixel of the file stands for a square of the picture's cells. The pixel has the mean brightness of these cells,
/// and the hue in the middle of the square.
pub(super) fn png(canvas: &Canvas) -> Vec<u8> {
    let step = canvas.width.max(canvas.height).div_ceil(LONG as usize);
    let (width, height) = (canvas.width / step, canvas.height / step);
    let mut lines = Vec::with_capacity(height * (width + 1));
    for y in 0..height {
        lines.push(0); // no filter
        lines.extend((0..width).map(|x| pixel(canvas, (x * step, y * step), step)));
    }
    let side = |pixels: usize| u32::try_from(pixels).expect("at most 320").to_be_bytes();
    // 8 bits, a palette, and the only compression and filter methods that PNG has.
    let header = [side(width).as_slice(), &side(height), &[8, 3, 0, 0, 0]].concat();
    let palette: Vec<u8> =
        canvas.tones.iter().flat_map(|tone| (0..SHADES).flat_map(|shade| rgb(shade, *tone))).collect();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"PLTE", &palette);
    chunk(&mut png, *b"IDAT", &zlib(&lines));
    chunk(&mut png, *b"IEND", &[]);
    png
}

pub(super) fn photo(picture: &RgbImage) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).expect("memory takes every picture");
    png.into_inner()
}

fn pixel(canvas: &Canvas, (left, top): (usize, usize), step: usize) -> u8 {
    let cells = (top..top + step).flat_map(|y| (left..left + step).map(move |x| (x, y)));
    let sum: usize = cells.map(|(x, y)| usize::from(canvas.shade(x, y))).sum();
    let area = step * step;
    let shade = u8::try_from((sum + area / 2) / area).expect("a mean of shades is one");
    let (x, y) = (left + step / 2, top + step / 2);
    shade + if canvas.tone(x / 2, y / 2) == 0 { 0 } else { SHADES }
}

/// Converts a brightness and a hue, in the steps of a canvas, to red, green and blue by BT.709. The factors in the code
/// are multiplied by 256.
fn rgb(shade: u8, tone: Tone) -> [u8; 3] {
    let luma = 298 * (i32::from(shade * SHADE_STEP) - 16) + 128;
    let [blue, red] = [tone.blue, tone.red].map(|part| i32::from(part * TONE_STEP) - 128);
    [luma + 459 * red, luma - 55 * blue - 136 * red, luma + 541 * blue]
        .map(|sum| u8::try_from((sum >> 8).clamp(0, 255)).expect("clamped to a byte"))
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).expect("a cover's chunks are small").to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let mut crc = Crc::new();
    crc.update(&png[start..]);
    png.extend(crc.sum().to_be_bytes());
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}
