//! Bars around the picture of a clip: edges that are black, or white, in every sample.

use super::{Frame, HEIGHT, WIDTH};

/// Brightness, of 255, up to which a bar is black.
const BLACK: u8 = 32;

/// Brightness from which a bar is white.
const WHITE: u8 = 235;

/// Difference of the mean brightness of a bar and of the picture beside it.
const CONTRAST: f64 = 10.0;

/// Number of rows or columns by which two bars that face each other may differ.
const UNEVEN: usize = 2;

/// The rows and columns of a frame that are bars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bars {
    /// Rows above the picture.
    pub top: usize,
    /// Rows below it.
    pub bottom: usize,
    /// Columns on its left.
    pub left: usize,
    /// Columns on its right.
    pub right: usize,
}

impl Bars {
    /// Returns the share of the height or of the width that the bars take, whichever is more, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a frame has 160 columns")]
    pub fn share(&self) -> f64 {
        let rows = (self.top + self.bottom) as f64 / HEIGHT as f64;
        rows.max((self.left + self.right) as f64 / WIDTH as f64)
    }
}

/// The bars of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edge {
    /// Black bars.
    pub black: Bars,
    /// White bars, which a product on white paper has as well.
    pub white: Bars,
}

impl Edge {
    /// Returns the bars of one picture.
    #[must_use]
    pub fn of(frame: &Frame) -> Self {
        let mut edges = Edges::default();
        edges.add(frame, &frame.grey());
        edges.finish()
    }
}

/// The brightness that all samples so far share, for each row and column.
#[derive(Debug)]
pub(super) struct Edges {
    rows: Vec<Line>,
    columns: Vec<Line>,
}

/// A row or a column.
#[derive(Debug, Clone, Copy)]
struct Line {
    is_black: bool,
    is_white: bool,
    /// Sum of its mean brightness in all samples.
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

/// Returns the numbers of lines at the two ends that are bars: two of nearly the same width, with a picture between them.
fn pair(lines: &[Line], is_bar: fn(&Line) -> bool) -> (usize, usize) {
    if lines.iter().all(|line| line.samples == 0) {
        return (0, 0);
    }
    let first = lines.iter().take_while(|line| is_bar(line)).count();
    let last = lines.iter().rev().take_while(|line| is_bar(line)).count();
    let is_pair = first.min(last) > 0 && first.abs_diff(last) <= UNEVEN && first + last < lines.len();
    // The line beside a bar may be a mixture of both.
    let contrast = |bar: usize, inside: Option<usize>| {
        let inside = inside.and_then(|at| lines.get(at));
        inside.is_some_and(|inside| (inside.mean() - lines[bar].mean()).abs() >= CONTRAST)
    };
    let is_sharp = is_pair
        && contrast(first - 1, Some(first + 1))
        && contrast(lines.len() - last, (lines.len() - last).checked_sub(2));
    if is_sharp { (first, last) } else { (0, 0) }
}
