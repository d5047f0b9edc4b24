//! Stores a photograph in blocks of 4 × 4 pixels, each with a mean and slopes of brightness, and encodes its slices.
//!
//! Each block of brightness has three coefficients: its mean, and its changes across and down. A picture of half the
//! width and half the height has enough detail for these coefficients, so the photograph is stored at that size. A
//! square of 8 × 8 pixels has one colour. Like the cells of a canvas, blocks are predicted as the mean of their
//! neighbours. Rounding changes the blocks, so the encoder predicts from the neighbours as they are after decoding.

use std::ops::Range;

use image::RgbImage;

use super::bits::Bits;
use super::cavlc;
use super::h264::{Frame, From, Kind};

/// The brightness value (luma) of black.
const BLACK: u8 = 16;
/// The value of both colour differences (chroma) of grey.
const GREY: u8 = 128;

/// A photograph, stored in whole macroblocks.
#[derive(Clone)]
pub(super) struct Photo {
    /// The number of macroblocks in a row.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The brightness of each square of 2 × 2 pixels, row by row.
    shades: Vec<u8>,
    /// The two colour differences (chroma, Cb and Cr) of each square of 8 × 8 pixels, row by row. Grey has 128 for
    /// both.
    tones: [Vec<u8>; 2],
}

impl Photo {
    /// Returns a black picture with this many macroblocks (16 × 16 pixels) in a row, and this many rows.
    pub(super) fn black(columns: usize, rows: usize) -> Self {
        let squares = columns * rows * 4;
        Self {
            columns,
            rows,
            shades: vec![BLACK; columns * rows * 64],
            tones: [vec![GREY; squares], vec![GREY; squares]],
        }
    }

    /// Draws a picture over the given rows of macroblocks (16 × 16 pixels). A pixel of the picture covers 2 × 2 pixels
    /// of the frame.
    ///
    /// If the picture ends within a macroblock, its last column or row of pixels is repeated.
    pub(super) fn put(&mut self, picture: &RgbImage, rows: Range<usize>) {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let bytes = picture.as_raw();
        let stride = self.columns * 8;
        let mut sums = vec![[0_i32; 3]; self.columns * 2];
        // Plain loops and few calls, because an unoptimised build spends most of its time for a clip here.
        for line in 0..rows.len() * 8 {
            let from = line.min(height - 1) * width;
            let to = (rows.start * 8 + line) * stride;
            for x in 0..stride {
                let at = (from + x.min(width - 1)) * 3;
                let (red, green, blue) =
                    (i32::from(bytes[at]), i32::from(bytes[at + 1]), i32::from(bytes[at + 2]));
                // BT.709 in 256ths, from 16 to 235.
                self.shades[to + x] = byte(16 + ((47 * red + 157 * green + 16 * blue + 128) >> 8));
                let sum = &mut sums[x / 4];
                sum[0] += red;
                sum[1] += green;
                sum[2] += blue;
            }
            if line % 4 == 3 {
                let to = (rows.start * 2 + line / 4) * self.columns * 2;
                for (square, sum) in sums.iter_mut().enumerate() {
                    let [red, green, blue] = *sum;
                    self.tones[0][to + square] = tone(-26 * red - 86 * green + 112 * blue);
                    self.tones[1][to + square] = tone(112 * red - 102 * green - 10 * blue);
                    *sum = [0; 3];
                }
            }
        }
    }

    /// Turns the photograph's hues by 80 degrees and keeps the brightness. A photograph with almost no colour is
    /// tinted.
    pub(super) fn recolour(&mut self) {
        let [blues, reds] = &mut self.tones;
        let away = |tone: &u8| i32::from(tone.abs_diff(GREY));
        let colour: i32 = blues.iter().zip(reds.iter()).map(|(blue, red)| away(blue) + away(red)).sum();
        let squares = i32::try_from(blues.len()).expect("a frame has at most some hundred thousand squares");
        let tint = if colour < 6 * squares { [-20, 28] } else { [0, 0] };
        for (blue, red) in blues.iter_mut().zip(reds) {
            let (x, y) = (i32::from(*blue) - 128, i32::from(*red) - 128);
            // Cosine and sine in 256ths.
            let turned = [(44 * x - 252 * y) >> 8, (252 * x + 44 * y) >> 8];
            *blue = byte(128 + turned[0] + tint[0]);
            *red = byte(128 + turned[1] + tint[1]);
        }
    }

