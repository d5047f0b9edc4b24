//! Measures a clip from its decoded frames: black pictures, still pictures, bars, cuts and flicker.
//!
//! Frames are small, in colour, and all of one size, whatever the shape of the clip. They are added one by one, so that
//! a clip is never in memory as a whole. Other modules decide what the numbers mean.

mod bars;
mod colour;
mod likeness;

pub use bars::{Bars, Edge};
pub use colour::{ciede2000, lab};
pub use likeness::{Picture, colour_difference, hash_distance};

use bars::Edges;
use std::collections::VecDeque;

/// The number of pixels in a row of a frame.
pub const WIDTH: usize = 160;

/// The number of rows in a frame.
pub const HEIGHT: usize = 90;

/// The number of bytes of a frame: red, green and blue of each pixel.
pub const BYTES: usize = WIDTH * HEIGHT * 3;

/// The largest brightness (0 to 255) at which a pixel counts as black: a tenth of 255, as in ffmpeg's `blackdetect`.
const BLACK: u8 = 25;

/// The share of black pixels, in percent, that makes a frame black.
const BLACK_SHARE: usize = 98;

/// The seconds between the sampled frames, which are compared to find a still picture.
const SAMPLE: f64 = 0.5;

/// The smallest difference in brightness (0 to 255) at which a pixel counts as changed.
const STILL: u8 = 3;

/// The largest number of changed pixels with which two sampled frames still count as equal: 0.5 % of all pixels.
const STILL_OUTLIERS: usize = WIDTH * HEIGHT / 200;

/// The positions of the frames that are compared with the source picture, counted from the clip's start, or from its
/// end for the last frame. Several frames are compared, because models fade in and settle.
const FIRSTS: [u64; 3] = [0, 6, 12];

/// The number of frames from the end of the clip that are kept in memory. Some of them are compared with the request's
/// picture for the last frame.
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

    /// Returns the frame mirrored: with left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self::drawn(|column, row| self.pixel(WIDTH - 1 - column, row))
    }

    /// Returns the picture between the bars `bars`, stretched to the size of a whole frame.
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

/// A cut in a clip: a sudden change from one scene to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// The time of the cut in the clip, in seconds.
    pub at: f64,
    /// The strength of the change from 0 to 100, computed as in ffmpeg's `scdet`.
    pub score: f64,
}

/// The measurements of a clip.
#[derive(Debug, Clone)]
pub struct Measures {
    /// The number of seconds of the clip that were examined.
    pub seconds: f64,
    /// The longest uninterrupted time with a black picture, in seconds.
    pub black: f64,
    /// The share of black frames, from 0 to 1.
    pub black_share: f64,
    /// The longest uninterrupted time without movement, in seconds.
    pub still: f64,
    /// True if the picture never moves: no sampled frame differs from the first one, and neither does the last frame.
    pub is_wholly_still: bool,
    /// The strength of the flicker, on the scale of the brightness (0 to 255); `None` for fewer than three frames.
    ///
    /// The strength is the median of the second differences of the frames' mean brightness. A second difference says
    /// how much the change from one frame to the next differs from the change before.
    pub flicker: Option<f64>,
    /// The cuts whose score is at least the limit that was given to [`Measuring::new`].
    pub cuts: Vec<Cut>,
    /// The widths of the black and of the white bars around the picture.
    pub edges: Edge,
    /// The frames from the beginning of the clip that are compared with the source picture.
    pub firsts: Vec<Frame>,
    /// The frames from the end of the clip that are compared with the request's picture for the last frame; the last
    /// frame comes first.
    pub lasts: Vec<Frame>,
}

/// An unfinished measurement of a clip, to which the frames are added one by one.
#[derive(Debug)]
pub struct Measuring {
    fps: f64,
    /// The number of frames from one sampled frame to the next.
    step: u64,
    /// The lowest strength of a change between two frames (0 to 100) that counts as a cut to another scene.
    cut: f64,
    count: u64,
    black: Runs,
    still: StillSearch,
    is_wholly_still: bool,
    luma: Vec<f64>,
    cuts: Vec<Cut>,
    edges: Edges,
    before: Option<Vec<u8>>,
    /// The mean difference in brightness between the last two frames, in percent.
    change: f64,
    first_sample: Option<Vec<u8>>,
    firsts: Vec<Frame>,
    lasts: VecDeque<Frame>,
}

impl Measuring {
    /// Starts to measure a clip with the frame rate `fps`. Scene changes with a score below `cut` are ignored.
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
            still: StillSearch::default(),
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

    /// Returns the number of frames that were added so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Adds the next frame of the clip.
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

    /// Returns the measurements; `None` if no frame was added.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no clip has 2^53 frames")]
    pub fn finish(mut self) -> Option<Measures> {
        let last = self.before.take()?;
        // The frames between the last sample and the end may move as well.
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

/// The number of frames that have a certain property: in all, in the longest run so far, and in the current run.
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

/// A search for the longest time without movement. All sampled frames in that time must equal its first frame, so that
/// slow motion counts as movement.
#[derive(Debug, Default)]
struct StillSearch {
    /// The sampled frame since which the picture has not moved: its number and its brightness.
    since: Option<(u64, Vec<u8>)>,
    /// The number and the brightness of the previous sampled frame.
    before: Option<(u64, Vec<u8>)>,
    /// The number of frames in the longest time without movement so far.
    longest: u64,
}

impl StillSearch {
    fn add(&mut self, at: u64, grey: &[u8]) {
        let is_near = |sample: &(u64, Vec<u8>)| is_same(&sample.1, grey);
        if self.since.as_ref().is_none_or(|since| !is_near(since)) {
            // The picture may have become still with the previous sample.
            self.since = self.before.take().filter(is_near);
        }
        match &self.since {
            Some((since, _)) => self.longest = self.longest.max(at - since),
            None => self.since = Some((at, grey.to_vec())),
        }
        self.before = Some((at, grey.to_vec()));
    }
}

/// Checks whether the brightness of two frames is equal, except for a few pixels.
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

/// Returns the strength of the flicker in a series of brightness values: the median of their absolute second
/// differences. Returns `None` for fewer than three values.
fn flicker(luma: &[f64]) -> Option<f64> {
    let mut turns: Vec<f64> =
        luma.windows(3).map(|three| (three[2] - 2.0 * three[1] + three[0]).abs()).collect();
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied()
}

#[cfg(test)]
mod tests;
