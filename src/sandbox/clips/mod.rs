//! The clips that the fake tasks make, and their covers: worth a look, small, and drawn in a moment.
//!
//! A clip shows whose it is, what was asked for, and something that moves. The encoder is our own few hundred lines,
//! because nothing ready-made fits: `less-avc` writes uncompressed frames only (3 MB each at 1920 × 1080), `openh264`
//! needs a C++ compiler, and `rav1e`, which makes AV1, an assembler to be bearably fast.
//!
//! The way of a clip: `scene` draws each frame on a `canvas`, with `words` fit for its fonts; `h264` turns it into NAL
//! units with the codes of `cavlc`, on the `bits` below them; `mp4` packs them. `cover` makes a PNG of a canvas.

mod bits;
mod canvas;
mod cavlc;
mod cover;
mod h264;
mod mp4;
mod scene;
#[cfg(test)]
mod tests;
mod words;

use std::num::NonZeroU32;

use super::Caption;
use scene::Scene;

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
}

/// An MP4 with its index in front. The same picture always gives the same bytes.
pub(super) fn clip(picture: &Picture) -> Vec<u8> {
    let scene = Scene::new(picture);
    let count = picture.seconds * picture.fps.get();
    let mut before = scene.frame(0, count);
    let message = h264::message(&format!("task {}", picture.task));
    let mut frames = vec![vec![message, h264::key_frame(&before)]];
    for index in 1..count {
        let canvas = scene.frame(index, count);
        frames.push(vec![h264::next_frame(&canvas, &before, index)]);
        before = canvas;
    }
    mp4::pack((picture.width, picture.height), picture.fps, &frames)
}

/// A small PNG of the clip's first frame.
pub(super) fn cover(picture: &Picture) -> Vec<u8> {
    let count = picture.seconds * picture.fps.get();
    cover::png(&Scene::new(picture).frame(0, count))
}
