//! Draws the frames of clips that do not begin with a picture: texts about the item and the request, and a disc that
//! crosses the frame.

use embedded_graphics::mono_font::iso_8859_1::{FONT_6X10, FONT_8X13_BOLD, FONT_9X15_BOLD, FONT_9X18_BOLD};

use super::canvas::Canvas;
use super::h264::{self, Frame};
use super::letters::{Line, even, tones};
use super::photo::Photo;
use super::words::{plain, wrap};
use super::{Defect, Frames, Picture};

const BACKGROUND: u8 = 4;
const FOOTER: u8 = 3;
const QUIET: u8 = 10;
const TEXT: u8 = 12;
const BRIGHT: u8 = 14;
const DISC: u8 = 11;

const NAME: &str = "shotlist sandbox";

/// The unchanging parts of a clip, and the positions of its moving parts. All lengths are in cells of 4 × 4 pixels.
pub(super) struct Scene {
    still: Canvas,
    /// The radius of the moving disc.
    radius: usize,
    /// The vertical position of the centre of the moving disc.
    path: usize,
    /// The vertical position of the upper edge of the progress line, and its height.
    progress: (usize, usize),
}

impl Scene {
    /// Draws the unchanging parts of a clip whose frames are `height` pixels high.
    pub(super) fn new(picture: &Picture, height: u32) -> Self {
        let canvas = Canvas::new((picture.width, height), tones(&picture.subject), BACKGROUND);
        let (width, height) = (canvas.width, canvas.height);
        let short = width.min(height);
        let bar = even(short / 64).max(2);
        let mut scene =
            Self { still: canvas, radius: short / 6, path: height / 2, progress: (even(height) - bar, bar) };
        if short >= 100 {
            scene.radius = short / 14;
            scene.write(picture, Style::of(short));
        }
        scene
    }

    /// Draws the texts of the scene, and the lines between them.
    ///
    /// From the top: the item and the shot, the title, a short coloured line, the prompt. From the bottom: the progress
    /// line, the footer, the horizontal line along which the disc moves.
    fn write(&mut self, picture: &Picture, style: Style) {
        let canvas = &mut self.still;
        let (width, height) = (canvas.width, canvas.height);
        let Style { small, titles, unit } = style;
        let pad = even(width.min(height) / 15);
        let column = width - 2 * pad;

        let foot = self.progress.0 - small.pitch() - 4 * unit;
        canvas.fill((0, foot), (width, height - foot), FOOTER);
        let order =
            format!("{} · {}×{} · {} s", picture.model, picture.width, picture.height, picture.seconds);
        let signs = [(order.as_str(), NAME), (&picture.model, NAME), (&picture.model, "sandbox")];
        let fits = |(order, name): &&(&str, &str)| small.width(order) + small.width(name) + pad <= column;
        let (order, name) = signs.iter().find(fits).unwrap_or(&signs[2]);
        canvas.text((pad, foot + 3 * unit), small.font, small.scale, QUIET, &plain(order));
        let right = width - pad - small.width(name);
        canvas.text((right, foot + 3 * unit), small.font, small.scale, QUIET, name);
        self.path = foot - self.radius - 3 * unit;
        canvas.fill((pad, self.path), (column, unit), BACKGROUND + 1);

        let mut y = pad;
        let title = if let Some(caption) = &picture.caption {
            let whose = wrap(&plain(&format!("{} · {}", caption.item, caption.shot)), small.fits(column), 1);
            y = small.draw_all(canvas, (pad, y), QUIET, &whose) + unit;
            if caption.title.is_empty() { &caption.item } else { &caption.title }
        } else {
            &picture.model
        };
        let title = plain(title);
        let fits = |line: &&Line| line.width(&title) <= column;
        let large = titles.iter().find(fits).unwrap_or(&titles[titles.len() - 1]);
        y = even(large.draw_all(canvas, (pad, y), BRIGHT, &wrap(&title, large.fits(column), 2)) + 3 * unit);
        let rule = (16 * unit, 2 * unit);
        canvas.fill((pad, y), rule, DISC);
        canvas.accent((pad, y), rule);
        y += 7 * unit;
        let most = (self.path - self.radius).saturating_sub(y) / small.pitch();
        let prompt = wrap(&plain(&picture.prompt), small.fits(column), most);
        small.draw_all(canvas, (pad, y), TEXT, &prompt);
    }

