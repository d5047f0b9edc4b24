//! An H.264 encoder for canvases: constrained baseline, one slice a frame, no loss.
//!
//! Every cell of a canvas is one flat block of the standard's 4 × 4 pixels, which is predicted as the mean of the
//! blocks left of it and above it: what is left is one coefficient a block (`Intra_4x4`, mode DC). The cells are whole
//! steps of 16 in brightness and of 4 in colour: with these steps the prediction is exact to half a step, and the
//! quantisers below make one of half a step of brightness and of a step of colour. What a decoder shows is the canvas,
//! to the bit, so predicting from the canvas is predicting from the decoded picture, and no error can grow from frame
//! to frame.
//!
//! The first frame is complete. The others hold the macroblocks that changed and skip the rest.

use super::bits::Bits;
use super::canvas::Canvas;
use super::cavlc;

/// Quantiser of brightness at which a coefficient of one is half a step of a whole block: 256 · 2^(34 / 6 - 4) / 64.
const BRIGHTNESS_QUANTISER: i32 = 34;
/// Quantiser of colours at which a coefficient is scaled by one: 256 · 2^(22 / 6 - 5) / 64.
const COLOUR_QUANTISER: i32 = 22;

const KEY_FRAME: u8 = 0x65;
const NEXT_FRAME: u8 = 0x61;
const MESSAGE: u8 = 0x06;
const SEQUENCE: u8 = 0x67;
const PICTURE: u8 = 0x68;

/// Baseline, and within its constrained form.
pub(super) const PROFILE: u8 = 66;
/// Keeps to the rules of the baseline and of the main profile.
pub(super) const CONSTRAINTS: u8 = 0xc0;

/// The lowest level (times ten) that takes frames of this many macroblocks at this rate: Table A-1.
pub(super) fn level(macroblocks: u32, fps: u32) -> u8 {
    const LEVELS: [(u8, u32, u32); 10] = [
        (10, 99, 1485),
        (20, 396, 11_880),
        (30, 1620, 40_500),
        (31, 3600, 108_000),
        (32, 5120, 216_000),
        (40, 8192, 245_760),
        (42, 8704, 522_240),
        (50, 22_080, 589_824),
        (51, 36_864, 983_040),
        (52, 36_864, 2_073_600),
    ];
    let fits = |(_, frame, second): &&(u8, u32, u32)| macroblocks <= *frame && macroblocks * fps <= *second;
    LEVELS.iter().find(fits).unwrap_or(&LEVELS[LEVELS.len() - 1]).0
}

/// The sequence parameter set: size, rate, and that frames are shown in the order they come in.
pub(super) fn sequence((width, height): (u32, u32), fps: u32) -> Vec<u8> {
    let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
    let mut bits = Bits::default();
    bits.bytes(&[PROFILE, CONSTRAINTS, level(columns * rows, fps)]);
    bits.unsigned(0); // number of this set
    bits.unsigned(0); // frame numbers have 4 bits
    bits.unsigned(2); // shown in the order of decoding
    bits.unsigned(1); // one reference frame
    bits.code("0"); // no gaps in frame numbers
    bits.unsigned(columns - 1);
    bits.unsigned(rows - 1);
    bits.code("11"); // whole frames; direct prediction by 8 × 8, unused
    let (right, bottom) = ((columns * 16 - width) / 2, (rows * 16 - height) / 2);
    bits.put(u32::from(right + bottom > 0), 1);
    if right + bottom > 0 {
        for side in [0, right, 0, bottom] {
            bits.unsigned(side);
        }
    }
    bits.code("1"); // more about how to show it:
    bits.code("00"); // no pixel shape, no overscan
    bits.code("1"); // signal:
    bits.put(5, 3); // of no named format
    bits.code("01"); // not of full range; colours:
    bits.bytes(&[1, 1, 1]); // BT.709
    bits.code("0"); // no place for the colour samples
    bits.code("1"); // timing: two ticks a frame, at a fixed rate
    bits.put(1, 32);
    bits.put(2 * fps, 32);
    bits.code("1");
    bits.code("000"); // no buffer model, no sequence of fields
    bits.code("1"); // limits: motion within the picture
    bits.code("1");
    for limit in [0, 0, 0, 0, 0, 1] {
        bits.unsigned(limit); // no bounds on bytes, bits and motion; nothing reordered, one frame held
    }
    bits.into_unit(SEQUENCE)
}

/// The picture parameter set: CAVLC, the quantisers, and that slices say whether they are smoothed.
pub(super) fn picture() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.unsigned(0); // number of this set
    bits.unsigned(0); // of the sequence's set
    bits.code("00"); // CAVLC; no fields
    bits.unsigned(0); // one group of slices
    bits.unsigned(0); // one reference frame forward,
    bits.unsigned(0); // and backward
    bits.code("000"); // no weights
    bits.signed(BRIGHTNESS_QUANTISER - 26);
    bits.signed(0); // for switching slices, unused
    bits.signed(COLOUR_QUANTISER - BRIGHTNESS_QUANTISER);
    bits.code("100"); // smoothing is set by slice; prediction also from skipped macroblocks; no spare pictures
    bits.into_unit(PICTURE)
}

