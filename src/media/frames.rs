//! Measures on the decoded frames of a clip: black, frozen, bars, cuts, flicker.
//!
//! Frames are small, in colour, and all of one size, whatever the shape of the clip. They come one after the other, so that
//! no clip is ever in memory as a whole. What the numbers mean for a clip is decided elsewhere.

mod bars;
mod colour;
mod likeness;

pub use bars::{Bars, Edge};
pub use colour::{ciede2000, lab};
pub use likeness::{Picture, colour_difference, hash_distance};

use bars::Edges;
use std::collections::VecDeque;

/// Pixels of a frame in a row.
pub const WIDTH: usize = 160;

/// Rows of a frame.
pub const HEIGHT: usize = 90;

/// Bytes of a frame: red, green and blue of each pixel.
pub const BYTES: usize = WIDTH * HEIGHT * 3;

/// Brightness of a pixel, of 255, up to which it counts as black: a tenth, as in ffmpeg's `blackdetect`.
const BLACK: u8 = 25;

/// Share of black pixels from which a frame counts as black, in percent.
const BLACK_SHARE: usize = 98;

/// Seconds between the samples that are compared for a picture that stands still.
const SAMPLE: f64 = 0.5;

/// Difference of brightness, of 255, below which two samples show the same.
const STILL: u8 = 3;

/// Number of pixels that may differ more between two samples that show the same: those above the 99.5th percentile.
const STILL_OUTLIERS: usize = WIDTH * HEIGHT / 200;

/// Frames of the beginning that are compared with the source picture: models fade in and settle.
const FIRSTS: [u64; 3] = [0, 6, 12];

/// Frames of the end that are kept, likewise.
const LASTS: usize = 13;

/// A decoded frame or picture of [`WIDTH`] by [`HEIGHT`] pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    rgb: Vec<u8>,
}

impl Frame {
    /// Returns the frame with these pixels, row by row; `None` unless there are [`BYTES`] bytes.
    #[must_use]
    pub fn new(rgb: Vec<u8>) -> Option<Self> {
        (rgb.len() == BYTES).then_some(Self { rgb })
    }

    /// Returns a frame whose pixels are computed from their column and row.
    #[must_use]
    pub fn drawn(mut pixel: impl FnMut(usize, usize) -> [u8; 3]) -> Self {
        let places = (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| (column, row)));
        Self { rgb: places.flat_map(|(column, row)| pixel(column, row)).collect() }
    }

    /// Returns the red, green and blue of a pixel.
    #[must_use]
    pub fn pixel(&self, column: usize, row: usize) -> [u8; 3] {
        let at = (row * WIDTH + column) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Returns the brightness of all pixels, row by row.
    #[must_use]
    pub fn grey(&self) -> Vec<u8> {
        self.rgb.chunks_exact(3).map(|pixel| brightness([pixel[0], pixel[1], pixel[2]])).collect()
    }

    /// Returns the share of pixels that are black, from 0 to 1.
    #[must_use]
    pub fn dark_share(&self) -> f64 {
        share(dark_pixels(&self.grey()))
    }

    /// Returns the frame as a mirror shows it.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self::drawn(|column, row| self.pixel(WIDTH - 1 - column, row))
    }

    /// Returns the part of the frame between its bars, stretched to a whole frame.
    #[must_use]
    pub fn without(&self, bars: Bars) -> Self {
        let (columns, rows) = (WIDTH - bars.left - bars.right, HEIGHT - bars.top - bars.bottom);
        Self::drawn(|column, row| {
            self.pixel(bars.left + column * columns / WIDTH, bars.top + row * rows / HEIGHT)
        })
    }
}

/// Returns the brightness of a pixel (BT.601).
fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    u8::try_from((sum + 32_768) >> 16).unwrap_or(u8::MAX)
}

fn dark_pixels(grey: &[u8]) -> usize {
    grey.iter().filter(|level| **level <= BLACK).count()
}

#[expect(clippy::cast_precision_loss, reason = "a frame has 14,400 pixels")]
fn share(pixels: usize) -> f64 {
    pixels as f64 / (WIDTH * HEIGHT) as f64
}

/// A change of scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Time in the clip, in seconds.
    pub at: f64,
    /// Score as that of ffmpeg's `scdet`, from 0 to 100.
    pub score: f64,
}

/// The measures of a clip.
#[derive(Debug, Clone)]
pub struct Measures {
    /// Seconds that were looked at.
    pub seconds: f64,
    /// Longest time without a break in which the picture is black, in seconds.
    pub black: f64,
    /// Share of the frames that are black, from 0 to 1.
    pub black_share: f64,
    /// Longest time without a break in which nothing moves, in seconds.
    pub still: f64,
    /// True if no sample differs from the first one.
    pub is_wholly_still: bool,
    /// Median of the second differences of the mean brightness, of 255; `None` for fewer than three frames.
    pub flicker: Option<f64>,
    /// Changes of scene with a score of at least the given one.
    pub cuts: Vec<Cut>,
    /// Bars around the picture.
    pub edges: Edge,
    /// Frames of the beginning.
    pub firsts: Vec<Frame>,
    /// Frames of the end, the last one first.
    pub lasts: Vec<Frame>,
}

/// The measuring of a clip, frame by frame.
#[derive(Debug)]
pub struct Measuring {
    fps: f64,
    /// Frames from one sample to the next.
    step: u64,
    /// Lowest score of a cut.
    cut: f64,
    count: u64,
    black: Runs,
    still: Still,
    is_wholly_still: bool,
    luma: Vec<f64>,
    cuts: Vec<Cut>,
    edges: Edges,
    before: Option<Vec<u8>>,
    /// Difference of the last two frames, of 100.
    change: f64,
    first_sample: Option<Vec<u8>>,
    firsts: Vec<Frame>,
    lasts: VecDeque<Frame>,
}

