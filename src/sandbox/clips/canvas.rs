//! Draws rectangles, discs and letters on a frame made of cells of 4 × 4 pixels.

use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::pixelcolor::BinaryColor;
use std::ops::Range;

/// The width and height in pixels of a cell, the smallest square that a canvas can draw.
pub(super) const CELL: u32 = 4;
/// The size of one step of brightness (luma). Every brightness in a canvas is a multiple of it.
pub(super) const SHADE_STEP: u8 = 16;
/// The sum of the darkest step (1) and the brightest (14). Subtracting a step from this sum inverts the brightness.
const SHADES: u8 = 15;
/// The size of one step of colour difference (chroma). Every colour difference in a canvas is a multiple of it.
pub(super) const TONE_STEP: u8 = 4;

/// A hue, given by its two colour differences (chroma), blue and red, in steps of [`TONE_STEP`]. Grey has the value 32
/// in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tone {
    pub(super) blue: u8,
    pub(super) red: u8,
}

/// A picture to be drawn, which consists of cells of 4 × 4 pixels.
///
/// The memory has room for whole macroblocks of 4 × 4 cells. Cells outside the visible size keep the background.
#[derive(Clone)]
pub(super) struct Canvas {
    /// The number of visible cells in a row.
    pub(super) width: usize,
    pub(super) height: usize,
    /// The number of macroblocks (16 × 16 pixels) in a row.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The two hues of the picture: the first for the background, the second (the accent) for highlighted parts.
    pub(super) tones: [Tone; 2],
    /// The brightness of each cell in steps of [`SHADE_STEP`], 1 to 14.
    shades: Vec<u8>,
    /// The hue of each square of 2 × 2 cells, row by row. 0 is the background's hue, and 1 is the accent (the hue of
    /// highlighted parts).
    accented: Vec<u8>,
}

impl Canvas {
    /// Returns a canvas for a frame of the given width and height in pixels. All of it has the same brightness and the
    /// background's tone.
    pub(super) fn new(pixels: (u32, u32), tones: [Tone; 2], shade: u8) -> Self {
        let (width, height) = (pixels.0.div_ceil(CELL) as usize, pixels.1.div_ceil(CELL) as usize);
        let (columns, rows) = (width.div_ceil(4), height.div_ceil(4));
        let cells = columns * rows * 16;
        Self { width, height, columns, rows, tones, shades: vec![shade; cells], accented: vec![0; cells / 4] }
    }

    /// Returns the brightness of the cell (4 × 4 pixels) at `x` and `y`, in steps of [`SHADE_STEP`].
    pub(super) fn shade(&self, x: usize, y: usize) -> u8 {
        self.shades[y * self.columns * 4 + x]
    }

    /// Returns the hue of a square of 2 × 2 cells: 0 for the background's hue, 1 for the accent (the hue of highlighted
    /// parts). `x` and `y` count squares.
    pub(super) fn tone(&self, x: usize, y: usize) -> usize {
        usize::from(self.accented[y * self.columns * 2 + x])
    }

    /// Returns the brightness of each cell (4 × 4 pixels) in one row of macroblocks, and the hue of each square of 2 ×
    /// 2 cells. A hue of 0 is the background's, and 1 is the accent (the hue of highlighted parts).
    pub(super) fn band(&self, row: usize) -> (&[u8], &[u8]) {
        let (cells, squares) = (self.columns * 16, self.columns * 4);
        (&self.shades[row * cells..(row + 1) * cells], &self.accented[row * squares..(row + 1) * squares])
    }

    /// Returns true if the macroblock at `column` and `row` looks the same in another picture of the same size and
    /// hues.
    pub(super) fn same(&self, other: &Self, column: usize, row: usize) -> bool {
        let alike = |one: &[u8], other: &[u8], side: usize| {
            // An unoptimised build spends most of its time here, and plain loops take half as long as iterators.
            for y in row * side..(row + 1) * side {
                let start = (y * self.columns + column) * side;
                if one[start..start + side] != other[start..start + side] {
                    return false;
                }
            }
            true
        };
        alike(&self.shades, &other.shades, 4) && alike(&self.accented, &other.accented, 2)
    }

