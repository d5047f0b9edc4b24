//! A frame as cells of 4 × 4 pixels, with rectangles, discs and letters.

use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::pixelcolor::BinaryColor;
use std::ops::Range;

/// A cell's width and height in pixels.
pub(super) const CELL: u32 = 4;
/// Brightness (luma) is a multiple of this.
pub(super) const SHADE_STEP: u8 = 16;
/// The darkest and the brightest step together.
const SHADES: u8 = 15;
/// Colour differences (chroma) are multiples of this.
pub(super) const TONE_STEP: u8 = 4;

/// A hue: the two colour differences in steps of [`TONE_STEP`], 32 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tone {
    pub(super) blue: u8,
    pub(super) red: u8,
}

/// A picture of cells. Memory is laid out for whole macroblocks of 4 × 4 cells; what lies beyond the visible size
/// keeps the background.
#[derive(Clone)]
pub(super) struct Canvas {
    /// Visible cells across and down.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Macroblocks across and down.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// What the numbers in the plane of tones stand for: the background's, and the accent's.
    pub(super) tones: [Tone; 2],
    /// A cell's brightness in steps of [`SHADE_STEP`], 1 to 14.
    shades: Vec<u8>,
    /// 0 or 1 for each square of 2 × 2 cells.
    accented: Vec<u8>,
}

impl Canvas {
    /// A canvas of one colour for a frame of these pixels.
    pub(super) fn new(pixels: (u32, u32), tones: [Tone; 2], shade: u8) -> Self {
        let (width, height) = (pixels.0.div_ceil(CELL) as usize, pixels.1.div_ceil(CELL) as usize);
        let (columns, rows) = (width.div_ceil(4), height.div_ceil(4));
        let cells = columns * rows * 16;
        Self { width, height, columns, rows, tones, shades: vec![shade; cells], accented: vec![0; cells / 4] }
    }

    /// A cell's brightness, in steps.
    pub(super) fn shade(&self, x: usize, y: usize) -> u8 {
        self.shades[y * self.columns * 4 + x]
    }

    /// Which tone the square of 2 × 2 cells has.
    pub(super) fn tone(&self, x: usize, y: usize) -> usize {
        usize::from(self.accented[y * self.columns * 2 + x])
    }

    /// The cells of a row of macroblocks, and their tones.
    pub(super) fn band(&self, row: usize) -> (&[u8], &[u8]) {
        let (cells, squares) = (self.columns * 16, self.columns * 4);
        (&self.shades[row * cells..(row + 1) * cells], &self.accented[row * squares..(row + 1) * squares])
    }

    /// Whether a macroblock is the same in another canvas of this size and these tones.
    pub(super) fn same(&self, other: &Self, column: usize, row: usize) -> bool {
        let alike = |one: &[u8], other: &[u8], side: usize| {
            // Most of the time of an unoptimised build goes into this: plain loops take half as long as iterators.
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

    /// Makes dark what is bright and the other way round.
    pub(super) fn invert(&mut self) {
        self.shades.iter_mut().for_each(|shade| *shade = SHADES - *shade);
    }

    /// Fills a rectangle, cut off at the right and at the bottom.
    pub(super) fn fill(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), shade: u8) {
        let across = x.min(self.width)..(x + width).min(self.width);
        let down = y..(y + height).min(self.height);
        paint(&mut self.shades, self.columns * 4, &across, &down, shade);
    }

    /// Gives a rectangle the accent's tone; its sides are even, else the cells beside it are stained.
    pub(super) fn accent(&mut self, (x, y): (usize, usize), (width, height): (usize, usize)) {
        let across = x / 2..(x + width).min(self.width).div_ceil(2);
        let down = y / 2..(y + height).min(self.height).div_ceil(2);
        paint(&mut self.accented, self.columns * 2, &across, &down, 1);
    }

    /// Draws a disc in the accent's tone with a smooth edge. Centre and radius are in eighths of a cell; the disc
    /// lies within the canvas.
    pub(super) fn disc(&mut self, (x, y): (usize, usize), radius: usize, shade: u8) {
        for row in (y - radius) / 8..(y + radius).div_ceil(8) {
            for column in (x - radius) / 8..(x + radius).div_ceil(8) {
                let away = |cell: usize, centre: usize| (cell * 8 + 4).abs_diff(centre);
                let squared = away(column, x).pow(2) + away(row, y).pow(2);
                // Eighths of the cell that the disc covers, by how far its edge is from the cell's middle.
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
        // Only squares well within: the accent's tone on a cell outside would be a stain.
        for row in (y - radius) / 16..(y + radius).div_ceil(16) {
            for column in (x - radius) / 16..(x + radius).div_ceil(16) {
                let away = |square: usize, centre: usize| (square * 16 + 8).abs_diff(centre);
                if away(column, x).pow(2) + away(row, y).pow(2) < (radius - 5).pow(2) {
                    self.accented[row * self.columns * 2 + column] = 1;
                }
            }
        }
    }

    /// Writes one line, each dot of a letter `scale` cells wide and high; cut off at the right.
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

/// Fills a rectangle of a plane whose rows have `stride` places.
fn paint(plane: &mut [u8], stride: usize, across: &Range<usize>, down: &Range<usize>, value: u8) {
    for row in plane.chunks_exact_mut(stride).take(down.end).skip(down.start) {
        row[across.clone()].fill(value);
    }
}
