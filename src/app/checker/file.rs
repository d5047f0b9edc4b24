//! Findings about the file of a clip: duration, size, frame rate and audio track, compared with the request.

use crate::domain::request::{Request, Value};
use crate::domain::verdict::{Finding, Verdict};
use crate::manifest::Checks;
use crate::media::mp4::ClipFacts;
use crate::provider::card::ModelCard;

/// Tolerance of the frame rate: frames per second by which a clip may differ from the request.
const FPS: f64 = 1.0;

/// The words after an expected value that the request sets.
const AS_REQUESTED: &str = "as requested";
/// The words after an expected value that comes from the model's documentation (card).
const OF_MODEL: &str = "from this model";

/// The request of a clip and its model's documentation (card), with which the clip is compared.
///
/// The card supplies the values that the request does not set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordered<'a> {
    pub(super) request: &'a Request,
    pub(super) card: Option<&'a ModelCard>,
    /// True if the clip comes from a rehearsal (a run with fake providers), whose clips never have sound.
    pub(super) sandbox: bool,
}

pub(super) fn finding(check: &str, verdict: Verdict, reason: impl Into<String>) -> Finding {
    Finding { check: check.to_owned(), verdict, reason: reason.into() }
}

/// Returns the findings about the file of a clip, compared with its request.
pub(super) fn findings(settings: &Checks, ordered: Ordered<'_>, facts: &ClipFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(duration(settings, ordered, facts));
    found.extend(size(settings, ordered, facts));
    found.extend(fps(ordered, facts));
    found.extend(track(ordered, facts));
    found
}

fn duration(
    settings: &Checks,
    Ordered { request, card, .. }: Ordered<'_>,
    facts: &ClipFacts,
) -> Option<Finding> {
    let card = card.map(ModelCard::seconds).filter(|seconds| *seconds > 0);
    let (wanted, why) = match (request.duration, card) {
        (Some(seconds), _) => (seconds, AS_REQUESTED),
        (None, card) => (card?, OF_MODEL),
    };
    let is = facts.duration.as_secs_f64();
    let is_off = (is - f64::from(wanted)).abs() > settings.duration;
    is_off.then(|| {
        let reason = format!(
            "the clip lasts {is:.1} s, expected {wanted} s {why} (tolerance {} s)",
            settings.duration
        );
        finding("duration", Verdict::Warn, reason)
    })
}

/// The picture size of a clip, as a request or a model's documentation writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    /// Width and height in pixels.
    Pixels(f64, f64),
    /// Length of the shorter side in pixels.
    Short(f64),
    /// Aspect ratio: the width divided by the height.
    Shape(f64),
}

impl Size {
    /// Reads a picture size in the form `1280x720`, `720p` or `16:9`; `None` for any other text.
    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0).map(f64::from);
        if let Some((width, height)) = text.split_once(['x', '*', '×']) {
            return Some(Self::Pixels(number(width)?, number(height)?));
        }
        if let Some((width, height)) = text.split_once(':') {
            return Some(Self::Shape(number(width)? / number(height)?));
        }
        text.strip_suffix('p').and_then(number).map(Self::Short)
    }

    /// Returns whether a clip's width and height match this size, with a tolerance of `percent` percent.
    ///
    /// For an aspect ratio the tolerance is doubled, because the width and the height may both be inexact.
    fn fits(self, (width, height): (f64, f64), percent: f64) -> bool {
        let near = |is: f64, wanted: f64, percent: f64| (is - wanted).abs() <= wanted * percent / 100.0;
        match self {
            Self::Pixels(wide, high) => near(width, wide, percent) && near(height, high, percent),
            Self::Short(short) => near(width.min(height), short, percent),
            Self::Shape(shape) => near(width / height, shape, 2.0 * percent),
        }
    }
}

fn size(settings: &Checks, Ordered { request, card, .. }: Ordered<'_>, facts: &ClipFacts) -> Option<Finding> {
    let is = (f64::from(facts.width), f64::from(facts.height));
    let ratio = request.aspect_ratio.as_deref();
    let resolution = request.params.get("resolution").and_then(|value| match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Bool(_) | Value::Int(_) => None,
    });
    // If the request sets a ratio, a size in pixels only sets the length of the shorter side.
    let pixels = |text| match Size::read(text)? {
        Size::Pixels(width, height) if ratio.and_then(Size::read).is_some() => {
            Some(Size::Short(width.min(height)))
        }
        size => Some(size),
    };
    let ordered = [request.size.as_deref(), ratio, resolution].into_iter().flatten();
    for text in ordered {
        let wanted = if Some(text) == ratio { Size::read(text) } else { pixels(text) };
        if wanted.is_some_and(|wanted| !wanted.fits(is, settings.size)) {
            let reason = pixels_words(facts, text, AS_REQUESTED);
            return Some(finding("size", Verdict::Fail, tolerance(&reason, settings)));
        }
    }
    let of_card = card.and_then(ModelCard::size).filter(|_| request.size.is_none())?;
    let is_off = pixels(of_card).is_some_and(|wanted| !wanted.fits(is, settings.size));
    is_off.then(|| {
        let reason = pixels_words(facts, of_card, OF_MODEL);
        finding("size", Verdict::Warn, tolerance(&reason, settings))
    })
}

fn pixels_words(facts: &ClipFacts, wanted: &str, why: &str) -> String {
    format!("the clip has {}x{} pixels, expected {wanted} {why}", facts.width, facts.height)
}

fn tolerance(reason: &str, settings: &Checks) -> String {
    format!("{reason} (tolerance {}%)", settings.size)
}

fn fps(Ordered { request, card, .. }: Ordered<'_>, facts: &ClipFacts) -> Option<Finding> {
    let of_card = || card?.param("fps")?.default.as_ref();
    let (wanted, why) = match request.params.get("fps") {
        Some(value) => (value, AS_REQUESTED),
        None => (of_card()?, OF_MODEL),
    };
    let Value::Int(wanted) = wanted else { return None };
    let is = facts.fps()?;
    let is_off = u32::try_from(*wanted).is_ok_and(|wanted| (is - f64::from(wanted)).abs() > FPS);
    is_off.then(|| {
        let reason =
            format!("the clip has {is:.1} frames per second, expected {wanted} {why} (tolerance {FPS})");
        finding("fps", Verdict::Warn, reason)
    })
}

fn track(Ordered { request, sandbox, .. }: Ordered<'_>, facts: &ClipFacts) -> Option<Finding> {
    match (request.audio?, facts.has_audio) {
        (true, false) if !sandbox => {
            Some(finding("track", Verdict::Fail, "the clip has no sound, but `audio: true` was requested"))
        }
        (false, true) => Some(finding(
            "track",
            Verdict::Warn,
            "the clip has an audio track, but `audio: false` was requested",
        )),
        _ => None,
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
