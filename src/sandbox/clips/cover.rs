//! A canvas as a small PNG.

use super::canvas::{Canvas, SHADE_STEP, TONE_STEP, Tone};

/// The longer side at most, in pixels.
const LONG: usize = 320;
/// As many shades as fit; a pixel is its shade, plus this where it has the accent's tone.
const SHADES: u8 = 16;

/// Scales down by a whole number: the mean brightness of each square of cells, the tone of its middle.
pub(super) fn png(canvas: &Canvas) -> Vec<u8> {
    let step = canvas.width.max(canvas.height).div_ceil(LONG);
    let (width, height) = (canvas.width / step, canvas.height / step);
    let mut above = vec![0; width];
    let mut lines = Vec::with_capacity(height * (width + 1));
    for y in 0..height {
        let row: Vec<u8> = (0..width).map(|x| pixel(canvas, (x * step, y * step), step)).collect();
        // Filter 2: the difference to the row above, mostly zeros.
        lines.push(2);
        lines.extend(row.iter().zip(&above).map(|(pixel, above)| pixel.wrapping_sub(*above)));
        above = row;
    }
    let side = |pixels: usize| u32::try_from(pixels).expect("at most 320").to_be_bytes();
    // 8 bits, palette, and the only methods there are.
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

fn pixel(canvas: &Canvas, (left, top): (usize, usize), step: usize) -> u8 {
    let cells = (top..top + step).flat_map(|y| (left..left + step).map(move |x| (x, y)));
    let sum: usize = cells.map(|(x, y)| usize::from(canvas.shade(x, y))).sum();
    let area = step * step;
    let shade = u8::try_from((sum + area / 2) / area).expect("a mean of shades is one");
    let (x, y) = (left + step / 2, top + step / 2);
    shade + if canvas.tone(x / 2, y / 2) == 0 { 0 } else { SHADES }
}

/// Red, green and blue, by BT.709 in 256ths.
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
    let crc = !png[start..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    png.extend(crc.to_be_bytes());
}

/// A zlib stream of one block with the fixed codes of RFC 1951, where only repetitions of one byte are shortened.
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut deflate = Deflate::default();
    // The last block; fixed codes.
    deflate.put(0b011, 3);
    for run in data.chunk_by(|one, other| one == other) {
        deflate.literal(run[0]);
        let mut left = run.len() - 1;
        while left >= 3 {
            // 258 again, or 3 to 10, as lengths without further bits.
            let length = if left >= 258 { 258 } else { left.min(10) };
            match length {
                258 => deflate.code(0b1100_0101, 8),
                _ => deflate.code(u32::try_from(length - 2).expect("at most 8"), 7),
            }
            deflate.code(0, 5); // from one byte back
            left -= length;
        }
        for _ in 0..left {
            deflate.literal(run[0]);
        }
    }
    deflate.code(0, 7); // the end
    deflate.put(0, 7); // fills the last byte
    let mut stream = vec![0x78, 0x01];
    stream.extend(deflate.bytes);
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

/// Bits from the lowest up.
#[derive(Default)]
struct Deflate {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Deflate {
    fn put(&mut self, value: u32, count: u32) {
        self.open |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push((self.open & 0xff) as u8);
            self.open >>= 8;
            self.count -= 8;
        }
    }

    /// A code goes from its highest bit down.
    fn code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }

    fn literal(&mut self, byte: u8) {
        match u32::from(byte) {
            byte @ ..144 => self.code(0x30 + byte, 8),
            byte => self.code(0x190 + byte - 144, 9),
        }
    }
}