    /// Returns the photograph as an RGB picture of at most `long` pixels a side, scaled down by a whole number.
    pub(super) fn small(&self, (width, height): (u32, u32), long: u32) -> RgbImage {
        let step = width.max(height).div_ceil(2).div_ceil(long).max(1);
        let stride = self.columns * 8;
        RgbImage::from_fn((width / 2 / step).max(1), (height / 2 / step).max(1), |x, y| {
            let (x, y) = ((x * step) as usize, (y * step) as usize);
            let square = y / 4 * self.columns * 2 + x / 4;
            image::Rgb(rgb(self.shades[y * stride + x], self.tones[0][square], self.tones[1][square]))
        })
    }

    /// Returns a slice with the given rows of the photograph.
    pub(super) fn slice(&self, frame: Frame, rows: Range<usize>) -> Vec<u8> {
        let mut bits = frame.slice(rows.start * self.columns, Kind::Photo, From::Itself);
        let mut around = Around::new(self.columns);
        for row in rows.clone() {
            around.is_first_row = row == rows.start;
            for column in 0..self.columns {
                self.macroblock(&mut bits, (column, row), &mut around);
            }
        }
        frame.end(bits)
    }

    fn macroblock(&self, bits: &mut Bits, (column, row): (usize, usize), around: &mut Around) {
        let mut blocks = [([0; 3], 0); 16];
        let mut any = false;
        let stride = self.columns * 8;
        for (block, (coefficients, near)) in blocks.iter_mut().enumerate() {
            let (x, y) = (block / 4 % 2 * 2 + block % 2, block / 8 * 2 + block % 4 / 2);
            let at = (row * 8 + y * 2) * stride + column * 8 + x * 2;
            let sample = |at: usize| i32::from(self.shades[at]);
            let samples = [sample(at), sample(at + 1), sample(at + stride), sample(at + stride + 1)];
            let edges = &mut around.edges;
            let above = (y > 0 || !around.is_first_row).then_some(edges.above[column * 4 + x]);
            let left = (x > 0 || column > 0).then_some(edges.left[y]);
            let predicted = match (left, above) {
                (Some(left), Some(above)) => (left.sum + above.sum + 4) >> 3,
                (Some(one), None) | (None, Some(one)) => (one.sum + 2) >> 2,
                (None, None) => 128,
            };
            *near = match (left, above) {
                (Some(left), Some(above)) => (left.count + above.count).div_ceil(2),
                (Some(one), None) | (None, Some(one)) => one.count,
                (None, None) => 0,
            };
            *coefficients = rounded(samples, predicted);
            let count = coefficients.iter().filter(|coefficient| **coefficient != 0).count();
            any |= count > 0;
            let (right, bottom) = decoded(predicted, coefficients);
            edges.left[y] = Edge { sum: right, count };
            edges.above[column * 4 + x] = Edge { sum: bottom, count };
        }
        let colours = [0, 1].map(|colour| self.colours(colour, (column, row), around));
        bits.unsigned(0); // blocks of 4 × 4
        bits.put(0xffff, 16); // each block is predicted like its neighbours: from their mean
        // Prediction of colours: from the mean, from above, or from the left.
        bits.unsigned(match (column, around.is_first_row) {
            (0, true) => 0,
            (0, false) => 2,
            _ => 1,
        });
        let coloured = colours != [[0; 4]; 2];
        // The parts that follow, by Table 9-4 of H.264. Brightness is written completely or not at all.
        bits.unsigned(match (any, coloured) {
            (true, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
            (false, true) => 16,
        });
        if any || coloured {
            bits.signed(0); // the quantiser stays
        }
        if any {
            for (coefficients, near) in &blocks {
                cavlc::brightness(bits, coefficients, *near);
            }
        }
        if coloured {
            for colour in &colours {
                cavlc::colour(bits, colour);
            }
        }
    }

    /// Returns the four coefficients of one colour channel of a macroblock: of Cb if `colour` is 0, of Cr if `colour`
    /// is 1.
    ///
    /// Each coefficient is the weight of a pattern over the four squares of the macroblock. All coefficients are
    /// multiples of four. A coefficient of four changes the value of each square by 2.
    fn colours(&self, colour: usize, (column, row): (usize, usize), around: &mut Around) -> [i32; 4] {
        let Around { is_first_row, tones, .. } = around;
        let Tones { above, left } = &mut tones[colour];
        let predicted: [i32; 4] = match (column, *is_first_row) {
            (0, true) => [128; 4],
            (0, false) => [above[0], above[1], above[0], above[1]],
            _ => [left[0], left[0], left[1], left[1]],
        };
        let tone = |x: usize, y: usize| {
            i32::from(self.tones[colour][(row * 2 + y) * self.columns * 2 + column * 2 + x])
        };
        let ordered = [tone(0, 0), tone(1, 0), tone(0, 1), tone(1, 1)];
        let rest: [i32; 4] = std::array::from_fn(|square| ordered[square] - predicted[square]);
        let coefficients = mixed(rest).map(|sum| (sum + 4) >> 3);
        let back = mixed(coefficients);
        let shown: [i32; 4] =
            std::array::from_fn(|square| (predicted[square] + 2 * back[square]).clamp(0, 255));
        (above[column * 2], above[column * 2 + 1]) = (shown[2], shown[3]);
        *left = [shown[1], shown[3]];
        coefficients.map(|steps| 4 * steps)
    }
}

/// The right column or the bottom row of a decoded block of 4 × 4 pixels, from which the next block is predicted.
///
/// `sum` adds up the four pixels. `count` is the number of the block's coefficients that are not zero.
#[derive(Clone, Copy, Default)]
struct Edge {
    sum: i32,
    count: usize,
}

struct Edges {
    above: Vec<Edge>,
    left: [Edge; 4],
}

/// The decoded values of one colour channel (Cb or Cr) in the blocks above and to the left of a macroblock.
struct Tones {
    above: Vec<i32>,
    left: [i32; 2],
}

/// The decoded blocks above and to the left of a macroblock, from which the macroblock is predicted.
struct Around {
    is_first_row: bool,
    edges: Edges,
    tones: [Tones; 2],
}

impl Around {
    fn new(columns: usize) -> Self {
        let tones = || Tones { above: vec![0; columns * 2], left: [0; 2] };
        Self {
            is_first_row: true,
            edges: Edges { above: vec![Edge::default(); columns * 4], left: [Edge::default(); 4] },
            tones: [tones(), tones()],
        }
    }
}

/// Converts a brightness and two colour differences to red, green and blue by BT.709. The factors in the code are
/// multiplied by 256.
fn rgb(shade: u8, blue: u8, red: u8) -> [u8; 3] {
    let luma = 298 * (i32::from(shade) - 16) + 128;
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    [luma + 459 * red, luma - 55 * blue - 136 * red, luma + 541 * blue].map(|sum| byte(sum >> 8))
}

/// Converts a weighted sum of the red, green and blue of 16 pixels to their mean colour difference (chroma), which is
/// 128 for grey. The weights in the sum are those of BT.709 multiplied by 256.
fn tone(sum: i32) -> u8 {
    byte(128 + ((sum + 2048) >> 12))
}

fn byte(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).expect("clamped to a byte")
}