    /// Inverts the brightness of all cells.
    pub(super) fn invert(&mut self) {
        self.shades.iter_mut().for_each(|shade| *shade = SHADES - *shade);
    }

    /// Fills a rectangle with one brightness. The rectangle is cut off at the right and at the bottom of the canvas.
    pub(super) fn fill(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), shade: u8) {
        let across = x.min(self.width)..(x + width).min(self.width);
        let down = y..(y + height).min(self.height);
        paint(&mut self.shades, self.columns * 4, &across, &down, shade);
    }

    /// Gives a rectangle the accent (the hue of highlighted parts). The position and the sides of the rectangle must be
    /// even numbers of cells, because otherwise neighbouring cells get the accent too.
    pub(super) fn accent(&mut self, (x, y): (usize, usize), (width, height): (usize, usize)) {
        let across = x / 2..(x + width).min(self.width).div_ceil(2);
        let down = y / 2..(y + height).min(self.height).div_ceil(2);
        paint(&mut self.accented, self.columns * 2, &across, &down, 1);
    }

    /// Draws a disc with a smooth edge in the brightness `shade` and the accent (the hue of highlighted parts). Centre
    /// and radius are in eighths of a cell; the disc must be inside the canvas.
    pub(super) fn disc(&mut self, (x, y): (usize, usize), radius: usize, shade: u8) {
        for row in (y - radius) / 8..(y + radius).div_ceil(8) {
            for column in (x - radius) / 8..(x + radius).div_ceil(8) {
                let away = |cell: usize, centre: usize| (cell * 8 + 4).abs_diff(centre);
                let squared = away(column, x).pow(2) + away(row, y).pow(2);
                // The disc covers this many eighths of the cell, by the distance of its edge from the cell's middle.
                let covered = if squared >= (radius + 4).pow(2) {
                    continue;
                } else if squared <= (radius - 4).pow(2) {
                    8
                } else {
                    radius + 4 - squared.isqrt()
                };
                let cell = &mut self.shades[row * self.columns * 4 + column];
                let mixed = usize::from(*cell) * (8 - covered) + usize::from(shade) * covered;
                *cell = u8::try_from(mixed / 8).expect("lies between two shades");
            }
        }
        // Only squares that are completely inside get the accent's tone, which would show as a stain outside.
        for row in (y - radius) / 16..(y + radius).div_ceil(16) {
            for column in (x - radius) / 16..(x + radius).div_ceil(16) {
                let away = |square: usize, centre: usize| (square * 16 + 8).abs_diff(centre);
                if away(column, x).pow(2) + away(row, y).pow(2) < (radius - 5).pow(2) {
                    self.accented[row * self.columns * 2 + column] = 1;
                }
            }
        }
    }

    /// Draws one line of text, in which each dot of a letter is `scale` cells wide. Text beyond the right edge is cut
    /// off.
    pub(super) fn text(
        &mut self,
        (x, y): (usize, usize),
        font: &MonoFont<'_>,
        scale: usize,
        shade: u8,
        text: &str,
    ) {
        let (across, down) = (font.character_size.width, font.character_size.height);
        let glyphs_across = font.image.size().width / across;
        for (index, letter) in text.chars().enumerate() {
            let glyph =
                u32::try_from(font.glyph_mapping.index(letter)).expect("a font has some hundred letters");
            let (left, top) = (glyph % glyphs_across * across, glyph / glyphs_across * down);
            let start = x + index * across as usize * scale;
            for dot_y in 0..down {
                for dot_x in 0..across {
                    let dot = Point::new((left + dot_x).cast_signed(), (top + dot_y).cast_signed());
                    if font.image.pixel(dot) == Some(BinaryColor::On) {
                        let place = (start + dot_x as usize * scale, y + dot_y as usize * scale);
                        self.fill(place, (scale, scale), shade);
                    }
                }
            }
        }
    }
}

/// Fills the columns `across` and the rows `down` of `plane`, which has `stride` values in a row, with one value.
fn paint(plane: &mut [u8], stride: usize, across: &Range<usize>, down: &Range<usize>, value: u8) {
    for row in plane.chunks_exact_mut(stride).take(down.end).skip(down.start) {
        row[across.clone()].fill(value);
    }
}
