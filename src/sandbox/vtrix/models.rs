//! The Vidu models of Vtrix with their parameters.
//!
//! `viduq1_img2video` follows its own page, and accepts one more parameter. The other models follow Vtrix's
//! publications, and Vidu's own pages for aspect ratios and for some durations and resolutions. Three kinds of models
//! are left out: they extend a clip, need subjects (named people or things with pictures of their own), or keep a
//! library of subjects.

use crate::sandbox::fields::Kind;

/// The input from which a model makes a clip.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Text,
    /// Pictures, given by their minimum and maximum number: one picture to animate, a first and a last frame, or
    /// several references.
    Pictures(usize, usize),
}

/// A Vidu model that Vtrix offers, with its parameters.
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) from: From,
    /// The supported durations. Each entry has the first and last second of a range and its resolutions, of which the
    /// first is the default.
    ///
    /// The default duration is 5 seconds if a range contains it, and otherwise the first duration.
    pub(super) lengths: &'static [(u32, u32, &'static [&'static str])],
    /// The maximum number of characters of a prompt.
    pub(super) prompt: usize,
    /// The parameters that the model has in addition to [`COMMON`].
    pub(super) fields: &'static [(&'static str, Kind)],
}

impl Model {
    /// Returns the duration in seconds of a clip if the request sets none.
    pub(super) fn default_seconds(&self) -> u32 {
        let first = self.lengths.first().map_or(5, |length| length.0);
        let has_five = self.lengths.iter().any(|(from, to, _)| (*from..=*to).contains(&5));
        if has_five { 5 } else { first }
    }

    /// Returns the price of a clip in US cents. Vtrix publishes no prices, so these figures are invented here.
    pub(super) fn cents(&self) -> u32 {
        if self.name.starts_with("viduq1_") { 40 } else { 30 }
    }
}

/// The parameters that every model has, in addition to `prompt`, `images`, `duration`, `resolution` and `off_peak`.
pub(super) const COMMON: &[(&str, Kind)] = &[
    ("audio", Kind::Flag),
    ("voice_id", Kind::Text(0, usize::MAX)),
    ("is_rec", Kind::Flag),
    ("bgm", Kind::Flag),
    ("seed", Kind::Integer),
    ("movement_amplitude", Kind::Words(&["auto", "small", "medium", "large"])),
    ("payload", Kind::Text(0, 1_048_576)),
    ("watermark", Kind::Flag),
    ("wm_position", Kind::Between(1, 4)),
    ("wm_url", Kind::Link),
    ("callback_url", Kind::Link),
];

const Q1_RATIOS: Kind = Kind::Words(&["16:9", "9:16", "1:1"]);
const RATIOS: Kind = Kind::Words(&["16:9", "9:16", "1:1", "3:4", "4:3"]);
const ANY_RATIO: Kind = Kind::Words(&["16:9", "9:16", "1:1", "3:4", "4:3", "auto"]);
const RATIO: &[(&str, Kind)] = &[("aspect_ratio", RATIOS)];

const ALL: &[&str] = &["720p", "540p", "1080p"];
const FAST: &[&str] = &["720p", "1080p"];
const FULL_HD: &[&str] = &["1080p"];
const OLD: &[&str] = &["360p", "720p", "1080p"];
const HD: &[&str] = &["720p"];

const IMAGE: From = From::Pictures(1, 1);
const FRAMES: From = From::Pictures(2, 2);
const REFERENCE: From = From::Pictures(1, 7);

const fn model(
    name: &'static str,
    from: From,
    lengths: &'static [(u32, u32, &'static [&'static str])],
    prompt: usize,
    fields: &'static [(&'static str, Kind)],
) -> Model {
    Model { name, from, lengths, prompt, fields }
}

pub(super) static MODELS: &[Model] = &[
    model(
        "viduq1_text2video",
        From::Text,
        &[(5, 5, FULL_HD)],
        2000,
        &[("style", Kind::Words(&["general", "anime"])), ("aspect_ratio", Q1_RATIOS)],
    ),
    // Vtrix's own program lists `audio_type` for this model, but its page does not.
    model(
        "viduq1_img2video",
        IMAGE,
        &[(5, 5, FULL_HD)],
        2000,
        &[("audio_type", Kind::Words(&["all", "speech_only", "sound_effect_only"]))],
    ),
    model("vidu20_img2video", IMAGE, &[(4, 4, OLD), (8, 8, HD)], 2000, &[]),
    model("viduq2_text2video", From::Text, &[(1, 10, ALL)], 2000, RATIO),
    model("viduq2_pro_fast_text2video", From::Text, &[(1, 10, FAST)], 2000, RATIO),
    model("viduq2_turbo_img2video", IMAGE, &[(1, 10, ALL)], 2000, &[]),
    model("viduq2_pro_img2video", IMAGE, &[(1, 10, ALL)], 2000, &[]),
    model("viduq2_pro_fast_img2video", IMAGE, &[(1, 10, FAST)], 2000, &[]),
    model("viduq2_turbo_start_end2video", FRAMES, &[(1, 8, ALL)], 2000, &[]),
    model("viduq2_pro_start_end2video", FRAMES, &[(1, 8, ALL)], 2000, &[]),
    model("viduq2_pro_fast_start_end2video", FRAMES, &[(1, 8, ALL)], 2000, &[]),
    model("viduq2_i2v_reference", REFERENCE, &[(1, 10, ALL)], 2000, RATIO),
    model(
        "viduq2_pro_reference",
        REFERENCE,
        &[(1, 10, ALL)],
        5000,
        &[("videos", Kind::Links(1, 2)), ("aspect_ratio", RATIOS)],
    ),
    model("viduq3_i2v_reference", REFERENCE, &[(3, 16, ALL)], 5000, &[("aspect_ratio", ANY_RATIO)]),
    model("viduq3_pro_text2video", From::Text, &[(1, 16, ALL)], 5000, RATIO),
    model("viduq3_turbo_text2video", From::Text, &[(1, 16, ALL)], 5000, RATIO),
    model("viduq3_pro_img2video", IMAGE, &[(1, 16, ALL)], 5000, &[]),
    model("viduq3_turbo_img2video", IMAGE, &[(1, 16, ALL)], 5000, &[]),
    model("viduq3_pro_start_end2video", FRAMES, &[(1, 16, ALL)], 5000, &[]),
    model("viduq3_turbo_start_end2video", FRAMES, &[(1, 16, ALL)], 5000, &[]),
];
