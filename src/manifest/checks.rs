//! Defines and reads the section `checks`, the settings of the automatic checks of clips.

use super::decode::Decoder;
use super::keys;
use super::yaml::{Node, Value};
use crate::domain::digest::Sha256;
use crate::domain::problem::meant_or_all;
use std::collections::BTreeSet;

/// The checks that can be switched off, in the order in which their findings about one clip are shown.
pub const CHECKS: [&str; 12] = [
    "track", "size", "black", "frozen", "duration", "fps", "product", "colour", "last", "bars", "cut",
    "flicker",
];

/// The version of the measuring methods of the checks. A higher version makes every earlier verdict outdated.
const MEASURES: u32 = 1;

/// The settings of the automatic checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {
    /// True if the frames of clips are checked, too. This needs an installed `ffmpeg`.
    pub frames: bool,
    /// The maximum difference between a clip's length and the requested length, in seconds.
    pub duration: f64,
    /// The maximum difference between each side of a clip and the requested size, in percent.
    pub size: f64,
    /// The longest time for which the picture of a clip may be black, in seconds.
    pub black: f64,
    /// The longest time for which the picture of a clip may stand still, in seconds.
    pub frozen: f64,
    /// The maximum share of the height or width that black or white bars at the edges take, in percent.
    pub bars: f64,
    /// The maximum number of differing bits between the perceptual hashes (63 bits) of a frame and of the job's
    /// picture.
    pub hash: u32,
    /// The difference between two colours (CIEDE2000) from which the product in a clip counts as recoloured.
    pub colour: f64,
    /// The score, from 0 to 100, from which a change between two frames counts as a cut.
    pub cut: f64,
    /// The strength of flicker (repeated changes of brightness, on a scale of 255) from which a clip counts as
    /// flickering. A fade is no flicker.
    pub flicker: f64,
    /// The checks that are switched off.
    pub off: BTreeSet<String>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            frames: true,
            duration: 0.5,
            size: 3.0,
            black: 0.5,
            frozen: 1.0,
            bars: 3.0,
            hash: 12,
            colour: 6.0,
            cut: 10.0,
            flicker: 0.8,
            off: BTreeSet::new(),
        }
    }
}

impl Checks {
    /// Returns whether a check is switched on.
    #[must_use]
    pub fn has(&self, check: &str) -> bool {
        !self.off.contains(check)
    }

    /// Returns the digest of the settings and of the version of the measuring methods. A verdict with another digest is
    /// outdated.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        Sha256::of(format!("{MEASURES} {self:?}").as_bytes())
    }
}

pub(super) fn checks(decoder: &mut Decoder, node: &Node) -> Checks {
    let mut checks = Checks::default();
    let Some(entries) = decoder.map(node, "checks", "checks: { frozen: 2s, off: [cut] }") else {
        return checks;
    };
    decoder.known(&entries, "checks", &keys::names(keys::CHECKS));
    for entry in entries.iter() {
        let (node, name) = (&entry.node, format!("checks.{}", entry.key));
        let mut set = |value: &mut f64, parse: fn(&str) -> Result<f64, String>| {
            if let Some(read) = decoder.parsed(node, &name, parse) {
                *value = read;
            }
        };
        match &*entry.key {
            "frames" => checks.frames = decoder.parsed(node, &name, frames).unwrap_or(true),
            "duration" => set(&mut checks.duration, seconds),
            "size" => set(&mut checks.size, percent),
            "black" => set(&mut checks.black, seconds),
            "frozen" => set(&mut checks.frozen, seconds),
            "bars" => set(&mut checks.bars, percent),
            "hash" => checks.hash = decoder.parsed(node, &name, bits).unwrap_or(checks.hash),
            "colour" => set(&mut checks.colour, score),
            "cut" => set(&mut checks.cut, score),
            "flicker" => set(&mut checks.flicker, score),
            "off" => checks.off = off(decoder, node),
            // Reported as unknown.
            _ => {}
        }
    }
    checks
}

fn frames(text: &str) -> Result<bool, String> {
    match text {
        "auto" => Ok(true),
        "off" => Ok(false),
        _ => Err("write `auto` (where ffmpeg is installed) or `off`".into()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('s').and_then(|number| number_up_to(number.trim_end(), 600.0));
    number.ok_or_else(|| "write seconds from `0s` to `600s`, such as `0.5s`".into())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number_up_to(number.trim_end(), 100.0));
    number.ok_or_else(|| "write a share from `0%` to `100%`, such as `3%`".into())
}

fn score(text: &str) -> Result<f64, String> {
    number_up_to(text, 100.0).ok_or_else(|| "write a number from 0 to 100, such as `6`".into())
}

fn bits(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= 63 && is_number(text));
    number.ok_or_else(|| "write a whole number from 0 to 63, such as `12`".into())
}

fn number_up_to(text: &str, most: f64) -> Option<f64> {
    text.parse().ok().filter(|number| *number <= most && is_number(text))
}

/// Returns whether a text has digits and at most one decimal point, but no sign, no exponent, and no word such as
/// `inf`.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.starts_with(|c: char| c.is_ascii_digit())
}

fn off(decoder: &mut Decoder, node: &Node) -> BTreeSet<String> {
    let Value::List(nodes) = &node.value else {
        decoder.wrong_kind(node, "checks.off", "a list of checks", "off: [cut]");
        return BTreeSet::new();
    };
    let names = nodes.iter().filter_map(|node| {
        decoder.parsed(node, "checks.off", |text| {
            let is_known = CHECKS.contains(&text);
            let meant = || meant_or_all(text, CHECKS, "the checks are");
            if is_known { Ok(text.to_owned()) } else { Err(meant()) }
        })
    });
    names.collect()
}
