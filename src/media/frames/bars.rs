//! Finds bars around the picture of a clip: strips at its edges that are black in every sampled frame, or white in
//! every one.

use super::{Frame, HEIGHT, WIDTH};

/// The largest brightness (0 to 255) of a pixel in a black bar.
const BLACK: u8 = 32;

/// The smallest value (0 to 255) of red, of green and of blue in the pixels of a white bar.
const WHITE: u8 = 235;

/// The smallest difference in mean brightness (0 to 255) between a bar and the picture next to the bar.
const CONTRAST: f64 = 10.0;

/// The largest difference in width, in rows or columns, between the bars at two opposite edges of a frame.
const UNEVEN: usize = 2;

/// The widths of the bars at the four edges of a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bars {
    /// The width of the bar at the top edge of the frame, in rows of pixels.
    pub top: usize,
    /// The width of the bar at the bottom edge of the frame, in rows of pixels.
    pub bottom: usize,
    /// The width of the bar at the left edge of the frame, in columns of pixels.
    pub left: usize,
    /// The width of the bar at the right edge of the frame, in columns of pixels.
    pub right: usize,
}

impl Bars {
    /// Returns the share of the frame that the bars take up, from 0 to 1. The share is measured along the height and
    /// along the width, and the larger of the two counts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a frame has 160 columns")]
    pub fn share(&self) -> f64 {
        let rows = (self.top + self.bottom) as f64 / HEIGHT as f64;
        rows.max((self.left + self.right) as f64 / WIDTH as f64)
    }
}

/// The black and the white bars of a clip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edge {
    /// The widths of the black bars around the picture.
    pub black: Bars,
    /// The widths of the white bars. A product on white paper has such edges too.
    pub white: Bars,
}

impl Edge {
    /// Returns the black and the white bars of a single frame.
    #[must_use]
    pub fn of(frame: &Frame) -> Self {
        let mut edges = Edges::default();
        edges.add(frame, &frame.grey());
        edges.finish()
    }
}

/// The brightness of each row and column, collected from all sampled frames so far.
#[derive(Debug)]
pub(super) struct Edges {
    rows: Vec<Line>,
    columns: Vec<Line>,
}

/// A row or column of pixels, measured in all sampled frames.
#[derive(Debug, Clone, Copy)]
struct Line {
    is_black: bool,
    is_white: bool,
    /// The sum of the mean brightness of this row or column of pixels over the sampled frames.
    luma: f64,
    samples: u32,
}

impl Default for Edges {
    fn default() -> Self {
        let line = Line { is_black: true, is_white: true, luma: 0.0, samples: 0 };
        Self { rows: vec![line; HEIGHT], columns: vec![line; WIDTH] }
    }
}

impl Edges {
    pub(super) fn add(&mut self, frame: &Frame, grey: &[u8]) {
        for (row, line) in self.rows.iter_mut().enumerate() {
            line.add((0..WIDTH).map(|column| (grey[row * WIDTH + column], frame.pixel(column, row))));
        }
        for (column, line) in self.columns.iter_mut().enumerate() {
            line.add((0..HEIGHT).map(|row| (grey[row * WIDTH + column], frame.pixel(column, row))));
        }
    }

    pub(super) fn finish(&self) -> Edge {
        let bars = |is_bar: fn(&Line) -> bool| {
            let [(top, bottom), (left, right)] = [&self.rows, &self.columns].map(|lines| pair(lines, is_bar));
            Bars { top, bottom, left, right }
        };
        Edge { black: bars(|line| line.is_black), white: bars(|line| line.is_white) }
    }
}

impl Line {
    #[expect(clippy::cast_precision_loss, reason = "a line has at most 160 pixels")]
    fn add(&mut self, pixels: impl ExactSizeIterator<Item = (u8, [u8; 3])>) {
        let count = pixels.len();
        let mut sum = 0u32;
        for (grey, [red, green, blue]) in pixels {
            self.is_black &= grey <= BLACK;
            self.is_white &= red.min(green).min(blue) >= WHITE;
            sum += u32::from(grey);
        }
        self.luma += f64::from(sum) / count as f64;
        self.samples += 1;
    }

    fn mean(&self) -> f64 {
        self.luma / f64::from(self.samples.max(1))
    }
}

/// Returns the widths of the two bars at the ends of `lines`, which are all rows or all columns of a clip. `is_bar`
/// says whether a line can belong to a bar. Both widths are 0 unless they are nearly equal and the picture between the
/// bars clearly differs from both in brightness.
fn pair(lines: &[Line], is_bar: fn(&Line) -> bool) -> (usize, usize) {
    if lines.iter().all(|line| line.samples == 0) {
        return (0, 0);
    }
    let first = lines.iter().take_while(|line| is_bar(line)).count();
    let last = lines.iter().rev().take_while(|line| is_bar(line)).count();
    let is_pair = first.min(last) > 0 && first.abs_diff(last) <= UNEVEN && first + last < lines.len();
    // The line next to a bar may be a mixture of both.
    let contrast = |bar: usize, inside: Option<usize>| {
        let inside = inside.and_then(|at| lines.get(at));
        inside.is_some_and(|inside| (inside.mean() - lines[bar].mean()).abs() >= CONTRAST)
    };
    let is_sharp = is_pair
        && contrast(first - 1, Some(first + 1))
        && contrast(lines.len() - last, (lines.len() - last).checked_sub(2));
    if is_sharp { (first, last) } else { (0, 0) }
}
