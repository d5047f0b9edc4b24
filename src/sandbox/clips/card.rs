//! Draws the caption card, which names the item and the request at the lower edge of a clip that begins with a picture.

use embedded_graphics::mono_font::iso_8859_1::{FONT_5X8, FONT_6X10, FONT_7X13_BOLD, FONT_9X15_BOLD};

use super::Picture;
use super::canvas::{Canvas, Tone};
use super::letters::{Line, even, tones};
use super::words::{plain, wrap};

/// The grey background of a caption card, so that only the picture has colours.
const GREY: Tone = Tone { blue: 32, red: 32 };
const GROUND: u8 = 3;
const FOOTER: u8 = 2;
const QUIET: u8 = 9;
const TEXT: u8 = 12;
const BRIGHT: u8 = 14;
const ACCENT: u8 = 11;

const NAME: &str = "shotlist sandbox";

/// Draws the caption card (a box with text) of a clip, as wide as the clip; `None` for a clip that is too small for
/// letters.
///
/// The card has, from the top: a coloured line, the title, the beginning of the prompt, and a footer with the item and
/// the request.
pub(super) fn card(picture: &Picture) -> Option<Canvas> {
    let short = (picture.width.min(picture.height) / 4) as usize;
    if short < 80 {
        return None;
    }
    let unit = (short / 170).max(1);
    let set = |font, scale| Line { font, scale };
    let (small, large) = if short < 240 {
        (set(&FONT_5X8, 1), set(&FONT_7X13_BOLD, 1))
    } else {
        (set(&FONT_6X10, unit), set(&FONT_9X15_BOLD, unit))
    };
    let width = picture.width.div_ceil(4) as usize;
    let pad = even(short / 22);
    let column = width - 2 * pad;
    let (title, order) = words(picture);
    let rule = 2 * unit;
    let gap = 2 * unit;
    // A small clip has no room for a footer.
    let foot = if short < 150 { 0 } else { small.pitch() + 3 * unit };
    let without_prompt = rule + 2 * gap + large.pitch() + gap + foot;
    // The card takes a little more than a quarter of the height, so that the product can still be seen.
    let room = (picture.height as usize / 4 * 27 / 100).saturating_sub(without_prompt);
    let most = (room / small.pitch()).clamp(1, 4);
    let prompt = wrap(&plain(&picture.prompt), small.fits(column), most);
    let height = without_prompt + prompt.len() * small.pitch();

    let pixels = u32::try_from(height.next_multiple_of(4) * 4).expect("a card is a part of a frame");
    let mut canvas = Canvas::new((picture.width, pixels), [GREY, tones(&picture.subject)[1]], GROUND);
    let height = canvas.height;
    canvas.fill((0, 0), (width, rule), ACCENT);
    canvas.accent((0, 0), (width, rule));
    let y = large.draw_all(&mut canvas, (pad, rule + 2 * gap), BRIGHT, &wrap(&title, large.fits(column), 1));
    small.draw_all(&mut canvas, (pad, y), TEXT, &prompt);
    if foot > 0 {
        canvas.fill((0, height - foot), (width, foot), FOOTER);
        let line = height - foot + 2 * unit;
        let right = width - pad - small.width(NAME);
        let fits = small.fits(right - pad).saturating_sub(2);
        small.draw_all(&mut canvas, (pad, line), QUIET, &wrap(&order, fits, 1));
        small.draw_all(&mut canvas, (right, line), QUIET, &[NAME.to_owned()]);
    }
    Some(canvas)
}

/// Returns the texts of the caption card: the title, and the line at the lower edge of the card.
fn words(picture: &Picture) -> (String, String) {
    let Picture { model, width, height, seconds, .. } = picture;
    let order = format!("{model} · {width}×{height} · {seconds} s");
    match &picture.caption {
        None => (plain(model), plain(&order)),
        Some(caption) => {
            let title = if caption.title.is_empty() { &caption.item } else { &caption.title };
            (plain(title), plain(&format!("{} · {} · {order}", caption.item, caption.shot)))
        }
    }
}
