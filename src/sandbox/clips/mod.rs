//! Makes the clips of the fake tasks and their covers: pleasant to look at, small, and fast to draw.
//!
//! A clip that begins with a picture zooms into it slowly. A box with text (the caption card) over the lower edge names
//! the item and the request. Any other clip shows the same words on a plain background, and a coloured circle moves
//! across the frame.
//!
//! The encoder is a few hundred lines of this module, because no library fits: `less-avc` writes only uncompressed
//! frames (3 MB each at 1920 × 1080), `openh264` needs a C++ compiler, and `rav1e`, which makes AV1, needs an assembler
//! to be fast enough.
//!
//! - `film` makes the frames of a clip with a picture. `source` provides the picture, `photo` encodes the picture,
//!   `motion` encodes the zoom, and `card` draws the caption card.
//! - `scene` makes the frames of a clip without a picture.
//! - `canvas` is the area on which cards and scenes are drawn. `letters` writes text on a canvas, and `words` adapts
//!   the text to the fonts.
//! - `h264` writes the parts that all frames have in common, and encodes canvases. `cavlc` writes numbers as codes, and
//!   `bits` writes bit streams.
//! - `mp4` packs the frames into a file, and `cover` makes a PNG file of the first frame.

mod bits;
mod canvas;
mod card;
mod cavlc;
mod cover;
mod film;
mod h264;
mod letters;
mod motion;
mod mp4;
mod photo;
mod scene;
mod source;
#[cfg(test)]
mod tests;
mod words;

use std::num::NonZeroU32;

use super::Caption;
use super::defects::Defect;
use scene::Scene;
pub(super) use source::Source;

/// The NAL units of each frame of a clip.
type Frames = Vec<Vec<Vec<u8>>>;

/// The description of a clip to draw.
pub(super) struct Picture {
    /// The id of the task. The clip file contains this id, so that no two tasks have the same bytes.
    pub(super) task: String,
    /// The text from which the colour of the clip is derived.
    pub(super) subject: String,
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) caption: Option<Caption>,
    /// The width of the clip in pixels, which is even.
    pub(super) width: u32,
    /// The height of the clip in pixels, which is even.
    pub(super) height: u32,
    pub(super) seconds: u32,
    pub(super) fps: NonZeroU32,
    /// The picture with which the clip begins, if one was requested.
    pub(super) first: Option<Source>,
    /// The picture with which the clip ends, if one was requested.
    pub(super) last: Option<Source>,
    /// The visual defect of the clip, if a fault rule demands one.
    pub(super) defect: Option<Defect>,
}

impl Picture {
    /// Returns true if the frames are encoded as photographs: they begin with a picture, or a defect makes them black.
    fn is_photographic(&self) -> bool {
        self.first.is_some() || self.defect == Some(Defect::Black)
    }
}

/// Returns a clip as an MP4 file with its index at the front. The same description always gives the same bytes.
pub(super) fn clip(picture: &Picture) -> Vec<u8> {
    let frames = if picture.is_photographic() {
        film::frames(picture, picture.first.as_ref())
    } else {
        Scene::frames(picture)
    };
    mp4::pack((picture.width, picture.height), picture.fps, &frames)
}

/// Returns the first frame of a clip as a small PNG.
pub(super) fn cover(picture: &Picture) -> Vec<u8> {
    if picture.is_photographic() {
        return cover::photo(&film::first(picture, picture.first.as_ref(), cover::LONG));
    }
    let count = picture.seconds * picture.fps.get();
    cover::png(&Scene::new(picture, picture.height).frame(0, count))
}
