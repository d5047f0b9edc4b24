//! Slices that move the base frame: a push-in towards the middle of the frame.
//!
//! Each macroblock is copied from the base, from a place nearer to the middle, a quarter of a pixel exact. Since all
//! frames are made from the base, none inherits the blur of another. How far a macroblock moves across depends on its
//! column alone, and how far down on its row. So what the standard predicts from the neighbours is wrong by the same
//! step in the whole row, and the codes of a row repeat themselves.

use std::ops::Range;

use super::bits::Bits;
use super::h264::{Frame, From, Kind};

/// How many rows of macroblocks at most go their own way; in a higher frame neighbours go together, which halves the
/// bytes at 1920 × 1080.
const ROWS: u32 = 45;

/// A shift in quarters of a pixel, across and down.
type Shift = (i32, i32);

/// The shifts of one frame.
pub(super) struct Motion {
    across: Vec<i32>,
    down: Vec<i32>,
}

impl Motion {
    /// A push-in on a frame of these pixels: its edges come nearer to the middle by this many thousandths.
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

    /// Returns a slice of these rows.
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

    /// What is left of a macroblock's shift beside what is predicted.
    fn rest(&self, (column, row): (usize, usize), first_row: usize) -> Shift {
        let down = self.down[row];
        if row > first_row && column > 0 && column + 1 < self.across.len() {
            return (0, down - self.down[row - 1]);
        }
        let (x, y) = self.predicted((column, row), first_row);
        (self.across[column] - x, down - y)
    }

    /// The prediction of the standard, 8.4.1.3: the median of the shifts on the left, above, and above on the right.
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

    /// Whether a macroblock that is not written is shifted as predicted: 8.4.1.1.
    fn may_skip(&self, (column, row): (usize, usize), first_row: usize) -> bool {
        row > first_row
            && column > 0
            && (self.across[column - 1], self.down[row]) != (0, 0)
            && (self.across[column], self.down[row - 1]) != (0, 0)
    }
}

/// Appends a macroblock that is shifted and otherwise as it was.
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
