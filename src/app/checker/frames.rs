//! Findings about the frames of a clip, from measurements and the thresholds of the manifest.

use super::file::finding;
use crate::domain::verdict::{Finding, Verdict};
use crate::manifest::Checks;
use crate::media::frames::{Bars, Edge, Frame, Measures, Picture, colour_difference, hash_distance};

/// Share of black pixels, from 0 to 1, from which a source picture counts as dark, so that its clip may be black.
const DARK: f64 = 0.9;

/// Share of black frames, from 0 to 1, from which the whole clip counts as black.
const BLACK: f64 = 0.9;

/// Maximum number of scene changes that the reason of a finding lists.
const NAMED: usize = 3;

/// The source pictures of a clip; a picture whose bytes are not available is left out.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Picture for the first frame; `None` if there is none or it is not available.
    pub(super) first: Option<Picture>,
    /// Picture for the last frame; `None` if there is none or it is not available.
    pub(super) last: Option<Picture>,
}

/// Returns the findings about the frames of a clip.
pub(super) fn findings(settings: &Checks, measures: &Measures, sources: &Sources) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_black = black(settings, measures, sources, &mut found);
    // A black clip also stands still, has no bars and matches no picture, so one reason is enough.
    if is_black {
        return found;
    }
    found.extend(frozen(settings, measures));
    let bars = bars(settings, measures, sources);
    let inside = bars.as_ref().map(|(_, bars)| *bars).unwrap_or_default();
    found.extend(bars.map(|(finding, _)| finding));
    if let Some(source) = &sources.first {
        found.extend(compared(settings, source, &measures.firsts, inside, End::First));
    }
    if let Some(source) = &sources.last {
        found.extend(compared(settings, source, &measures.lasts, inside, End::Last));
    }
    let flicker = measures.flicker.filter(|flicker| *flicker >= settings.flicker);
    found.extend(flicker.map(|flicker| {
        let reason = format!(
            "the brightness goes up and down by {flicker:.1} of 255 from frame to frame (threshold {})",
            settings.flicker
        );
        finding("flicker", Verdict::Warn, reason)
    }));
    // Each flash of a flickering clip looks like a cut.
    if flicker.is_none() {
        found.extend(cuts(settings, measures));
    }
    found
}

/// Adds a finding if black frames last too long, and returns whether the whole clip is black.
///
/// A clip of a dark source picture gets no finding.
fn black(settings: &Checks, measures: &Measures, sources: &Sources, found: &mut Vec<Finding>) -> bool {
    let is_dark = |source: &Picture| source.whole.dark_share() >= DARK;
    let is_whole = measures.black_share >= BLACK;
    if measures.black < settings.black || sources.first.as_ref().is_some_and(is_dark) {
        return is_whole;
    }
    let (verdict, what) = if is_whole {
        (Verdict::Fail, "the clip is black")
    } else {
        (Verdict::Warn, "the clip shows only black")
    };
    let reason = format!("{what} for {:.1} s (threshold {} s)", measures.black, settings.black);
    found.push(finding("black", verdict, reason));
    is_whole
}

fn frozen(settings: &Checks, measures: &Measures) -> Option<Finding> {
    if measures.is_wholly_still && measures.seconds >= settings.frozen {
        let reason = format!("nothing moves for the whole {:.1} s", measures.seconds);
        return Some(finding("frozen", Verdict::Fail, reason));
    }
    (measures.still >= settings.frozen).then(|| {
        let reason = format!("nothing moves for {:.1} s (threshold {} s)", measures.still, settings.frozen);
        finding("frozen", Verdict::Warn, reason)
    })
}