impl Measuring {
    /// Returns the measuring of a clip with so many frames per second, which reports cuts from this score on.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the rate is bounded just before"
    )]
    pub fn new(fps: f64, cut: f64) -> Self {
        let fps = if fps.is_finite() { fps.clamp(0.1, 1_000.0) } else { 24.0 };
        Self {
            fps,
            step: ((fps * SAMPLE).round() as u64).max(1),
            cut,
            count: 0,
            black: Runs::default(),
            still: Still::default(),
            is_wholly_still: true,
            luma: Vec::new(),
            cuts: Vec::new(),
            edges: Edges::default(),
            before: None,
            change: 0.0,
            first_sample: None,
            firsts: Vec::new(),
            lasts: VecDeque::new(),
        }
    }

    /// Returns the number of frames so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Adds the next frame.
    pub fn add(&mut self, frame: Frame) {
        let grey = frame.grey();
        let is_black = dark_pixels(&grey) * 100 >= grey.len() * BLACK_SHARE;
        self.black.add(is_black, 1);
        self.luma.push(mean(&grey));
        if let Some(before) = &self.before {
            let change = mean_difference(before, &grey) * 100.0 / 256.0;
            let score = change.min((change - self.change).abs());
            self.change = change;
            if score >= self.cut {
                self.cuts.push(Cut { at: self.seconds(self.count), score });
            }
        }
        if self.count.is_multiple_of(self.step) {
            self.still.add(self.count, &grey);
            match &self.first_sample {
                Some(first) => self.is_wholly_still &= is_same(first, &grey),
                None => self.first_sample = Some(grey.clone()),
            }
            if !is_black {
                self.edges.add(&frame, &grey);
            }
        }
        if FIRSTS.contains(&self.count) {
            self.firsts.push(frame.clone());
        }
        if self.lasts.len() == LASTS {
            self.lasts.pop_front();
        }
        self.lasts.push_back(frame);
        self.before = Some(grey);
        self.count += 1;
    }

    /// Returns the measures; `None` if there was no frame.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no clip has 2^53 frames")]
    pub fn finish(mut self) -> Option<Measures> {
        let last = self.before.take()?;
        // The end between the last sample and the last frame may move as well.
        if let Some(first) = &self.first_sample {
            self.is_wholly_still &= self.count > 1 && is_same(first, &last);
        }
        let lasts: Vec<Frame> = self.lasts.into_iter().rev().collect();
        let from_end = FIRSTS.iter().filter_map(|back| usize::try_from(*back).ok());
        Some(Measures {
            seconds: self.count as f64 / self.fps,
            black: self.black.longest as f64 / self.fps,
            black_share: self.black.all as f64 / self.count as f64,
            still: self.still.longest as f64 / self.fps,
            is_wholly_still: self.is_wholly_still,
            flicker: flicker(&self.luma),
            cuts: self.cuts,
            edges: self.edges.finish(),
            firsts: self.firsts,
            lasts: from_end.filter_map(|back| lasts.get(back).cloned()).collect(),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "no clip has 2^53 frames")]
    fn seconds(&self, frames: u64) -> f64 {
        frames as f64 / self.fps
    }
}

/// The frames for which something holds: all of them, and the longest run of them.
#[derive(Debug, Default)]
struct Runs {
    all: u64,
    longest: u64,
    current: u64,
}

impl Runs {
    fn add(&mut self, holds: bool, frames: u64) {
        self.current = if holds { self.current + frames } else { 0 };
        self.all += if holds { frames } else { 0 };
        self.longest = self.longest.max(self.current);
    }
}

/// The longest time in which all samples show the same as the one with which it began: so slow motion adds up.
#[derive(Debug, Default)]
struct Still {
    /// Number and brightness of the sample that the others are compared with.
    since: Option<(u64, Vec<u8>)>,
    /// The sample before, likewise.
    before: Option<(u64, Vec<u8>)>,
    /// Frames of the longest time.
    longest: u64,
}

impl Still {
    fn add(&mut self, at: u64, grey: &[u8]) {
        let is_near = |sample: &(u64, Vec<u8>)| is_same(&sample.1, grey);
        if self.since.as_ref().is_none_or(|since| !is_near(since)) {
            // The picture may have come to rest with the sample before.
            self.since = self.before.take().filter(is_near);
        }
        match &self.since {
            Some((since, _)) => self.longest = self.longest.max(at - since),
            None => self.since = Some((at, grey.to_vec())),
        }
        self.before = Some((at, grey.to_vec()));
    }
}

/// Returns whether two samples show the same but for a few pixels.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).filter(|(one, other)| one.abs_diff(**other) >= STILL);
    differs.count() <= STILL_OUTLIERS
}

#[expect(clippy::cast_precision_loss, reason = "the sum of a frame is below 2^22")]
fn mean(grey: &[u8]) -> f64 {
    f64::from(grey.iter().map(|level| u32::from(*level)).sum::<u32>()) / grey.len() as f64
}

#[expect(clippy::cast_precision_loss, reason = "the sum of a frame is below 2^22")]
fn mean_difference(one: &[u8], other: &[u8]) -> f64 {
    let sum: u32 = one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other))).sum();
    f64::from(sum) / one.len() as f64
}

/// Returns the median of the second differences of a series.
fn flicker(luma: &[f64]) -> Option<f64> {
    let mut turns: Vec<f64> =
        luma.windows(3).map(|three| (three[2] - 2.0 * three[1] + three[0]).abs()).collect();
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied()
}

#[cfg(test)]
mod tests;
