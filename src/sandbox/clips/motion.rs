//! Encodes slices that show the base frame as if the camera zoomed in towards the middle.
//!
//! Each macroblock is copied from a place in the base frame that is nearer to the middle, exact to a quarter of a
//! pixel. All frames are made from the base, so blur does not add up from frame to frame. The shift across depends only
//! on the column of a macroblock, and the shift down only on its row. H.264 predicts a shift from the neighbours, and
//! only the difference from the prediction is written. This difference is the same for almost all macroblocks of a row,
//! so their codes repeat.

use std::ops::Range;

use super::bits::Bits;
use super::h264::{Frame, From, Kind};

/// The maximum number of different vertical shifts in a frame. In a frame with more rows of macroblocks, neighbouring
/// rows share a shift, so that a frame of 1920 × 1080 pixels needs half as many bytes.
const ROWS: u32 = 45;

/// The distance, across and down, between a macroblock and the place that it is copied from, in quarters of a pixel.
type Shift = (i32, i32);

/// The shifts of all macroblocks of one frame: across by column, and down by row.
pub(super) struct Motion {
    across: Vec<i32>,
    down: Vec<i32>,
}

impl Motion {
    /// Returns the shifts of the macroblocks that make a frame of the given width and height in pixels look zoomed in.
    /// The zoom moves a point by `thousandths` of its distance from the middle of the frame.
    pub(super) fn new((width, height): (u32, u32), thousandths: u32) -> Self {
        let shifts = |side: u32, together: i32| {
            let middle = i32::try_from(side / 2).expect("a side has some thousand pixels");
            let thousandths = i32::try_from(thousandths).expect("a push-in is at most the whole way");
            (0..side.div_ceil(16).cast_signed()).map(move |block| {
                let away = block / together * together * 16 + together * 8 - middle;
                -(away * thousandths * 4 + away.signum() * 500) / 1000
            })
        };
        let together = height.div_ceil(16 * ROWS).cast_signed();
        Self { across: shifts(width, 1).collect(), down: shifts(height, together).collect() }
    }

    /// Returns a slice (an encoded part of the frame) in which the given rows of macroblocks are copied from shifted
    /// places of the base frame.
    pub(super) fn slice(&self, frame: Frame, rows: Range<usize>) -> Vec<u8> {
        let columns = self.across.len();
        let mut bits = frame.slice(rows.start * columns, Kind::Photo, From::Base);
        let mut skipped = 0;
        for row in rows.clone() {
            for column in 0..columns {
                let (x, y) = self.rest((column, row), rows.start);
                if (x, y) == (0, 0) && self.may_skip((column, row), rows.start) {
                    skipped += 1;
                    continue;
                }
                bits.unsigned(skipped);
                skipped = 0;
                shift(&mut bits, (x, y));
            }
        }
        if skipped > 0 {
            bits.unsigned(skipped);
        }
        frame.end(bits)
    }

    /// Returns the difference between a macroblock's shift and the shift that H.264 predicts for the macroblock. A
    /// shift is the distance to the place that the macroblock is copied from.
    fn rest(&self, (column, row): (usize, usize), first_row: usize) -> Shift {
        let down = self.down[row];
        if row > first_row && column > 0 && column + 1 < self.across.len() {
            return (0, down - self.down[row - 1]);
        }
        let (x, y) = self.predicted((column, row), first_row);
        (self.across[column] - x, down - y)
    }

    /// Returns the shift that H.264 (8.4.1.3) predicts for a macroblock. The prediction is the median of the shifts of
    /// the macroblocks on the left, above, and above on the right.
    fn predicted(&self, (column, row): (usize, usize), first_row: usize) -> Shift {
        let at = |column: usize, row: usize| (self.across[column], self.down[row]);
        let left = (column > 0).then(|| at(column - 1, row));
        let (mut above, mut beyond) = (None, None);
        if row > first_row {
            above = Some(at(column, row - 1));
            let corner =
                if column + 1 < self.across.len() { Some(column + 1) } else { column.checked_sub(1) };
            beyond = corner.map(|column| at(column, row - 1));
        }
        match [left, above, beyond] {
            [Some(one), None, None] | [None, Some(one), None] => one,
            three => {
                let [a, b, c] = three.map(Option::unwrap_or_default);
                (median([a.0, b.0, c.0]), median([a.1, b.1, c.1]))
            }
        }
    }

    /// Checks whether a decoder gives a macroblock the predicted shift if the stream skips this macroblock (H.264,
    /// 8.4.1.1).
    fn may_skip(&self, (column, row): (usize, usize), first_row: usize) -> bool {
        row > first_row
            && column > 0
            && (self.across[column - 1], self.down[row]) != (0, 0)
            && (self.across[column], self.down[row - 1]) != (0, 0)
    }
}

/// Appends a macroblock that is copied from a shifted place without any other change. `(x, y)` is the difference from
/// the shift that a decoder predicts.
fn shift(bits: &mut Bits, (x, y): Shift) {
    bits.unsigned(0); // shifted as a whole
    bits.signed(x);
    bits.signed(y);
    bits.unsigned(0); // nothing else follows
}

fn median(mut three: [i32; 3]) -> i32 {
    three.sort_unstable();
    three[1]
}