/// Returns the sums and differences (Hadamard transform) of four values. Applied twice, it multiplies them by four.
fn mixed([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
}

/// Returns the three coefficients of a block of four samples. The first is the difference of the mean from `predicted`,
/// in steps of 4. The others are slopes, rounded up only if the fraction is at least 0.58, so small slopes become zero.
fn rounded([a, b, c, d]: [i32; 4], predicted: i32) -> [i32; 3] {
    let mean = a + b + c + d - 4 * predicted;
    let slope = |difference: i32| difference.signum() * ((15 * difference.abs() + 105) / 250);
    [(mean + 8) >> 4, slope(a + c - b - d), slope(a + b - c - d)]
}

/// Decodes a block of 4 × 4 pixels as far as its neighbours need it. Returns the sum of the four pixels in the right
/// column and the sum of the four pixels in the bottom row.
fn decoded(predicted: i32, [mean, across, down]: &[i32; 3]) -> (i32, i32) {
    let (mean, across, down) = (256 * mean, 320 * across, 320 * down);
    let pixel = |sum: i32| (predicted + ((sum + 32) >> 6)).clamp(0, 255);
    if across == 0 && down == 0 {
        let sum = 4 * pixel(mean);
        return (sum, sum);
    }
    let right = mean - across;
    let bottom = mean - down;
    let four = |middle: i32, slope: i32| {
        pixel(middle + slope) + pixel(middle + slope / 2) + pixel(middle - slope / 2) + pixel(middle - slope)
    };
    (four(right, down), four(bottom, across))
}