/// Returns the finding about black or white bars at the edges of a clip, with the sizes of the bars.
///
/// It is `None` if there are no bars, or if the source picture has them, too. White bars are reported only if the
/// source picture is known, because a product on white paper has white edges.
fn bars(settings: &Checks, measures: &Measures, sources: &Sources) -> Option<(Finding, Bars)> {
    let own = sources.first.as_ref().map(|source| source.ways().map(Edge::of));
    let Edge { black, white } = measures.edges;
    let of_source = |kind: fn(&Edge) -> Bars| {
        own.as_ref().map(|own| own.iter().map(|edge| kind(edge).share()).fold(0.0, f64::max))
    };
    let black = (black, of_source(|edge| edge.black).unwrap_or(0.0), "black");
    let white = of_source(|edge| edge.white).map(|own| (white, own, "white"));
    let (bars, word) = [Some(black), white].into_iter().flatten().find_map(|(bars, own, word)| {
        ((bars.share() - own) * 100.0 > settings.bars).then_some((bars, word))
    })?;
    let side = if bars.top + bars.bottom > 0 { "height" } else { "width" };
    let reason =
        format!("{word} bars take {:.0}% of the {side} (threshold {}%)", bars.share() * 100.0, settings.bars);
    Some((finding("bars", Verdict::Warn, reason), bars))
}

/// The start or the end of a clip, whose frames are compared with a source picture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Compares the frames at one end of a clip with a source picture, and returns the differences as findings.
///
/// `end` says whether `frames` are from the start or the end of the clip. `inside` holds the clip's black or white
/// bars, which are cut off each frame first. Only the frame most similar to the picture counts. Colours are compared
/// only if the content is similar.
fn compared(settings: &Checks, source: &Picture, frames: &[Frame], inside: Bars, end: End) -> Vec<Finding> {
    let frames: Vec<Frame> = frames.iter().map(|frame| frame.without(inside)).collect();
    let nearest = |pictures: &[&Frame]| {
        let pairs = pictures.iter().flat_map(|picture| frames.iter().map(move |frame| (*picture, frame)));
        pairs.map(|(picture, frame)| hash_distance(picture, frame)).min()
    };
    let Some(distance) = nearest(&source.ways()) else { return Vec::new() };
    let (check, which) = match end {
        End::First => ("product", "first frame"),
        End::Last => ("last", "last frame"),
    };
    let mut found = Vec::new();
    if distance > settings.hash {
        let mirrored = source.ways().map(Frame::mirrored);
        let is_mirrored = nearest(&mirrored.each_ref()).is_some_and(|distance| distance <= settings.hash);
        let what = match (is_mirrored, end) {
            (true, _) => "shows the source picture mirrored",
            (false, End::First) => "shows something other than the source picture",
            (false, End::Last) => "shows something other than `last_image`",
        };
        let reason =
            format!("the clip's {which} {what}: {distance} of 63 bits differ (threshold {})", settings.hash);
        found.push(finding(check, Verdict::Warn, reason));
        return found;
    }
    let pairs =
        source.ways().into_iter().flat_map(|picture| frames.iter().map(move |frame| (picture, frame)));
    let difference =
        pairs.filter_map(|(picture, frame)| colour_difference(picture, frame)).min_by(f64::total_cmp);
    let difference = difference.filter(|difference| *difference >= settings.colour);
    found.extend(difference.map(|difference| {
        let reason = format!(
            "the colours of the clip's {which} differ from the source picture by {difference:.1} (threshold {})",
            settings.colour
        );
        finding("colour", Verdict::Warn, reason)
    }));
    found
}

fn cuts(settings: &Checks, measures: &Measures) -> Option<Finding> {
    let first = measures.cuts.first()?;
    let at: Vec<String> = measures.cuts.iter().take(NAMED).map(|cut| format!("{:.1} s", cut.at)).collect();
    let more = if measures.cuts.len() > NAMED { ", …" } else { "" };
    let reason = format!(
        "the scene changes at {}{more} (score {:.0}, threshold {})",
        at.join(", "),
        first.score,
        settings.cut
    );
    Some(finding("cut", Verdict::Warn, reason))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
