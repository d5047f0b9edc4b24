//! Limits of the places that clips are handed over to, as data.

use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::domain::problem::meant_or_all;
use crate::domain::units::bytes as size;
use crate::media::mp4::ClipFacts;
use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;

/// A place that clips are handed over to, with its limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Word of the command line.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Page that the limits come from, and the month in which it was read.
    pub source: String,
    /// Shortest and longest clip in seconds.
    #[serde(default)]
    pub seconds: (Option<u32>, Option<u32>),
    /// Smallest and largest file in bytes.
    #[serde(default)]
    pub bytes: (Option<u64>, Option<u64>),
    /// Least and greatest number of pixels of the shorter side.
    #[serde(default)]
    pub pixels: (Option<u32>, Option<u32>),
    /// Largest picture, such as `3840x2160`, upright or not.
    pub most: Option<String>,
    /// Ratios of width to height; empty if any is taken.
    #[serde(default)]
    pub ratios: Vec<String>,
    /// Endings of files.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Greatest number of clips of one product.
    pub clips: Option<usize>,
    /// Greatest number of characters of an address.
    pub address: Option<usize>,
    /// True if clips are handed over by their addresses.
    #[serde(default)]
    pub needs_address: bool,
    /// Recommendation that refuses nothing.
    pub advice: Option<String>,
}

static ALL: LazyLock<Vec<Destination>> = LazyLock::new(|| {
    serde_yaml::from_str(include_str!("destinations.yaml")).expect("it is compiled in, and a test reads it")
});

/// Difference between two ratios that is still the same: 1920x1088 is 16:9.
const SAME_RATIO: f64 = 0.02;

impl Destination {
    /// Returns every destination.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// Returns the destination of this name.
    ///
    /// # Errors
    ///
    /// Returns an error that names the destinations where there is none of this name.
    pub fn named(name: &str) -> Result<&'static Self, Error> {
        ALL.iter().find(|known| known.name == name).ok_or_else(|| {
            let names = ALL.iter().map(|known| known.name.as_str());
            let hint = meant_or_all(name, names, "the destinations are");
            Error::new(Exit::Usage, format!("there is no destination `{name}`; {hint}")).money("not charged")
        })
    }

    /// Returns the limits that a duration breaks, in a clause.
    #[must_use]
    pub fn against_seconds(&self, seconds: f64) -> Option<String> {
        let (least, most) = self.seconds;
        let is_short = least.is_some_and(|least| seconds < f64::from(least));
        let is_long = most.is_some_and(|most| seconds > f64::from(most));
        (is_short || is_long).then(|| format!("{} wants {}", self.name, self.wanted_seconds()))
    }

    /// Returns the durations that it takes: `6 to 240 s`.
    #[must_use]
    pub fn wanted_seconds(&self) -> String {
        match self.seconds {
            (Some(least), Some(most)) => format!("{least} to {most} s"),
            (Some(least), None) => format!("at least {least} s"),
            (None, Some(most)) => format!("at most {most} s"),
            (None, None) => "any duration".to_owned(),
        }
    }

    /// Returns the limits that a picture breaks, in clauses.
    #[must_use]
    pub fn against_picture(&self, width: u32, height: u32) -> Vec<String> {
        let mut against = Vec::new();
        let shorter = width.min(height);
        if let Some(least) = self.pixels.0.filter(|least| shorter < *least) {
            against.push(format!("{} wants at least {least} pixels on the shorter side", self.name));
        }
        if let Some(most) = self.pixels.1.filter(|most| shorter > *most) {
            against.push(format!("{} wants at most {most} pixels on the shorter side", self.name));
        }
        if let Some((longest, shortest)) = self.most.as_deref().and_then(pair)
            && (width.max(height) > longest || shorter > shortest)
        {
            against.push(format!("{} wants at most {longest}x{shortest}", self.name));
        }
        let is_ratio = |ratio: &String| {
            pair(&ratio.replace(':', "x")).is_some_and(|(w, h)| {
                (f64::from(width) / f64::from(height) / (f64::from(w) / f64::from(h)) - 1.0).abs()
                    < SAME_RATIO
            })
        };
        if height > 0 && !self.ratios.is_empty() && !self.ratios.iter().any(is_ratio) {
            against.push(format!("{} wants {}", self.name, self.ratios.join(", ")));
        }
        against
    }

    /// Returns every limit that a clip breaks, each as the measure and the limit.
    #[must_use]
    pub fn against(&self, path: &str, bytes: u64, facts: &ClipFacts) -> Vec<String> {
        let mut against = Vec::new();
        let seconds = facts.duration.as_secs_f64();
        against.extend(
            self.against_seconds(rounded(facts.duration)).map(|limit| format!("{seconds:.1} s; {limit}")),
        );
        let (least, most) = self.bytes;
        if most.is_some_and(|most| bytes > most) || least.is_some_and(|least| bytes < least) {
            let bound = most.or(least).unwrap_or_default();
            against.push(format!("{}; {} wants at most {}", size(bytes), self.name, size(bound)));
        }
        let (width, height) = (facts.width, facts.height);
        let picture = self.against_picture(width, height);
        against.extend(picture.into_iter().map(|limit| format!("{width}x{height}; {limit}")));
        let ending = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        if !self.formats.is_empty() && !self.formats.contains(&ending) {
            against.push(format!(".{ending}; {} wants {}", self.name, self.formats.join(", ")));
        }
        against
    }
}

/// Returns the seconds of a clip to a tenth: a clip of 6 s may have 5.97 s of frames.
fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}

/// Reads two numbers such as `1280x720`.
pub(crate) fn pair(text: &str) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(['x', '*'])?;
    Some((first.trim().parse().ok()?, second.trim().parse().ok().filter(|number| *number > 0)?))
}
