//! The clips that the fake tasks make, and their covers: worth a look, small, and drawn in a moment.
//!
//! A clip that begins with a picture shows it, moving in slowly, with a card over its lower edge that says whose it is
//! and what was asked for. Any other clip says the same on a plain ground, and something moves. The encoder is our own
//! few hundred lines, because nothing ready-made fits: `less-avc` writes uncompressed frames only (3 MB each at 1920 ×
//! 1080), `openh264` needs a C++ compiler, and `rav1e`, which makes AV1, an assembler to be bearably fast.
//!
//! The way of a clip with a picture: `source` brings the picture, `photo` holds and encodes it, `motion` moves it, and
//! `film` says which frame shows what, with a `card`. That of another: `scene` draws each frame. Cards and scenes are
//! drawn on a `canvas`, with `letters`, and `words` fit for its fonts. `h264` has what all frames share, the codes of `cavlc` and the
//! `bits` below them; `mp4` packs the frames. `cover` makes a PNG of the first.

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

/// The NAL units of each frame.
type Frames = Vec<Vec<Vec<u8>>>;

/// What to draw.
pub(super) struct Picture {
    /// The task, which the file names, so that no two tasks have the same bytes.
    pub(super) task: String,
    /// What the colour follows from.
    pub(super) subject: String,
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) caption: Option<Caption>,
    /// Pixels, even.
    pub(super) width: u32,
    /// Pixels, even.
    pub(super) height: u32,
    pub(super) seconds: u32,
    pub(super) fps: NonZeroU32,
    /// Picture with which the clip begins, if one was ordered.
    pub(super) first: Option<Source>,
    /// Picture with which the clip ends, if one was ordered.
    pub(super) last: Option<Source>,
    /// Defect of the clip, if one was ordered.
    pub(super) defect: Option<Defect>,
}

impl Picture {
    /// Whether the frames are photographs: those of a picture, or all black.
    fn is_photographic(&self) -> bool {
        self.first.is_some() || self.defect == Some(Defect::Black)
    }
}

/// An MP4 with its index in front. The same picture always gives the same bytes.
pub(super) fn clip(picture: &Picture) -> Vec<u8> {
    let frames = if picture.is_photographic() {
        film::frames(picture, picture.first.as_ref())
    } else {
        Scene::frames(picture)
    };
    mp4::pack((picture.width, picture.height), picture.fps, &frames)
}

/// A small PNG of the clip's first frame.
pub(super) fn cover(picture: &Picture) -> Vec<u8> {
    if picture.is_photographic() {
        return cover::photo(&film::first(picture, picture.first.as_ref(), cover::LONG));
    }
    let count = picture.seconds * picture.fps.get();
    cover::png(&Scene::new(picture, picture.height).frame(0, count))
}
