//! Writes the frames of an H.264 stream in the constrained baseline profile, and encodes canvases without loss.
//!
//! A frame is one or more slices of whole rows of macroblocks (16 × 16 pixels). The slices do not depend on each other.
//! This module writes slices with a canvas (a drawn picture), and slices without a change. `photo` writes slices with a
//! photograph, and `motion` writes slices with moved parts of the base. Frames refer to the previous frame or to the
//! base, which is the first frame until another frame replaces it.
//!
//! A cell of a canvas is one block of 4 × 4 equal pixels. A decoder predicts a block as the mean of the blocks left of
//! it and above it (`Intra_4x4`, mode DC). The stream contains only the difference from this prediction, as one
//! coefficient. All cells are whole steps of 16 in brightness and of 4 in colour, so a prediction is a whole or a half
//! step. With the quantisers below, a coefficient of one is half a step of brightness or a quarter of a step of colour.
//! Every difference is therefore exact: a decoder shows exactly the canvas, and errors cannot grow from frame to frame.
//!
//! The first frame is complete. The others contain the changed macroblocks and skip the rest.

use std::ops::Range;

use super::bits::Bits;
use super::canvas::Canvas;
use super::cavlc;

/// The quantiser (H.264's number for a step size) of brightness in a canvas.
///
/// A coefficient of 1 changes the brightness of a whole block by `256 · 2^(34 / 6 - 4) / 64` = 8, with 34 / 6 rounded
/// down. This is half of `SHADE_STEP`.
const BRIGHTNESS_QUANTISER: i32 = 34;
/// The quantiser (H.264's number for a step size) of colours in a canvas.
///
/// A coefficient of 1 changes the colour difference of a square of 2 × 2 cells by `256 · 2^(22 / 6 - 5) / 64` = 1, with
/// 22 / 6 rounded down. This is a quarter of `TONE_STEP`.
const COLOUR_QUANTISER: i32 = 22;
/// The quantiser (H.264's number for a step size) of a photograph's brightness. A coefficient of 1 changes a whole
/// block by 4.
///
/// The quantiser of the photograph's colours is lower by 12. The quantisers of a canvas have the same difference,
/// because some decoders use one difference for all slices of a frame.
const PHOTO_QUANTISER: i32 = 28;

const KEY_FRAME: u8 = 0x65;
const NEXT_FRAME: u8 = 0x61;
const MESSAGE: u8 = 0x06;
const SEQUENCE: u8 = 0x67;
const PICTURE: u8 = 0x68;

/// The profile number of the baseline profile, used here in its constrained form.
pub(super) const PROFILE: u8 = 66;
/// The flags that declare that a stream follows the rules of two of H.264's profiles (sets of features): the baseline
/// and the main profile.
pub(super) const CONSTRAINTS: u8 = 0xc0;

/// Returns the lowest of the common H.264 levels, times ten, that Table A-1 allows for this frame size and rate; the
/// highest if none is enough.
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

/// Returns the sequence parameter set, which is the header of an H.264 stream. It states the frame size and the frame
/// rate, and that frames are shown in the order in which they are encoded.
pub(super) fn sequence((width, height): (u32, u32), fps: u32) -> Vec<u8> {
    let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
    let mut bits = Bits::default();
    bits.bytes(&[PROFILE, CONSTRAINTS, level(columns * rows, fps)]);
    bits.unsigned(0); // number of this set
    bits.unsigned(0); // frame numbers have 4 bits
    bits.unsigned(2); // shown in the order of decoding
    bits.unsigned(2); // two reference frames: the base and the one before
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
    for limit in [0, 0, 11, 11, 0, 2] {
        bits.unsigned(limit); // no bounds on bytes and bits; motion below 512 pixels; nothing reordered, two frames held
    }
    bits.into_unit(SEQUENCE)
}

/// The kind of picture in a slice, which is a part of a frame that is encoded on its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A drawn picture (canvas), whose block edges a decoder must not smooth.
    Drawn,
    /// A photograph: a decoder smooths the edges of its blocks (the squares that are compressed one by one).
    Photo,
}

/// Returns the picture parameter set, which is the header of all frames of an H.264 stream. It states the quantisers
/// (step sizes), that coefficients are encoded by CAVLC, and that each slice sets the smoothing of its block edges.
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

/// Returns a NAL unit with free text, which decoders ignore.
pub(super) fn message(text: &str) -> Vec<u8> {
    /// The 16 bytes that identify the kind of the message. H.264 leaves the choice of these bytes to the program that
    /// writes the message.
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

/// The index of a frame, and whether the frame becomes the base, from which later frames are predicted.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) index: u32,
    /// True if this frame becomes the base for later frames. The first frame always does.
    pub(super) base: bool,
}

/// The frame from which a decoder predicts the content of a slice (a part of a frame that is encoded on its own).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Itself,
    Before,
    Base,
}

