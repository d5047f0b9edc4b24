//! Draws lines of text and chooses hues, both for the box with text over a clip (`card`) and for a clip without a
//! picture (`scene`).

use embedded_graphics::mono_font::MonoFont;
use sha2::{Digest, Sha256};

use super::canvas::{Canvas, Tone};

/// Calm hues from the whole colour circle: blue and red colour differences from grey, in steps of `TONE_STEP`.
const HUES: [(i8, i8); 10] =
    [(6, -4), (3, -6), (-1, -6), (-4, -4), (-4, 1), (-4, 3), (-3, 6), (1, 6), (4, 4), (7, 0)];

/// Rounds a number of cells down to an even number, because colours are stored for squares of 2 × 2 cells.
pub(super) fn even(cells: usize) -> usize {
    cells & !1
}

/// Returns two hues that are derived from the text `subject`: one for the background, its opposite for accented parts.
pub(super) fn tones(subject: &str) -> [Tone; 2] {
    let dice = Sha256::digest(subject);
    let (blue, red) = HUES[usize::from(dice[0]) % HUES.len()];
    let tone = |blue: i8, red: i8| Tone {
        blue: 32_u8.wrapping_add_signed(blue),
        red: 32_u8.wrapping_add_signed(red),
    };
    [tone(blue, red), tone(-blue, -red)]
}

/// The font and the scale in which lines of text are drawn.
pub(super) struct Line {
    pub(super) font: &'static MonoFont<'static>,
    pub(super) scale: usize,
}

impl Line {
    pub(super) fn width(&self, text: &str) -> usize {
        text.chars().count() * self.font.character_size.width as usize * self.scale
    }

    /// Returns the number of characters that fit into this width, which is in cells of 4 × 4 pixels.
    pub(super) fn fits(&self, width: usize) -> usize {
        width / (self.font.character_size.width as usize * self.scale)
    }

    /// Returns the distance between the upper edges of two lines of text, in cells of 4 × 4 pixels.
    pub(super) fn pitch(&self) -> usize {
        (self.font.character_size.height as usize + 2) * self.scale
    }

    /// Draws lines of text below each other, and returns the position below the last line.
    pub(super) fn draw_all(
        &self,
        canvas: &mut Canvas,
        (x, mut y): (usize, usize),
        shade: u8,
        lines: &[String],
    ) -> usize {
        for line in lines {
            canvas.text((x, y), self.font, self.scale, shade, line);
            y += self.pitch();
        }
        y
    }
}
