//! Makes the frames of a clip that begins with a picture.
//!
//! The picture fills the first frame. Then the camera zooms in slowly. After 0.6 seconds the caption card, a box with
//! text, comes up from the lower edge and stays. If a last picture was requested, it covers the frame from top to
//! bottom at the end, and is the last frame.

use std::ops::Range;

use image::RgbImage;

use super::canvas::Canvas;
use super::card::card;
use super::h264::{self, Frame};
use super::motion::Motion;
use super::photo::Photo;
use super::source::{Source, unlike};
use super::{Defect, Frames, Picture};

/// The zoom at the end of a clip, in thousandths. Each edge of the visible part has then moved by this share of its
/// distance from the middle of the frame.
const PUSH: u32 = 90;
/// The number of camera moves per second.
const MOVES: u32 = 12;

/// Draws all frames of a clip that begins with the picture `first`. Without a picture, all frames are black.
pub(super) fn frames(picture: &Picture, first: Option<&Source>) -> Frames {
    let film = Film::new(picture, first);
    let (columns, rows) = (film.first.columns, film.first.rows);
    let message = h264::message(&format!("task {}", picture.task));
    let start = Frame { index: 0, base: true };
    let mut frames = vec![vec![message, film.first.slice(start, 0..rows)]];
    let (mut shown, mut wiped) = (0, 0);
    for index in 1..film.count {
        let frame = Frame { index, base: film.cut == Some(index) };
        let mut parts = Parts { frame, columns, units: Vec::new() };
        let (wipe, up) = (film.wiped(index), film.card_rows(index));
        let pictured = 0..rows - up;
        if let Some(last) = film.last.as_ref().filter(|_| wipe > 0) {
            parts.still(0..wiped);
            if wipe > wiped {
                parts.units.push(last.slice(frame, wiped..wipe));
            }
            parts.still(wipe..rows);
            wiped = wipe;
        } else if let Some(other) = film.other.as_ref().filter(|_| frame.base) {
            parts.units.push(other.slice(frame, pictured));
            parts.card(film.card.as_ref(), up, shown, rows);
        } else if let Some(thousandths) = film.moved(index) {
            let motion = Motion::new((picture.width, picture.height), thousandths);
            parts.still(0..film.bar);
            parts.units.push(motion.slice(frame, film.bar..pictured.end - film.bar));
            parts.still(pictured.end - film.bar..pictured.end);
            parts.card(film.card.as_ref(), up, shown, rows);
        } else {
            parts.still(0..rows);
        }
        shown = up;
        frames.push(parts.units);
    }
    frames
}

/// Returns the first frame of a clip, scaled down so that its longer side has at most `long` pixels.
pub(super) fn first(picture: &Picture, first: Option<&Source>, long: u32) -> RgbImage {
    Film::new(picture, first).first.small((picture.width, picture.height), long)
}

/// The slices (rows that are encoded together) of one frame, from the upper to the lower edge.
struct Parts {
    frame: Frame,
    columns: usize,
    units: Vec<Vec<u8>>,
}

impl Parts {
    /// Appends rows of macroblocks (16 × 16 pixels) that have not changed since the previous frame.
    fn still(&mut self, rows: Range<usize>) {
        if !rows.is_empty() {
            self.units.push(self.frame.still(self.columns, rows));
        }
    }

    /// Appends the upper `up` rows of the caption card (the box with text) at the lower edge of the frame. If `shown`,
    /// the number of these rows in the previous frame, is the same, the rows are appended as unchanged.
    fn card(&mut self, card: Option<&Canvas>, up: usize, shown: usize, rows: usize) {
        match card {
            Some(card) if up != shown => self.units.push(self.frame.drawn(card, up, rows - up)),
            _ => self.still(rows - up..rows),
        }
    }
}

/// The pictures and the caption card (the box with text) from which the frames of a clip are made.
struct Film {
    count: u32,
    fps: u32,
    first: Photo,
    last: Option<Photo>,
    card: Option<Canvas>,
    /// The number of black rows of macroblocks at the upper edge. The lower edge has as many.
    bar: usize,
    moves: bool,
    /// The picture of another product, which replaces the first picture from the frame with the index `cut` on. Only a
    /// clip with the defect [`Defect::Cut`] has such a picture.
    other: Option<Photo>,
    cut: Option<u32>,
}

impl Film {
    fn new(picture: &Picture, first: Option<&Source>) -> Self {
        let defect = picture.defect;
        let count = picture.seconds * picture.fps.get();
        let (columns, rows) = (picture.width.div_ceil(16) as usize, picture.height.div_ceil(16) as usize);
        let bar = defect.map_or(0, |defect| defect.bar(rows));
        let between = u32::try_from((rows - 2 * bar) * 8).expect("rows come from a number of pixels");
        let height = between.min(picture.height / 2);
        let pixels = (picture.width / 2, height);
        let photo = |drawn: &RgbImage| {
            let mut photo = Photo::black(columns, rows);
            photo.put(drawn, bar..rows - bar);
            if defect == Some(Defect::Recoloured) {
                photo.recolour();
            }
            photo
        };
        let first = first.filter(|_| defect != Some(Defect::Black)).map(|first| first.picture(pixels));
        let moves = first.is_some() && defect != Some(Defect::Frozen);
        let other = first.as_ref().map(|first| || photo(&unlike(first, &picture.task)));
        let other = |wanted| other.as_ref().filter(|_| defect == Some(wanted)).map(|draw| draw());
        let shown = other(Defect::WrongProduct).or_else(|| first.as_ref().map(photo));
        Self {
            count,
            fps: picture.fps.get(),
            first: shown.unwrap_or_else(|| Photo::black(columns, rows)),
            last: picture.last.as_ref().filter(|_| moves).map(|last| photo(&last.picture(pixels))),
            card: if moves && bar == 0 { card(picture) } else { None },
            bar,
            moves,
            other: other(Defect::Cut),
            cut: (defect == Some(Defect::Cut) && moves).then_some(count / 2),
        }
    }

    /// Returns the number of frames from one camera move to the next.
    fn step(&self) -> u32 {
        (self.fps / MOVES).max(1)
    }

    /// Returns the zoom of the camera in a frame, in thousandths from 0 to [`PUSH`], the zoom at the end of the clip.
    /// Returns `None` if the camera does not move in this frame.
    fn moved(&self, index: u32) -> Option<u32> {
        let since = index - self.cut.filter(|cut| *cut <= index).unwrap_or(0);
        (self.moves && since.is_multiple_of(self.step())).then(|| PUSH * since / self.count)
    }

    /// Returns the number of rows of the caption card (the box with text) that are visible in a frame. The card comes
    /// up fast and slows down.
    fn card_rows(&self, index: u32) -> usize {
        let Some(card) = &self.card else { return 0 };
        let (start, length) = ((self.fps * 6).div_ceil(10), (self.fps / 2).max(1));
        let at = index - index % self.step();
        let left = (start + length).saturating_sub(at).min(length) as usize;
        let length = length as usize;
        card.rows * (length * length - left * left) / (length * length)
    }

    /// Returns the number of rows that the last picture already covers in a frame. At the end of a clip, this picture
    /// covers the other pictures from top to bottom.
    fn wiped(&self, index: u32) -> usize {
        if self.last.is_none() {
            return 0;
        }
        let length = (self.fps * 3 / 4).min(self.count / 3).max(1);
        let start = self.count - length - if self.count > length + self.fps / 8 { self.fps / 8 } else { 0 };
        let frames = (index + 1).saturating_sub(start).min(length);
        self.first.rows * frames as usize / length as usize
    }
}
