//! Lines of letters and hues, which cards and scenes have in common.

use embedded_graphics::mono_font::MonoFont;
use sha2::{Digest, Sha256};

use super::canvas::{Canvas, Tone};

/// Calm hues all round the circle: how far blue and red are from grey, in steps.
const HUES: [(i8, i8); 10] =
    [(6, -4), (3, -6), (-1, -6), (-4, -4), (-4, 1), (-4, 3), (-3, 6), (1, 6), (4, 4), (7, 0)];

/// Colours are kept for squares of two cells; what is drawn in the accent's lies between even ones.
pub(super) fn even(cells: usize) -> usize {
    cells & !1
}

/// The subject's hue, and the opposite one for what moves.
pub(super) fn tones(subject: &str) -> [Tone; 2] {
    let dice = Sha256::digest(subject);
    let (blue, red) = HUES[usize::from(dice[0]) % HUES.len()];
    let tone = |blue: i8, red: i8| Tone {
        blue: 32_u8.wrapping_add_signed(blue),
        red: 32_u8.wrapping_add_signed(red),
    };
    [tone(blue, red), tone(-blue, -red)]
}

/// The way in which lines of text are set.
pub(super) struct Line {
    pub(super) font: &'static MonoFont<'static>,
    pub(super) scale: usize,
}

impl Line {
    pub(super) fn width(&self, text: &str) -> usize {
        text.chars().count() * self.font.character_size.width as usize * self.scale
    }

    /// Number of letters that fit.
    pub(super) fn fits(&self, width: usize) -> usize {
        width / (self.font.character_size.width as usize * self.scale)
    }

    /// From one line's upper edge to the next.
    pub(super) fn pitch(&self) -> usize {
        (self.font.character_size.height as usize + 2) * self.scale
    }

    /// Draws lines below each other; gives the lower edge.
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