    /// Draws all frames of a clip that does not begin with a picture.
    pub(super) fn frames(picture: &Picture) -> Frames {
        let count = picture.seconds * picture.fps.get();
        let (columns, rows) = (picture.width.div_ceil(16) as usize, picture.height.div_ceil(16) as usize);
        let bar = picture.defect.map_or(0, |defect| defect.bar(rows));
        let between = u32::try_from((rows - 2 * bar) * 16).expect("rows come from a number of pixels");
        let height = between.min(picture.height);
        let scene = Self::new(picture, height);
        let cut = (picture.defect == Some(Defect::Cut)).then_some(count / 2);
        let mut before = scene.frame(0, count);
        let black = Photo::black(columns, rows);
        let frame = Frame { index: 0, base: true };
        let mut units = vec![h264::message(&format!("task {}", picture.task))];
        if bar > 0 {
            units.push(black.slice(frame, 0..bar));
        }
        units.push(frame.drawn(&before, before.rows, bar));
        if bar > 0 {
            units.push(black.slice(frame, rows - bar..rows));
        }
        let mut frames = vec![units];
        for index in 1..count {
            let frame = Frame { index, base: false };
            if picture.defect == Some(Defect::Frozen) {
                frames.push(vec![frame.still(columns, 0..rows)]);
                continue;
            }
            let mut canvas = scene.frame(index, count);
            if cut.is_some_and(|cut| index >= cut) {
                canvas.invert();
            }
            let mut units = Vec::new();
            if bar > 0 {
                units.push(frame.still(columns, 0..bar));
            }
            units.push(frame.changed(&canvas, &before, bar));
            if bar > 0 {
                units.push(frame.still(columns, rows - bar..rows));
            }
            frames.push(units);
            before = canvas;
        }
        frames
    }

    /// Returns the frame with the index `index` of `count` frames. The disc moves from edge to edge, and the progress
    /// line is full in the last frame.
    pub(super) fn frame(&self, index: u32, count: u32) -> Canvas {
        let mut canvas = self.still.clone();
        let (index, count) = (index as usize, count as usize);
        let (y, height) = self.progress;
        let done = (even(canvas.width * (index + 1) / count), height);
        canvas.fill((0, y), done, DISC);
        canvas.accent((0, y), done);
        // The disc moves in eighths of a cell, so that it moves smoothly.
        let radius = self.radius * 8;
        let way = canvas.width * 8 - 2 * radius;
        canvas.disc((radius + way * index / (count - 1).max(1), self.path * 8 + 4), radius, DISC);
        canvas
    }
}

/// The fonts and distances that are used for frames of a certain size.
struct Style {
    small: Line,
    /// The fonts for the title, the largest first. The first font in which the whole title fits is used.
    titles: [Line; 2],
    /// The unit of the distances between texts and lines, in cells of 4 × 4 pixels. It is larger for larger frames.
    unit: usize,
}

impl Style {
    fn of(short: usize) -> Self {
        let unit = (short / 170).max(1);
        let set = |font, scale| Line { font, scale };
        let (small, titles) = if short < 240 {
            (set(&FONT_6X10, 1), [set(&FONT_9X15_BOLD, 1), set(&FONT_8X13_BOLD, 1)])
        } else {
            (set(&FONT_6X10, unit), [set(&FONT_9X18_BOLD, 2 * unit), set(&FONT_9X18_BOLD, unit)])
        };
        Self { small, titles, unit }
    }
}