/// Free text that decoders pass over.
pub(super) fn message(text: &str) -> Vec<u8> {
    /// Names the kind of text: 16 bytes of our own choice.
    const KIND: &[u8; 16] = b"shotlist sandbox";
    let mut bits = Bits::default();
    bits.put(5, 8); // unregistered user data
    let mut length = KIND.len() + text.len();
    while length >= 255 {
        bits.put(255, 8);
        length -= 255;
    }
    bits.put(u32::try_from(length).expect("below 255"), 8);
    bits.bytes(KIND);
    bits.bytes(text.as_bytes());
    bits.into_unit(MESSAGE)
}

/// A complete frame.
pub(super) fn key_frame(canvas: &Canvas) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.unsigned(0); // from the first macroblock on
    bits.unsigned(7); // intra, like all slices of the frame
    bits.unsigned(0); // the picture parameter set
    bits.put(0, 4); // frame number
    bits.unsigned(0); // number of the key frame
    bits.code("00"); // earlier frames may still be shown; not kept for long
    end_header(&mut bits);
    for row in 0..canvas.rows {
        for column in 0..canvas.columns {
            macroblock(&mut bits, canvas, (column, row), 0);
        }
    }
    bits.into_unit(KEY_FRAME)
}

/// The frame at this index: what differs from the frame before.
pub(super) fn next_frame(canvas: &Canvas, before: &Canvas, index: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.unsigned(0); // from the first macroblock on
    bits.unsigned(5); // predicted, like all slices of the frame
    bits.unsigned(0); // the picture parameter set
    bits.put(index % 16, 4); // frame number
    bits.code("000"); // the usual number and order of references; the oldest frame goes
    end_header(&mut bits);
    let mut skipped = 0;
    for row in 0..canvas.rows {
        if canvas.band(row) == before.band(row) {
            skipped += u32::try_from(canvas.columns).expect("a row is at most some hundred macroblocks");
            continue;
        }
        for column in 0..canvas.columns {
            if canvas.same(before, column, row) {
                skipped += 1;
                continue;
            }
            bits.unsigned(skipped);
            skipped = 0;
            // Behind the five types of predicted macroblocks.
            macroblock(&mut bits, canvas, (column, row), 5);
        }
    }
    if skipped > 0 {
        bits.unsigned(skipped);
    }
    bits.into_unit(NEXT_FRAME)
}

/// What both kinds of slices end their header with.
fn end_header(bits: &mut Bits) {
    bits.signed(0); // the quantiser as in the picture parameter set
    bits.unsigned(1); // no smoothing
}

/// Writes a macroblock: each cell as its difference to the mean of its neighbours, the colours as theirs to what is left
/// of it; in the first column to what is above, and in the corner to mid-grey. `first_type` is the number of the slice's
/// first intra type.
fn macroblock(bits: &mut Bits, canvas: &Canvas, (column, row): (usize, usize), first_type: u32) {
    const MID_SHADE: i32 = 8;
    const MID_TONE: [i32; 2] = [32, 32];
    let shade = |x, y| i32::from(canvas.shade(x, y));
    let tone = |x, y| {
        let tone = canvas.tones[canvas.tone(x, y)];
        [i32::from(tone.blue), i32::from(tone.red)]
    };
    // The order of the standard: squares of four blocks, each from left to right and from top to bottom.
    let brightness: [i32; 16] = std::array::from_fn(|block| {
        let (x, y) = (column * 4 + block / 4 % 2 * 2 + block % 2, row * 4 + block / 8 * 2 + block % 4 / 2);
        let neighbours = match (x, y) {
            (0, 0) => 2 * MID_SHADE,
            (0, _) => 2 * shade(x, y - 1),
            (_, 0) => 2 * shade(x - 1, y),
            _ => shade(x - 1, y) + shade(x, y - 1),
        };
        2 * shade(x, y) - neighbours
    });
    let (left, top) = (column * 2, row * 2);
    let colours: [[i32; 4]; 2] = [0, 1].map(|colour| {
        let [a, b, c, d] = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(y, x)| {
            let predicted = match (column, row) {
                (0, 0) => MID_TONE,
                (0, _) => tone(left + x, top - 1),
                _ => tone(left - 1, top + y),
            };
            tone(left + x, top + y)[colour] - predicted[colour]
        });
        [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
    });
    bits.unsigned(first_type);
    bits.put(0xffff, 16); // each block is predicted like its neighbours: from their mean
    // Prediction of colours from the mean, from above, from the left.
    bits.unsigned(match (column, row) {
        (0, 0) => 0,
        (0, _) => 2,
        _ => 1,
    });
    let (has_shades, has_colours) = (brightness != [0; 16], colours != [[0; 4]; 2]);
    // What follows: Table 9-4, of brightness all or nothing.
    bits.unsigned(match (has_shades, has_colours) {
        (true, true) => 1,
        (true, false) => 2,
        (false, false) => 3,
        (false, true) => 16,
    });
    if has_shades || has_colours {
        bits.signed(0); // the quantiser stays
    }
    if has_shades {
        for block in brightness {
            cavlc::brightness(bits, block);
        }
    }
    if has_colours {
        for colour in colours {
            cavlc::colour(bits, &colour);
        }
    }
}