impl Frame {
    /// Begins a slice of this frame at the macroblock with the number `first`, counted from the upper left corner.
    pub(super) fn slice(self, first: usize, kind: Kind, from: From) -> Bits {
        let mut bits = Bits::default();
        bits.unsigned(number(first));
        bits.unsigned(if from == From::Itself { 2 } else { 0 }); // intra, or predicted
        bits.unsigned(0); // the picture parameter set
        bits.put(self.index % 16, 4); // frame number
        if self.index == 0 {
            bits.unsigned(0); // number of the key frame
        }
        match from {
            From::Itself => {}
            From::Before => bits.code("00"), // the usual number and order of references: the one before comes first
            From::Base => {
                bits.code("01"); // the usual number; first comes
                bits.unsigned(2); // the long-term frame
                bits.unsigned(0); // of this number;
                bits.unsigned(3); // the rest as usual
            }
        }
        match self {
            Self { index: 0, .. } => bits.code("01"), // earlier frames may still be shown; kept for long
            Self { base: false, .. } => bits.code("0"), // the oldest frame goes, but not the base
            Self { base: true, .. } => {
                bits.code("1");
                bits.unsigned(6); // this frame is kept for long
                bits.unsigned(0); // in the base's place
                bits.unsigned(0); // and that is all
            }
        }
        match kind {
            Kind::Drawn => {
                bits.signed(0); // the quantiser as in the picture parameter set
                bits.unsigned(1); // no smoothing
            }
            Kind::Photo => {
                bits.signed(PHOTO_QUANTISER - BRIGHTNESS_QUANTISER);
                bits.unsigned(2); // smoothing within the slice,
                bits.signed(0); // of the usual
                bits.signed(0); // strength
            }
        }
        bits
    }

    /// Ends a slice of this frame, and returns it as a NAL unit.
    pub(super) fn end(self, bits: Bits) -> Vec<u8> {
        bits.into_unit(if self.index == 0 { KEY_FRAME } else { NEXT_FRAME })
    }

    /// Returns a slice (an encoded part of the frame) for rows of macroblocks that have not changed since the previous
    /// frame. `columns` is the number of macroblocks in a row.
    pub(super) fn still(self, columns: usize, rows: Range<usize>) -> Vec<u8> {
        let mut bits = self.slice(rows.start * columns, Kind::Drawn, From::Before);
        bits.unsigned(number(rows.len() * columns));
        self.end(bits)
    }

    /// Returns a slice (an encoded part of the frame) with the upper `rows` rows of macroblocks of a drawn picture. The
    /// slice begins at row `at` of the frame.
    pub(super) fn drawn(self, canvas: &Canvas, rows: usize, at: usize) -> Vec<u8> {
        let mut bits = self.slice(at * canvas.columns, Kind::Drawn, From::Itself);
        for row in 0..rows {
            for column in 0..canvas.columns {
                macroblock(&mut bits, canvas, (column, row), 0);
            }
        }
        self.end(bits)
    }

    /// Returns a slice (an encoded part of the frame) with the changes from `before`, the picture in the previous
    /// frame, to `canvas`. The slice begins at row `at` of the frame.
    pub(super) fn changed(self, canvas: &Canvas, before: &Canvas, at: usize) -> Vec<u8> {
        let mut bits = self.slice(at * canvas.columns, Kind::Drawn, From::Before);
        let mut skipped = 0;
        for row in 0..canvas.rows {
            if canvas.band(row) == before.band(row) {
                skipped += number(canvas.columns);
                continue;
            }
            for column in 0..canvas.columns {
                if canvas.same(before, column, row) {
                    skipped += 1;
                    continue;
                }
                bits.unsigned(skipped);
                skipped = 0;
                // The intra types are numbered after the five types of predicted macroblocks.
                macroblock(&mut bits, canvas, (column, row), 5);
            }
        }
        if skipped > 0 {
            bits.unsigned(skipped);
        }
        self.end(bits)
    }
}

fn number(macroblocks: usize) -> u32 {
    u32::try_from(macroblocks).expect("a frame has at most some ten thousand macroblocks")
}

/// Writes a macroblock (16 × 16 pixels) of a canvas as the differences from a decoder's predictions.
///
/// `first_type` is the number of the macroblock type `I_NxN`: 0 in a slice without references to other frames, 5 in a
/// slice with references.
///
/// A cell's brightness is predicted as the mean of its left and upper neighbours, and a colour from the left. In the
/// first column both are predicted from above, and in the upper left corner as mid-grey.
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
    // Prediction of colours: from the mean, from above, or from the left.
    bits.unsigned(match (column, row) {
        (0, 0) => 0,
        (0, _) => 2,
        _ => 1,
    });
    let (has_shades, has_colours) = (brightness != [0; 16], colours != [[0; 4]; 2]);
    // The parts that follow, by Table 9-4 of H.264. Brightness is written completely or not at all.
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
            cavlc::brightness(bits, &[block, 0, 0], 0);
        }
    }
    if has_colours {
        for colour in colours {
            cavlc::colour(bits, &colour);
        }
    }
}
